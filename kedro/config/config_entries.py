"""One configuration type, entry by entry."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kedro.config.config_files import ABSENT, NOT_PLAIN, Layer
from kedro.config.plain_values import (
    PRIMITIVES,
    copied,
    has_interpolation,
    has_key,
    is_plain,
    overlaid,
    plain,
)
from kedro.config.resolver_scope import (
    ENVIRONMENT,
    GLOBALS,
    RUNTIME_PARAMS,
    ResolverScope,
    foreign_names,
    resolve_in,
)

if TYPE_CHECKING:
    from kedro.config.omegaconf_config import OmegaConfigLoader

_logger = logging.getLogger(__name__)

EntryCache = dict[tuple[str, Any], Any]

_ABSENT = object()
_CATALOG = "catalog"
_CREDENTIALS = "credentials"
_PARAMETERS = "parameters"


class ConfigEntries(Mapping[str, Any]):
    """Entries of a configuration type that is at hand as a whole.

    Args:
        config: The configuration.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def __getitem__(self, name: str) -> Any:
        return copied(self.shared(name))

    def __contains__(self, name: object) -> bool:
        return name in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def shared(self, name: str) -> Any:
        """The entry without a copy, for callers that do not change it."""
        return self._config[name]

    def find(self, name: Any, default: Any) -> Any:
        """The entry as ``shared`` has it, or ``default`` if there is none."""
        return self.shared(name) if name in self else default

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
        return copied(entry.get(key)) if isinstance(entry, Mapping) else None


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
        self._find_loader: Callable[[], OmegaConfigLoader] = lambda: loader
        self._keeps_single = loader.keeps_single(key)
        self._key = key
        self._raw = loader.raw(key)
        loader.check_found(key, self._raw)
        self._layers = self._raw.layers
        # Runtime parameters are merged into what the files say, where there are any.
        merges = key == _PARAMETERS and self._layers
        self._added: Mapping[str, Any] = loader.runtime_params if merges else {}
        self._own: EntryCache = {}
        self._derived: EntryCache | None
        self._derived, self._static = loader.entry_caches()
        self._with_runtime_params: dict[str, DictConfig] = {}

    def with_runtime_params(
        self,
        runtime_params: Mapping[str, Any],
        find_loader: Callable[[], OmegaConfigLoader],
    ) -> OmegaConfigEntries:
        """The same entries as another loader has them that shares the files.

        Args:
            runtime_params: Runtime parameters of the other loader.
            find_loader: Gives the other loader, once it is needed: plain values are
                found without it.
        """
        entries = object.__new__(type(self))
        entries.__dict__.update(self.__dict__)
        entries._find_loader = find_loader
        if self._key == _PARAMETERS and self._layers:
            entries._added = runtime_params
        entries._own = {}
        entries._derived = None
        entries._with_runtime_params = {}
        return entries

    def __contains__(self, name: object) -> bool:
        if name in self._added:
            return not self._is_hidden(name)
        for layer in self._layers:
            if name in layer.names:
                return not self._is_hidden(name)
        return False

    def __iter__(self) -> Iterator[str]:
        names: dict[Any, None] = {}
        for layer in self._layers:
            names.update(dict.fromkeys(layer.merged.keys()))
        names.update(dict.fromkeys(self._added))
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
        value = self.find(name, _ABSENT)
        if value is _ABSENT:
            raise KeyError(name)
        return value

    def find(self, name: Any, default: Any) -> Any:
        """The entry as ``shared`` has it, or ``default`` if there is none."""
        is_added = name in self._added
        if is_added and type(self._added[name]) in PRIMITIVES:
            # Takes the place of whatever the files have.
            return self._added[name]
        key = (self._key, name)
        cache = self._own if is_added else self._static
        value = cache.get(key, _ABSENT)
        if value is not _ABSENT:
            return value
        if name not in self:
            return default
        value = self._find_plain(name)
        if value is _ABSENT:
            return self._find_resolved(name, key)
        cache[key] = value
        return value

    def _find_plain(self, name: Any) -> Any:
        """The value of an entry, if it can be found without OmegaConf."""
        is_added = name in self._added
        added = self._added[name] if is_added else None
        if is_added and not is_plain(added):
            return _ABSENT
        found = {}
        for layer in self._layers:
            value = layer.plain(name)
            if value is NOT_PLAIN:
                return _ABSENT
            if value is not ABSENT:
                found[layer.path] = overlaid(value, added) if is_added else value
            elif is_added:
                found[layer.path] = copied(added)
        return self._merged(name, found)

    def _find_resolved(self, name: Any, key: tuple[str, Any]) -> Any:
        for cache in (self._own, self._derived_entries):
            value = cache.get(key, _ABSENT)
            if value is not _ABSENT:
                return value
        scope = self._scope()
        value = resolve_in(scope, partial(self._resolve, name, scope))
        self._cache_for(name, scope.touched)[key] = value
        return value

    def is_static(self, name: str) -> bool:
        """Whether the entry is the same for all runs of the session."""
        return (self._key, name) in self._static

    def depends_on_runtime_params(self, name: str) -> bool:
        """Whether resolving the entry asks for a runtime parameter."""
        scope = self._scope()
        try:
            resolve_in(scope, partial(self._resolve, name, scope))
        except OmegaConfBaseException:
            # It failed for want of the parameter, or is broken anyway.
            return True
        return RUNTIME_PARAMS in scope.touched

    def part(self, name: str, key: str) -> Any:
        """One value of an entry, without resolving the others.

        Args:
            name: Name of the entry.
            key: Key in the entry.

        Returns:
            The value, or ``None`` if the entry has no such key.
        """
        part = partial(self._part, name, key)
        found: dict[str, Any] = resolve_in(
            self._scope(), partial(self._combined, name, part)
        )
        return found.get(key)

    def _scope(self) -> ResolverScope:
        return self._loader.scope(self._key, environment=self._key == _CREDENTIALS)

    def _is_hidden(self, name: Any) -> bool:
        return self._key != _PARAMETERS and bool(name.startswith("_"))

    @property
    def _loader(self) -> OmegaConfigLoader:
        return self._find_loader()

    @property
    def _derived_entries(self) -> EntryCache:
        """Entries that depend on runtime parameters, of all loaders with the same."""
        if self._derived is None:
            self._derived, _ = self._loader.entry_caches()
        return self._derived

    def _cache_for(self, name: str, touched: set[str]) -> EntryCache:
        if touched - {GLOBALS, RUNTIME_PARAMS} or self._may_call_foreign(name):
            return self._own
        if RUNTIME_PARAMS in touched or not self._is_independent(name):
            return self._derived_entries
        return self._static

    def _may_call_foreign(self, name: str) -> bool:
        # A resolver that somebody else has registered leaves no trace of its calls.
        return bool(foreign_names()) and not self._is_literal(name)

    def _is_independent(self, name: str) -> bool:
        # Runtime parameters are merged into `parameters`: they replace values, and
        # what others of them refer to.
        if self._key != _PARAMETERS:
            return True
        return name not in self._added and self._is_literal(name)

    def _is_literal(self, name: str) -> bool:
        if name in self._added and not is_plain(self._added[name]):
            added = OmegaConf.create({name: self._added[name]})
            if has_interpolation(added, name):
                return False
        return all(
            layer.is_literal(name) for layer in self._layers if name in layer.names
        )

    def _combined(self, name: str, value_in: Callable[[Layer], Any]) -> Any:
        """What ``value_in`` finds in the environments that have the entry, merged."""
        is_added = name in self._added
        found = {
            layer.path: value_in(layer)
            for layer in self._layers
            if is_added or name in layer.names
        }
        return self._merged(name, found)

    def _merged(self, name: str, found: dict[str, Any]) -> Any:
        """The values that environments have for an entry as one."""
        base, env = self._raw.base, self._raw.env
        if env is None or (len(found) == 1 and self._keeps_single):
            return next(iter(found.values()))
        below = {name: found[base.path]} if base.path in found else {}
        above = {name: found[env.path]} if env.path in found else {}
        merged = self._loader._merge_configs(below, above, self._key, env.path)
        return merged[name]

    def _resolve(self, name: str, scope: ResolverScope) -> Any:
        return self._combined(name, partial(self._value, name, scope))

    def _value(self, name: str, scope: ResolverScope, layer: Layer) -> Any:
        if self._key == _CREDENTIALS and layer.plain(name) is NOT_PLAIN:
            return self._credentials(name, scope, layer)
        config = self._config_of(name, layer)
        value = plain(config, name)
        if scope.took_runtime_param and self._key == _CATALOG:
            self._loader.check_types(config, name)
        return value

    def _credentials(self, name: str, scope: ResolverScope, layer: Layer) -> Any:
        # As in the loader, a file may use its own values and environment variables;
        # only what that gives is resolved among the other files.
        file = next(f for f in layer.files.values() if has_key(f, name))
        # Text of a runtime parameter would be taken for what the file says.
        is_served = self._loader.restrict_runtime_params_type_selection
        if is_served or OmegaConf.is_missing(file, name):
            return plain(file, name)
        value = copy.deepcopy(file)[name]
        if OmegaConf.is_config(value):
            OmegaConf.resolve(value)
        found = OmegaConf.create({name: value})
        if not has_interpolation(found, name):
            return plain(found, name)
        # The other files may read it too.
        scope.touched.add(ENVIRONMENT)
        try:
            layer = self._loader.with_environment(self._key, layer)
        except OmegaConfBaseException as exc:
            _logger.debug("Credentials that '%s' does not need: %s", name, exc)
        settled = layer.merged_with(found)
        inner = self._loader.scope(self._key)
        try:
            return resolve_in(inner, partial(plain, settled, name))
        finally:
            scope.touched |= inner.touched

    def _part(self, name: str, key: str, layer: Layer) -> dict[str, Any]:
        config = self._config_of(name, layer)
        if OmegaConf.is_missing(config, name):
            return {}
        entry = config[name]
        if not isinstance(entry, DictConfig) or not has_key(entry, key):
            return {}
        return {key: plain(entry, key)}

    def _config_of(self, name: str, layer: Layer) -> DictConfig:
        """What the entry is resolved in: as little as its value can depend on."""
        if not self._added:
            return layer.merged
        if not self._is_literal(name):
            if layer.path not in self._with_runtime_params:
                self._with_runtime_params[layer.path] = layer.merged_with(self._added)
            return self._with_runtime_params[layer.path]
        if name not in self._added:
            return layer.merged
        known = OmegaConf.masked_copy(layer.merged, [name])
        return OmegaConf.unsafe_merge(known, {name: self._added[name]})  # type: ignore[return-value]
