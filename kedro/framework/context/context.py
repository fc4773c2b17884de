"""``KedroContext``: a project's configuration, parameters and catalog."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlparse
from warnings import warn

from attrs import define, field, setters

from kedro.config import AbstractConfigLoader, MissingConfigException, OmegaConfigLoader
from kedro.config.config_entries import (
    ConfigEntries,
    OmegaConfigEntries,
    PreparedEntries,
)
from kedro.config.plain_values import owned
from kedro.framework.context.catalog_commands import CatalogCommandsMixin
from kedro.framework.context.parameters import ParametersView
from kedro.io import CatalogProtocol, DataCatalog
from kedro.io.core import VALIDATOR_KEY
from kedro.io.later_mapping import LaterMapping
from kedro.io.lazy_datasets import LazyDatasets
from kedro.pipeline.transcoding import _transcode_split

if TYPE_CHECKING:
    from pluggy import PluginManager

    from kedro.pipeline import Pipeline

_PATH_KEYS = ("filename", "filepath", "path")


def _expand_full_path(project_path: str | Path) -> Path:
    return Path(project_path).expanduser().resolve()


class PipelineSource(Protocol):
    """Where a context gets the project's pipelines from."""

    def named(self, names: Iterable[str]) -> list[Pipeline]:
        """The pipelines of these names."""
        ...

    def all(self) -> dict[str, Pipeline]:
        """All pipelines by name."""
        ...


class KedroContextError(Exception):
    """A project's context cannot be made."""


