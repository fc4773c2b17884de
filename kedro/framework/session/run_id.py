"""Identifiers of runs."""

from __future__ import annotations

import itertools
import os
import secrets
import time
from datetime import datetime, timezone
from functools import lru_cache

from .abstract_session import KedroSessionError

_MAX_BYTES = 255
_NANOSECONDS_IN_SECOND = 1_000_000_000


class _Process:
    """What tells the run ids of this process from those of others."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.token = secrets.token_hex(4)
        self.counter = itertools.count()


_process = _Process()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_process.renew)


def generate_run_id() -> str:
    """A new run id, unique within and across processes.

    It begins with a timestamp as Kedro versions datasets by, followed by what the
    timestamp leaves of the nanoseconds. Run ids so sort by start time, and a run id
    sorts after every such timestamp of its own millisecond or before.

    Example:
        ```python
        generate_run_id()  # '2026-01-31T09.30.00.123Z-456789-9f3c21aa-0'
        ```
    """
    seconds, nanoseconds = divmod(time.time_ns(), _NANOSECONDS_IN_SECOND)
    # With a one in front, for zeros to stay.
    digits = str(_NANOSECONDS_IN_SECOND + nanoseconds)
    return (
        f"{_timestamp(seconds)}.{digits[1:4]}Z-{digits[4:]}"
        f"-{_process.token}-{next(_process.counter)}"
    )


@lru_cache(maxsize=2)
def _timestamp(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return f"{moment:%Y-%m-%dT%H.%M.%S}"


def check_run_id(run_id: object) -> str:
    """Check that a given run id can be used as a version, which is a folder's name.

    Args:
        run_id: What the caller gave.

    Returns:
        The run id.

    Raises:
        KedroSessionError: If it cannot; says why.
    """
    if not isinstance(run_id, str):
        raise KedroSessionError(
            f"`run_id` must be a string, not {type(run_id).__name__}."
        )
    # A subclass might answer for itself.
    run_id = str.__str__(run_id)
    problem = _problem(run_id)
    if problem:
        shown = run_id if len(run_id) <= _MAX_BYTES else f"{run_id[:40]}..."
        raise KedroSessionError(
            f"`run_id` {shown!r} {problem}. It is used as a file name: give a "
            f"non-empty string without separators, '..' or control characters, of at "
            f"most {_MAX_BYTES} bytes."
        )
    return run_id


def _problem(run_id: str) -> str | None:
    if not run_id.strip():
        return "is empty"
    if "/" in run_id or "\\" in run_id:
        return "contains a path separator"
    if run_id == "." or ".." in run_id:
        return "is or contains a reference to a folder"
    if not run_id.isprintable():
        return "contains a control character"
    if len(run_id.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
        return f"is longer than {_MAX_BYTES} bytes"
    return None
