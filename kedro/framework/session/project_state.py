"""What a session has loaded of its project, and keeps between runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from threading import RLock
from typing import TYPE_CHECKING, Any

from kedro.framework.context.run_configuration import RunConfiguration
from kedro.io import DatasetError, MemoryDataset, SharedMemoryDataset
from kedro.io.core import AbstractDataset, TCopyMode, is_parameter
from kedro.io.data_catalog import (
    DataCatalog,
    SharedMemoryDataCatalog,
    is_data_catalog,
)
from kedro.io.entry_resolver import EntryResolver
from kedro.io.run_catalog import (
    adopt,
    as_configured,
    injected,
    is_added,
    put,
    run_catalog,
    storage_of,
)
from kedro.pipeline import Pipeline
from kedro.runner import ParallelRunner

from .abstract_session import KedroSessionError
from .artifacts import Artifact, ArtifactCache, ArtifactDataset, check_names
from .pipeline_registry import DEFAULT_PIPELINE, PipelineRegistry
from .plan import Plan, Selection, make_plan, suggestion
from .run_id import generate_run_id

if TYPE_CHECKING:
    from kedro.config import AbstractConfigLoader
    from kedro.config.config_entries import ConfigEntries
    from kedro.framework.context import KedroContext
    from kedro.io import CatalogProtocol
    from kedro.runner.run_context import RunContext

    from .run_request import RunRequest

_KEPT_PLANS = 256
_COPY_MODES = ("assign", "copy", "deepcopy")


class ProjectState:
    """Context, catalog, pipelines, plans and artifacts of a session.

    ``KedroSession.reload`` replaces the whole of it, so that runs in flight go on
    with the one that they began with.

    Args:
        package_name: The project's package.
    """

    def __init__(self, package_name: str | None) -> None:
        self.building = RLock()
        self.config_loader: AbstractConfigLoader | None = None
        self.context: KedroContext | None = None
        self._catalog: CatalogProtocol[Any, Any] | None = None
        self.pipelines = PipelineRegistry(package_name)
        self.artifacts = ArtifactCache()
        self.plan: Callable[[Selection, frozenset[str]], Plan] = lru_cache(_KEPT_PLANS)(
            self._make_plan
        )

    def catalog(self, context: KedroContext) -> CatalogProtocol[Any, Any]:
        """The session's catalog."""
        if self._catalog is None:
            with self.building:
                catalog = context.catalog
                if is_data_catalog(catalog):
                    catalog._on_saved = self.artifacts.saved
                self._catalog = catalog
        return self._catalog

    def close(self) -> None:
        """Release the artifacts; the catalog stays with who still looks at it.

        As in kedro 1.7.0, it then forgets a dataset that it cannot build: kedro-viz
        asks twice, and shows something else if there is none the second time.
        """
        self.artifacts.release()
        if self.context is not None and is_data_catalog(self.context._catalog):
            self.context._catalog._forgets_failed = True

    def run_catalog(
        self, context: KedroContext, plan: Plan, request: RunRequest, run: RunContext
    ) -> CatalogProtocol[Any, Any]:
        """The catalog of one run, with what is injected and preloaded in it.

        Args:
            context: The session's context.
            plan: What the run executes.
            request: What the run was asked for.
            run: The run.
        """
        own = _run_configuration(context, run)
        view = self._view(context, own, request, run, plan.saved_stems)
        datasets = injected(request.runtime_data or {}, plan.overridden)
        artifacts = self._artifacts_for(context, own, view, plan, request)
        put(view, {**datasets, **artifacts}, trusted=artifacts)
        return view

    def notice_saves(self, plan: Plan, catalog: CatalogProtocol[Any, Any]) -> None:
        """Drop the artifacts that a run has saved to.

        Args:
            plan: What the run has executed.
            catalog: The run's catalog. Most say what is saved when it is; of others,
                and of other processes, it has to be assumed.
        """
        if not _tells_saves(type(catalog)):
            for name in plan.saved:
                self.artifacts.saved(name)

    def outputs(
        self,
        plan: Plan,
        catalog: CatalogProtocol[Any, Any],
        datasets: dict[str, Any],
        request: RunRequest,
    ) -> dict[str, Any]:
        """The datasets that a run returns: those its nodes saved, then injected ones.

        Args:
            plan: What the run executed.
            catalog: The run's catalog.
            datasets: What the runner returned.
            request: What the run was asked for.
        """
        found = dict(datasets)
        for name in plan.surplus:
            found.pop(name, None)
        given = set()
        for name in request.runtime_data or ():
            if name in plan.outputs:
                found[name] = catalog[name]
                given.add(name)
        if is_data_catalog(catalog):
            for name, dataset in found.items():
                if name not in given:
                    # Another process may have saved it: this one has not seen that.
                    catalog.prefer_own_version(dataset)
        if not _shares_memory(type(catalog)):
            return found
        return {name: _outlives_runner(dataset) for name, dataset in found.items()}

    def preload(
        self,
        context: KedroContext,
        names: Iterable[str] | None,
        pipeline_names: list[str] | None,
        copy_mode: TCopyMode,
    ) -> None:
        """Load artifacts and put them into the cache, all or none.

        Args:
            context: The session's context.
            names: Datasets to load; those that are worth it where ``None``.
            pipeline_names: Pipelines to take the names from.
            copy_mode: What readers get.

        Raises:
            KedroSessionError: If a name is unknown, or an argument is wrong.
            DatasetError: If one cannot be loaded.
        """
        if copy_mode not in _COPY_MODES:
            raise KedroSessionError(
                f"`copy_mode` must be one of {', '.join(_COPY_MODES)}, not "
                f"{copy_mode!r}."
            )
        check_names(names)
        check_names(pipeline_names, "pipeline_names")
        catalog = self.catalog(context)
        if names is None:
            names = self._worth_preloading(context, pipeline_names)
        names = list(dict.fromkeys(names))
        for name in names:
            _check_artifact(catalog, name)
        artifacts = [
            Artifact(
                name,
                partial(self._load_artifact, context, name),
                copy_mode,
                self._recipe(context, context.catalog_entries, catalog, name),
                _is_static(catalog, name) and not self._is_added(context, name),
            )
            for name in names
        ]
        self.artifacts.fill(artifacts)

    def _make_plan(self, selection: Selection, injected: frozenset[str]) -> Plan:
        combined = sum(self.pipelines.named(selection.pipeline_names), Pipeline([]))
        return make_plan(selection.apply(combined), injected)

    def _view(
        self,
        context: KedroContext,
        own: RunConfiguration,
        request: RunRequest,
        run: RunContext,
        saves: frozenset[str] = frozenset(),
    ) -> CatalogProtocol[Any, Any]:
        catalog = self.catalog(context)
        parallel = request.runner and isinstance(request.runner, ParallelRunner)
        catalog_class = SharedMemoryDataCatalog if parallel else type(catalog)
        follows = is_data_catalog(catalog) and (
            isinstance(catalog.config_resolver, EntryResolver)
            or own.context.runtime_params == context.runtime_params
        )
        view: Any
        if follows:
            view = run_catalog(
                catalog,  # type: ignore[arg-type]
                catalog_class,  # type: ignore[arg-type]
                run_id=run.run_id,
                find_entries=own.entries,
                find_credentials=own.credentials,
                parameters=own.parameters(),
                saves=saves,
                load_versions=request.load_versions,
            )
            view._on_saved = self.artifacts.saved
        else:
            view = own.context.build_catalog(
                catalog_class, run.run_id, request.load_versions
            )
            adopt(
                view,
                catalog,
                context.datasets_as_built(),
                run_id=run.run_id,
                saves=saves,
                load_versions=request.load_versions,
            )
            if is_data_catalog(view):
                view._on_saved = self.artifacts.saved
        return view  # type: ignore[no-any-return]

    def _artifacts_for(
        self,
        context: KedroContext,
        own: RunConfiguration,
        view: CatalogProtocol[Any, Any],
        plan: Plan,
        request: RunRequest,
    ) -> dict[str, AbstractDataset[Any, Any]]:
        """Views of the artifacts that are what the run would load."""
        artifacts = self.artifacts.artifacts
        bypassed = {*(request.runtime_data or ()), *(request.load_versions or ())}
        found: dict[str, AbstractDataset[Any, Any]] = {}
        for name in artifacts.keys() & plan.read - bypassed:
            artifact = artifacts[name]
            storage = as_configured(view, name) if artifact.is_static else None
            if storage is None:
                if self._recipe(context, own.entries, view, name) != artifact.recipe:
                    continue
                storage = storage_of(view, name)
            found[name] = ArtifactDataset.of(artifact, storage)
        return found

    def _recipe(
        self,
        context: KedroContext,
        find_entries: Callable[[], ConfigEntries],
        catalog: CatalogProtocol[Any, Any],
        name: str,
    ) -> Any:
        """What decides how a run's catalog builds a dataset."""
        if self._is_added(context, name):
            return context.catalog._datasets[name]
        resolver = _entry_resolver(find_entries, catalog)
        if resolver is not getattr(catalog, "config_resolver", resolver):
            # The catalog's class may have made something else of the entries.
            return catalog.config_resolver.resolve_pattern(name)  # type: ignore[attr-defined]
        return resolver.recipe(name)

    @staticmethod
    def _is_added(context: KedroContext, name: str) -> bool:
        return is_added(context.catalog, context.datasets_as_built(), name)

    def _load_artifact(self, context: KedroContext, name: str) -> Any:
        from kedro.runner.run_context import RunContext

        from .run_request import RunRequest

        run = RunContext(
            run_id=generate_run_id(),
            session_id="",
            runtime_params=context.runtime_params,
            # Loading one dataset needs no pipeline, and is to import none.
            pipeline_names=(),
        )
        own = _run_configuration(context, run)
        view = self._view(context, own, RunRequest(), run)
        if is_data_catalog(view):
            # Errors are to name the dataset, and there is no run to name.
            view._run_id = None
        return view.load(name)

    def _worth_preloading(
        self, context: KedroContext, pipeline_names: list[str] | None
    ) -> list[str]:
        selection = Selection(tuple(pipeline_names or (DEFAULT_PIPELINE,)))
        inputs = self.plan(selection, frozenset()).inputs
        catalog = self.catalog(context)
        resolver = _entry_resolver(context.catalog_entries, catalog)
        return [
            name
            for name in sorted(inputs)
            if not is_parameter(name)
            and name in catalog
            and not resolver.depends_on_runtime_params(name)
            and not getattr(catalog.get(name), "_EPHEMERAL", False)
        ]


