"""What the versions of datasets are called."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple

VERSION_FORMAT = "%Y-%m-%dT%H.%M.%S.%fZ"


def generate_timestamp() -> str:
    """The time, in UTC and to the millisecond, as a version that sorts by time.

    Example:
        ```python
        generate_timestamp()  # "2026-01-31T23.59.59.999Z"
        ```
    """
    now = datetime.now(tz=timezone.utc).strftime(VERSION_FORMAT)
    return f"{now.removesuffix('Z')[:-3]}Z"


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
