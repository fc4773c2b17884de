"""Configuration from YAML and JSON files, resolved by OmegaConf."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, KeysView, Mapping
from enum import Enum, auto
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationResolutionError, UnsupportedInterpolationType
from omegaconf.resolvers import oc

from kedro.config import config_files, resolver_scope
from kedro.config.abstract_config import AbstractConfigLoader, MissingConfigException
from kedro.config.config_entries import (
    ConfigEntries,
    EntryCache,
    OmegaConfigEntries,
    plain,
)
from kedro.config.config_files import RawConfig
from kedro.config.resolver_scope import ENVIRONMENT_RESOLVER, ResolverScope
from kedro.config.type_guard import check_types
from kedro.utils import _parse_filepath

_logger = logging.getLogger(__name__)

_MISSING = object()


class MergeStrategies(Enum):
    """How the run environment's configuration is laid over the base one's."""

    SOFT = auto()
    DESTRUCTIVE = auto()


MERGING_IMPLEMENTATIONS = {
    strategy: f"_{strategy.name.lower()}_merge" for strategy in MergeStrategies
}


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
        self._resolvers = self._bind_resolvers(custom_resolvers or {})
        self._globals_oc: DictConfig | None = None
        self._runtime_params_oc: DictConfig | None = None
        self._globals_vary = False
        self._retained: dict[str, RawConfig] | None = None
        self._static_entries = EntryCache()
        self._derived_entries = EntryCache()
        self._load_globals()

    def __setitem__(self, key: str, value: Any) -> None:
        """Use ``value`` for the configuration type ``key`` instead of its files."""
        if key == "globals":
            self._globals = value
            self._globals_oc = None
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
        if key in self:
            return super().__getitem__(key)  # type: ignore[no-any-return]
        if key not in self.config_patterns:
            raise KeyError(
                f"No config patterns were found for '{key}' in your config loader"
            )
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
        runtime_params = runtime_params or {}
        loader = copy.copy(self)
        if runtime_params != self.runtime_params:
            loader.runtime_params = runtime_params
            loader._runtime_params_oc = None
            loader._derived_entries = EntryCache()
        loader._resolvers = loader._bind_resolvers(self._custom_resolvers or {})
        if self._globals_vary:
            loader._load_globals()
        return loader

    def retain_files(self) -> None:
        """Read and parse each file once from now on, instead of at each access."""
        if self._retained is None:
            self._retained = {}

    def raw(self, key: str) -> RawConfig:
        """The parsed files of one configuration type.

        Args:
            key: Configuration type, such as ``"catalog"``.

        Returns:
            What was parsed; shared where the loader retains files.
        """
        if self._retained is None:
            return self._read(key)
        if key not in self._retained:
            self._retained[key] = self._read(key)
        return self._retained[key]

    def scope(self, key: str, *, environment: bool = False) -> ResolverScope:
        """The resolvers that hold while configuration of type ``key`` is resolved.

        Args:
            key: Configuration type, such as ``"catalog"``.
            environment: Whether environment variables may be read although the
                project did not opt in.

        Returns:
            A new scope.
        """
        resolver_scope.register(
            [ENVIRONMENT_RESOLVER, "globals", "runtime_params", *self._resolvers]
        )
        resolvers = self._resolvers
        if key == "globals":
            resolvers = {
                name: resolver
                for name, resolver in resolvers.items()
                if name != "runtime_params"
            }
        if environment and ENVIRONMENT_RESOLVER not in resolvers:
            resolvers = {
                **resolvers,
                ENVIRONMENT_RESOLVER: resolver_scope.accept_node_arguments(oc.env),
            }
        return ResolverScope(resolvers)

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
        files = self._read_folder(conf_path, patterns, key)
        processed_files.update(files)
        return self._merge_and_resolve(key, files, bool(read_environment_variables))

    def _load_globals(self) -> None:
        self._globals_oc = None
        scope = self.scope("globals")
        try:
            with resolver_scope.active(scope):
                self._globals = self["globals"]
        except MissingConfigException:
            self._globals = {}
        self._globals_vary = bool(scope.touched)

    def _bind_resolvers(
        self, custom_resolvers: Mapping[str, Callable[..., Any]]
    ) -> dict[str, Callable[..., Any]]:
        bound = {
            name: resolver_scope.accept_node_arguments(resolver)
            for name, resolver in custom_resolvers.items()
        }
        for name, resolver in (
            ("globals", self._get_globals_value),
            ("runtime_params", self._get_runtime_value),
        ):
            bound[name] = resolver_scope.accept_node_arguments(resolver)
        return bound

    def _read(self, key: str) -> RawConfig:
        patterns = self.config_patterns[key]
        run_env = self.env or self.default_run_env
        base_path = self._get_conf_env_path(self.base_env)
        env_path = self._get_conf_env_path(run_env)
        base = self._read_folder(base_path, patterns, key)
        env = {}
        if run_env != self.base_env:
            env = self._read_folder(env_path, patterns, key)
        return RawConfig(base, env, base_path, env_path)

    def _read_folder(
        self, folder: str, patterns: Iterable[str], key: str
    ) -> dict[Path, DictConfig]:
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
        return files

    def _get_conf_env_path(self, env: str) -> str:
        if config_files.is_remote(self._protocol):
            return f"{self._remote_root_path}/{env}"
        if self._protocol == "file":
            return str(Path(self.conf_source) / env)
        return str(Path(self._fs.ls("", detail=False)[-1]) / env)

    def _resolve(self, key: str, raw: RawConfig) -> dict[str, Any]:
        environment = key == "credentials"
        config = self._merge_and_resolve(key, raw.base, environment)
        if (self.env or self.default_run_env) == self.base_env:
            return config
        env_config = self._merge_and_resolve(key, raw.env, environment)
        merged: dict[str, Any] = self._merge_configs(
            config, env_config, key, raw.env_path
        )
        self.check_found(key, raw)
        return merged

    def check_found(self, key: str, raw: RawConfig) -> None:
        """Check that a configuration type has files.

        Raises:
            MissingConfigException: If there are none; says where they were looked
                for.
        """
        same_env = (self.env or self.default_run_env) == self.base_env
        if raw.is_empty and key != "globals" and not same_env:
            raise MissingConfigException(
                f"No files of YAML or JSON format found in {raw.base_path} or "
                f"{raw.env_path} matching the glob pattern(s): "
                f"{[*self.config_patterns[key]]}"
            )

    def _merge_and_resolve(
        self, key: str, files: dict[Path, DictConfig], environment: bool = False
    ) -> dict[str, Any]:
        if not files:
            return {}
        with resolver_scope.active(self._joined_scope(key)):
            merged = self.merge(key, files, environment)
            config: dict[str, Any] = self._to_container(key, merged)
        if key == "parameters":
            return config
        if key == "catalog" and self.restrict_runtime_params_type_selection:
            for name in config:
                check_types(self, merged, name)
        return {name: value for name, value in config.items() if name[:1] != "_"}

    def _joined_scope(self, key: str) -> ResolverScope:
        # A surrounding scope of the same loader is kept, for it to see what is
        # touched.
        surrounding = resolver_scope.current_scope()
        scope = self.scope(key)
        if surrounding is not None and key == "globals":
            scope.touched = surrounding.touched
        return scope

    @staticmethod
    def _to_container(key: str, merged: DictConfig) -> Any:
        try:
            return OmegaConf.to_container(merged, resolve=True)
        except UnsupportedInterpolationType as exc:
            if key == "globals" and "runtime_params" in str(exc):
                raise UnsupportedInterpolationType(
                    "The `runtime_params:` resolver is not supported for globals."
                ) from exc
            raise

    def merge(
        self, key: str, files: dict[Path, DictConfig], environment: bool = False
    ) -> DictConfig:
        """Merge the parsed files of one environment, unresolved.

        Args:
            key: Configuration type; runtime parameters are merged into
                ``parameters``.
            files: Content by file.
            environment: Whether environment variables are read, file by file.

        Returns:
            The merged configuration, which shares nothing with the files.
        """
        parts: list[Any] = copy.deepcopy(list(files.values()))
        if environment:
            scope = self.scope(key, environment=True)
            with resolver_scope.active(scope):
                for part in parts:
                    OmegaConf.resolve(part)
        if key == "parameters":
            parts.append(self.runtime_params)
        return OmegaConf.unsafe_merge(*parts)  # type: ignore[return-value]

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
        return OmegaConf.to_container(OmegaConf.unsafe_merge(config, env_config))

    def _get_globals_value(self, variable: str, default_value: Any = _MISSING) -> Any:
        if variable.startswith("_"):
            raise InterpolationResolutionError(
                "Keys starting with '_' are not supported for globals."
            )
        scope = resolver_scope.current_scope()
        if scope is not None and self._globals_vary:
            scope.touched.add("varying globals")
        if not self._globals_oc:
            self._globals_oc = OmegaConf.create(self._globals)
        value = OmegaConf.select(self._globals_oc, variable, default=default_value)
        if value is _MISSING:
            raise InterpolationResolutionError(
                f"Globals key '{variable}' not found and no default value provided."
            )
        return value

    def _get_runtime_value(self, variable: str, default_value: Any = _MISSING) -> Any:
        if not self._runtime_params_oc:
            self._runtime_params_oc = OmegaConf.create(self.runtime_params)
        value = OmegaConf.select(self._runtime_params_oc, variable, default=_MISSING)
        if value is not _MISSING:
            scope = resolver_scope.current_scope()
            if scope is not None:
                scope.touched.add("runtime_params value")
            return value
        if default_value is _MISSING:
            raise InterpolationResolutionError(
                f"Runtime parameter '{variable}' not found and no default value"
                " provided."
            )
        return default_value

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
