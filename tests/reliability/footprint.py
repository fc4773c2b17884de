"""What a session and a process hold, to see that a failure leaves nothing behind."""

from __future__ import annotations

import _thread
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar, copy_context
from pathlib import Path
from types import ModuleType
from typing import Any

from kedro.config.resolver_scope import current_scope
from kedro.framework.session import KedroSession, current_run

_LOCKS = (_thread.LockType, _thread.RLock)
_PATIENCE = 10


class Footprint:
    """What was there before something failed.

    Args:
        session: The session that has to go on.
        saved: Files and folders of the project, relative to it, that may come or grow.
    """

    def __init__(self, session: KedroSession, saved: Iterable[str] = ()) -> None:
        self._session = session
        self._saved = [session.project_path / name for name in saved]
        self._threads = _threads()
        self._descriptors = _descriptors()
        self._files = self._present()
        self._context = _context()

    def check(self) -> None:
        """Check that nothing has come to it, and nothing is held."""
        assert current_run() is None
        assert current_scope() is None
        assert _context() == self._context
        assert self._session._active_run_ids == {}
        assert self._session._state.artifacts._arriving == []
        held = [path for path, lock in _locks(self._session) if _is_held(lock)]
        assert held == []
        assert _new(_threads, self._threads) == set()
        assert _new(_descriptors, self._descriptors) == set()
        assert self._present() - self._files == set()

    def _present(self) -> set[Path]:
        paths = self._session.project_path.rglob("*")
        return {
            path
            for path in paths
            if "__pycache__" not in path.parts
            and not any(path.is_relative_to(saved) for saved in self._saved)
        }


def _new(present: Callable[[], set[Any]], before: set[Any]) -> set[Any]:
    """What has come and stays: threads of a pool that nobody uses end on their own."""
    until = time.monotonic() + _PATIENCE
    while present() - before and time.monotonic() < until:
        # An error that a test looks at may be the last to know of a file.
        gc.collect()
        time.sleep(0.001)
    return present() - before


def _context() -> dict[ContextVar[Any], int]:
    """Context variables of whatever module, and which objects they have."""
    # One that is set back to nothing is like one that was never set.
    return {
        variable: id(value)
        for variable, value in copy_context().items()
        if value is not None
    }


def _threads() -> set[threading.Thread]:
    # One of which the start was interrupted is listed for ever, and never runs.
    return {thread for thread in threading.enumerate() if thread.ident is not None}


def _descriptors() -> set[str]:
    # The one that lists the folder is closed by the time that it is asked for.
    return {
        name for name in os.listdir("/dev/fd") if os.path.lexists(f"/dev/fd/{name}")
    }


def _is_held(lock: Any) -> bool:
    return lock.locked() if hasattr(lock, "locked") else repr(lock).startswith("<lock")


def _locks(session: KedroSession) -> Iterator[tuple[str, Any]]:
    """All locks of kedro's modules and of a session's parts, with their places."""
    modules = {
        name: module
        for name, module in list(sys.modules.items())
        if name.startswith("kedro.") and isinstance(module, ModuleType)
    }
    seen: set[int] = set()
    todo: list[tuple[str, Any]] = [("session", session)]
    for name, module in modules.items():
        todo += [
            (f"{name}.{key}", value)
            for key, value in list(vars(module).items())
            if isinstance(value, _LOCKS)
        ]
    while todo:
        path, thing = todo.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, _LOCKS):
            yield path, thing
        elif type(thing) in (dict, list, tuple):
            todo += _inside(path, thing)
        elif type(thing).__module__.startswith("kedro."):
            todo += _inside(path, dict(getattr(thing, "__dict__", {})))


def _inside(path: str, container: Any) -> list[tuple[str, Any]]:
    items = (
        container.items() if isinstance(container, Mapping) else enumerate(container)
    )
    return [(f"{path}.{key}", value) for key, value in list(items)]
