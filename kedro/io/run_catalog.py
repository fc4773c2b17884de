"""The private view of a session's catalog that one run sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kedro.io.cached_dataset import CachedDataset
from kedro.io.core import AbstractDataset, AbstractVersionedDataset, Version
from kedro.io.data_catalog import (
    CatalogFacts,
    DataCatalog,
    check_load_versions,
    is_data_catalog,
)
from kedro.io.entry_resolver import EntryResolver, RunResolver
from kedro.io.lazy_datasets import ConfiguredDataset, LazyDatasets
from kedro.io.memory_dataset import MemoryDataset

if TYPE_CHECKING:
    from kedro.config.config_entries import ConfigEntries


def run_catalog(
    catalog: DataCatalog,
    catalog_class: type[DataCatalog],
    *,
    run_id: str,
    find_entries: Callable[[], ConfigEntries],
    find_credentials: Callable[[], Mapping[str, Any]],
    parameters: Mapping[str, Any],
    saves: frozenset[str] = frozenset(),
    load_versions: dict[str, str] | None = None,
) -> DataCatalog:
    """Make the catalog of one run.

    The run's catalog has the class of the session's, and all its entries, patterns
    and added datasets. It builds datasets of its own, so that what they remember
    between loads, and what they hold in memory, ends with the run. Making it costs
    the same whatever the number of entries.

    Args:
        catalog: The session's catalog; stays as it is.
        catalog_class: Class of the run's catalog.
        run_id: Save version of versioned datasets.
        find_entries: Gives the catalog entries as the run's runtime parameters
            resolve them, when they are needed.
        find_credentials: Gives the credentials by name, when they are needed.
        parameters: Parameters by dataset name.
        saves: Names of the datasets that the run's nodes save, without transcoding.
        load_versions: Versions to load, by dataset name.

    Returns:
        The view.

    Raises:
        DatasetNotFoundError: If ``load_versions`` names an unknown dataset.
    """
    load_versions = load_versions or {}
    view = catalog_class.__new__(catalog_class)
    view.__dict__.update(catalog.__dict__)
    view.__dict__.pop("_building", None)
    view._configured = {}
    view._added = (None, {})
    if catalog_class.default_runtime_patterns != catalog.default_runtime_patterns:
        view._facts = CatalogFacts()
    view._validator_specs = catalog._validator_specs.copy()
    view._validators = {}
    view._save_validated = set()
    view._trusted = set()
    resolver = catalog.config_resolver
    patterns = catalog_class.default_runtime_patterns
    configs: Mapping[str, dict[str, Any]]
    if isinstance(resolver, EntryResolver):
        view._find_resolver = configs = RunResolver(
            resolver, find_entries, find_credentials, patterns
        )
        view.__dict__.pop("_config_resolver")
    else:
        view._config_resolver = resolver = copy.copy(resolver)
        resolver._default_runtime_patterns = patterns
        resolver._resolved_configs = configs = dict(resolver._resolved_configs)
    added = catalog.added_datasets()
    if load_versions:
        check_load_versions(view.config_resolver, load_versions, added)
    view._run_id = view._save_version = run_id
    view._run_saves = saves
    view._load_versions = load_versions
    view._lazy_datasets = LazyDatasets(configs, load_versions, run_id, parameters)
    for name, lazy in list(catalog._lazy_datasets.put_in.items()):
        own = copy.copy(lazy)
        own.load_version, own.save_version = load_versions.get(name), run_id
        view._lazy_datasets[name] = own
    view._datasets = {}
    for name, dataset in added.items():
        view._datasets[name] = _for_run(dataset, run_id, load_versions.get(name))
    return view


def adopt(
    view: Any,
    catalog: Any,
    as_built: Mapping[str, Any],
    *,
    run_id: str,
    saves: frozenset[str] = frozenset(),
    load_versions: dict[str, str] | None = None,
) -> None:
    """Make a newly built catalog, of any class, that of one run.

    What hooks and users have put into the session's catalog is put into it too.

    Args:
        view: The new catalog.
        catalog: The session's catalog; stays as it is.
        as_built: What the session's catalog had when it was built.
        run_id: Save version of versioned datasets.
        saves: Names of the datasets that the run's nodes save, without transcoding.
        load_versions: Versions to load, by dataset name.
    """
    for name, dataset in list(catalog._datasets.items()):
        if is_added(catalog, as_built, name):
            version = (load_versions or {}).get(name)
            put(view, {name: _for_run(dataset, run_id, version)})
    if is_data_catalog(view):
        view._run_id = run_id
        view._run_saves = saves


def is_added(catalog: Any, as_built: Mapping[str, Any], name: str) -> bool:
    """Whether somebody has put a dataset into a catalog after it was built.

    Args:
        catalog: The catalog.
        as_built: What it had when it was built.
        name: Name of the dataset.
    """
    dataset = catalog._datasets.get(name)
    if dataset is None or dataset is as_built.get(name):
        return False
    return dataset is not getattr(catalog, "_configured", {}).get(name)


def injected(
    runtime_data: Mapping[str, Any], overridden: frozenset[str] = frozenset()
) -> dict[str, AbstractDataset[Any, Any]]:
    """A run's injected data as datasets.

    Args:
        runtime_data: Data, or datasets, by dataset name.
        overridden: Names of which a node of the run still saves a value; it is
            dropped.
    """
    datasets: dict[str, AbstractDataset[Any, Any]] = {}
    for name in overridden:
        if name not in runtime_data:
            datasets[name] = Injected(MemoryDataset())
    for name, value in runtime_data.items():
        dataset = (
            value if isinstance(value, AbstractDataset) else MemoryDataset.around(value)
        )
        datasets[name] = Injected(dataset) if name in overridden else dataset
    return datasets


def put(
    catalog: Any,
    datasets: Mapping[str, AbstractDataset[Any, Any]],
    trusted: Iterable[str] = (),
) -> None:
    """Let a run's catalog use datasets under these names, whatever else it has.

    Args:
        catalog: The run's catalog.
        datasets: Datasets by name.
        trusted: Names of those whose data need not be validated again when it is
            loaded.
    """
    if is_data_catalog(catalog):
        catalog._datasets.update(datasets)
        catalog._trusted.update(trusted)
        return
    for name, dataset in datasets.items():
        catalog[name] = dataset


def as_configured(catalog: Any, name: str) -> Any:
    """What builds a dataset, if nobody has put in another one or reconfigured it.

    Args:
        catalog: The run's catalog.
        name: Name of the dataset.

    Returns:
        The dataset before it is built, or ``None`` if somebody may have done so.
    """
    if not is_data_catalog(catalog):
        return None
    resolver = catalog._find_resolver
    put_in = name in catalog._datasets or name in catalog._lazy_datasets.made
    if put_in or resolver is None or resolver.is_replaced(name):
        return None
    return ConfiguredDataset(name, resolver.resolve_pattern, None, catalog._run_id)


def storage_of(catalog: Any, name: str) -> Any:
    """The dataset of a run's catalog, not built yet where that can be avoided.

    Args:
        catalog: The run's catalog.
        name: Name of the dataset.
    """
    if not is_data_catalog(catalog):
        return catalog[name]
    return catalog._datasets.get(name) or catalog.lazy(name)


class Injected(AbstractDataset[Any, Any]):
    """An injected dataset that a node of the run would overwrite.

    Saves and releases do not reach what was injected.

    Args:
        dataset: What was injected.
    """

    _EPHEMERAL = True

    def __init__(self, dataset: AbstractDataset[Any, Any]) -> None:
        self._dataset = dataset

    def load(self) -> Any:
        """Load what was injected."""
        return self._dataset.load()

    def save(self, data: Any) -> None:
        """Drop ``data``: what was injected takes its place."""

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"dataset": self._dataset._describe()}


def _for_run(
    dataset: AbstractDataset[Any, Any], run_id: str, load_version: str | None
) -> AbstractDataset[Any, Any]:
    if isinstance(dataset, MemoryDataset):
        return copy.copy(dataset)
    if isinstance(dataset, CachedDataset):
        cached = copy.copy(dataset)
        cached._dataset = _for_run(dataset._dataset, run_id, load_version)
        cached._cache = MemoryDataset(copy_mode=dataset._cache._copy_mode)
        return cached
    if not isinstance(dataset, AbstractVersionedDataset):
        return dataset
    version = dataset._version
    if version is None:
        return dataset
    return dataset._copy(
        _version=Version(load_version or version.load, version.save or run_id),
        _cached_load_version=None,
        _cached_save_version=None,
    )
