"""Values that are made ready when somebody looks at the first of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class LaterMapping(Mapping[str, Any]):
    """A mapping that stands in for one that may never be needed.

    Args:
        ready: Makes the values ready, and keeps them.

    Example:
        ```python
        entries = LaterMapping(read_file)
        entries["cars"]  # Reads the file.
        ```
    """

    def __init__(self, ready: Callable[[], Mapping[str, Any]]) -> None:
        self._ready = ready

    def __getitem__(self, name: str) -> Any:
        return self._ready()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ready()

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready())

    def __len__(self) -> int:
        return len(self._ready())

    def find(self, name: Any, default: Any) -> Any:
        """The value without a copy, or ``default`` if there is none."""
        values = self._ready()
        return getattr(values, "find", values.get)(name, default)

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Mapping[str, Any]]]:
        # What makes the values ready may be a method of what stays in this process.
        return _itself, (self._ready(),)


def _itself(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values
