"""Python objects from nodes of OmegaConf, and what can be said of these nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from omegaconf import DictConfig, OmegaConf


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
