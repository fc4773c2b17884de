"""``KedroSession``: a project that runs its pipelines, any number of times."""

from __future__ import annotations

import getpass
import logging
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from kedro import __version__ as kedro_version
from kedro.config import AbstractConfigLoader, MissingConfigException, OmegaConfigLoader
from kedro.framework import project as kedro_project
from kedro.framework.context.context import entries_of
from kedro.framework.hooks import _create_hook_manager, specs
from kedro.framework.hooks.manager import _register_hooks, _register_hooks_entry_points
from kedro.framework.hooks.markers import HOOK_NAMESPACE
from kedro.framework.project import plain_settings as settings
from kedro.framework.project import validate_settings
from kedro.io.core import generate_timestamp
from kedro.runner import AbstractRunner
from kedro.runner.run_context import RunContext, get_current_run, set_current_run
from kedro.utils import find_kedro_project

from .abstract_session import AbstractSession, KedroSessionError
from .artifacts import CacheInfo
from .notebook_names import follow_reload
from .project_state import ProjectState
from .run_id import generate_run_id
from .run_request import RunRequest, checked_params, merged_params
from .run_result import RunResult
from .tables import session_table

if TYPE_CHECKING:
    import click
    from pluggy import PluginManager

    from kedro.framework.context import KedroContext
    from kedro.framework.session.store import BaseSessionStore
    from kedro.io import CatalogProtocol
    from kedro.io.core import TCopyMode
    from kedro.pipeline import Pipeline

    from .plan import Plan

_HOOK_SPECS = (
    specs.KedroContextSpecs,
    specs.DataCatalogSpecs,
    specs.PipelineSpecs,
    specs.NodeSpecs,
    specs.DatasetSpecs,
)

_logger = logging.getLogger(__name__)


