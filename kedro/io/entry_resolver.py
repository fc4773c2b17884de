"""Catalog entries that are resolved, one by one, when somebody needs them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from threading import Lock
from typing import Any
from weakref import WeakMethod

from kedro.config.config_entries import ConfigEntries
from kedro.io.catalog_config_resolver import (
    CREDENTIALS_KEY,
    CatalogConfigResolver,
    Patterns,
    _resolve_credentials,
)
from kedro.io.core import VALIDATOR_KEY, DatasetError
from kedro.io.later_mapping import LaterMapping

_logger = logging.getLogger(__name__)

_REMEMBERED_MATCHES = 10_000


class EntryResolver(CatalogConfigResolver):
    """Resolves dataset configurations entry by entry.

    Making one costs the same whatever the number of entries: an entry is read,
    resolved and given its credentials at its first use. One that cannot be resolved
    fails there and nowhere else.

    Args:
        entries: Catalog entries and dataset factory patterns, by name.
        credentials: Credentials by name.
        default_runtime_patterns: Patterns for names that nothing else matches.

    Example:
        ```python
        resolver = EntryResolver(loader.entries("catalog"), credentials, patterns)
        resolver.resolve_pattern("companies")["filepath"]
        ```
    """

    def __init__(
        self,
        entries: ConfigEntries,
        credentials: Mapping[str, Any] | None,
        default_runtime_patterns: Patterns,
    ) -> None:
        self._reader = _EntryReader(lambda: entries, lambda: credentials or {})
        self._default_runtime_patterns = default_runtime_patterns
        self._resolved_configs: _EntryConfigs = _EntryConfigs(self._reader)  # type: ignore[assignment]
        names = self._sort_patterns({name: {} for name in entries if "{" in name})
        catch_all = {n for n in names if self._pattern_specificity(n) == 0}
        self._dataset_patterns = _PatternConfigs(  # type: ignore[assignment]
            [name for name in names if name not in catch_all], self._reader
        )
        self._user_catch_all_pattern = _PatternConfigs(list(catch_all), self._reader)  # type: ignore[assignment]
        self._matches: dict[str, str | None] = {}
        self._varying: dict[str, bool] = {}

    def tell(self, changed: Callable[[str], None]) -> None:
        """Have a catalog told of configurations that somebody puts in or removes.

        Args:
            changed: A method, called with the name of the dataset. It does not keep
                alive what it belongs to.
        """
        configs = self._resolved_configs
        # In another process they are a plain dictionary.
        if type(configs) is _EntryConfigs:
            alive = (told for told in configs.listeners if told() is not None)
            configs.listeners = (*alive, WeakMethod(changed))

    @property
    def entries(self) -> ConfigEntries:
        """Catalog entries and patterns by name."""
        return self._reader.entries

    def match_dataset_pattern(self, ds_name: str) -> str | None:
        """The dataset factory pattern that ``ds_name`` matches, if any."""
        if not self._dataset_patterns:
            return None
        if ds_name not in self._matches:
            if len(self._matches) >= _REMEMBERED_MATCHES:
                self._matches.clear()
            self._matches[ds_name] = super().match_dataset_pattern(ds_name)
        return self._matches[ds_name]

    def recipe(self, ds_name: str) -> Any:
        """What decides how a dataset is built, to compare two runs by.

        Args:
            ds_name: Name of the dataset.

        Returns:
            The configuration of its entry or pattern, not to be changed, with the
            credentials that depend on runtime parameters. What others are at the
            moment does not matter.

        Raises:
            DatasetError: If it cannot be resolved.
        """
        added = self._resolved_configs.added
        if ds_name in added:
            return added[ds_name]
        entry = self._entry_name(ds_name)
        if entry is None:
            return None
        config = self._reader.shared(entry)
        own = self._credentials_of_run(entry, config)
        return (config, own) if own else config

    def _credentials_of_run(self, entry: str, config: Any) -> dict[str, Any]:
        """The credentials that an entry names, of those that differ between runs."""
        if not _names_credentials(config):
            return {}
        for name in set(_credentials_in(config)) - self._varying.keys():
            self._varying[name] = self._reader.credentials_vary(name)
        varying = {name for name in _credentials_in(config) if self._varying[name]}
        return self._reader.credentials(entry, varying) if varying else {}

    def is_static(self, ds_name: str) -> bool:
        """Whether a dataset is built in the same way in all runs of the session."""
        if self.is_replaced(ds_name):
            return False
        entry = self._entry_name(ds_name)
        if entry is None:
            return True
        return self.entries.is_static(entry) and not _names_credentials(
            self.entries.shared(entry)
        )

    def is_replaced(self, ds_name: str) -> bool:
        """Whether somebody has put in another configuration, or removed it."""
        configs = self._resolved_configs
        # In another process they are a plain dictionary.
        return type(configs) is _EntryConfigs and (
            ds_name in configs._added or ds_name in configs._removed
        )

    def depends_on_runtime_params(self, ds_name: str) -> bool:
        """Whether runtime parameters have a say in how a dataset is built."""
        if ds_name in self._put_in():
            return False
        entry = self._entry_name(ds_name)
        if entry is None:
            return False
        return self.entries.depends_on_runtime_params(entry) or any(
            map(self._reader.credentials_vary, _credentials_in(self.entries[entry]))
        )

    def validator(self, ds_name: str) -> Any:
        """The ``validator`` declared for a dataset, without resolving its entry."""
        put_in = self._put_in()
        if ds_name in put_in:
            return put_in[ds_name].get(VALIDATOR_KEY)
        entry = self._entry_name(ds_name)
        return self.entries.part(entry, VALIDATOR_KEY) if entry else None

    def _put_in(self) -> Mapping[str, dict[str, Any]]:
        configs = self._resolved_configs
        return configs.added if type(configs) is _EntryConfigs else {}

    def _entry_name(self, ds_name: str) -> str | None:
        """The entry, or the pattern, that a dataset comes from."""
        if ds_name in self._resolved_configs:
            return ds_name
        return self.match_dataset_pattern(ds_name) or self.match_user_catch_all_pattern(
            ds_name
        )

    def __getstate__(self) -> dict[str, Any]:
        return {
            "_default_runtime_patterns": self._default_runtime_patterns,
            "_resolved_configs": self._resolved_configs,
            "_dataset_patterns": self._dataset_patterns,
            "_user_catch_all_pattern": self._user_catch_all_pattern,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._matches = {}
        self._varying = {}
        entries = ConfigEntries(
            {
                **self._resolved_configs,
                **self._dataset_patterns,
                **self._user_catch_all_pattern,
            }
        )
        self._reader = _EntryReader(lambda: entries, dict)


class RunResolver(LaterMapping):
    """Makes the resolver of a run, once somebody asks for it.

    As a mapping, it has the resolved configurations by dataset name.

    Most runs use nothing but what the session knows already how to build. What a run
    replaces does not affect the session.

    Args:
        resolver: The session's resolver. What was put into it or removed from it by
            hand is taken over as it is at this moment.
        find_entries: Gives the run's catalog entries, when they are needed; those of
            the session's resolver by name.
        find_credentials: Gives the run's credentials.
        default_runtime_patterns: Patterns for names that nothing else matches.
    """

    def __init__(
        self,
        resolver: EntryResolver,
        find_entries: Callable[[], ConfigEntries],
        find_credentials: Callable[[], Mapping[str, Any]],
        default_runtime_patterns: Patterns,
    ) -> None:
        self._resolver = resolver
        self._find_entries = find_entries
        self._find_credentials = find_credentials
        self._default_runtime_patterns = default_runtime_patterns
        self._added = resolver._resolved_configs._added.copy()
        self._removed = resolver._resolved_configs._removed
        self._made: EntryResolver | None = None
        self._making = Lock()

    def __call__(self) -> EntryResolver:
        """The resolver; the same one each time."""
        if self._made is None:
            with self._making:
                self._made = self._made or self._make()
        return self._made

    def resolve_pattern(self, ds_name: str) -> dict[str, Any]:
        """The configuration of a dataset, as the resolver has it."""
        return self().resolve_pattern(ds_name)

    def _ready(self) -> Mapping[str, dict[str, Any]]:
        return self().config

    def is_replaced(self, ds_name: str) -> bool:
        """Whether somebody has put in another configuration, or removed it."""
        if self._made is not None:
            return self._made.is_replaced(ds_name)
        return ds_name in self._added or ds_name in self._removed

    def _make(self) -> EntryResolver:
        before = self._resolver
        reader = _EntryReader(self._find_entries, self._find_credentials)
        configs = _EntryConfigs(reader)
        configs._added, configs._removed = self._added, self._removed
        resolver = object.__new__(type(before))
        resolver.__dict__.update(
            before.__dict__,
            _reader=reader,
            _default_runtime_patterns=self._default_runtime_patterns,
            _resolved_configs=configs,
            _dataset_patterns=before._dataset_patterns.for_run(reader),  # type: ignore[attr-defined]
            _user_catch_all_pattern=before._user_catch_all_pattern.for_run(reader),  # type: ignore[attr-defined]
        )
        return resolver


class _EntryReader:
    """Reads entries, puts credentials into them, and says which one is broken."""

    def __init__(
        self,
        find_entries: Callable[[], ConfigEntries],
        find_credentials: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._find_entries = find_entries
        self._find_credentials = find_credentials
        self._entries: ConfigEntries | None = None

    @property
    def entries(self) -> ConfigEntries:
        if self._entries is None:
            self._entries = self._find_entries()
        return self._entries

    def shared(self, name: str) -> Any:
        try:
            return self.entries.shared(name)
        except Exception as exc:
            raise DatasetError(
                f"The configuration of dataset '{name}' cannot be resolved: {exc}"
            ) from exc

    def resolved(self, name: str) -> dict[str, Any]:
        config = self.shared(name)
        if not isinstance(config, dict):
            raise DatasetError(
                f"Catalog entry '{name}' is not a valid dataset configuration. "
                "\nHint: If this catalog entry is intended for variable interpolation, "
                "make sure that the key is preceded by an underscore."
            )
        try:
            credentials = self._find_credentials() if _names_credentials(config) else {}
            return _resolve_credentials(config, credentials)  # type: ignore[arg-type]
        except Exception as exc:
            # A `KeyError` would read as "no such dataset" to a mapping's users.
            raise DatasetError(f"{name}: {exc.args[0] if exc.args else exc}") from exc

    def credentials_vary(self, name: str) -> bool:
        """Whether runtime parameters have a say in credentials."""
        credentials = self._find_credentials()
        return (
            isinstance(credentials, ConfigEntries)
            and name in credentials
            and credentials.depends_on_runtime_params(name)
        )

    def credentials(self, entry: str, names: Iterable[str]) -> dict[str, Any]:
        credentials = self._find_credentials()
        try:
            return {name: credentials[name] for name in names}
        except Exception as exc:
            raise DatasetError(
                f"The credentials of dataset '{entry}' cannot be resolved: {exc}"
            ) from exc

    def pattern(self, name: str) -> dict[str, Any]:
        config = self.resolved(name)
        CatalogConfigResolver._validate_pattern_config(name, config)
        return config


class _EntryConfigs(MutableMapping[str, dict[str, Any]]):
    """Resolved configurations by dataset name, without those of patterns.

    Attributes:
        listeners: Methods that are told the names under which something is put in or
            removed.
    """

    def __init__(self, reader: _EntryReader) -> None:
        self.listeners: tuple[WeakMethod[Callable[[str], None]], ...] = ()
        self._reader = reader
        self._travelling: dict[str, Any] | None = None
        self._added: dict[str, dict[str, Any]] = {}
        self._removed: frozenset[str] = frozenset()

    @property
    def added(self) -> Mapping[str, dict[str, Any]]:
        return self._added

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        # What resolves entries stays in its process; what they resolve to travels.
        if self._travelling is None:
            self._travelling = resolvable(self)
        return dict, (self._travelling,)

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self:
            raise KeyError(name)
        if name in self._added:
            return copy.deepcopy(self._added[name])
        return self._reader.resolved(name)

    def __setitem__(self, name: str, config: dict[str, Any]) -> None:
        self._added[name] = config
        self._removed -= {name}
        self._tell(name)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._added.pop(name, None)
        self._removed |= {name}
        self._tell(name)

    def _tell(self, name: str) -> None:
        for listener in self.listeners:
            changed = listener()
            if changed is not None:
                changed(name)

    def pop(self, name: str, *default: Any) -> Any:
        # The removed configuration is hardly ever wanted: what it is worth must not
        # decide whether a broken entry can be replaced.
        if name in self:
            del self[name]
            return default[0] if default else None
        if default:
            return default[0]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if name in self._added:
            return True
        return (
            isinstance(name, str)
            and name not in self._removed
            and "{" not in name
            and name in self._reader.entries
        )

    def __iter__(self) -> Iterator[str]:
        for name in self._reader.entries:
            if name in self and name not in self._added:
                yield name
        # A copy: another thread may add to it.
        yield from list(self._added)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _PatternConfigs(Mapping[str, dict[str, Any]]):
    """Configurations by pattern, in matching order, resolved when looked up."""

    def __init__(self, names: list[str], reader: _EntryReader) -> None:
        self._names = names
        self._reader = reader

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (resolvable(self),)

    def for_run(self, reader: _EntryReader) -> _PatternConfigs:
        return _PatternConfigs(self._names, reader) if self._names else self

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._reader.pattern(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _names_credentials(config: Any) -> bool:
    if not isinstance(config, dict):
        return False
    return CREDENTIALS_KEY in config or any(map(_names_credentials, config.values()))


def _credentials_in(config: Any) -> Iterator[str]:
    if not isinstance(config, dict):
        return
    for key, value in config.items():
        if key == CREDENTIALS_KEY and isinstance(value, str):
            yield value
        yield from _credentials_in(value)


def resolvable(configs: Mapping[str, Any]) -> dict[str, Any]:
    """Everything in a mapping that can be looked up without an error.

    Args:
        configs: A mapping whose values are made when they are looked up.
    """
    found = {}
    for name in configs:
        try:
            found[name] = configs[name]
        except Exception as exc:
            _logger.debug("'%s' is left out: %s", name, exc)
    return found
