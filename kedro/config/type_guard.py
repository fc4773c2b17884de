"""The guard against runtime parameters that choose which class is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError

from kedro.config.plain_values import keys, plain
from kedro.config.resolver_scope import ResolverScope, resolve_in

_TYPE_KEY = "type"


class TypeGuard:
    """Lets no runtime parameter decide about a ``type`` in a catalog.

    What counts is what resolving used: a ``type`` that reaches a runtime parameter
    through another key is found, one that fell back to a default is allowed
    (kedro-org/kedro#5706).

    Args:
        make_scope: Makes scopes with the resolvers of the catalog.
    """

    def __init__(self, make_scope: Callable[[], ResolverScope]) -> None:
        self._make_scope = make_scope

    def check(self, catalog: DictConfig, name: str) -> None:
        """Check one catalog entry.

        Args:
            catalog: Merged, unresolved catalog of one environment.
            name: The entry.

        Raises:
            InterpolationResolutionError: If a runtime parameter decides about a
                ``type`` in it; names the entry.
        """
        for chosen in self._chosen_types(catalog, name):
            raise InterpolationResolutionError(
                f"Dataset '{name}' resolves a 'type' field via "
                f"the 'runtime_params:' resolver to '{chosen}', "
                "which is not permitted. Runtime parameters must not "
                "select which dataset class is instantiated, at any "
                "nesting depth."
            )

    def _chosen_types(self, container: Any, key: Any) -> Iterable[Any]:
        """Each ``type`` at and below ``container[key]`` that a parameter chose."""
        if OmegaConf.is_missing(container, key):
            return
        scope = self._make_scope()
        value = resolve_in(scope, partial(container.__getitem__, key))
        if scope.took_runtime_param:
            value = resolve_in(self._make_scope(), partial(plain, container, key))
            yield from [value] if key == _TYPE_KEY else _types_in(value)
        else:
            for inner in keys(value):
                yield from self._chosen_types(value, inner)


def _types_in(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        if _TYPE_KEY in value:
            yield value[_TYPE_KEY]
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for inner in value:
        yield from _types_in(inner)
