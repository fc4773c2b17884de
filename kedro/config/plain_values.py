"""Python objects from nodes of OmegaConf, and what can be said of these nodes."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

PRIMITIVES = frozenset({bool, float, int, type(None)})
_INTERPOLATION = re.compile(r"(\\*)\$\{")


def plain(config: Any, name: Any = None, *, resolve: bool = True) -> Any:
    """Python objects for a node of OmegaConf.

    Args:
        config: A container of OmegaConf.
        name: Key of the node in it; the container itself where not given.
        resolve: Whether interpolations are resolved.

    Returns:
        Dictionaries, lists and values that share nothing with ``config``.
    """
    if name is None:
        return OmegaConf.to_container(config, resolve=resolve)
    if OmegaConf.is_missing(config, name):
        return "???"
    value = config[name]
    if OmegaConf.is_config(value):
        return OmegaConf.to_container(value, resolve=resolve)
    if isinstance(value, str) and type(value).__module__.startswith("omegaconf."):
        # What stands for "???" with a backslash before it, from OmegaConf 2.4 on.
        return str(value)
    return value


def owned(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a dictionary that shares nothing that could be changed with it.

    Args:
        values: Any values by name.
    """
    for value in values.values():
        if type(value) not in PRIMITIVES and type(value) is not str:
            return copy.deepcopy(dict(values))
    return dict(values)


def copied(value: Any) -> Any:
    """A copy of plain configuration, with containers of its own.

    What else is in it is immutable, or comes from a custom resolver and may be
    something that cannot be copied: it stays the same object.

    Args:
        value: What ``plain`` has returned.
    """
    kind = type(value)
    if kind is dict:
        return {key: copied(inner) for key, inner in value.items()}
    if kind is list or kind is tuple:
        return kind(map(copied, value))
    return value


def literal(value: Any) -> Any:
    """What OmegaConf gives back as the value was, with nothing in it resolved.

    Args:
        value: A value, a dictionary or a list; of tuples, lists are made.
    """
    if isinstance(value, str):
        return _INTERPOLATION.sub(r"\1\1\\${", value)
    if isinstance(value, Mapping):
        return {key: literal(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(literal, value))
    return value


def is_plain(value: Any) -> bool:
    """Whether OmegaConf would keep a value as it is, and merge it as Python would.

    That is so for dictionaries with strings for keys, lists and primitive values in
    which nothing is to be resolved.

    Args:
        value: Anything.
    """
    kind = type(value)
    if kind is str:
        return "${" not in value and "???" not in value
    if kind is dict:
        return all(type(key) is str and is_plain(value[key]) for key in value)
    if kind is list:
        return all(map(is_plain, value))
    return kind in PRIMITIVES


def overlaid(below: Any, value: Any) -> Any:
    """Plain values merged key by key at every depth, as OmegaConf merges them.

    Args:
        below: What is overlaid.
        value: What wins.

    Returns:
        A new value; parts of it may be shared with ``below``, none with ``value``.

    Raises:
        TypeError: If one has a list where the other one has a dictionary.
    """
    if type(below) is dict and type(value) is dict:
        merged = dict(below)
        for key, inner in value.items():
            merged[key] = overlaid(below[key], inner) if key in below else copied(inner)
        return merged
    if {type(below), type(value)} == {dict, list}:
        raise TypeError("Cannot merge incompatible container types")
    return copied(value)


def has_key(config: DictConfig, name: Any) -> bool:
    """Whether there is such a key, whatever its value.

    Args:
        config: A container of OmegaConf.
        name: The key.
    """
    # `name in config` would resolve the value, and deny one that cannot be.
    return name in config.keys()  # noqa: SIM118


def has_interpolation(container: Any, key: Any) -> bool:
    """Whether the value under a key has to be resolved, or anything in it.

    Args:
        container: A container of OmegaConf.
        key: A key, or an index.
    """
    if OmegaConf.is_missing(container, key):
        return False
    if OmegaConf.is_interpolation(container, key):
        return True
    node = container[key]
    return any(has_interpolation(node, inner) for inner in keys(node))


def keys(node: Any) -> Iterable[Any]:
    """Keys of a dictionary, indices of a list, nothing for a value.

    Args:
        node: What a container of OmegaConf has under one of its keys.
    """
    if isinstance(node, DictConfig):
        return node.keys()
    return range(len(node)) if OmegaConf.is_config(node) else ()