class KedroSession(AbstractSession):
    """A Kedro project that is open for runs.

    A session is created once and runs pipelines as often as wanted, one after the
    other, nested or at the same time. Configuration, catalog and pipelines are
    loaded at the first run and kept; each run has its own data, parameters and
    ``run_id`` (kedro-org/kedro#2169, #3540).

    Outside of a project's own commands, ``bootstrap_project`` has to be called
    first.

    Example:
        ```python
        from pathlib import Path

        from kedro.framework.session import KedroSession
        from kedro.framework.startup import bootstrap_project

        bootstrap_project(Path("my-project"))
        with KedroSession.create("my-project") as session:
            session.preload(["model"])
            for requests in batches:
                result = session.run(
                    pipeline_names=["serve"], runtime_data={"requests": requests}
                )
                print(result.run_id, result.outputs["predictions"])
        ```
    """

    def __init__(
        self,
        session_id: str,
        package_name: str | None = None,
        project_path: Path | str | None = None,
        save_on_close: bool = False,
        conf_source: Path | str | None = None,
        *,
        hook_manager: PluginManager | None = None,
    ) -> None:
        self._project_path = Path(
            project_path or find_kedro_project(Path.cwd()) or Path.cwd()
        ).resolve()
        self._session_id = session_id
        self.save_on_close = save_on_close
        self._package_name = package_name or kedro_project.PACKAGE_NAME
        self._store = self._init_store()
        self._hook_manager = hook_manager or _project_hook_manager()
        _add_missing_specs(self._hook_manager)
        self._conf_source = str(
            conf_source or self._project_path / settings.CONF_SOURCE
        )
        # Another project may be configured in this process while the session lives.
        self._context_class = settings.CONTEXT_CLASS
        self._config_loader_class = settings.CONFIG_LOADER_CLASS
        self._config_loader_args = dict(settings.CONFIG_LOADER_ARGS)
        self._catalog_class = settings.DATA_CATALOG_CLASS
        self._state = ProjectState(self._package_name)
        self._reloading = Lock()
        self._active_run_ids: dict[str, RunRequest] = {}
        self._closed = False
        self._is_stored = False

    @classmethod
    def create(
        cls,
        project_path: Path | str | None = None,
        save_on_close: bool = True,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        conf_source: str | None = None,
        *,
        session_id: str | None = None,
        hook_manager: PluginManager | None = None,
    ) -> KedroSession:
        """Open a project.

        Args:
            project_path: The project's root folder; found from the working folder
                upwards where not given.
            save_on_close: Whether the session's store is saved when it is closed.
            env: Run environment.
            runtime_params: Parameters for all runs, over the configured ones.
            conf_source: Folder, archive or URL of the configuration.
            session_id: Identifier of the session; a timestamp where not given.
            hook_manager: Calls hooks in place of those of the project and its
                plugins.

        Returns:
            The session.

        Raises:
            KedroSessionError: If an argument is of the wrong type.
            ValueError: If the project is not configured.
        """
        # Plugins pass on what was not given in several ways, as an empty text too.
        runtime_params = checked_params(runtime_params or None)
        if session_id is not None and not (isinstance(session_id, str) and session_id):
            raise KedroSessionError("`session_id` must be a non-empty string.")
        if hook_manager is not None:
            _check_hook_manager(hook_manager)
        validate_settings()
        own_hooks: dict[str, Any] = {}
        if hook_manager is not None:
            # Not passed on otherwise: subclasses may have the constructor of 1.7.0.
            own_hooks["hook_manager"] = hook_manager
        session = cls(
            project_path=project_path,
            session_id=session_id or generate_timestamp(),
            save_on_close=save_on_close,
            conf_source=conf_source,
            **own_hooks,
        )
        session._describe_itself(env or os.getenv("KEDRO_ENV"), runtime_params)
        return session

    def __exit__(self, exc_type: Any, exc_value: Any, tb_: Any) -> None:
        try:
            if exc_type:
                self._log_exception(exc_type, exc_value, tb_)
        finally:
            self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return (
            f"{type(self).__name__}({self._project_path.name}, "
            f"session_id={self.session_id!r}, {state})"
        )

    def _repr_html_(self) -> str:
        return session_table(self)

    @property
    def session_id(self) -> str:
        """Identifier of the session."""
        return self._session_id

    @property
    def project_path(self) -> Path:
        """The project's root folder."""
        return self._project_path

    @property
    def package_name(self) -> str | None:
        """Name of the project's package."""
        return self._package_name

    @property
    def env(self) -> str | None:
        """Run environment; the configuration loader's default where ``None``."""
        return self._store.get("env")

    @property
    def conf_source(self) -> str:
        """Folder, archive or URL of the configuration."""
        return self._conf_source

    @property
    def runtime_params(self) -> dict[str, Any]:
        """A copy of the parameters that all runs get."""
        return deepcopy(self._store.get("runtime_params") or {})

    @property
    def config_loader(self) -> AbstractConfigLoader:
        """Loads the project's configuration."""
        return self.context.config_loader

    @property
    def context(self) -> KedroContext:
        """The project's context; made at first use and then kept."""
        return self.load_context()

    @property
    def catalog(self) -> CatalogProtocol[Any, Any]:
        """The project's catalog; made at first use and then kept.

        Datasets that are added to it are there for later runs.
        """
        state = self._state
        return state.catalog(self._context_of(state))

    @property
    def pipelines(self) -> dict[str, Pipeline]:
        """All registered pipelines by name."""
        return self._state.pipelines.all()

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters as nodes ask for them, such as ``params:model.alpha``."""
        return self.context.parameters

    @property
    def hook_manager(self) -> PluginManager:
        """Calls the hooks of this session."""
        return self._hook_manager

    @property
    def store(self) -> dict[str, Any]:
        """A copy of what the session keeps on record about itself."""
        return dict(self._store)

    @property
    def closed(self) -> bool:
        """Whether the session was closed."""
        return self._closed

    def load_context(self) -> KedroContext:
        """The project's context; the same object each time until ``reload``."""
        return self._context_of(self._state)

    def run(
        self,
        pipeline_name: str | None = None,
        pipeline_names: list[str] | None = None,
        tags: Iterable[str] | None = None,
        runner: AbstractRunner | None = None,
        node_names: Iterable[str] | None = None,
        from_nodes: Iterable[str] | None = None,
        to_nodes: Iterable[str] | None = None,
        from_inputs: Iterable[str] | None = None,
        to_outputs: Iterable[str] | None = None,
        load_versions: dict[str, str] | None = None,
        namespaces: Iterable[str] | None = None,
        only_missing_outputs: bool = False,
        *,
        runtime_params: dict[str, Any] | None = None,
        runtime_data: dict[str, Any] | None = None,
        run_id: str | None = None,
    ) -> RunResult:
        """Run pipelines.

        Args:
            pipeline_name: Deprecated; use ``pipeline_names``.
            pipeline_names: Registered pipelines to run; ``__default__`` if none.
            tags: Run only nodes that have one of these tags.
            runner: Runs the nodes; a ``SequentialRunner`` where not given.
            node_names: Run only these nodes.
            from_nodes: Run only these nodes and those that depend on them.
            to_nodes: Run only these nodes and those that they depend on.
            from_inputs: Run only nodes that depend on these datasets.
            to_outputs: Run only nodes that these datasets depend on.
            load_versions: Versions to load, by dataset name.
            namespaces: Run only nodes in these namespaces.
            only_missing_outputs: Leave out nodes whose persisted outputs all exist.
            runtime_params: Parameters of this run, merged key by key over those of
                the session and the configured ones.
            runtime_data: Data, or datasets, by dataset name. They take the place of
                what the catalog has; nodes that only produce them do not run.
            run_id: Identifier of the run and version under which it saves versioned
                datasets; generated where not given.

        Returns:
            Output datasets by name, with their data and facts about the run.

        Raises:
            KedroSessionError: If the session is closed, or an argument is wrong;
                nothing has run then.
            ValueError: If a pipeline is not registered, or no node is selected.
            Exception: What a node raised, after the hook ``on_pipeline_error``.

        Example:
            ```python
            result = session.run(
                pipeline_names=["serve"],
                runtime_data={"requests": requests},
                runtime_params={"customer_id": 7},
                run_id="order-42",
            )
            result.outputs["report"]
            ```
        """
        if pipeline_name:
            if not isinstance(pipeline_name, str):
                raise KedroSessionError(
                    f"`pipeline_name` must be a string: write "
                    f"pipeline_names={pipeline_name!r}."
                )
            self._logger.warning(
                "`pipeline_name` is deprecated and will be removed in a future "
                "release. Please use `pipeline_names` instead."
            )
            pipeline_names = [pipeline_name]
        return self._run(
            # By position: so many keywords take longer than what follows.
            RunRequest(
                pipeline_names,
                tags,
                runner,
                node_names,
                from_nodes,
                to_nodes,
                from_inputs,
                to_outputs,
                load_versions,
                namespaces,
                only_missing_outputs,
                runtime_params,
                runtime_data,
                run_id,
            )
        )

    def preload(
        self,
        artifacts: Iterable[str] | None = None,
        *,
        pipeline_names: list[str] | None = None,
        copy_mode: TCopyMode = "assign",
    ) -> None:
        """Load datasets once, for later runs to read them from memory.

        Preloading an artifact again puts the new object in its place; runs in
        flight keep the one that they began with.

        Args:
            artifacts: Names of the datasets. Where not given, all persisted free
                inputs of the pipelines that do not depend on runtime parameters.
            pipeline_names: Pipelines to take the names from; ``__default__`` if none.
            copy_mode: What a run gets: the object itself (``"assign"``), or its own
                copy (``"copy"`` or ``"deepcopy"``).

        Raises:
            KedroSessionError: If the session is closed, or a name is unknown.
            DatasetError: If one cannot be loaded; the cache is as it was then.

        Example:
            ```python
            session.preload(["model", "scaler"])
            ```
        """
        self._check_open()
        state = self._state
        context = self._context_of(state)
        state.preload(context, artifacts, pipeline_names, copy_mode)
        if self._closed:
            # That happened while the artifacts were loaded.
            state.artifacts.release()

    def release_cache(self, artifacts: Iterable[str] | None = None) -> None:
        """Drop preloaded artifacts.

        Their memory is free as soon as no run in flight holds them.

        Args:
            artifacts: Names of the artifacts; all where not given.

        Raises:
            KedroSessionError: If one is not cached; nothing is dropped then.

        Example:
            ```python
            session.release_cache(["model"])
            ```
        """
        self._state.artifacts.release(artifacts)

    def cache_info(self) -> CacheInfo:
        """The preloaded artifacts: type, load time, and how often they were read."""
        return self._state.artifacts.info()

    def reload(self) -> None:
        """Forget configuration, catalog, pipelines and artifacts.

        The next run sees edited configuration files. Runs in flight go on with what
        they began with. Python modules stay imported.

        Raises:
            KedroSessionError: If the session is closed.
            ParserError: If a configuration file is broken. The session then goes on
                with what it had.
        """
        self._check_open()
        loader = self._get_config_loader()
        if isinstance(loader, OmegaConfigLoader):
            loader.retain_files()
        for key in ("catalog", "parameters", "credentials"):
            try:
                entries_of(loader, key)
            except MissingConfigException as exc:
                self._logger.debug("Nothing configured for '%s': %s", key, exc)
        state = ProjectState(self._package_name)
        state.pipelines.forget()
        state.config_loader = loader
        with self._reloading:
            before = self._state
            before.artifacts.give_way_to(state.artifacts)
            self._state = state
        # A catalog that somebody keeps is to keep no artifact with it.
        before.artifacts.release()
        follow_reload(self, before.context)

    def close(self) -> None:
        """Release the cache and save the store; once, however often it is called.

        If that fails or is interrupted, the session is closed all the same. Call again
        for what has not been done.
        """
        self._closed = True
        self._state.close()
        if self.save_on_close and not self._is_stored:
            self._is_stored = True
            try:
                self._store.save()
            except BaseException:
                self._is_stored = False
                raise

    @property
    def _logger(self) -> logging.Logger:
        return _logger

    def _run(self, request: RunRequest) -> RunResult:
        self._check_open()
        start = time.perf_counter()
        run_id = generate_run_id() if request.run_id is None else request.run_id
        active = self._active_run_ids
        # An interrupt can come after any call: what is undone is done inside of `try`,
        # and undone without a call of Python's before it.
        try:
            if active.setdefault(run_id, request) is not request:
                raise KedroSessionError(
                    f"`run_id` '{run_id}' is in use by another active run of this "
                    "session. Give each run an identifier of its own, or none."
                )
            if _logger.isEnabledFor(logging.INFO):
                self._log_start(run_id)
            state = self._state
            context = state.context or self._context_of(state)
            plan = state.plan(request.selection, frozenset(request.runtime_data or ()))
            runtime_params = request.runtime_params or {}
            if "runtime_params" in self._store:
                runtime_params = merged_params(self.runtime_params, runtime_params)
            run = RunContext(
                run_id=run_id,
                session_id=self._session_id,
                runtime_params=runtime_params,
                pipeline_names=request.selection.pipeline_names,
            )
            outer = get_current_run()
            try:
                set_current_run(run)
                catalog = state.run_catalog(context, plan, request, run)
                datasets = self._run_nodes(state, plan, catalog, request, run)
                if not isinstance(datasets, dict):
                    # A runner of a plugin, such as kedro-boot, gives what it likes.
                    return datasets
                outputs = state.outputs(plan, catalog, datasets, request)
            finally:
                set_current_run(outer)
            return RunResult(
                outputs,
                run_id=run_id,
                session_id=self._session_id,
                duration=time.perf_counter() - start,
            )
        finally:
            if run_id in active and active[run_id] is request:
                del active[run_id]

    def _run_nodes(
        self,
        state: ProjectState,
        plan: Plan,
        catalog: CatalogProtocol[Any, Any],
        request: RunRequest,
        run: RunContext,
    ) -> dict[str, Any]:
        hook = self._hook_manager.hook
        record: dict[str, Any] = {}

        def tell(event: Any, **facts: Any) -> None:
            if not record:
                record.update(self._record(request, run))
            event(run_params=record, pipeline=plan.pipeline, catalog=catalog, **facts)

        if hook.before_pipeline_run.get_hookimpls():
            tell(hook.before_pipeline_run)
        try:
            try:
                datasets = request.actual_runner().run(
                    plan.pipeline,
                    catalog,
                    self._hook_manager,
                    run_id=run.run_id,
                    only_missing_outputs=request.only_missing_outputs,
                )
            finally:
                state.notice_saves(plan, catalog)
        except Exception as error:
            tell(hook.on_pipeline_error, error=error)
            raise
        if hook.after_pipeline_run.get_hookimpls():
            tell(hook.after_pipeline_run, run_result=datasets)
        return datasets

    def _record(self, request: RunRequest, run: RunContext) -> dict[str, Any]:
        return {
            "run_id": run.run_id,
            "session_id": run.session_id,
            "project_path": self._project_path.as_posix(),
            "env": self.env,
            "kedro_version": kedro_version,
            "runtime_params": run.runtime_params,
            **request.record(),
        }

    def _log_start(self, run_id: str) -> None:
        project_name = self._package_name or self._project_path.name
        self._logger.info("Kedro project %s", project_name)
        self._logger.info("Session ID: %s", self.session_id)
        self._logger.info("Run ID: %s", run_id)

    def _check_open(self) -> None:
        if self._closed:
            raise KedroSessionError(
                f"The session '{self.session_id}' is closed. Create a new one with "
                f"`{type(self).__name__}.create()`."
            )

    def _context_of(self, state: ProjectState) -> KedroContext:
        if state.context is None:
            with state.building:
                if state.context is None:
                    state.context = self._create_context(state)
        return state.context

    def _create_context(self, state: ProjectState) -> KedroContext:
        loader = state.config_loader
        if loader is None:
            loader = self._get_config_loader()
        if isinstance(loader, OmegaConfigLoader):
            loader.retain_files()
        context: KedroContext = self._context_class(
            package_name=self._package_name,
            project_path=self._project_path,
            config_loader=loader,
            env=self.env,
            runtime_params=self._store.get("runtime_params"),
            hook_manager=self._hook_manager,
        )
        context.attach(
            pipelines=state.pipelines,
            catalog_class=self._catalog_class,
            make_loader=self._remake_loader(loader),
        )
        self._hook_manager.hook.after_context_created(context=context)
        return context

    def _get_config_loader(self) -> AbstractConfigLoader:
        return self._make_config_loader(self._store.get("runtime_params"))

    def _make_config_loader(
        self, runtime_params: dict[str, Any] | None
    ) -> AbstractConfigLoader:
        return self._config_loader_class(  # type: ignore[no-any-return]
            conf_source=self._conf_source,
            env=self.env,
            runtime_params=runtime_params,
            **self._config_loader_args,
        )

    def _remake_loader(self, loader: AbstractConfigLoader) -> Any:
        """Makes loaders like ``loader``, with what was set on it since."""
        original = dict(loader.data)

        def remake(runtime_params: dict[str, Any]) -> AbstractConfigLoader:
            other = self._make_config_loader(runtime_params)
            for key, value in loader.data.items():
                if original.get(key) is not value:
                    other[key] = value
            return other

        return remake

    def _init_store(self) -> BaseSessionStore:
        store_class = settings.SESSION_STORE_CLASS
        path = f"{store_class.__module__}.{store_class.__qualname__}"
        # Dynaconf's own objects can recurse without end when they are copied.
        args = deepcopy(dict(settings.SESSION_STORE_ARGS))
        args.setdefault("path", (self._project_path / "sessions").as_posix())
        args["session_id"] = self.session_id
        try:
            return store_class(**args)  # type: ignore[no-any-return]
        except TypeError as exc:
            raise ValueError(
                f"\n{exc}.\nStore config must only contain arguments valid "
                f"for the constructor of '{path}'."
            ) from exc
        except Exception as exc:
            raise ValueError(
                f"\n{exc}.\nFailed to instantiate session store of type '{path}'."
            ) from exc

    def _describe_itself(
        self, env: str | None, runtime_params: dict[str, Any] | None
    ) -> None:
        facts: dict[str, Any] = {
            "project_path": self._project_path,
            "session_id": self.session_id,
        }
        command = _current_command()
        if command:
            facts["cli"] = _jsonify_cli_context(command)
        if env:
            facts["env"] = env
        if runtime_params:
            facts["runtime_params"] = runtime_params
        try:
            facts["username"] = getpass.getuser()
        except Exception as exc:
            self._logger.debug("Unable to get username. Full exception: %s", exc)
        self._store.update(facts)
        self._store.find_later(["git"], partial(_describe_git, self._project_path))

    def _log_exception(self, exc_type: Any, exc_value: Any, exc_tb: Any) -> None:
        name = exc_type.__qualname__
        if exc_type.__module__ != "builtins":
            name = f"{exc_type.__module__}.{name}"
        self._store["exception"] = {
            "type": name,
            "value": str(exc_value),
            "traceback": traceback.format_tb(exc_tb),
        }


