"""No process that ``make compat`` starts reaches another machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compat.project import ROOT

OFFLINE = ROOT / "compat" / "offline"
# Reserved names and addresses: nobody would answer.
ELSEWHERE = "anyone.invalid"
ADDRESS = "192.0.2.1"
CALLS = {
    "look up a name": (f"socket.getaddrinfo('{ELSEWHERE}', 443)", ELSEWHERE),
    "look up bytes": (f"socket.gethostbyname(b'{ELSEWHERE}')", ELSEWHERE),
    "connect": (f"socket.create_connection(('{ADDRESS}', 443))", ADDRESS),
    "connect a socket": (f"socket.socket().connect(('{ADDRESS}', 443))", ADDRESS),
    "send": (
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        f".sendto(b'', ('{ADDRESS}', 53))",
        ADDRESS,
    ),
    "open a page": (
        "__import__('urllib.request').request.urlopen("
        f"'http://{ELSEWHERE}', timeout=1)",
        ELSEWHERE,
    ),
    "start a process": (
        "__import__('subprocess').run([__import__('sys').executable, '-c', "
        f"'import socket; socket.gethostbyname(\"{ELSEWHERE}\")'], check=True)",
        ELSEWHERE,
    ),
}
HERE = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(("localhost", server.getsockname()[1])).close()
left, right = socket.socketpair()
left.sendall(b"here")
assert right.recv(4) == b"here"
"""


def run(code: str, refused: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import socket\n{code}"],
        env={
            **os.environ,
            "PYTHONPATH": str(OFFLINE),
            "COMPAT_REFUSED": str(refused),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("code", "host"), CALLS.values(), ids=CALLS)
def test_other_machines_are_refused_and_written_down(tmp_path, code, host):
    refused = tmp_path / "refused.txt"
    done = run(code, refused)
    assert done.returncode != 0
    assert f"{host} is not this machine" in done.stderr
    assert set(refused.read_text().split()) == {host}


def test_this_machine_is_not(tmp_path):
    refused = tmp_path / "refused.txt"
    done = run(HERE, refused)
    assert done.returncode == 0, done.stderr
    assert not refused.exists()