def _run_configuration(context: KedroContext, run: RunContext) -> RunConfiguration:
    names = run.pipeline_names
    scope = None if DEFAULT_PIPELINE in names else [*names]
    return RunConfiguration(context, run.runtime_params, scope)


def _entry_resolver(
    find_entries: Callable[[], ConfigEntries], catalog: CatalogProtocol[Any, Any]
) -> EntryResolver:
    """Knows the entries as they are found, whatever class the catalog has."""
    resolver = getattr(catalog, "config_resolver", None)
    if isinstance(resolver, EntryResolver):
        return resolver
    return EntryResolver(find_entries(), None, {})


def _is_static(catalog: CatalogProtocol[Any, Any], name: str) -> bool:
    resolver = getattr(catalog, "config_resolver", None)
    return isinstance(resolver, EntryResolver) and resolver.is_static(name)


@lru_cache(maxsize=64)
def _shares_memory(catalog_class: type[CatalogProtocol[Any, Any]]) -> bool:
    return issubclass(catalog_class, SharedMemoryDataCatalog)


def _check_artifact(catalog: CatalogProtocol[Any, Any], name: object) -> None:
    if not isinstance(name, str):
        raise KedroSessionError(
            f"Names of artifacts must be strings, not {type(name).__name__} ({name!r})."
        )
    if is_parameter(name):
        raise KedroSessionError(
            f"'{name}' is a parameter: parameters are not preloaded. Give them in "
            f"`runtime_params`."
        )
    if name not in catalog:
        known = [key for key in catalog if not is_parameter(key)]
        raise KedroSessionError(
            f"'{name}' is not in the catalog." + suggestion(name, known)
        )


@lru_cache(maxsize=64)
def _tells_saves(catalog_class: type[CatalogProtocol[Any, Any]]) -> bool:
    return catalog_class.save is DataCatalog.save and not _shares_memory(catalog_class)


def _outlives_runner(dataset: AbstractDataset[Any, Any]) -> AbstractDataset[Any, Any]:
    if isinstance(dataset, SharedMemoryDataset):
        # Its data is in a process that ends with the runner.
        try:
            return MemoryDataset.around(dataset.load())
        except DatasetError:
            return MemoryDataset()
    return dataset
