"""What the tests of faults have in common."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kedro.framework.session import KedroSession
from tests.framework.session.conftest import at_once, module_of, open_session
from tests.reliability.footprint import Footprint

__all__ = ["at_once", "module_of", "open_session"]

HERE = Path(__file__).parent
SMALL = 64 * 1024

LeavesNothing = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def leaves_nothing() -> LeavesNothing:
    """Check that what happens in a ``with`` block leaves nothing of it behind.

    Call with the session, and with the files that it may have saved. What counts are
    runs that are active, the current run, locks that are held, threads, open file
    descriptors and files of the project.
    """

    @contextmanager
    def leaves_nothing(session: KedroSession, *saved: str) -> Iterator[None]:
        before = Footprint(session, saved)
        yield
        before.check()

    return leaves_nothing


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in which no file of more than 64 KiB can be written.

    A small file system of its own where the process may mount one. Otherwise files may
    not become larger, which systems say with an ``OSError`` of another number.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, before[1]))
        yield folder
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    else:
        yield folder
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def in_process() -> Callable[..., Any]:
    """Run one of the programs beside the tests, on a project; gives what it reports.

    For what would be a danger to the process of the tests.
    """

    def in_process(program: str, project: Path, *arguments: object) -> Any:
        done = subprocess.run(
            [sys.executable, HERE / program, project, *map(str, arguments)],
            env={**os.environ, "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=3000,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return in_process
