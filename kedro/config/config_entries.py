"""One configuration type, entry by entry."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kedro.config import resolver_scope
from kedro.config.type_guard import check_types

if TYPE_CHECKING:
    from kedro.config.omegaconf_config import OmegaConfigLoader

EntryCache = dict[tuple[str, str], Any]

_ABSENT = object()
_PARAMETERS = "parameters"
_SAME_FOR_RUNTIME_PARAMS = frozenset(
    {"globals", "runtime_params", "runtime_params value"}
)


class ConfigEntries(Mapping[str, Any]):
    """Entries of a configuration type that is at hand as a whole.

    Args:
        config: The configuration.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def __getitem__(self, name: str) -> Any:
        return copy.deepcopy(self.shared(name))

    def __contains__(self, name: object) -> bool:
        return name in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def shared(self, name: str) -> Any:
        """The entry without a copy, for callers that do not change it."""
        return self._config[name]

    def is_static(self, name: str) -> bool:
        """Whether the entry is the same for all runs of the session."""
        return False

    def depends_on_runtime_params(self, name: str) -> bool:
        """Whether resolving the entry asks for a runtime parameter."""
        return False

    def part(self, name: str, key: str) -> Any:
        """One value of an entry, without resolving the others.

        Args:
            name: Name of the entry.
            key: Key in the entry.

        Returns:
            The value, or ``None`` if the entry has no such key.
        """
        entry = self._config.get(name)
        return copy.deepcopy(entry.get(key)) if isinstance(entry, Mapping) else None


class PreparedEntries(ConfigEntries):
    """Entries that are changed in one place before anybody sees them.

    Args:
        entries: The entries.
        prepare: Changes one entry; it is given a copy.
    """

    def __init__(self, entries: ConfigEntries, prepare: Callable[[Any], Any]) -> None:
        super().__init__(entries)
        self._entries = entries
        self._prepare = prepare
        self._prepared: dict[str, Any] = {}

    def with_entries(self, entries: ConfigEntries) -> PreparedEntries:
        """Other entries, changed in the same way.

        Args:
            entries: The other entries; static ones are the same as here.
        """
        prepared = PreparedEntries(entries, self._prepare)
        prepared._prepared = self._prepared
        return prepared

    def shared(self, name: str) -> Any:
        """The entry without a copy, for callers that do not change it."""
        if name in self._prepared:
            return self._prepared[name]
        entry = self._prepare(self._entries[name])
        if self.is_static(name):
            self._prepared[name] = entry
        return entry

    def is_static(self, name: str) -> bool:
        """Whether the entry is the same for all runs of the session."""
        return self._entries.is_static(name)

    def depends_on_runtime_params(self, name: str) -> bool:
        """Whether resolving the entry asks for a runtime parameter."""
        return self._entries.depends_on_runtime_params(name)

    def part(self, name: str, key: str) -> Any:
        """One value of an entry as it was, without resolving the others."""
        return self._entries.part(name, key)