def _project_hook_manager() -> PluginManager:
    manager = _create_hook_manager()
    _register_hooks(manager, settings.HOOKS)
    _register_hooks_entry_points(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
    return manager


def _check_hook_manager(manager: object) -> None:
    namespace = getattr(manager, "project_name", HOOK_NAMESPACE)
    if not hasattr(manager, "hook"):
        given = type(manager).__name__
    elif isinstance(namespace, str) and namespace != HOOK_NAMESPACE:
        given = f"PluginManager({namespace!r})"
    else:
        return
    raise KedroSessionError(
        f"`hook_manager` must be a `PluginManager({HOOK_NAMESPACE!r})` of pluggy, not "
        f"{given}."
    )


def _add_missing_specs(manager: PluginManager) -> None:
    """Have a manager know Kedro's hooks, for them to be called without any effect."""
    for cls in _HOOK_SPECS:
        if any(not hasattr(manager.hook, name) for name in vars(cls) if name[0] != "_"):
            manager.add_hookspecs(cls)


def _describe_git(project_path: Path) -> dict[str, dict[str, Any]]:
    def git(*arguments: str) -> str:
        output = subprocess.check_output(
            ["git", *arguments], cwd=project_path, stderr=subprocess.STDOUT
        )
        return output.decode().strip()

    try:
        commit = git("rev-parse", "--short", "HEAD")
        return {"git": {"commit_sha": commit, "dirty": bool(git("status", "--short"))}}
    except Exception:
        logger = logging.getLogger(__name__)
        logger.debug("Unable to git describe %s", project_path)
        logger.debug(traceback.format_exc())
        return {}


def _current_command() -> click.core.Context | None:
    # Who runs a command has imported it.
    globals_of_click = sys.modules.get("click.globals")
    if globals_of_click is None:
        return None
    return globals_of_click.get_current_context(silent=True)  # type: ignore[no-any-return]


def _jsonify_cli_context(ctx: click.core.Context) -> dict[str, Any]:
    return {
        "args": ctx.args,
        "params": ctx.params,
        "command_name": ctx.command.name,
        "command_path": " ".join(["kedro", *sys.argv[1:]]),
    }
