"""Types of parameters, and values in nested parameters."""

from __future__ import annotations

import dataclasses
import sys
import types
from typing import Any, Union, get_args, get_origin

from .exceptions import ParameterValidationError

_MISSING = object()


def is_pydantic_model(value: Any) -> bool:
    """Whether a value is an instance of a Pydantic model.

    Args:
        value: Anything.
    """
    model = _base_model()
    return model is not None and isinstance(value, model)


def is_pydantic_class(cls: type) -> bool:
    """Whether a type is a Pydantic model.

    Args:
        cls: Any type, or what stands for one in annotations.
    """
    model = _base_model()
    return model is not None and isinstance(cls, type) and issubclass(cls, model)


def get_typed_fields(value: Any) -> dict[str, Any] | None:
    """The fields of a Pydantic model or dataclass, by name.

    Args:
        value: Anything.

    Returns:
        ``None`` if the value is no instance of either.
    """
    names: list[str]
    if is_pydantic_model(value):
        names = list(type(value).model_fields)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
    else:
        return None
    return {name: getattr(value, name) for name in names}


def resolve_nested_dict_path(data: dict[str, Any], path: str) -> Any:
    """Find what a dotted path leads to.

    Args:
        data: Nested dictionaries. A key may be the whole of a path, as with
            parameters in a namespace; that comes first.
        path: Keys, joined by dots.

    Returns:
        The value, or ``_MISSING``.
    """
    if path in data:
        return data[path]
    found: Any = data
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            return _MISSING
        found = found[key]
    return found


def set_nested_dict_value(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value where a dotted path leads to, and dictionaries on the way there.

    Args:
        data: Nested dictionaries; changed. A key may be the whole of the path.
        path: Keys, joined by dots.
        value: The value.

    Raises:
        ParameterValidationError: If something on the way is no dictionary.
    """
    *above, last = [path] if path in data else path.split(".")
    inner = data
    for key in above:
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ParameterValidationError(
                f"Cannot set nested value '{path}': intermediate key '{key}' is not a "
                "dictionary"
            )
    inner[last] = value


def _base_model() -> type[Any] | None:
    # Before Pydantic is imported there can be no model, and importing it takes long.
    return getattr(sys.modules.get("pydantic"), "BaseModel", None)


def _unwrap_optional(tp: type) -> type:
    """The type in an optional one; any other type as it is."""
    others = [arg for arg in _alternatives(tp) if arg is not type(None)]
    return others[0] if len(others) == 1 else tp


def _is_optional(tp: type) -> bool:
    """Whether ``None`` is one of the alternatives of a type."""
    return type(None) in _alternatives(tp)


def _alternatives(tp: type) -> tuple[Any, ...]:
    is_union = get_origin(tp) is Union or isinstance(tp, types.UnionType)
    return get_args(tp) if is_union else ()
