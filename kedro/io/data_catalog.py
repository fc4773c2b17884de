"""``DataCatalog`` knows the datasets of a project by name, and loads and saves them."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from multiprocessing.reduction import ForkingPickler
from pickle import PicklingError
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, List, TypeGuard  # noqa: UP035

from kedro.config.config_entries import ConfigEntries
from kedro.io import core
from kedro.io.cached_dataset import CachedDataset
from kedro.io.catalog_config_resolver import CatalogConfigResolver
from kedro.io.core import (
    TYPE_KEY,
    VALIDATOR_KEY,
    AbstractDataset,
    AbstractVersionedDataset,
    CatalogProtocol,
    DatasetError,
    DatasetNotFoundError,
    Version,
    VersionAlreadyExistsError,
    generate_timestamp,
    is_parameter,
)
from kedro.io.entry_resolver import EntryResolver, RunResolver
from kedro.io.lazy_datasets import (
    UNKNOWN,
    ConfiguredDataset,
    LazyDatasets,
    _LazyDataset,
)
from kedro.io.memory_dataset import MemoryDataset, _is_memory_dataset
from kedro.io.recipe import Recipe, check_config
from kedro.io.shared_memory_dataset import SharedMemoryDataset
from kedro.io.watched_dict import WatchedDict
from kedro.pipeline.transcoding import _strip_transcoding
from kedro.utils import get_close_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from multiprocessing.managers import SyncManager

    from kedro.validation.core import ValidatorSpec

_logger = logging.getLogger(__name__)

_SWITCHED_OFF = {"0", "false", "off"}
_SWITCHED_ON = {"1", "true", "on"}
_REMEMBERED_NAMES = 20_000


class BoundedDict(dict[Any, Any]):
    """A dictionary that starts anew when it has become too large."""

    def __setitem__(self, name: Any, value: Any) -> None:
        if len(self) >= _REMEMBERED_NAMES:
            self.clear()
        super().__setitem__(name, value)


# Classes of datasets that have no versions: every load and save asks.
_VERSIONLESS: dict[type, bool] = BoundedDict()
_HIGHLIGHT = {"rich_format": ["dark_orange"]}


class CatalogFacts:
    """What is the same for all runs of a session about the names in its catalog.

    Attributes:
        known: Whether configuration has an entry or a pattern for a name.
        recipes: How datasets are built that are the same for all runs.
        unvalidated: Names for which no validator is declared.
        transient: Names that nobody has configured, of datasets in memory.
    """

    def __init__(self) -> None:
        self.known: dict[str, bool] = BoundedDict()
        self.recipes: dict[str, Recipe] = BoundedDict()
        self.unvalidated: dict[str, bool] = BoundedDict()
        self.transient: dict[str, bool] = BoundedDict()


class DataCatalog(CatalogProtocol[Any, Any]):
    """The datasets of a project, by name.

    Datasets come from configuration, from dataset factory patterns, or are added as
    objects. One that comes from configuration is built at its first use: until then
    its configuration is not resolved, its class not imported and nothing connected.

    Args:
        datasets: Datasets by name.
        config_resolver: Knows the datasets and patterns that come from
            configuration. A dataset of the same name in ``datasets`` wins.
        load_versions: Versions to load, by dataset name, for versioned datasets.
        save_version: Version that all versioned datasets are saved under.
        validation_enabled: Whether validators that are declared in the
            configuration apply. The environment variable
            ``KEDRO_DATASET_VALIDATION`` takes precedence.

    Example:
        ```python
        from kedro.io import DataCatalog, MemoryDataset

        catalog = DataCatalog({"cars": MemoryDataset([1, 2, 3])})
        catalog.save("boats", [4, 5])
        catalog.load("cars")
        ```
    """

    default_runtime_patterns: ClassVar[dict[str, Any]] = {
        "{default}": {"type": "kedro.io.MemoryDataset"}
    }
    _logger = _logger
    _run_id: str | None = None
    _run_saves: frozenset[str] = frozenset()
    _on_saved: Callable[[str], None] | None = None
    _maker: type[AbstractDataset[Any, Any]] | None = None
    _forgets_failed = False
    _has_plain_get: ClassVar[bool] = True
    _find_resolver: RunResolver | None = None

    def __init__(
        self,
        datasets: dict[str, AbstractDataset[Any, Any]] | None = None,
        config_resolver: CatalogConfigResolver | None = None,
        load_versions: dict[str, str] | None = None,
        save_version: str | None = None,
        validation_enabled: bool = True,
    ) -> None:
        self._config_resolver = config_resolver or CatalogConfigResolver(
            default_runtime_patterns=self.default_runtime_patterns
        )
        self._datasets: dict[str, AbstractDataset[Any, Any]] = datasets or WatchedDict()
        self._load_versions, self._save_version = self._validate_versions(
            datasets, load_versions or {}, save_version
        )
        self.validation_enabled = validation_enabled
        self._configured: dict[str, AbstractDataset[Any, Any]] = {}
        self._added: tuple[object, dict[str, AbstractDataset[Any, Any]]] = (None, {})
        self._validator_specs: dict[str, ValidatorSpec | None] = {}
        self._validators: dict[str, Any] = {}
        self._save_validated: set[str] = set()
        self._trusted: set[str] = set()
        self._facts = CatalogFacts()
        if AbstractDataset is not core.AbstractDataset:
            # `kedro viz --lite` has its own here while a catalog is made, which can do
            # without the packages of datasets.
            self._maker = AbstractDataset
        for name in self._datasets.keys() & set(self._config_resolver.config):
            self._logger.warning(
                "Cannot register dataset '%s' from config: a dataset with the same "
                "name was already provided in the `datasets` argument.",
                name,
            )
            self._config_resolver.config.pop(name)
        self._lazy_datasets = LazyDatasets(
            self._config_resolver.config, self._load_versions, self._save_version
        )
        if isinstance(self._config_resolver, EntryResolver):
            self._config_resolver.tell(self.reconfigured)
            return
        for name in self._config_resolver.config:
            self._check_entry(name, self._config_resolver.config[name])

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """See whether the subclass has a say in what a name means."""
        super().__init_subclass__(**kwargs)
        cls._has_plain_get = cls.get is DataCatalog.get

    @classmethod
    def from_config(
        cls,
        catalog: Mapping[str, Any] | None,
        credentials: Mapping[str, Any] | None = None,
        load_versions: dict[str, str] | None = None,
        save_version: str | None = None,
        validation_enabled: bool = True,
    ) -> DataCatalog:
        """Make a catalog from configuration.

        Args:
            catalog: Configuration by dataset name or factory pattern. Entries of a
                loader (``OmegaConfigLoader.entries``) are resolved at their first
                use.
            credentials: Credentials by the name that entries call them by.
            load_versions: Versions to load, by dataset name.
            save_version: Version to save under; a timestamp where not given.
            validation_enabled: Whether declared validators apply.

        Returns:
            The catalog, with no dataset built.

        Raises:
            DatasetNotFoundError: If ``load_versions`` names an unknown dataset.

        Example:
            ```python
            catalog = DataCatalog.from_config(
                {"cars": {"type": "pandas.CSVDataset", "filepath": "cars.csv"}}
            )
            ```
        """
        resolver: CatalogConfigResolver
        if isinstance(catalog, ConfigEntries):
            resolver = EntryResolver(catalog, credentials, cls.default_runtime_patterns)
        else:
            resolver = CatalogConfigResolver(
                dict(catalog or {}),
                dict(credentials or {}),
                cls.default_runtime_patterns,
            )
        return cls.from_resolver(
            resolver, load_versions, save_version, validation_enabled
        )

    @classmethod
    def from_resolver(
        cls,
        config_resolver: CatalogConfigResolver,
        load_versions: dict[str, str] | None = None,
        save_version: str | None = None,
        validation_enabled: bool = True,
    ) -> DataCatalog:
        """Make a catalog of what a resolver knows.

        Args:
            config_resolver: Knows datasets and patterns.
            load_versions: Versions to load, by dataset name.
            save_version: Version to save under; a timestamp where not given.
            validation_enabled: Whether declared validators apply.

        Returns:
            The catalog, with no dataset built.

        Raises:
            DatasetNotFoundError: If ``load_versions`` names an unknown dataset.
        """
        check_load_versions(config_resolver, load_versions or {})
        return cls(
            load_versions=load_versions or {},
            save_version=save_version or generate_timestamp(),
            config_resolver=config_resolver,
            validation_enabled=validation_enabled,
        )

    @cached_property
    def _config_resolver(self) -> CatalogConfigResolver:
        # The catalog of a run has none before somebody asks for it.
        assert self._find_resolver is not None
        resolver = self._find_resolver()
        resolver.tell(self.reconfigured)
        return resolver

    @cached_property
    def _building(self) -> RLock:
        return self.__dict__.setdefault("_building", RLock())  # type: ignore[no-any-return]

    @property
    def config_resolver(self) -> CatalogConfigResolver:
        """Resolves entries and dataset factory patterns of the configuration."""
        return self._config_resolver

    @property
    def validator_specs(self) -> dict[str, ValidatorSpec]:
        """Declared validators by dataset name, parsed."""
        for name in self._config_resolver.config:
            try:
                self._validator_spec(name)
            except Exception as exc:
                self._logger.debug("Validator of '%s' is unusable: %s", name, exc)
        return {name: spec for name, spec in self._validator_specs.items() if spec}

    @property
    def validators(self) -> dict[str, Any]:
        """Declared validators by dataset name, as they can stand in configuration."""
        return {name: spec.to_config() for name, spec in self.validator_specs.items()}

    def __repr__(self) -> str:
        datasets = {**self._lazy_datasets.present(), **self._datasets}
        return "\n".join(f"'{name}': {dataset!r}" for name, dataset in datasets.items())

    def __contains__(self, dataset_name: object) -> bool:
        """Whether a dataset is registered, or matches a factory pattern."""
        if not isinstance(dataset_name, str):
            return False
        if dataset_name in self._datasets or dataset_name in self._lazy_datasets.made:
            return True
        known = self._facts.known.get(dataset_name)
        return self._is_known(dataset_name) if known is None else known

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Those of some names that ``in`` denies.

        Args:
            names: Names of datasets.
        """
        if type(self).__contains__ is not DataCatalog.__contains__:
            return {name for name in names if name not in self}
        datasets, made = self._datasets, self._lazy_datasets.made
        # Looked up once: another thread may have the facts forgotten.
        facts = self._facts.known
        unknown = set()
        for name in names:
            if name in datasets or name in made:
                continue
            known = facts.get(name)
            if not (self._is_known(name) if known is None else known):
                unknown.add(name)
        return unknown

    def _is_known(self, name: str) -> bool:
        if is_parameter(name):
            # Runs differ in the parameters that there are.
            return self._has_parameter(name) or self._is_configured(name)
        known = self._is_configured(name)
        if isinstance(self._config_resolver, EntryResolver):
            # Others do not tell when somebody changes what they know.
            self._facts.known[name] = known
        return known

    def _has_parameter(self, name: str) -> bool:
        try:
            value = self._lazy_datasets.parameter(name) if self._run_id else UNKNOWN
        except Exception:
            value = UNKNOWN
        if value is UNKNOWN:
            # There is none, or it cannot be resolved, which is told when it is used.
            return self._lazy_datasets.make(name)
        dataset = self._datasets.setdefault(name, MemoryDataset.around(value))
        self._configured[name] = dataset
        return True

    def _is_configured(self, name: str) -> bool:
        resolver = self._config_resolver
        return (
            name in resolver.config
            or resolver.match_dataset_pattern(name) is not None
            or resolver.match_user_catch_all_pattern(name) is not None
        )

    def __eq__(self, other: object) -> bool:
        """Whether both have the same datasets, built or not, and patterns."""
        if not isinstance(other, DataCatalog):
            return NotImplemented
        return (
            self._datasets,
            self._lazy_datasets.present(),
            self._config_resolver.list_patterns(),
        ) == (
            other._datasets,
            other._lazy_datasets.present(),
            other._config_resolver.list_patterns(),
        )

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        # Validators may hold what cannot be pickled, and what was validated where is
        # the affair of one process.
        state = self.__dict__.copy()
        state["_config_resolver"] = self._config_resolver
        state.update(_validators={}, _save_validated=set(), _find_resolver=None)
        state.pop("_building", None)
        state.pop("_facts")
        state.pop("_on_saved", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._validators = {}
        self._save_validated = set()
        self._facts = CatalogFacts()
        if isinstance(self._config_resolver, EntryResolver):
            self._config_resolver.tell(self.reconfigured)

    def keys(self) -> List[str]:  # noqa: UP006
        """Names of all registered datasets."""
        # In this order: what another thread builds meanwhile is in the second one.
        return list(dict.fromkeys([*self._lazy_datasets, *self._datasets]))

    def values(self) -> List[AbstractDataset[Any, Any]]:  # noqa: UP006
        """All registered datasets; builds them."""
        return [self[name] for name in self]

    def items(self) -> List[tuple[str, AbstractDataset[Any, Any]]]:  # noqa: UP006
        """Names and datasets of all that are registered; builds them."""
        return [(name, self[name]) for name in self]

    def __iter__(self) -> Iterator[str]:
        yield from self.keys()

    def __len__(self) -> int:
        return len(self.keys())

    def __getitem__(self, ds_name: str) -> AbstractDataset[Any, Any]:
        """The dataset ``ds_name``, built where needed.

        Raises:
            DatasetNotFoundError: If there is none, and no factory pattern matches.
            DatasetError: If it cannot be built.
        """
        dataset = self.get(ds_name)
        if dataset is None:
            raise DatasetNotFoundError(f"Dataset '{ds_name}' not found in the catalog")
        return dataset

    def __setitem__(self, key: str, value: Any) -> None:
        """Register a dataset, or data that becomes a ``MemoryDataset``.

        A dataset of that name is replaced, with what was known of its versions and
        validators.

        Args:
            key: Name of the dataset.
            value: A dataset, or data.
        """
        is_known = key in self._datasets or key in self._lazy_datasets
        if is_known:
            self._logger.warning("Replacing dataset '%s'", key)
        if isinstance(value, _LazyDataset):
            if is_known:
                self._forget(key)
            self._lazy_datasets[key] = value
            return
        if not isinstance(value, AbstractDataset):
            self._logger.debug("Adding input data %s as a default MemoryDataset", key)
            value = MemoryDataset(data=value)
        if is_known:
            self._forget_versions(key)
        self._register(key, value)
        if is_known:
            # Afterwards: a run that begins meanwhile has to find one of the two.
            self._forget_configuration(key)

    def get(
        self,
        key: str,
        fallback_to_runtime_pattern: bool = False,
        version: Version | None = None,
    ) -> AbstractDataset[Any, Any] | None:
        """The dataset ``key``, built where needed.

        Args:
            key: Name of the dataset.
            fallback_to_runtime_pattern: Whether a name that nothing else matches
                becomes a dataset in memory.
            version: Version to see the dataset at, if it is versioned.

        Returns:
            The dataset, or ``None`` if there is none.

        Raises:
            DatasetError: If it cannot be built.
        """
        dataset = self._datasets.get(key)
        if dataset is None:
            if not fallback_to_runtime_pattern and key not in self:
                return None
            dataset = self._build(key)
        if version and isinstance(dataset, AbstractVersionedDataset):
            return dataset._copy(_version=version)
        return dataset

    def register_unknown(self, names: Iterable[str]) -> None:
        """Have a dataset for each of some names that configuration does not have.

        Args:
            names: Names that ``unknown`` has returned.
        """
        transient = self._facts.transient if self._run_id else {}
        for name in names:
            if name in transient and self._has_plain_get:
                dataset = self._datasets.setdefault(name, MemoryDataset.empty())
                self._configured[name] = dataset
            else:
                self.get(name, fallback_to_runtime_pattern=True)

    def load(self, ds_name: str, version: str | None = None) -> Any:
        """Load data from a dataset.

        Args:
            ds_name: Name of the dataset.
            version: Version to load, if it is versioned.

        Returns:
            The data, as its validator gives it back if it has one.

        Raises:
            DatasetNotFoundError: If there is no such dataset.
            DatasetError: If loading fails.
            DataValidationError: If the data is not valid.
        """
        # Where nothing has to be found or built, looking is all that `get` does.
        dataset = self._datasets.get(ds_name) if self._has_plain_get else None
        if dataset is None or version:
            dataset = self.get(
                ds_name, version=Version(version, None) if version else None
            )
        if dataset is None:
            raise DatasetNotFoundError(f"Dataset '{ds_name}' not found in the catalog")
        if self._logger.isEnabledFor(logging.INFO):
            self._announce("Loading data from %s (%s)...", ds_name, dataset)
        if (
            type(dataset) not in _VERSIONLESS
            and _has_versions(dataset)
            and _strip_transcoding(ds_name) in self._run_saves
        ):
            self.prefer_own_version(dataset)
        try:
            data = dataset.load()
        except DatasetError as exc:
            raise self._error(f"{ds_name}: {exc}") from exc
        if ds_name not in self._facts.unvalidated and self._validates(ds_name):
            data = self._validate(ds_name, data, mode="load")
        return data

    def save(self, ds_name: str, data: Any) -> None:
        """Save data to a dataset.

        Args:
            ds_name: Name of the dataset.
            data: The data.

        Raises:
            DatasetNotFoundError: If there is no such dataset.
            DatasetError: If saving fails.
            DataValidationError: If the data is not valid; nothing is saved then.
        """
        dataset = self._datasets.get(ds_name) if self._has_plain_get else None
        if dataset is None:
            dataset = self.get(ds_name)
        if dataset is None:
            raise DatasetNotFoundError(f"Dataset '{ds_name}' not found in the catalog")
        if self._logger.isEnabledFor(logging.INFO):
            self._announce("Saving data to %s (%s)...", ds_name, dataset)
        if ds_name not in self._facts.unvalidated and self._validates(ds_name):
            data = self._validate(ds_name, data, mode="save")
        try:
            if type(dataset) in _VERSIONLESS or not _has_versions(dataset):
                dataset.save(data)
            else:
                self._save_version_of(dataset, data)
        except BaseException as exc:
            # What is in storage now is unknown: the next load has to validate it.
            self._save_validated.discard(ds_name)
            if isinstance(exc, DatasetError):
                raise self._error(f"{ds_name}: {exc}") from exc
            raise
        finally:
            if self._on_saved is not None:
                self._on_saved(ds_name)

    def exists(self, name: str) -> bool:
        """Whether there is such a dataset, and data in it."""
        dataset = self.get(name)
        return dataset.exists() if dataset else False

    def release(self, name: str) -> None:
        """Let a dataset drop the data that it holds in memory.

        One that is not built holds none, and stays so.

        Raises:
            DatasetNotFoundError: If there is no such dataset.
        """
        dataset = self._datasets.get(name)
        if dataset is None and name not in self:
            dataset = self[name]
        if dataset is not None:
            dataset.release()
        self._save_validated.discard(name)

    def confirm(self, name: str) -> None:
        """Tell a dataset that what was loaded from it has been processed.

        Raises:
            DatasetNotFoundError: If there is no such dataset.
            DatasetError: If it cannot be confirmed.
        """
        self._logger.info("Confirming dataset '%s'", name)
        dataset = self[name]
        if not hasattr(dataset, "confirm"):
            raise self._error(f"Dataset '{name}' does not have 'confirm' method")
        dataset.confirm()

    def filter(
        self,
        name_regex: re.Pattern[str] | str | None = None,
        type_regex: re.Pattern[str] | str | None = None,
        by_type: type | list[type] | None = None,
    ) -> List[str]:  # noqa: UP006
        """Names of the registered datasets that match all given conditions.

        Args:
            name_regex: Searched for in the name.
            type_regex: Searched for in the full class path of the type.
            by_type: Class, or classes, of which the type is one.

        Returns:
            The names.

        Example:
            ```python
            catalog.filter(name_regex="^raw_", type_regex="CSV")
            ```
        """
        names = [n for n in self.keys() if not name_regex or re.search(name_regex, n)]
        if not (type_regex or by_type):
            return names
        classes = by_type if isinstance(by_type, list) else [by_type] if by_type else []
        wanted = {f"{cls.__module__}.{cls.__qualname__}" for cls in classes}
        types = {name: self.get_type(name) or "" for name in names}
        return [
            name
            for name, path in types.items()
            if (not type_regex or re.search(type_regex, path))
            and (not wanted or path in wanted)
        ]

    def get_type(self, ds_name: str) -> str | None:
        """Class path of a dataset's type, found without building the dataset.

        Returns:
            The path, or ``None`` if there is no such dataset.
        """
        dataset = self._datasets.get(ds_name)
        if dataset is not None:
            cls = type(dataset)
            return f"{cls.__module__}.{cls.__qualname__}"
        lazy = self._lazy_datasets.get(ds_name)
        if lazy is not None:
            return str(lazy)
        if ds_name in self:
            config = self._config_resolver.resolve_pattern(ds_name)
            return str(_LazyDataset(ds_name, config))
        return None

    def check(self, names: Iterable[str]) -> None:
        """Check that datasets can be built, without building them.

        Their configuration has to resolve, with the credentials that it names, their
        class to be importable and to accept the arguments.

        Args:
            names: Names of datasets.

        Raises:
            DatasetError: If some cannot; says of each what is wrong.
        """
        problems = {}
        for name in names:
            if name not in self._datasets:
                try:
                    self._recipe(name)
                except Exception as exc:
                    problems[name] = exc
        if not problems:
            return
        if len(problems) == 1:
            [(name, problem)] = problems.items()
            raise self._error(_naming(name, problem)) from problem
        listed = [f"\n- {_naming(name, problems[name])}" for name in sorted(problems)]
        raise self._error(f"{len(problems)} datasets cannot be used:{''.join(listed)}")

    def is_ephemeral(self, ds_name: str) -> bool:
        """Whether a dataset's data ends with the process; builds nothing."""
        if ds_name in self._datasets:
            return bool(self._datasets[ds_name]._EPHEMERAL)
        return ds_name not in self or self._recipe(ds_name).is_ephemeral

    def lazy(self, ds_name: str) -> _LazyDataset:
        """What it takes to build a dataset of the configuration.

        Its configuration is resolved when that is looked at.
        """
        made = self._made(ds_name)
        if made is not None:
            return made
        # A mapping too: asked whether it is true, it would be made.
        later = self._find_resolver
        resolver = self._config_resolver if later is None else later
        return ConfiguredDataset(
            ds_name,
            resolver.resolve_pattern,
            self._load_versions.get(ds_name),
            self._save_version,
        )

    def to_config(
        self,
    ) -> tuple[
        dict[str, dict[str, Any]],
        dict[str, dict[str, Any]],
        dict[str, str | None],
        str | None,
    ]:
        """The catalog as configuration, without its datasets in memory.

        Works for datasets whose arguments are plain values
        (kedro-org/kedro-plugins#950).

        Returns:
            Catalog, credentials, load versions and save version, as
            ``from_config`` takes them.
        """
        lazy_datasets = self._lazy_datasets.present()
        configs = {name: lazy.config for name, lazy in lazy_datasets.items()}
        configs = {
            name: config
            for name, config in configs.items()
            if not _is_memory_dataset(config.get(TYPE_KEY, ""))
        }
        configs.update(
            (name, dataset._init_config())
            for name, dataset in list(self._datasets.items())
            if not _is_memory_dataset(dataset)
        )
        catalog: dict[str, dict[str, Any]] = {}
        credentials: dict[str, dict[str, Any]] = {}
        for name, config in configs.items():
            catalog[name], found = self._config_resolver._unresolve_credentials(
                name, config
            )
            credentials.update(found)
        for name, validator in self.validators.items():
            if name in catalog:
                catalog[name][VALIDATOR_KEY] = validator
        load_versions = {name: self._load_versions.get(name) for name in catalog}
        return catalog, credentials, load_versions, self._save_version

    def _ipython_key_completions_(self) -> list[str]:
        return self.keys()

    def _announce(
        self, message: str, name: str, dataset: AbstractDataset[Any, Any]
    ) -> None:
        self._logger.info(message, name, type(dataset).__name__, extra=_HIGHLIGHT)

    def _build(self, name: str) -> AbstractDataset[Any, Any]:
        lazy = self._lazy_datasets.made.get(name)
        is_transient = lazy.is_transient if lazy else name in self._facts.transient
        if is_transient and self._run_id:
            # Nothing that would have to be made only once, or looked at. Of a session's
            # own catalog, runs ask meanwhile what was put in.
            transient = lazy.materialize() if lazy else MemoryDataset.empty()
            transient = self._datasets.setdefault(name, transient)
            self._configured[name] = transient
            return transient
        with self._building:
            if name in self._datasets:
                return self._datasets[name]
            try:
                dataset = self._materialize(name)
            except DatasetError:
                if self._forgets_failed:
                    self._forget(name)
                raise
            # Before it is there, for it never to look like having been put in.
            self._configured[name] = dataset
            if self._takes_what_is_built():
                self._register(name, dataset)
                # Afterwards: who lists the names meanwhile has to find one of the two.
                self._lazy_datasets.discard(name)
            else:
                # Before, for nothing to look like being replaced.
                self._lazy_datasets.discard(name)
                self[name] = dataset
            return dataset

    def _register(self, name: str, dataset: AbstractDataset[Any, Any]) -> None:
        if type(dataset) not in _VERSIONLESS and _has_versions(dataset):
            versions = self._load_versions, self._save_version
            versions = self._validate_versions({name: dataset}, *versions)
            self._load_versions, self._save_version = versions
        self._datasets[name] = dataset

    def _materialize(self, name: str) -> AbstractDataset[Any, Any]:
        lazy = self._lazy_datasets.made.get(name)
        try:
            if lazy is None and is_parameter(name) and self._lazy_datasets.make(name):
                lazy = self._lazy_datasets[name]
            if self._maker is not None and not is_parameter(name):
                lazy = lazy or self.lazy(name)
                versions = lazy.load_version, lazy.save_version
                return self._maker.from_config(name, lazy.config, *versions)
            if lazy is not None:
                return lazy.materialize()
            recipe = self._facts.recipes.get(name) or self._recipe(name)
            return recipe.build(self._load_versions.get(name), self._save_version)
        except DatasetError as exc:
            raise self._error(str(exc)) from exc

    def _recipe(self, name: str) -> Recipe:
        """How a dataset is built; found out once where it is the same for all runs."""
        made = self._made(name)
        if made is not None:
            return made.recipe()
        recipe = self._facts.recipes.get(name)
        if recipe is None:
            recipe = self.lazy(name).recipe()
            # Runs differ in the parameters that there are.
            if self._is_static(name) and not is_parameter(name):
                self._facts.recipes[name] = recipe
                if (
                    recipe.is_transient
                    and name not in self
                    and self._takes_what_is_built()
                ):
                    self._facts.transient[name] = True
        return recipe

    def _made(self, name: str) -> _LazyDataset | None:
        """What was put in, or a parameter; another thread may be about to build it."""
        made = self._lazy_datasets.made.get(name)
        if made is None and is_parameter(name):
            made = self._lazy_datasets.get(name)
        return made

    def _takes_what_is_built(self) -> bool:
        # A subclass may want to see it.
        return type(self).__setitem__ is DataCatalog.__setitem__

    def _is_static(self, name: str) -> bool:
        resolver = self._config_resolver
        return isinstance(resolver, EntryResolver) and resolver.is_static(name)

    def _check_entry(self, name: str, config: Any) -> None:
        check_config(name, config)
        if VALIDATOR_KEY in config:
            self._parse_validator(name, config[VALIDATOR_KEY])

    def _forget(self, name: str) -> None:
        self._forget_versions(name)
        self._datasets.pop(name, None)
        self._forget_configuration(name)

    def _forget_versions(self, name: str) -> None:
        self._load_versions = {
            key: version for key, version in self._load_versions.items() if key != name
        }

    def _forget_configuration(self, name: str) -> None:
        self._facts = CatalogFacts()
        self._lazy_datasets.discard(name)
        self._config_resolver.config.pop(name, None)
        self._configured.pop(name, None)
        # Known to have none, rather than not looked for yet.
        self._validator_specs[name] = None
        self._validators.pop(name, None)
        self._save_validated.discard(name)

    def reconfigured(self, name: str) -> None:
        """Forget what followed from a configuration that was replaced or removed.

        Args:
            name: Name of the dataset.
        """
        self._facts = CatalogFacts()
        self._validator_specs.pop(name, None)
        self._validators.pop(name, None)

    def added_datasets(self) -> Mapping[str, AbstractDataset[Any, Any]]:
        """Datasets that somebody has put in, next to those built of configuration."""
        state = getattr(self._datasets, "state", None)
        known_state, added = self._added
        if state is None or state is not known_state:
            configured = self._configured
            added = {
                name: dataset
                for name, dataset in list(self._datasets.items())
                if configured.get(name) is not dataset
            }
            self._added = state, added
        return added

    def prefer_own_version(self, dataset: AbstractDataset[Any, Any]) -> None:
        """Have a run that has saved a version load it, whichever is the latest."""
        if type(dataset) in _VERSIONLESS:
            return
        versioned = _unpinned(dataset)
        if versioned is None or not self._run_id:
            return
        path = str(versioned._get_versioned_path(self._run_id))
        if versioned._exists_function(path):
            versioned._version = Version(self._run_id, self._run_id)

    def _save_version_of(self, dataset: AbstractDataset[Any, Any], data: Any) -> None:
        """Have what a run saves be the version that it loads from then on.

        The latest version is found by name, and a run id may be any name.
        """
        versioned = _unpinned(dataset) if self._run_id else None
        if versioned is None:
            dataset.save(data)
            return
        unpinned = versioned._version
        versioned._version = Version(unpinned.save, unpinned.save)  # type: ignore[union-attr]
        try:
            dataset.save(data)
        except BaseException:
            versioned._version = unpinned
            raise

    def _error(self, message: str) -> DatasetError:
        suffix = f"\n(run id: {self._run_id})" if self._run_id else ""
        return DatasetError(message + suffix)

    def _validates(self, name: str) -> bool:
        if name in self._facts.unvalidated or not self._is_validation_enabled():
            return False
        if self._validator_spec(name) is not None:
            return True
        self._facts.unvalidated[name] = True
        return False

    def _is_validation_enabled(self) -> bool:
        # Read at every operation, for the switch to work on a live session.
        switch = os.environ.get("KEDRO_DATASET_VALIDATION", "").strip().lower()
        if switch in _SWITCHED_OFF:
            return False
        return switch in _SWITCHED_ON or self.validation_enabled

    def _validator_spec(self, name: str) -> ValidatorSpec | None:
        if name not in self._validator_specs:
            resolver = self._config_resolver
            declared = None
            if isinstance(resolver, EntryResolver):
                declared = resolver.validator(name)
            if declared is None:
                self._validator_specs[name] = None
            else:
                self._parse_validator(name, declared)
        return self._validator_specs[name]

    def _parse_validator(self, name: str, declared: Any) -> None:
        from kedro.validation.core import ValidatorSpec

        self._validator_specs[name] = ValidatorSpec.from_dataset_config(name, declared)

    def _validate(self, ds_name: str, data: Any, mode: str) -> Any:
        spec = self._validator_spec(ds_name)
        if spec is None or mode not in spec.on or not spec.enabled:
            return data
        if mode == "load" and ds_name in self._trusted:
            return data
        saved_here = ds_name in self._save_validated
        if mode == "load" and spec.skip_load_after_save and saved_here:
            return data
        validated = self._run_validator(ds_name, data, spec, mode)
        if mode == "save":
            self._save_validated.add(ds_name)
        return validated

    def _run_validator(
        self, name: str, data: Any, spec: ValidatorSpec, mode: str
    ) -> Any:
        from kedro.validation.core import resolve_validator
        from kedro.validation.exceptions import DataValidationError

        validator = self._validators.get(name)
        if validator is None:
            validator = self._validators.setdefault(name, resolve_validator(spec))
        try:
            return validator.validate(data)
        except DataValidationError as exc:
            exc.dataset_name = name
            exc.mode = mode
            exc.validator = exc.validator or spec.class_path
            error, cause = exc, exc.__cause__
        except Exception as exc:
            error = DataValidationError(
                str(exc), dataset_name=name, mode=mode, validator=spec.class_path
            )
            cause = exc
        if spec.severity == "warn":
            self._logger.warning(str(error))
            return data
        raise error from cause

    @staticmethod
    def _validate_versions(
        datasets: dict[str, AbstractDataset[Any, Any]] | None,
        load_versions: dict[str, str],
        save_version: str | None,
    ) -> tuple[dict[str, str], str | None]:
        for name, dataset in (datasets or {}).items():
            inner = dataset._dataset if isinstance(dataset, CachedDataset) else dataset
            if not isinstance(inner, AbstractVersionedDataset) or not inner._version:
                continue
            version = inner._version
            if version.load:
                load_versions = {**load_versions, name: version.load}
            if version.save:
                save_version = save_version or version.save
                if save_version != version.save:
                    raise VersionAlreadyExistsError(
                        f"Cannot add a dataset `{name}` with `{version.save}` save "
                        f"version. Save version set for the catalog is "
                        f"`{save_version}`. All datasets in the catalog must have the "
                        f"same save version."
                    )
        return load_versions, save_version


def is_data_catalog(catalog: Any) -> TypeGuard[DataCatalog]:
    """Whether a catalog is a ``DataCatalog``, and not just used like one.

    Args:
        catalog: A catalog of any class.
    """
    # Asking `isinstance` takes as long as a load: the class has a protocol for base.
    catalog_class: Any = type(catalog)
    return _is_data_catalog_class(catalog_class)


@lru_cache(maxsize=256)
def _is_data_catalog_class(catalog_class: type) -> bool:
    return issubclass(catalog_class, DataCatalog)


class SharedMemoryDataCatalog(DataCatalog):
    """A catalog whose datasets can be used from several processes.

    Example:
        ```python
        from multiprocessing.managers import SyncManager

        from kedro.io import SharedMemoryDataCatalog, SharedMemoryDataset

        catalog = SharedMemoryDataCatalog({"shared": SharedMemoryDataset()})
        catalog.set_manager_datasets(manager)
        catalog.validate_catalog()
        ```
    """

    default_runtime_patterns: ClassVar[dict[str, Any]] = {
        "{default}": {"type": "kedro.io.SharedMemoryDataset"}
    }

    _single_process: frozenset[str] = frozenset()

    def check(self, names: Iterable[str]) -> None:
        """Check that datasets can be built, and build those that processes share.

        The data of these has to be in one place before the first process starts. All
        others are built by the process that uses them.

        Args:
            names: Names of datasets.

        Raises:
            DatasetError: If some cannot be built; says of each what is wrong.
        """
        names = list(names)
        super().check(names)
        unbuilt = [name for name in names if name not in self._datasets]
        classes = {name: self._recipe(name).cls for name in unbuilt}
        for name, dataset_class in classes.items():
            if issubclass(dataset_class, SharedMemoryDataset):
                self._build(name)
        self._single_process = frozenset(
            name
            for name, dataset_class in classes.items()
            if getattr(dataset_class, "_SINGLE_PROCESS", False)
        )

    def set_manager_datasets(self, manager: SyncManager) -> None:
        """Put the data of all shared memory datasets into a manager process.

        Args:
            manager: A started manager that serves ``MemoryDataset``.
        """
        for dataset in self._datasets.values():
            if isinstance(dataset, SharedMemoryDataset):
                dataset.set_manager(manager)

    def validate_catalog(self) -> None:
        """Check that all datasets can go to another process, or be built there.

        Raises:
            AttributeError: If some cannot; names them.
        """
        unserialisable = sorted(
            {
                name
                for name, dataset in self._datasets.items()
                if not _travels(name, dataset)
            }
            | self._single_process
        )
        if unserialisable:
            raise AttributeError(
                f"The following datasets cannot be used with multiprocessing: "
                f"{unserialisable}\nIn order to utilize multiprocessing you "
                f"need to make sure all datasets are serialisable, i.e. datasets "
                f"should not make use of lambda functions, nested functions, closures "
                f"etc.\nIf you are using custom decorators ensure they are correctly "
                f"decorated using functools.wraps()."
            )


def check_load_versions(
    config_resolver: CatalogConfigResolver,
    load_versions: dict[str, str],
    known: Mapping[str, Any] | None = None,
) -> None:
    """Check that versions are asked for of known datasets only.

    Args:
        config_resolver: Knows datasets and patterns.
        load_versions: Versions to load, by dataset name.
        known: Datasets that the resolver does not know.

    Raises:
        DatasetNotFoundError: If a dataset is not known; names all of them, and suggests
            others.
    """
    unknown = sorted(
        name
        for name in load_versions
        if name not in config_resolver.config
        and name not in (known or {})
        and not config_resolver.match_dataset_pattern(name)
    )
    if unknown:
        near = get_close_matches(unknown, [*config_resolver.config, *(known or ())])
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise DatasetNotFoundError(
            f"'load_versions' keys [{', '.join(unknown)}] are not found in the catalog."
            f"{hint}"
        )


def _naming(name: str, exc: Exception) -> str:
    message = str(exc).strip()
    return message if f"'{name}'" in message else f"'{name}': {message}"


def _has_versions(dataset: AbstractDataset[Any, Any]) -> bool:
    if isinstance(dataset, (AbstractVersionedDataset, CachedDataset)):
        return True
    _VERSIONLESS[type(dataset)] = True
    return False


def _unpinned(
    dataset: AbstractDataset[Any, Any],
) -> AbstractVersionedDataset[Any, Any] | None:
    """A versioned dataset of which the latest version is loaded, or ``None``."""
    if type(dataset) in _VERSIONLESS or not _has_versions(dataset):
        return None
    inner = dataset._dataset if isinstance(dataset, CachedDataset) else dataset
    version = getattr(inner, "_version", None)
    if not isinstance(inner, AbstractVersionedDataset) or not version:
        return None
    return inner if version.save and not version.load else None


def _travels(name: str, dataset: AbstractDataset[Any, Any]) -> bool:
    if getattr(dataset, "_SINGLE_PROCESS", False):
        return False
    try:
        ForkingPickler.dumps(dataset)
    except (AttributeError, PicklingError):
        protocol = getattr(dataset, "_protocol", None)
        if protocol and protocol != "file":
            warnings.warn(
                f"Dataset '{name}' appears to be backed by remote/cloud storage "
                f"(protocol: '{protocol}'). Its filesystem client could not be "
                f"pickled, which is a common issue with cloud-based datasets under "
                f"`ParallelRunner`. Consider using `ThreadRunner` or "
                f"`SequentialRunner` instead.",
                stacklevel=3,
            )
        return False
    return True
