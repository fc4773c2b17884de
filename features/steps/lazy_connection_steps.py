"""A database server that counts who asks it, and the catalog that leads to it."""

from __future__ import annotations

import socketserver
from threading import Thread
from typing import Any

from behave import given, then
from behave.runner import Context

from support.tables import names


class CountingServer(socketserver.TCPServer):
    """Hangs up on everybody, and counts them."""

    def __init__(self) -> None:
        self.asked = 0
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        self.asked += 1
        return False


@given('a database server, which the credentials "{name}" lead to')
def start_server(context: Context, name: str) -> None:
    server = CountingServer()
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    context.add_cleanup(server.server_close)
    context.add_cleanup(thread.join)
    context.add_cleanup(server.shutdown)
    context.database_server = server
    address = "shop@{}:{}/shop".format(*server.server_address)
    context.world.project.write(
        "conf/base/credentials.yml", f"{name}:\n  con: postgresql+psycopg://{address}\n"
    )


@then("the database server was asked for {count:d} connection")
@then("the database server was asked for {count:d} connections")
def server_was_asked(context: Context, count: int) -> None:
    asked = context.database_server.asked
    assert asked == count, asked


@then("the catalog lists: {datasets}")
def catalog_lists(context: Context, datasets: str) -> None:
    listed = [name for name in context.world.session.catalog if "param" not in name]
    assert sorted(listed) == names(datasets), listed


@then("the catalog can be printed")
def catalog_prints(context: Context) -> None:
    printed = repr(context.world.session.catalog)
    assert "SQLTableDataset" in printed, printed
