"""How often files are read."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any


class FileReads:
    """Counts how often this process opens each file to read it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        # Python calls it at each `open`, whichever library does it.
        sys.addaudithook(self._on_event)

    def forget(self) -> None:
        """Begin from zero."""
        self._counts = Counter()

    def of(self, path: Path) -> int:
        """How often a file was read; for a folder, any of the files in it."""
        name = str(path.resolve())
        return sum(
            count
            for opened, count in self._counts.items()
            if opened == name or opened.startswith(name + os.sep)
        )

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open":
            return
        path, mode, _ = arguments
        if isinstance(path, str) and isinstance(mode, str) and "r" in mode:
            self._counts[path] += 1
