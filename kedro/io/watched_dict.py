"""A dictionary that tells whether it has been changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _noting(name: str) -> Callable[..., Any]:
    change = getattr(dict, name)

    def noting(self: WatchedDict, *args: Any, **kwargs: Any) -> Any:
        try:
            return change(self, *args, **kwargs)
        finally:
            # Afterwards: who saw the old state is to look again.
            self.state = object()

    return noting


class WatchedDict(dict[str, Any]):
    """A dictionary that tells whether it has been changed.

    Reading costs what it costs with any other dictionary.

    Attributes:
        state: Another object after each change.

    Example:
        ```python
        datasets = WatchedDict()
        seen = datasets.state
        datasets["cars"] = MemoryDataset()
        datasets.state is seen  # False
        ```
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state = object()

    __setitem__ = _noting("__setitem__")
    __delitem__ = _noting("__delitem__")
    __ior__ = _noting("__ior__")
    clear = _noting("clear")
    pop = _noting("pop")
    popitem = _noting("popitem")
    setdefault = _noting("setdefault")
    update = _noting("update")
