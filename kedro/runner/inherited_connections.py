"""What a worker process does with the connections of the process it was forked from."""

from __future__ import annotations

import gc
import os
import sys
from functools import lru_cache
from typing import Any

_inherited: list[Any] = []


def leave_inherited_connections() -> None:
    """Have SQLAlchemy's engines open connections of this process's own.

    Dataset classes keep engines for the process, and a forked process inherits them
    with their open connections. If it used one of these, two processes would speak to
    the server on one line, and both would wait for each other's answers.
    """
    _leave(os.getpid())


@lru_cache(maxsize=1)
def _leave(_process: int) -> None:
    sqlalchemy = sys.modules.get("sqlalchemy")
    if sqlalchemy is None:
        return
    # SQLAlchemy keeps no list of its engines.
    for thing in gc.get_objects():
        if issubclass(type(thing), sqlalchemy.Engine):
            # Connections that nobody holds would be closed, and the parent cut off.
            _inherited.append(thing.pool)
            thing.dispose(close=False)
