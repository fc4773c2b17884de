"""Resolvers of OmegaConf that find out at the moment of the call whom they serve.

OmegaConf keeps its resolvers in one registry for the whole process. Registering
the resolvers of each loader there makes loaders that work at the same time read
each other's values (kedro-org/kedro#5392, #5660). Here a name is registered once
per process, and what it means is looked up in the ``ResolverScope`` of the current
context, so that threads and asyncio tasks never meet.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer
from omegaconf.errors import UnsupportedInterpolationType
from omegaconf.resolvers import oc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ENVIRONMENT_RESOLVER = "oc.env"
_NODE_ARGUMENTS = ("_node_", "_parent_", "_root_")

_active_scope: ContextVar[ResolverScope | None] = ContextVar(
    "kedro_resolver_scope", default=None
)
_registered: dict[str, Any] = {}


class ResolverScope:
    """The resolvers that hold while one piece of configuration is resolved.

    Attributes:
        resolvers: Function by resolver name. A name that Kedro has registered and
            that is missing here is unsupported while the scope is active.
        touched: Names of the resolvers that resolving has called so far.
    """

    def __init__(self, resolvers: Mapping[str, Callable[..., Any]]) -> None:
        self.resolvers = resolvers
        self.touched: set[str] = set()


@contextmanager
def active(scope: ResolverScope) -> Iterator[ResolverScope]:
    """Make ``scope`` decide what resolvers mean inside the ``with`` block."""
    token = _active_scope.set(scope)
    try:
        yield scope
    finally:
        _active_scope.reset(token)


def current_scope() -> ResolverScope | None:
    """The scope that is active in this context, if any."""
    return _active_scope.get()


def register(names: Iterable[str]) -> None:
    """Route the resolvers ``names`` through the active scope, once per process.

    A custom name that somebody else has registered with OmegaConf stays theirs.

    Args:
        names: Resolver names as they are written in ``${name:...}``.
    """
    for name in names:
        registered = OmegaConf._get_resolver(name)
        if registered is not None and registered is _registered.get(name):
            continue
        if registered is not None and name not in _KEDRO_RESOLVERS:
            continue
        _register_with_omegaconf(name, _routed(name))
        _registered[name] = OmegaConf._get_resolver(name)


def foreign_names() -> set[str]:
    """Names of the resolvers that somebody else has registered with OmegaConf."""
    return {
        name
        for name, resolver in BaseContainer._resolvers.items()
        if resolver is not _registered.get(name) and not name.startswith("oc.")
    }


def accept_node_arguments(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``resolver`` those of OmegaConf's node arguments that it asks for.

    Args:
        resolver: A custom resolver; it may declare ``_node_``, ``_parent_`` and
            ``_root_`` to be handed the place from which it is called.

    Returns:
        A function that can be called with all of them.
    """
    parameters = inspect.signature(resolver).parameters
    wanted = [name for name in _NODE_ARGUMENTS if name in parameters]

    def call(*args: Any, **node_arguments: Any) -> Any:
        return resolver(*args, **{name: node_arguments[name] for name in wanted})

    return call


def _routed(name: str) -> Callable[..., Any]:
    def resolve(*args: Any, _node_: Any, _parent_: Any, _root_: Any) -> Any:
        scope = _active_scope.get()
        if scope is None and name == ENVIRONMENT_RESOLVER:
            return oc.env(*args)
        resolver = scope.resolvers.get(name) if scope else None
        if scope is None or resolver is None:
            raise UnsupportedInterpolationType(f"Unsupported interpolation type {name}")
        scope.touched.add(name)
        return resolver(*args, _node_=_node_, _parent_=_parent_, _root_=_root_)

    return resolve


def _register_with_omegaconf(name: str, resolver: Callable[..., Any]) -> None:
    # OmegaConf 2.4 deprecates `register_new_resolver` and gives the name
    # `register_resolver`, which meant the legacy function before, to its successor.
    register_resolver: Callable[..., None] = OmegaConf.register_resolver
    if "replace" not in inspect.signature(register_resolver).parameters:
        register_resolver = OmegaConf.register_new_resolver
    register_resolver(name, resolver, replace=True)


_KEDRO_RESOLVERS = frozenset({"globals", "runtime_params", ENVIRONMENT_RESOLVER})
