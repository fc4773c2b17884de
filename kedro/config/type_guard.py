"""The guard against runtime parameters that choose which class is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError

from kedro.config import resolver_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kedro.config.omegaconf_config import OmegaConfigLoader

_TYPE_KEY = "type"


def check_types(loader: OmegaConfigLoader, merged: DictConfig, name: str) -> None:
    """Check that no runtime parameter decides about a ``type`` in a catalog entry.

    What counts is what resolving used: a ``type`` that reaches a runtime parameter
    through another key is found, one that fell back to a default is allowed
    (kedro-org/kedro#5706).

    Args:
        loader: Supplies the resolvers and the runtime parameters.
        merged: Merged, unresolved catalog of one environment.
        name: The entry.

    Raises:
        InterpolationResolutionError: If one does; names the entry.
    """
    for container, key in _interpolations(merged, name):
        scope = loader.scope("catalog")
        with resolver_scope.active(scope):
            value = container[key]
            if OmegaConf.is_config(value):
                value = OmegaConf.to_container(value, resolve=True)
        chooses_type = key == _TYPE_KEY or _has_type(value)
        if chooses_type and "runtime_params value" in scope.touched:
            chosen = value.get(_TYPE_KEY) if isinstance(value, dict) else value
            raise InterpolationResolutionError(
                f"Dataset '{name}' resolves a 'type' field via "
                f"the 'runtime_params:' resolver to '{chosen}', "
                "which is not permitted. Runtime parameters must not "
                "select which dataset class is instantiated, at any "
                "nesting depth."
            )


def _interpolations(container: Any, name: Any) -> Iterator[tuple[Any, Any]]:
    """Container and key of each interpolated value at and below ``container[name]``."""
    if OmegaConf.is_missing(container, name):
        return
    if OmegaConf.is_interpolation(container, name):
        yield container, name
        return
    node = container[name]
    if isinstance(node, DictConfig):
        for key in node:
            yield from _interpolations(node, key)
    elif isinstance(node, ListConfig):
        for index in range(len(node)):
            yield from _interpolations(node, index)


def _has_type(value: Any) -> bool:
    if isinstance(value, dict):
        return _TYPE_KEY in value or any(map(_has_type, value.values()))
    return isinstance(value, list) and any(map(_has_type, value))
