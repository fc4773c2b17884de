"""What the versions of datasets are called."""

from __future__ import annotations

import os
import time
from datetime import datetime, timezone
from threading import Lock
from typing import NamedTuple

VERSION_FORMAT = "%Y-%m-%dT%H.%M.%S.%fZ"

# Together longer than a millisecond. A clock that stands still is not waited for.
_TRIES = 20
_SECONDS_BETWEEN_TRIES = 0.0002


class _Clock:
    """Tells the time, and a later one to each who asks."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self._asking = Lock()
        self._told = ""

    def tell(self) -> str:
        with self._asking:
            for _ in range(_TRIES):
                now = _now()
                if now != self._told:
                    break
                time.sleep(_SECONDS_BETWEEN_TRIES)
            self._told = now
            return now


def _now() -> str:
    now = datetime.now(tz=timezone.utc).strftime(VERSION_FORMAT)
    return f"{now.removesuffix('Z')[:-3]}Z"


_clock = _Clock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_clock.renew)


def generate_timestamp() -> str:
    """The time, in UTC and to the millisecond, as a version that sorts by time.

    No two calls in a process get the same one, be they in threads: Kedro's server
    names runs by it.

    Example:
        ```python
        generate_timestamp()  # "2026-01-31T23.59.59.999Z"
        ```
    """
    return _clock.tell()


class Version(NamedTuple):
    """Which versions a versioned dataset loads and saves.

    Attributes:
        load: Version to load; ``None`` for the latest there is.
        save: Version to save; ``None`` for the time of the save.

    Example:
        ```python
        Version(load=None, save="2026-01-31T23.59.59.999Z")
        ```
    """

    load: str | None
    save: str | None
