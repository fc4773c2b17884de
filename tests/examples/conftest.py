"""Copies of the examples, and servers that run them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 60


def environment() -> dict[str, str]:
    logging = EXAMPLES / "model-serving" / "conf" / "serving_logging.yml"
    return {**os.environ, "KEDRO_LOGGING_CONFIG": str(logging), "DO_NOT_TRACK": "1"}


@pytest.fixture(scope="module")
def copy_example(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """Copy an example to where it can be written to."""

    def copy(name: str) -> Path:
        project = tmp_path_factory.mktemp("examples") / name
        ignored = shutil.ignore_patterns("data", "__pycache__")
        return Path(shutil.copytree(EXAMPLES / name, project, ignore=ignored))

    return copy


@pytest.fixture(scope="session")
def kedro_run() -> Callable[..., None]:
    """Run a project's default pipeline in a process of its own."""

    def kedro_run(project: Path, *options: str) -> None:
        command = [sys.executable, "-m", "kedro", "run", *options]
        subprocess.run(
            command, cwd=project, env=environment(), check=True, timeout=SECONDS
        )

    return kedro_run


class Server:
    """A server on the loopback interface, and what it has printed."""

    def __init__(self, project: Path, health: str, module: str, *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        options = tuple(option.replace("PORT", str(port)) for option in options)
        self._output = (project / "server.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=project,
            env=environment(),
            stdout=self._output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._wait_until_healthy(health)

    def _wait_until_healthy(self, path: str) -> None:
        deadline = time.monotonic() + SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self.url + path).is_success:
                    return
            time.sleep(0.05)
        self.stop()
        raise AssertionError(f"The server does not start:\n{self.printed()}")

    def ask_to_stop(self) -> None:
        """As whoever runs services does."""
        self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it, and wait for that."""
        self.ask_to_stop()
        try:
            self._process.wait(timeout=SECONDS)
        finally:
            self._process.kill()

    def printed(self) -> str:
        self._output.seek(0)
        return self._output.read()

    def close(self) -> None:
        self.stop()
        self._output.close()


@pytest.fixture(scope="module")
def start_server() -> Iterator[Callable[..., Server]]:
    """Start ``python -m MODULE`` in a project, and wait until it is healthy.

    ``PORT`` in the options stands for a port that is free.
    """
    servers: list[Server] = []

    def start(*arguments: str | Path) -> Server:
        servers.append(Server(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
