"""The guard against runtime parameters that choose which class is imported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError

from kedro.config.plain_values import keys, plain
from kedro.config.resolver_scope import ResolverScope, resolve_in

_CLASS_KEYS = frozenset({"type", "class"})
# Their values are written as text for short, and as a dictionary otherwise.
_SHORT_KEYS = frozenset({"dataset", "validator"})


class TypeGuard:
    """Lets no runtime parameter decide about a ``type`` in a catalog.

    Nor about the ``class`` of a validator, or about what is short for one of them:
    ``dataset: pandas.CSVDataset``, ``validator: my_package.check``.

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
        for key, chosen in self._chosen_types(catalog, name):
            raise InterpolationResolutionError(
                f"Dataset '{name}' resolves a '{key}' field via "
                f"the 'runtime_params:' resolver to '{chosen}', "
                "which is not permitted. Runtime parameters must not "
                "select which dataset class is instantiated, at any "
                "nesting depth."
            )

    def _chosen_types(self, container: Any, key: Any) -> Iterable[tuple[str, Any]]:
        """Each ``type`` at and below ``container[key]`` that a parameter chose."""
        if OmegaConf.is_missing(container, key):
            return
        scope = self._make_scope()
        value = resolve_in(scope, partial(container.__getitem__, key))
        if scope.took_runtime_param:
            value = resolve_in(self._make_scope(), partial(plain, container, key))
            yield from _types_in({key: value})
        else:
            for inner in keys(value):
                yield from self._chosen_types(value, inner)


def _types_in(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _CLASS_KEYS or (key in _SHORT_KEYS and isinstance(inner, str)):
                yield key, inner
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for inner in value:
        yield from _types_in(inner)
