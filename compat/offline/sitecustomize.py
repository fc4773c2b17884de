"""Keeps every process that has this folder on its path from reaching other machines.

Plugins are run as they are, and some of them ask the network for things. What they
ask for is refused, and written down.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_HERE = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "", None}


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if not isinstance(address, tuple):
            return
        host = address[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in _HERE:
        return
    if record := os.environ.get("COMPAT_REFUSED"):
        with open(record, "a", encoding="utf-8") as lines:
            lines.write(f"{host}\n")
    raise OSError(f"{host} is not this machine, and not to be reached.")


sys.addaudithook(_refuse)