@define(slots=False)
class KedroContext:
    """A project as its configuration describes it, for one environment.

    A session makes one context and keeps it.

    Args:
        project_path: The project's root folder.
        config_loader: Loads the project's configuration.
        env: Run environment; the loader's default where ``None``.
        package_name: Name of the project's package.
        hook_manager: Calls the hooks.
        runtime_params: Parameters that take precedence over the configured ones.
    """

    project_path: Path = field(converter=_expand_full_path)
    config_loader: AbstractConfigLoader = field()
    env: str | None = field()
    _package_name: str = field()
    _hook_manager: PluginManager = field()
    _runtime_params: dict[str, Any] | None = field(default=None, converter=deepcopy)
    _pipelines_to_validate: list[str] | None = None
    _pipelines: PipelineSource | None = field(default=None, init=False, repr=False)
    _catalog_class: type | None = field(default=None, init=False, repr=False)
    _overlayable: tuple[Any, OmegaConfigEntries | None] = field(
        default=(None, None), init=False, repr=False
    )
    _requirements: dict[Any, dict[str, Any]] = field(
        factory=dict, init=False, repr=False
    )
    _catalog: CatalogProtocol[Any, Any] | None = field(
        default=None, init=False, repr=False
    )
    _datasets_as_built: dict[str, Any] = field(factory=dict, init=False, repr=False)
    _catalog_entries: PreparedEntries | None = field(
        default=None, init=False, repr=False, on_setattr=setters.NO_OP
    )
    _make_loader: Callable[[dict[str, Any]], AbstractConfigLoader] | None = field(
        default=None, init=False, repr=False
    )
    _session_entries: PreparedEntries | None = field(
        default=None, init=False, repr=False, on_setattr=setters.NO_OP
    )
    _credentials: Mapping[str, Any] | None = field(
        default=None, init=False, repr=False, on_setattr=setters.NO_OP
    )
    _params: Mapping[str, Any] | None = field(
        default=None, init=False, repr=False, on_setattr=setters.NO_OP
    )
    _params_scope: list[str] | None = field(
        default=None, init=False, repr=False, on_setattr=setters.NO_OP
    )

    def attach(
        self,
        pipelines: PipelineSource,
        catalog_class: type,
        make_loader: Callable[[dict[str, Any]], AbstractConfigLoader],
    ) -> None:
        """Tie the context to the session that it was made for.

        Args:
            pipelines: The session's pipelines.
            catalog_class: The project's catalog class.
            make_loader: Makes a loader like ``config_loader`` for other runtime
                parameters.
        """
        self._pipelines = pipelines
        self._catalog_class = catalog_class
        self._make_loader = make_loader

    @property
    def package_name(self) -> str:
        """Name of the project's package."""
        return self._package_name

    @property
    def hook_manager(self) -> PluginManager:
        """Calls the hooks."""
        return self._hook_manager

    @property
    def runtime_params(self) -> dict[str, Any]:
        """A copy of the parameters that take precedence over the configured ones."""
        return deepcopy(self._runtime_params) or {}

    @property
    def credentials(self) -> Mapping[str, Any]:
        """Credentials by name, each resolved when it is looked up.

        Empty if the project has none.
        """
        try:
            return entries_of(self.config_loader, "credentials")
        except MissingConfigException as exc:
            logging.getLogger(__name__).debug("No credentials found: %s", exc)
            return ConfigEntries({})

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters as nodes ask for them: ``parameters``, ``params:a.b``.

        Example:
            ```python
            session.context.parameters["params:model.alpha"]
            ```
        """
        return ParametersView(self._validated_params())

    @property
    def params(self) -> dict[str, Any]:
        """All parameters, with those given at run time on top, validated.

        Raises:
            ParameterValidationError: If one does not fit the type that a node asks
                for.
        """
        return dict(self._validated_params())

    @property
    def catalog(self) -> CatalogProtocol[Any, Any]:
        """The project's catalog, made at first use and then kept."""
        if self._catalog is None:
            self._catalog = self._get_catalog(self._project_catalog_class())
        return self._catalog

    def get_catalog(
        self,
        catalog_class: type | None = None,
        save_version: str | None = None,
        load_versions: dict[str, str] | None = None,
    ) -> CatalogProtocol[Any, Any]:
        """A new catalog, which is the caller's own.

        Args:
            catalog_class: Its class; the project's where not given.
            save_version: Version that versioned datasets are saved under.
            load_versions: Versions to load, by dataset name.

        Returns:
            The catalog, after the hook ``after_catalog_created``.

        Raises:
            DatasetNotFoundError: If ``load_versions`` names an unknown dataset.

        Example:
            ```python
            catalog = session.context.get_catalog(load_versions={"model": "2024-05-01"})
            ```
        """
        return self._get_catalog(
            catalog_class or self._project_catalog_class(), save_version, load_versions
        )

    def with_runtime_params(
        self,
        runtime_params: dict[str, Any],
        pipelines_to_validate: list[str] | None = None,
    ) -> KedroContext:
        """The same project as a run with other runtime parameters sees it.

        What does not depend on them is shared with this context.

        Args:
            runtime_params: All runtime parameters of the run.
            pipelines_to_validate: Pipelines whose nodes say of which type a
                parameter has to be; all where ``None``.

        Returns:
            A context for the run alone.
        """
        # Hooks and nodes get the original to see, and may change it.
        runtime_params = owned(runtime_params)
        loader = self._loader_with(runtime_params)
        is_same = loader is self.config_loader
        return _altered(
            self,
            _runtime_params=runtime_params,
            _pipelines_to_validate=pipelines_to_validate,
            _params=None,
            _catalog=None,
            _credentials=None,
            _catalog_entries=self.catalog_entries() if is_same else None,
            _session_entries=self.catalog_entries(),
            config_loader=loader,
        )

    def run_parameters(self) -> Mapping[str, Any]:
        """Parameters for a run's catalog, with what a subclass makes of them."""
        if not _overrides(self, "_get_parameters", "params"):
            return ParametersView(self._validated_params())
        if _overrides(self, "_get_parameters"):
            return self._get_parameters()
        return ParametersView(self.params)

    def overlayable_parameters(
        self, pipelines_to_validate: list[str] | None
    ) -> OmegaConfigEntries | None:
        """The configured parameters, where a run's are these with others on top.

        Args:
            pipelines_to_validate: Pipelines whose nodes say of which type a
                parameter has to be; all where ``None``.

        Returns:
            The parameters, or ``None`` where a subclass, a loader or types that
            nodes ask for have something to say about them.
        """
        loader, entries = self._overlayable
        if loader is not self.config_loader:
            loader, entries = self.config_loader, None
            is_overridden = _overrides(self, "_get_parameters", "params")
            if isinstance(loader, OmegaConfigLoader) and not is_overridden:
                raw = self._raw_params()
                entries = raw if isinstance(raw, OmegaConfigEntries) else None
            self._overlayable = loader, entries
        if entries is None or "parameters" in loader.data:
            return None
        scope = None if pipelines_to_validate is None else tuple(pipelines_to_validate)
        required = self._requirements.get(scope)
        if required is None:
            required = self._required_types(pipelines_to_validate)
        return None if required else entries

    def run_credentials(self) -> Mapping[str, Any]:
        """Credentials for a run's catalog, with what a subclass makes of them."""
        if _overrides(self, "_get_config_credentials"):
            return self._get_config_credentials()
        # Kept, for what the environment says to be asked for once in a run.
        if self._credentials is None:
            self._credentials = self.credentials
        return self._credentials

    def datasets_as_built(self) -> Mapping[str, Any]:
        """What the retained catalog had before hooks and users added to it."""
        return self._datasets_as_built

    def catalog_entries(self) -> PreparedEntries:
        """Catalog entries and patterns, with local paths made absolute."""
        if self._catalog_entries is None:
            entries = entries_of(self.config_loader, "catalog")
            if self._session_entries is None:
                self._catalog_entries = PreparedEntries(entries, self._absolute)
            else:
                self._catalog_entries = self._session_entries.with_entries(entries)
        return self._catalog_entries

    def build_catalog(
        self,
        catalog_class: type = DataCatalog,
        save_version: str | None = None,
        load_versions: dict[str, str] | None = None,
    ) -> CatalogProtocol[Any, Any]:
        """A new catalog with the project's datasets and parameters; calls no hook.

        Args:
            catalog_class: Its class.
            save_version: Version that versioned datasets are saved under.
            load_versions: Versions to load, by dataset name.

        Raises:
            DatasetNotFoundError: If ``load_versions`` names an unknown dataset.
        """
        entries: Mapping[str, Any] = self.catalog_entries()
        credentials = self.run_credentials()
        catalog_class = _with_commands(catalog_class)
        if not _reads_entries(catalog_class):
            entries, credentials = dict(entries), dict(credentials)
        catalog: CatalogProtocol[Any, Any] = catalog_class.from_config(  # type: ignore[attr-defined]
            catalog=entries,
            credentials=credentials,
            load_versions=load_versions,
            save_version=save_version,
        )
        self._add_parameters(catalog)
        self._configure_dataset_validation(catalog, entries)
        for name in entries:
            _transcode_split(name)
        return catalog

    def _get_catalog(
        self,
        catalog_class: type = DataCatalog,
        save_version: str | None = None,
        load_versions: dict[str, str] | None = None,
    ) -> CatalogProtocol[Any, Any]:
        catalog = self.build_catalog(catalog_class, save_version, load_versions)
        if self._catalog is None:
            self._datasets_as_built = dict(catalog._datasets)
        self._hook_manager.hook.after_catalog_created(
            catalog=catalog,
            conf_catalog=self.catalog_entries(),
            conf_creds=self.run_credentials(),
            parameters=self._later_parameters(),
            save_version=save_version,
            load_versions=load_versions,
        )
        return catalog

    def _add_parameters(self, catalog: CatalogProtocol[Any, Any]) -> None:
        parameters = self._later_parameters()
        lazy = getattr(catalog, "_lazy_datasets", None)
        if isinstance(lazy, LazyDatasets):
            lazy.parameters = parameters
            return
        for name, value in parameters.items():
            catalog[name] = value

    def _later_parameters(self) -> Mapping[str, Any]:
        # To validate them can take importing all pipelines of the project.
        if _overrides(self, "_get_parameters", "params"):
            return self.run_parameters()
        return ParametersView(LaterMapping(self._validated_params))

    def _get_parameters(self) -> dict[str, Any]:
        return dict(self.parameters)

    def _get_config_credentials(self) -> dict[str, Any]:
        return dict(self.credentials)

    def _project_catalog_class(self) -> type:
        from kedro.framework.project import settings

        return self._catalog_class or settings.DATA_CATALOG_CLASS

    def _loader_with(self, runtime_params: dict[str, Any]) -> AbstractConfigLoader:
        loader = self.config_loader
        if isinstance(loader, OmegaConfigLoader):
            return loader.with_runtime_params(runtime_params)
        if runtime_params == loader.runtime_params or self._make_loader is None:
            return loader
        return self._make_loader(runtime_params)

    def _absolute(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return entry
        return _convert_paths_to_absolute_posix(self.project_path, entry)

    def _get_validated_params(self) -> dict[str, Any]:
        return dict(self._validated_params())

    def _validated_params(self) -> Mapping[str, Any]:
        if self._params is None or self._params_scope != self._pipelines_to_validate:
            params = self._validate(self._raw_params())
            # Set one by one, attrs would look at each.
            self.__dict__.update(
                _params=params, _params_scope=self._pipelines_to_validate
            )
            return params
        return self._params

    def _raw_params(self) -> ConfigEntries:
        try:
            return entries_of(self.config_loader, "parameters")
        except MissingConfigException as exc:
            warn(
                f"Parameters not found in your Kedro project config.\n{exc!s}",
                stacklevel=2,
            )
            return ConfigEntries(self._runtime_params or {})

    def _validate(self, raw: ConfigEntries) -> Mapping[str, Any]:
        requirements = self._required_types(self._pipelines_to_validate)
        if not requirements:
            return raw
        from kedro.validation.parameter_validator import ParameterValidator

        return ParameterValidator({})._apply_validation(dict(raw), requirements)

    def _required_types(self, scope: list[str] | None) -> dict[str, Any]:
        """The types that nodes ask parameters to be of; found out once."""
        key = None if scope is None else tuple(scope)
        if key in self._requirements:
            return self._requirements[key]
        from kedro.validation.parameter_validator import ParameterValidator

        try:
            pipelines = self._pipelines_in(scope)
        except ImportError:
            logging.getLogger(__name__).warning(
                "Could not import pipelines, skipping parameter validation"
            )
            return {}
        extractor = ParameterValidator(pipelines).type_extractor
        requirements = extractor.extract_types_from_pipelines()
        return self._requirements.setdefault(key, requirements)

    def _pipelines_in(self, names: list[str] | None) -> dict[str, Pipeline]:
        if self._pipelines is not None:
            if names is None:
                return self._pipelines.all()
            return dict(zip(names, self._pipelines.named(names), strict=True))
        from kedro.framework.project import pipelines

        return {
            name: pipelines[name] for name in (pipelines if names is None else names)
        }

    def _configure_dataset_validation(
        self, catalog: CatalogProtocol[Any, Any], entries: Mapping[str, Any]
    ) -> None:
        from kedro.framework.project import settings

        enabled = bool(getattr(settings, "DATASET_VALIDATION", True))
        logger = logging.getLogger(__name__)
        declared = sorted(
            name for name in entries if _declares_validator(entries, name)
        )
        if hasattr(catalog, "validation_enabled"):
            catalog.validation_enabled = enabled
            if enabled and declared:
                from kedro.validation import preflight_check

                for warning in preflight_check(catalog.validator_specs):  # type: ignore[attr-defined]
                    logger.warning(warning)
        elif enabled and declared:
            logger.warning(
                "Catalog class '%s' does not support dataset validation: the '%s' of "
                "datasets %s will be ignored.",
                type(catalog).__name__,
                VALIDATOR_KEY,
                declared,
            )


def entries_of(loader: AbstractConfigLoader, key: str) -> ConfigEntries:
    """The configuration of one type, entry by entry where the loader can.

    Args:
        loader: A configuration loader of any class.
        key: Configuration type, such as ``"catalog"``.
    """
    if isinstance(loader, OmegaConfigLoader):
        return loader.entries(key)
    return ConfigEntries(loader[key])


@lru_cache(maxsize=64)
def compose_classes(base: type, *mixins: type) -> type:
    """A class that adds mixins to another one; the same each time.

    Args:
        base: The class.
        *mixins: What is added, after it in the order of lookup.
    """
    name = f"{base.__name__}With{''.join(mixin.__name__ for mixin in mixins)}"
    return type(name, (base, *mixins), {})


def _with_commands(catalog_class: type) -> type:
    if not issubclass(catalog_class, DataCatalog):
        return catalog_class
    if issubclass(catalog_class, CatalogCommandsMixin):
        return catalog_class
    return compose_classes(catalog_class, CatalogCommandsMixin)


def _reads_entries(catalog_class: type) -> bool:
    # A class with a `from_config` of its own may do with its argument whatever can
    # be done with a dictionary.
    if not issubclass(catalog_class, DataCatalog):
        return False
    return catalog_class.from_config.__func__ is DataCatalog.from_config.__func__  # type: ignore[attr-defined]


def _overrides(context: KedroContext, *names: str) -> bool:
    context_class: Any = type(context)
    return _class_overrides(context_class, *names)


@lru_cache(maxsize=256)
def _class_overrides(context_class: type, *names: str) -> bool:
    return any(
        getattr(context_class, name) is not getattr(KedroContext, name)
        for name in names
    )


def _altered(context: KedroContext, **changes: Any) -> KedroContext:
    """A shallow copy with other values in some fields."""
    context_class: Any = type(context)
    if _is_all_in_dict(context_class):
        altered: KedroContext = object.__new__(context_class)
        altered.__dict__.update(context.__dict__)
    else:
        altered = copy.copy(context)
    # Set one by one, each field would have its converter called.
    altered.__dict__.update(changes)
    return altered


@lru_cache(maxsize=256)
def _is_all_in_dict(context_class: type) -> bool:
    elsewhere = {"__slots__", "__copy__", "__reduce__", "__reduce_ex__", "__getstate__"}
    classes = context_class.__mro__[:-1]
    return not any(elsewhere & vars(cls).keys() for cls in classes)


def _declares_validator(entries: Mapping[str, Any], name: str) -> bool:
    if isinstance(entries, ConfigEntries):
        try:
            return entries.part(name, VALIDATOR_KEY) is not None
        except Exception:
            return False
    entry = entries[name]
    return isinstance(entry, Mapping) and VALIDATOR_KEY in entry


def _is_relative_path(path_string: str) -> bool:
    is_absolute = (
        PureWindowsPath(path_string).drive
        or urlparse(path_string).scheme
        or PurePosixPath(path_string).is_absolute()
    )
    return not is_absolute


def _convert_paths_to_absolute_posix(
    project_path: Path, conf_dictionary: dict[str, Any]
) -> dict[str, Any]:
    """Make the relative paths in a dictionary absolute, at every depth, in place.

    Datasets and log files are then found from any working folder, as in notebooks.

    Args:
        project_path: What relative paths are relative to.
        conf_dictionary: Values under ``filename``, ``filepath`` and ``path`` are
            taken for paths.

    Returns:
        The same dictionary.

    Raises:
        ValueError: If ``project_path`` is not absolute.
    """
    if not project_path.is_absolute():
        raise ValueError(
            f"project_path must be an absolute path. Received: {project_path}"
        )
    for key, value in conf_dictionary.items():
        if isinstance(value, dict):
            _convert_paths_to_absolute_posix(project_path, value)
        elif isinstance(value, str) and key in _PATH_KEYS:
            if _is_relative_path(value):
                conf_dictionary[key] = (project_path / value).as_posix()
            elif PureWindowsPath(value).drive:
                conf_dictionary[key] = PureWindowsPath(value).as_posix()
    return conf_dictionary
