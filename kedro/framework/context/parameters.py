"""Parameters under the names by which nodes ask for them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from kedro.io.entry_resolver import resolvable
from kedro.validation.utils import get_typed_fields

_ALL = "parameters"
_PREFIX = "params:"
_ABSENT = object()
_NUMBER_ENDS = (*"0123456789", "inf")


class ParametersView(Mapping[str, Any]):
    """Values of ``parameters``, ``params:name`` and ``params:name.nested``.

    A parameter is resolved when it is looked up, so that one that cannot be resolved
    only stops those who use it. What is looked up belongs to the caller.

    Args:
        params: Parameters by their top-level name.

    Example:
        ```python
        view = ParametersView({"model": {"alpha": 0.1}})
        view["params:model.alpha"]  # 0.1
        ```
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params
        self._travelling: dict[str, Any] | None = None
        self._find = params.find if hasattr(params, "find") else params.get

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        if self._travelling is None:
            self._travelling = resolvable(self)
        return dict, (self._travelling,)

    def __getitem__(self, name: str) -> Any:
        return copy.deepcopy(self.shared(name))

    def shared(self, name: str) -> Any:
        """The value without a copy, for callers that do not change it.

        Args:
            name: Name of the parameter, such as ``"params:model.alpha"``.

        Raises:
            KeyError: If there is none.
        """
        if name == _ALL:
            return {key: self._find(key, None) for key in self._params}
        if not name.startswith(_PREFIX):
            raise KeyError(name)
        path = name.removeprefix(_PREFIX)
        value = self._find(path, _ABSENT)
        if value is _ABSENT:
            value = _find(self._find, path)
        if value is _ABSENT:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self.shared(name)
        except KeyError:
            return False
        except Exception:
            # It exists, and whoever loads it is told what is wrong with it.
            return True
        return True

    def __iter__(self) -> Iterator[str]:
        yield _ALL
        for key in self._params:
            name = f"{_PREFIX}{key}"
            yield name
            try:
                value = self._find(key, None)
            except Exception:
                continue
            yield from _nested_names(name, value)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"ParametersView({resolvable(self._params)})"


def _leading_keys(path: str) -> Iterator[str]:
    """``a.b.c``, ``a.b`` and ``a``: keys may have dots in them."""
    while path:
        yield path
        path, _, _ = path.rpartition(".")


def _find(find: Callable[[Any, Any], Any], path: str) -> Any:
    value = find(path, _ABSENT)
    if value is not _ABSENT:
        return value
    for name in _leading_keys(path):
        for key in _keys(name):
            value = find(key, _ABSENT)
            if value is not _ABSENT:
                value = _descend(value, path[len(name) + 1 :])
            if value is not _ABSENT:
                return value
    return _ABSENT


def _descend(value: Any, path: str) -> Any:
    return _find(_fields(value).get, path) if path else value


def _keys(name: str) -> Iterator[Any]:
    """The keys that are written like this: in YAML they need not be strings."""
    yield name
    if name in ("True", "False"):
        yield name == "True"
    if not name.endswith(_NUMBER_ENDS):
        return
    for number in (int, float):
        with suppress(ValueError):
            if str(number(name)) == name:
                yield number(name)


def _nested_names(name: str, value: Any) -> Iterator[str]:
    for key, inner in _fields(value).items():
        yield f"{name}.{key}"
        yield from _nested_names(f"{name}.{key}", inner)


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return get_typed_fields(value) or {}
