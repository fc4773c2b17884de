"""Resolvers of OmegaConf that find out at the moment of the call whom they serve.

OmegaConf keeps its resolvers in one registry for the whole process. Registering
the resolvers of each loader there makes loaders that work at the same time read
each other's values (kedro-org/kedro#5392, #5660). Here a name is registered once
per process, and what it means is looked up in the ``ResolverScope`` of the current
context, so that threads and asyncio tasks never meet.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from threading import RLock
from typing import Any, TypeVar

from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer
from omegaconf.errors import UnsupportedInterpolationType

ENVIRONMENT = "oc.env"
GLOBALS = "globals"
RUNTIME_PARAMS = "runtime_params"

_KEDRO_RESOLVERS = (ENVIRONMENT, GLOBALS, RUNTIME_PARAMS)
_PURE_RESOLVERS = frozenset(
    f"oc.{name}"
    for name in (
        "coerce",
        "create",
        "decode",
        "deprecated",
        "dict.keys",
        "dict.values",
        "select",
    )
)
_NODE_ARGUMENTS = ("_node_", "_parent_", "_root_")

Resolver = Callable[..., Any]
T = TypeVar("T")


class ResolverScope:
    """The resolvers that hold while one piece of configuration is resolved.

    Attributes:
        resolvers: Function by resolver name. A name that Kedro has registered and
            that is missing here is unsupported while the scope is active.
        touched: Names of the resolvers that resolving has called so far.
        took_runtime_param: Whether a runtime parameter, and not just the default in
            its place, has become part of the result.
    """

    def __init__(self, resolvers: Mapping[str, Resolver]) -> None:
        self.resolvers = resolvers
        self.touched: set[str] = set()
        self.took_runtime_param = False


_active_scope: ContextVar[ResolverScope | None] = ContextVar(
    "kedro_resolver_scope", default=None
)
_registered: dict[str, Any] = {}
_registering = RLock()


def resolve_in(scope: ResolverScope, resolve: Callable[[], T]) -> T:
    """Call ``resolve`` while ``scope`` decides what resolvers mean.

    Args:
        scope: The resolvers.
        resolve: Reads from configuration of OmegaConf.

    Returns:
        What ``resolve`` returns.
    """
    registered = _register(scope.resolvers)
    outer = _active_scope.get()
    # No context manager of Python's: an interrupt can come before it has begun to exit.
    try:
        _active_scope.set(scope)
        try:
            return resolve()
        except UnsupportedInterpolationType:
            if _register(scope.resolvers) == registered:
                raise
            # Somebody has cleared OmegaConf's registry in the meantime.
            return resolve()
    finally:
        _active_scope.set(outer)


def current_scope() -> ResolverScope | None:
    """The scope that is active in this context, if any."""
    return _active_scope.get()


def foreign_names() -> set[str]:
    """Names of the resolvers that somebody else has registered with OmegaConf.

    Those that OmegaConf itself brings along are not counted: what they return
    depends on the configuration alone.
    """
    return {
        name
        for name, resolver in list(BaseContainer._resolvers.items())
        if resolver is not _registered.get(name) and name not in _PURE_RESOLVERS
    }


def accept_node_arguments(resolver: Resolver) -> Resolver:
    """Give ``resolver`` those of OmegaConf's node arguments that it asks for.

    Args:
        resolver: A custom resolver; it may declare ``_node_``, ``_parent_`` and
            ``_root_`` to be handed the place from which it is called.

    Returns:
        A function that can be called with all of them.

    Raises:
        TypeError: If ``resolver`` is no function.
    """
    if not callable(resolver):
        raise TypeError("resolver must be callable")
    wanted = [name for name in _NODE_ARGUMENTS if name in _parameters(resolver)]

    def call(*args: Any, **node_arguments: Any) -> Any:
        return resolver(*args, **{name: node_arguments[name] for name in wanted})

    return call


def _parameters(function: Callable[..., Any]) -> Iterable[str]:
    try:
        return inspect.signature(function).parameters
    except ValueError:
        # Some built-in functions do not tell.
        return ()


def register_for_all(resolvers: Mapping[str, Resolver]) -> None:
    """Register resolvers that no loader owns; a name that is taken stays as it is.

    Args:
        resolvers: Function by resolver name.
    """
    with _registering:
        for name, resolver in resolvers.items():
            if not OmegaConf.has_resolver(name):
                _register_with_omegaconf(name, resolver)


def _register(custom_names: Iterable[str]) -> list[Any]:
    """Route resolvers through the active scope, once per process.

    A custom name that somebody else has registered with OmegaConf stays theirs.

    Args:
        custom_names: Names next to those of Kedro.

    Returns:
        What is registered now.
    """
    names = [*_KEDRO_RESOLVERS, *custom_names]
    if any(map(_is_open, names)):
        with _registering:
            for name in filter(_is_open, names):
                routed = _routed(name, OmegaConf._get_resolver(name))
                _register_with_omegaconf(name, routed)
                _registered[name] = OmegaConf._get_resolver(name)
    return list(map(OmegaConf._get_resolver, names))


def _is_open(name: str) -> bool:
    resolver = OmegaConf._get_resolver(name)
    if resolver is None or name not in _KEDRO_RESOLVERS:
        return resolver is None
    return resolver is not _registered.get(name)


def _routed(name: str, previous: Resolver | None) -> Resolver:
    def resolve(*args: Any, _node_: Any, _parent_: Any, _root_: Any) -> Any:
        scope = _active_scope.get()
        if scope is None and previous is not None:
            return previous(_root_, _parent_, _node_, args, tuple(map(str, args)))
        resolver = scope.resolvers.get(name) if scope else None
        if scope is None or resolver is None:
            raise UnsupportedInterpolationType(f"Unsupported interpolation type {name}")
        scope.touched.add(name)
        return resolver(*args, _node_=_node_, _parent_=_parent_, _root_=_root_)

    return resolve


def _register_with_omegaconf(name: str, resolver: Resolver) -> None:
    # OmegaConf 2.4 deprecates `register_new_resolver` and gives the name
    # `register_resolver`, which meant the legacy function before, to its successor.
    register_resolver: Callable[..., None] = OmegaConf.register_resolver
    if "replace" not in inspect.signature(register_resolver).parameters:
        register_resolver = OmegaConf.register_new_resolver
    register_resolver(name, resolver, replace=True)
