"""Configuration from YAML and JSON files, resolved by OmegaConf."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, KeysView
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, UnsupportedInterpolationType
from omegaconf.resolvers import oc

from kedro.config import config_files
from kedro.config.abstract_config import AbstractConfigLoader, MissingConfigException
from kedro.config.config_entries import ConfigEntries, EntryCache, OmegaConfigEntries
from kedro.config.config_files import Layer, ParsedFiles, RawConfig
from kedro.config.plain_values import (
    copied,
    has_interpolation,
    is_plain,
    keys,
    overlaid,
    plain,
)
from kedro.config.resolver_scope import (
    ENVIRONMENT,
    GLOBALS,
    RUNTIME_PARAMS,
    ResolverScope,
    accept_node_arguments,
    current_scope,
    foreign_names,
    register_for_all,
    resolve_in,
)
from kedro.config.type_guard import TypeGuard
from kedro.config.value_lookup import ValueLookup
from kedro.utils import _parse_filepath

_logger = logging.getLogger(__name__)

_MISSING = object()
_READ_ENVIRONMENT = accept_node_arguments(oc.env)


class MergeStrategies(Enum):
    """How the run environment's configuration is laid over the base one's."""

    SOFT = auto()
    DESTRUCTIVE = auto()


MERGING_IMPLEMENTATIONS = {
    strategy: f"_{strategy.name.lower()}_merge" for strategy in MergeStrategies
}


def _look_alike(first: Any, second: Any) -> bool:
    # `==` would take 1 for True.
    try:
        return repr(first) == repr(second)
    except Exception as exc:
        _logger.debug("Runtime parameters that cannot be shown: %s", exc)
        return False


class OmegaConfigLoader(AbstractConfigLoader):
    """Loads the configuration of a project, by type (``catalog``, ``parameters``, ...).

    The files of a type are found by glob patterns in the base environment's folder
    and in that of the run environment, parsed, merged and resolved with OmegaConf.
    What ``${runtime_params:...}``, ``${globals:...}`` and custom resolvers mean is
    private to each loader: any number of them can work at the same time, in threads
    and asyncio tasks (kedro-org/kedro#5392).

    Args:
        conf_source: Folder, zip or tar archive, or remote URL with the environments.
        env: Run environment, laid over the base environment.
        runtime_params: Values for ``${runtime_params:...}``, which are also merged
            into ``parameters``.
        config_patterns: Glob patterns by configuration type, added to the built-in
            ones.
        base_env: Name of the base environment's folder.
        default_run_env: Run environment where ``env`` is not given.
        custom_resolvers: Functions by the name under which configuration calls them.
        merge_strategy: ``"soft"`` or ``"destructive"`` (the default), by
            configuration type.
        ignore_hidden: Whether files and folders that start with a dot are left out.
        restrict_runtime_params_type_selection: Refuse a catalog in which a runtime
            parameter decides about a dataset's ``type``, and so about the class that
            is imported. For runtime parameters of untrusted origin.

    Raises:
        ParserError: If a globals file is invalid.

    Example:
        ```python
        from kedro.config import OmegaConfigLoader

        loader = OmegaConfigLoader("conf", base_env="base", default_run_env="local")
        parameters = loader["parameters"]
        ```
    """

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        *,
        config_patterns: dict[str, list[str]] | None = None,
        base_env: str | None = None,
        default_run_env: str | None = None,
        custom_resolvers: dict[str, Callable[..., Any]] | None = None,
        merge_strategy: dict[str, str] | None = None,
        ignore_hidden: bool = True,
        restrict_runtime_params_type_selection: bool = False,
    ) -> None:
        conf_source = str(conf_source)
        self.base_env = base_env or ""
        self.default_run_env = default_run_env or ""
        self.merge_strategy = merge_strategy or {}
        self.ignore_hidden = ignore_hidden
        self.restrict_runtime_params_type_selection = (
            restrict_runtime_params_type_selection
        )
        self.config_patterns = {
            kind: [f"{kind}*", f"{kind}*/**", f"**/{kind}*"]
            for kind in ("catalog", "parameters", "credentials")
        }
        self.config_patterns["globals"] = ["globals.yml"]
        self.config_patterns.update(config_patterns or {})
        self._fs, self._protocol = self._initialise_filesystem_and_protocol(conf_source)
        if config_files.is_remote(self._protocol):
            self._remote_root_path = _parse_filepath(conf_source)["path"].rstrip("/")
        super().__init__(conf_source, env, runtime_params)

        self._custom_resolvers = custom_resolvers
        self._callable_resolvers = {
            name: accept_node_arguments(resolver)
            for name, resolver in (custom_resolvers or {}).items()
        }
        self._files = ParsedFiles()
        self._static_entries = EntryCache()
        self._derived_entries = EntryCache()
        self._runtime_params_lookup = ValueLookup(self.runtime_params)
        self._globals_touched: set[str] = set()
        self._load_globals()

    def __setitem__(self, key: str, value: Any) -> None:
        """Use ``value`` for the configuration type ``key`` instead of its files."""
        if key == GLOBALS:
            self._use_globals(value)
            self._static_entries = EntryCache()
            self._derived_entries = EntryCache()
        super().__setitem__(key, value)

    def __getitem__(self, key: str) -> dict[str, Any]:
        """The whole configuration of one type, merged and resolved.

        Args:
            key: Configuration type, such as ``"catalog"``.

        Returns:
            A dictionary that belongs to the caller.

        Raises:
            KeyError: If ``config_patterns`` has nothing under ``key``.
            MissingConfigException: If no file matches, or a folder is missing.
            ParserError: If a file is invalid.
            ValueError: If two files of an environment define the same key.
        """
        was_set = key in self
        if not was_set and key not in self.config_patterns:
            raise KeyError(
                f"No config patterns were found for '{key}' in your config loader"
            )
        if was_set:
            return super().__getitem__(key)  # type: ignore[no-any-return]
        return self._resolve(key, self.raw(key))

    def __repr__(self) -> str:
        return (
            f"OmegaConfigLoader(conf_source={self.conf_source}, env={self.env}, "
            f"runtime_params={self.runtime_params}, "
            f"config_patterns={self.config_patterns}, base_env={self.base_env}, "
            f"default_run_env={self.default_run_env}, "
            f"custom_resolvers={self._custom_resolvers}, "
            f"merge_strategy={self.merge_strategy})"
        )

    def keys(self) -> KeysView[str]:
        """The configuration types that this loader knows patterns for."""
        return KeysView(self.config_patterns)

    def entries(self, key: str) -> ConfigEntries:
        """The configuration of one type, each top-level entry resolved when asked for.

        An entry that cannot be resolved raises when it is looked up, and leaves the
        others usable.

        Args:
            key: Configuration type, such as ``"catalog"``.

        Returns:
            A mapping whose values belong to the caller.

        Raises:
            KeyError: If ``config_patterns`` has nothing under ``key``.
            MissingConfigException: If no file matches, or a folder is missing.
            ParserError: If a file is invalid.

        Example:
            ```python
            filepath = loader.entries("catalog")["cars"]["filepath"]
            ```
        """
        own_lookup = type(self).__getitem__ is OmegaConfigLoader.__getitem__
        if key in self or not own_lookup or key not in self.config_patterns:
            return ConfigEntries(self[key])
        return OmegaConfigEntries(self, key)

    def with_runtime_params(
        self, runtime_params: dict[str, Any] | None
    ) -> OmegaConfigLoader:
        """The same configuration seen with other runtime parameters.

        The new loader shares what is read, parsed and resolved independently of
        runtime parameters with this one.

        Args:
            runtime_params: Runtime parameters of the new loader, in place of this
                one's.

        Returns:
            A loader that does not affect this one.
        """
        loader = self.__copy__()
        if not _look_alike(runtime_params or {}, self.runtime_params):
            loader.runtime_params = copied(runtime_params or {})
            loader._runtime_params_lookup = ValueLookup(loader.runtime_params)
            loader._derived_entries = EntryCache()
        if self._globals_touched:
            loader._load_globals()
        return loader

    def retain_files(self) -> None:
        """Read and parse each file once from now on, instead of at each access."""
        self._files.kept = True

    def raw(self, key: str) -> RawConfig:
        """The parsed files of one configuration type.

        Args:
            key: Configuration type, such as ``"catalog"``.

        Returns:
            What was parsed; shared where the loader retains files.
        """
        return self._files.get(key, self._read)

    def entry_caches(self) -> tuple[EntryCache, EntryCache]:
        """Where entries are kept: those that depend on runtime parameters, and others.

        They are new ones where files are read again at each access.
        """
        if not self._files.kept:
            return EntryCache(), EntryCache()
        return self._derived_entries, self._static_entries

    def scope(self, key: str, *, environment: bool = False) -> ResolverScope:
        """The resolvers that hold while configuration of type ``key`` is resolved.

        Args:
            key: Configuration type, such as ``"catalog"``.
            environment: Whether environment variables may be read although the
                project did not opt in.

        Returns:
            A new scope.
        """
        resolvers = dict(self._callable_resolvers)
        if environment:
            resolvers.setdefault(ENVIRONMENT, _READ_ENVIRONMENT)
        resolvers[GLOBALS] = self._find_global
        if key == GLOBALS:
            resolvers.pop(RUNTIME_PARAMS, None)
        else:
            resolvers[RUNTIME_PARAMS] = self._find_runtime_param
        return ResolverScope(resolvers)

    def keeps_single(self, key: str) -> bool:
        """Whether merging leaves what one environment alone has as it is.

        Args:
            key: Configuration type.
        """
        cls = type(self)
        return (
            self.merge_strategy.get(key, "destructive") == "destructive"
            and cls._merge_configs is OmegaConfigLoader._merge_configs
            and cls._destructive_merge is OmegaConfigLoader._destructive_merge
        )

    def check_types(self, catalog: DictConfig, name: str) -> None:
        """Check that no runtime parameter chooses a class, where that is restricted.

        Args:
            catalog: Merged, unresolved catalog of one environment.
            name: The entry.

        Raises:
            InterpolationResolutionError: If one does.
        """
        if self.restrict_runtime_params_type_selection:
            TypeGuard(partial(self.scope, "catalog")).check(catalog, name)

    def with_environment(self, key: str, layer: Layer) -> Layer:
        """Files resolved on their own, with environment variables.

        Args:
            key: Configuration type that they belong to.
            layer: The files; they stay as they are.
        """
        files = copy.deepcopy(layer.files)
        scope = self.scope(key, environment=True)
        for config in files.values():
            resolve_in(scope, partial(OmegaConf.resolve, config))
        return Layer(layer.path, files)

    def load_and_merge_dir_config(
        self,
        conf_path: str,
        patterns: Iterable[str],
        key: str,
        processed_files: set[Path],
        read_environment_variables: bool | None = False,
    ) -> dict[str, Any]:
        """Load, merge and resolve the configuration files of one folder.

        Args:
            conf_path: The folder.
            patterns: Glob patterns of the files, relative to it.
            key: Configuration type that the files belong to.
            processed_files: Receives the paths of the files that were read.
            read_environment_variables: Whether ``${oc.env:...}`` is allowed.

        Returns:
            The configuration.

        Raises:
            MissingConfigException: If the folder is missing.
            ParserError: If a file is invalid.
            ValueError: If two files define the same key.
        """
        layer = self._read_folder(conf_path, patterns, key)
        processed_files.update(layer.files)
        if read_environment_variables:
            layer = self.with_environment(key, layer)
        return self._merge_and_resolve(key, layer)

    def _load_globals(self) -> None:
        self._globals_touched = set()
        try:
            self._use_globals(self[GLOBALS])
        except MissingConfigException:
            self._use_globals({})

    def _use_globals(self, values: dict[str, Any]) -> None:
        self._globals = values
        self._globals_lookup = ValueLookup(values)

    def _find_global(self, *args: Any, **_: Any) -> Any:
        return self._get_globals_value(*args)

    def _find_runtime_param(self, *args: Any, **_: Any) -> Any:
        return self._get_runtime_value(*args)

    def _read(self, key: str) -> RawConfig:
        patterns = self.config_patterns[key]
        run_env = self.env or self.default_run_env
        base = self._read_folder(self._get_conf_env_path(self.base_env), patterns, key)
        if run_env == self.base_env:
            return RawConfig(base, None)
        env = self._read_folder(self._get_conf_env_path(run_env), patterns, key)
        return RawConfig(base, env)

    def _read_folder(self, folder: str, patterns: Iterable[str], key: str) -> Layer:
        config_files.check_folder(self._fs, self._protocol, folder)
        paths = {
            Path(match)
            for pattern in patterns
            for match in self._fs.glob(Path(f"{folder}/{pattern}").as_posix())
            if not (self.ignore_hidden and self._is_hidden(match))
        }
        files = {
            path: config_files.parse_file(self._fs, path)
            for path in sorted(paths)
            if self._is_valid_config_path(path)
        }
        self._check_duplicates(key, files)
        return Layer(folder, files)

    def _get_conf_env_path(self, env: str) -> str:
        if config_files.is_remote(self._protocol):
            return f"{self._remote_root_path}/{env}"
        if self._protocol == "file":
            return str(Path(self.conf_source) / env)
        return str(Path(self._fs.ls("", detail=False)[-1]) / env)

    def _resolve(self, key: str, raw: RawConfig) -> dict[str, Any]:
        if key == "credentials":
            raw = RawConfig(
                self.with_environment(key, raw.base),
                raw.env and self.with_environment(key, raw.env),
            )
        config = self._merge_and_resolve(key, raw.base)
        if raw.env is None:
            return config
        env_config = self._merge_and_resolve(key, raw.env)
        merged: dict[str, Any] = self._merge_configs(
            config, env_config, key, raw.env.path
        )
        self.check_found(key, raw)
        return merged

    def check_found(self, key: str, raw: RawConfig) -> None:
        """Check that a configuration type has files.

        Raises:
            MissingConfigException: If there are none; says where they were looked
                for.
        """
        if raw.env and not raw.layers and key != GLOBALS:
            raise MissingConfigException(
                f"No files of YAML or JSON format found in {raw.base.path} or "
                f"{raw.env.path} matching the glob pattern(s): "
                f"{[*self.config_patterns[key]]}"
            )

    def _merge_and_resolve(self, key: str, layer: Layer) -> dict[str, Any]:
        if not layer.files:
            return {}
        merged = layer.merged
        if key == "parameters":
            merged = layer.merged_with(self.runtime_params)
        scope = self.scope(key)
        config: dict[str, Any] = resolve_in(
            scope, partial(self._to_container, key, merged)
        )
        if key == "parameters":
            return config
        if key == GLOBALS:
            self._globals_touched |= self._touched_by(scope, merged)
        if key == "catalog" and scope.took_runtime_param:
            for name in config:
                self.check_types(merged, name)
        return {
            name: value for name, value in config.items() if not name.startswith("_")
        }

    @staticmethod
    def _to_container(key: str, merged: DictConfig) -> Any:
        try:
            return plain(merged)
        except UnsupportedInterpolationType as exc:
            if key == GLOBALS and RUNTIME_PARAMS in str(exc):
                raise UnsupportedInterpolationType(
                    "The `runtime_params:` resolver is not supported for globals."
                ) from exc
            raise

    @staticmethod
    def _touched_by(scope: ResolverScope, merged: DictConfig) -> set[str]:
        # A resolver that somebody else has registered leaves no trace of its calls.
        foreign = foreign_names()
        if foreign and any(has_interpolation(merged, name) for name in keys(merged)):
            return scope.touched | foreign
        return scope.touched

    def _merge_configs(
        self,
        config: dict[str, Any],
        env_config: dict[str, Any],
        key: str,
        env_path: str,
    ) -> Any:
        name = self.merge_strategy.get(key, "destructive")
        try:
            strategy = MergeStrategies[name.upper()]
        except KeyError:
            allowed = [strategy.name.lower() for strategy in MergeStrategies]
            raise ValueError(
                f"Merging strategy {name} not supported. The accepted merging "
                f"strategies are {allowed}."
            ) from None
        return getattr(self, MERGING_IMPLEMENTATIONS[strategy])(
            config, env_config, env_path
        )

    @staticmethod
    def _destructive_merge(
        config: dict[str, Any], env_config: dict[str, Any], env_path: str
    ) -> dict[str, Any]:
        if common := config.keys() & env_config.keys():
            _logger.debug(
                "Config from path '%s' will override the following "
                "existing top-level config keys: %s",
                env_path,
                ", ".join(sorted(common)),
            )
        return {**config, **env_config}

    @staticmethod
    def _soft_merge(
        config: dict[str, Any], env_config: dict[str, Any], env_path: str | None = None
    ) -> Any:
        if is_plain(config) and is_plain(env_config):
            return overlaid(config, env_config)
        return OmegaConf.to_container(OmegaConf.unsafe_merge(config, env_config))

    def _get_globals_value(self, variable: str, default_value: Any = _MISSING) -> Any:
        if variable.startswith("_"):
            raise InterpolationResolutionError(
                "Keys starting with '_' are not supported for globals."
            )
        scope = current_scope()
        if scope is not None:
            scope.touched |= self._globals_touched
        value = self._globals_lookup.find(variable, default_value)
        if value is _MISSING:
            raise InterpolationResolutionError(
                f"Globals key '{variable}' not found and no default value provided."
            )
        return value

    def _get_runtime_value(self, variable: str, default_value: Any = _MISSING) -> Any:
        value = self._runtime_params_lookup.find(variable, _MISSING)
        if value is not _MISSING:
            scope = current_scope()
            if scope is not None:
                scope.took_runtime_param = True
            return value
        if default_value is _MISSING:
            raise InterpolationResolutionError(
                f"Runtime parameter '{variable}' not found and no default value"
                " provided."
            )
        return default_value

    @staticmethod
    def _register_new_resolvers(resolvers: dict[str, Callable[..., Any]]) -> None:
        # For kedro-boot, which calls this when the context has been created.
        register_for_all(resolvers)

    @staticmethod
    def _initialise_filesystem_and_protocol(conf_source: str) -> tuple[Any, str]:
        return config_files.open_source(str(conf_source))

    def _is_valid_config_path(self, path: Path) -> bool:
        return bool(
            self._fs.isfile(path.as_posix())
        ) and config_files.has_config_suffix(path)

    def _is_hidden(self, path_str: str) -> bool:
        path = Path(path_str)
        if self._protocol == "file":
            path = path.resolve()
        root = Path(self.conf_source).resolve().as_posix()
        inside = path.as_posix()
        if inside.startswith(root):
            inside = inside.replace(root, "")
        return any(part.startswith(".") for part in inside.split(self._fs.sep))

    def _check_duplicates(self, key: str, files: dict[Path, Any]) -> None:
        if key == "parameters":
            keys = {
                file: config_files.leaf_keys(plain(config, resolve=False))
                for file, config in files.items()
            }
        else:
            keys = {file: set(config.keys()) for file, config in files.items()}
        config_files.check_duplicates(keys)