class OmegaConfigEntries(ConfigEntries):
    """Entries of a configuration type that OmegaConf resolves one at a time.

    An entry is *static* if resolving it called neither a custom resolver nor an
    environment variable nor a runtime parameter: it is resolved once for all loaders
    that share their files. An entry that depends on runtime parameters alone is
    resolved once for loaders with the same ones.

    Args:
        loader: Where the configuration comes from.
        key: The configuration type.
    """

    def __init__(self, loader: OmegaConfigLoader, key: str) -> None:
        self._loader = loader
        self._key = key
        self._raw = loader.raw(key)
        loader.check_found(key, self._raw)
        self._own: EntryCache = {}
        self._merged_here: dict[str, DictConfig] = {}
        self._layers = [
            (name, files)
            for name, files in (("base", self._raw.base), ("env", self._raw.env))
            if files
        ]
        self._unresolved = {name: self._shared_merge(name) for name, _ in self._layers}

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or self._is_hidden(name):
            return False
        if any(_has_key(merged, name) for merged in self._unresolved.values()):
            return True
        return self._takes_runtime_params and name in self._loader.runtime_params

    def __iter__(self) -> Iterator[str]:
        names: dict[str, None] = {}
        for merged in self._unresolved.values():
            names.update(dict.fromkeys(map(str, merged.keys())))
        if self._takes_runtime_params:
            names.update(dict.fromkeys(self._loader.runtime_params))
        return (name for name in names if not self._is_hidden(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def shared(self, name: str) -> Any:
        """The entry without a copy, for callers that do not change it.

        Args:
            name: Name of the entry.

        Raises:
            KeyError: If there is no such entry.
            OmegaConfBaseException: If the entry cannot be resolved.
        """
        for cache in self._caches(name):
            value = cache.get((self._key, name), _ABSENT)
            if value is not _ABSENT:
                return value
        if name not in self:
            raise KeyError(name)
        scope = self._loader.scope(self._key, environment=self._key == "credentials")
        with resolver_scope.active(scope):
            value = self._resolve(name)
        self._cache_for(name, scope.touched)[(self._key, name)] = value
        return value

    def is_static(self, name: str) -> bool:
        """Whether the entry is the same for all runs of the session."""
        return (self._key, name) in self._loader._static_entries

    def depends_on_runtime_params(self, name: str) -> bool:
        """Whether resolving the entry asks for a runtime parameter."""
        scope = self._loader.scope(self._key)
        with resolver_scope.active(scope):
            try:
                self._resolve(name)
            except OmegaConfBaseException:
                # It failed for want of the parameter, or is broken anyway.
                return True
        return "runtime_params" in scope.touched

    def part(self, name: str, key: str) -> Any:
        """One value of an entry, without resolving the others."""
        value = None
        for merged in self._unresolved.values():
            if not _has_key(merged, name) or OmegaConf.is_interpolation(merged, name):
                continue
            node = merged[name]
            if isinstance(node, DictConfig) and _has_key(node, key):
                with resolver_scope.active(self._loader.scope(self._key)):
                    value = plain(node, key)
        return value

    @property
    def _takes_runtime_params(self) -> bool:
        return self._key == _PARAMETERS and bool(self._layers)

    def _is_hidden(self, name: str) -> bool:
        return self._key != _PARAMETERS and name.startswith("_")

    def _caches(self, name: str) -> tuple[EntryCache, ...]:
        loader = self._loader
        if self._key == _PARAMETERS and name in loader.runtime_params:
            return self._own, loader._derived_entries
        return self._own, loader._derived_entries, loader._static_entries

    def _cache_for(self, name: str, touched: set[str]) -> EntryCache:
        if touched - _SAME_FOR_RUNTIME_PARAMS or self._calls_foreign_resolver():
            return self._own
        if touched - {"globals"} or not self._is_independent(name):
            return self._loader._derived_entries
        return self._loader._static_entries

    def _is_independent(self, name: str) -> bool:
        # Runtime parameters are merged into `parameters`: they replace values, and
        # what others of them refer to.
        if self._key != _PARAMETERS:
            return True
        return name not in self._loader.runtime_params and self._is_literal(name)

    def _is_literal(self, name: str) -> bool:
        return not any(
            _has_interpolation(merged, name)
            for merged in self._unresolved.values()
            if _has_key(merged, name)
        )

    def _calls_foreign_resolver(self) -> bool:
        # A call of a resolver that somebody else has registered leaves no trace in
        # the scope, so that its name in the files has to do.
        return any(
            f"{name}:" in self._text(layer)
            for name in resolver_scope.foreign_names()
            for layer in self._unresolved
        )

    def _text(self, layer: str) -> str:
        if layer not in self._raw.text:
            self._raw.text[layer] = OmegaConf.to_yaml(self._unresolved[layer])
        return self._raw.text[layer]

    def _resolve(self, name: str) -> Any:
        values = [
            plain(merged, name)
            for merged in (self._merge_for(name, layer) for layer, _ in self._layers)
            if _has_key(merged, name)
        ]
        if self._key == "catalog":
            self._guard(name)
        if len(values) == 1:
            return values[0]
        base, env = ({name: value} for value in values)
        env_path = self._raw.env_path
        return self._loader._merge_configs(base, env, self._key, env_path)[name]

    def _guard(self, name: str) -> None:
        if self._loader.restrict_runtime_params_type_selection:
            for merged in self._unresolved.values():
                if _has_key(merged, name):
                    check_types(self._loader, merged, name)

    def _merge_for(self, name: str, layer: str) -> DictConfig:
        """What ``name`` is resolved in: as little as its value can depend on."""
        merged = self._unresolved[layer]
        runtime_params = self._loader.runtime_params
        if self._key != _PARAMETERS or not runtime_params:
            return merged
        if self._is_literal(name):
            if name not in runtime_params:
                return merged
            own = OmegaConf.create({name: runtime_params[name]})
            if not _has_interpolation(own, name):
                known = {}
                if _has_key(merged, name):
                    known = {name: plain(merged, name, resolve=False)}
                return OmegaConf.unsafe_merge(known, own)  # type: ignore[return-value]
        if layer not in self._merged_here:
            files = dict(self._layers)[layer]
            self._merged_here[layer] = self._loader.merge(self._key, files)
        return self._merged_here[layer]

    def _shared_merge(self, layer: str) -> DictConfig:
        if layer not in self._raw.merged:
            files = dict(self._layers)[layer]
            self._raw.merged[layer] = OmegaConf.unsafe_merge(  # type: ignore[assignment]
                *copy.deepcopy(list(files.values()))
            )
        return self._raw.merged[layer]


def plain(config: Any, name: str | None = None, *, resolve: bool = True) -> Any:
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
    return value


def _has_key(merged: DictConfig, name: str) -> bool:
    # `name in merged` would resolve the value, and deny one that cannot be.
    return name in merged.keys()  # noqa: SIM118


def _has_interpolation(container: Any, key: Any) -> bool:
    if OmegaConf.is_missing(container, key):
        return False
    if OmegaConf.is_interpolation(container, key):
        return True
    node = container[key]
    if isinstance(node, DictConfig):
        return any(_has_interpolation(node, inner) for inner in node)
    if isinstance(node, ListConfig):
        return any(_has_interpolation(node, index) for index in range(len(node)))
    return False
