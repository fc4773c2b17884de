"""``Task``: one node, with its inputs loaded and its outputs saved."""

from __future__ import annotations

import inspect
import itertools
import multiprocessing
from concurrent.futures import as_completed
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from more_itertools import interleave

from kedro.framework import project
from kedro.framework.hooks.manager import (
    _create_hook_manager,
    _register_hooks,
    _register_hooks_entry_points,
)
from kedro.framework.project import settings
from kedro.runner.context_executor import ContextThreadPoolExecutor
from kedro.runner.inherited_connections import leave_inherited_connections
from kedro.runner.run_context import current_run, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pluggy import PluginManager

    from kedro.io import CatalogProtocol
    from kedro.pipeline.node import Node


class TaskError(Exception):
    """A task was made with arguments that do not fit together."""


class Task:
    """The execution of one node.

    Args:
        node: The node.
        catalog: Loads its inputs and saves its outputs.
        is_async: Whether it does so in threads.
        hook_manager: Calls the hooks; made anew in another process.
        run_id: Identifier of the run.
        parallel: Whether the task is executed in another process.
    """

    def __init__(
        self,
        node: Node,
        catalog: CatalogProtocol[Any, Any],
        is_async: bool,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
        parallel: bool = False,
    ) -> None:
        self.node = node
        self.catalog = catalog
        self.hook_manager = hook_manager
        self.is_async = is_async
        self.run_id = run_id
        self.parallel = parallel
        self._run_context = current_run()
        self._project: tuple[str | None, dict[str, Any]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A process that is started anew does not know the project.
        travelling = (project.PACKAGE_NAME, dict(project.LOGGING))
        return {**self.__dict__, "_project": travelling}

    def __call__(self) -> Node:
        """Execute the task; for executors."""
        return self.execute()

    def execute(self) -> Node:
        """Load the inputs of the node, run it, and save its outputs.

        Returns:
            The node.

        Raises:
            ValueError: If a generator function is to be run asynchronously.
            TaskError: If there is no hook manager.
            Exception: What loading, running or saving raises.
        """
        if self.is_async and _is_generator(self.node.func):
            raise ValueError(
                f"Async data loading and saving does not work with "
                f"nodes wrapping generator functions. Please make "
                f"sure you don't use `yield` anywhere "
                f"in node {self.node!s}."
            )
        if self.parallel:
            return self._execute_in_other_process()
        if not self.hook_manager:
            raise TaskError(
                "No hook_manager provided. This is only allowed when running a "
                "``Task`` with ``ParallelRunner``."
            )
        return self._execute(self.hook_manager)

    def _execute_in_other_process(self) -> Node:
        leave_inherited_connections()
        package_name, logging_config = self._project or (
            project.PACKAGE_NAME,
            project.LOGGING,
        )
        self.hook_manager = Task._run_node_synchronization(
            package_name=package_name,
            logging_config=logging_config,  # type: ignore[arg-type]
        )
        if self._run_context is None:
            return self._execute(self.hook_manager)
        with running(self._run_context):
            return self._execute(self.hook_manager)

    def _execute(self, hook_manager: PluginManager) -> Node:
        run = self._run_node_async if self.is_async else self._run_node_sequential
        node = run(self.node, self.catalog, hook_manager, self.run_id)
        for name in node.confirms:
            self.catalog.confirm(name)
        return node

    @staticmethod
    def _bootstrap_subprocess(
        package_name: str, logging_config: dict[str, Any] | None = None
    ) -> None:
        from kedro.framework.project import configure_logging, configure_project

        configure_project(package_name)
        if logging_config:
            configure_logging(logging_config)

    @staticmethod
    def _run_node_synchronization(
        package_name: str | None = None, logging_config: dict[str, Any] | None = None
    ) -> PluginManager:
        """Set up a process that was started for the task.

        Args:
            package_name: The project's package.
            logging_config: How to log.

        Returns:
            A hook manager: the one of the session cannot be pickled.
        """
        # A runner may start processes in another way than is the default.
        is_new = multiprocessing.get_start_method() in ("spawn", "forkserver")
        is_new = is_new or package_name != project.PACKAGE_NAME
        if is_new and package_name:
            Task._bootstrap_subprocess(package_name, logging_config)
        manager = _create_hook_manager()
        _register_hooks(manager, settings.HOOKS)
        _register_hooks_entry_points(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
        return manager

    def _run_node_sequential(
        self,
        node: Node,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager,
        run_id: str | None = None,
    ) -> Node:
        inputs = {
            name: self._synchronous_dataset_load(name, node, catalog, hook_manager)
            for name in node.inputs
        }
        inputs.update(
            self._collect_inputs_from_hook(
                node, catalog, inputs, False, hook_manager, run_id=run_id
            )
        )
        outputs = self._call_node_run(
            node, catalog, inputs, False, hook_manager, run_id=run_id
        )
        before_saved = _implemented(hook_manager.hook.before_dataset_saved)
        after_saved = _implemented(hook_manager.hook.after_dataset_saved)
        for name, data in _to_save(node, outputs):
            if before_saved:
                before_saved(dataset_name=name, data=data, node=node)
            catalog.save(name, data)
            if after_saved:
                after_saved(dataset_name=name, data=data, node=node)
        return node

    def _run_node_async(
        self,
        node: Node,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager,
        run_id: str | None = None,
    ) -> Node:
        hook = hook_manager.hook
        with ContextThreadPoolExecutor() as pool:
            loads = {
                name: pool.submit(
                    self._synchronous_dataset_load, name, node, catalog, hook_manager
                )
                for name in node.inputs
            }
            inputs = {name: future.result() for name, future in loads.items()}
            inputs.update(
                self._collect_inputs_from_hook(
                    node, catalog, inputs, True, hook_manager, run_id=run_id
                )
            )
            outputs = self._call_node_run(
                node, catalog, inputs, True, hook_manager, run_id=run_id
            )
            saves = {}
            for name, data in outputs.items():
                hook.before_dataset_saved(dataset_name=name, data=data, node=node)
                saves[pool.submit(catalog.save, name, data)] = name
            for future in as_completed(saves):
                future.result()
                name = saves[future]
                hook.after_dataset_saved(
                    dataset_name=name, data=outputs[name], node=node
                )
        return node

    @staticmethod
    def _synchronous_dataset_load(
        dataset_name: str,
        node: Node,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager,
    ) -> Any:
        before_loaded = _implemented(hook_manager.hook.before_dataset_loaded)
        if before_loaded:
            before_loaded(dataset_name=dataset_name, node=node)
        data = catalog.load(dataset_name)
        after_loaded = _implemented(hook_manager.hook.after_dataset_loaded)
        if after_loaded:
            after_loaded(dataset_name=dataset_name, data=data, node=node)
        return data

    @staticmethod
    def _collect_inputs_from_hook(
        node: Node,
        catalog: CatalogProtocol[Any, Any],
        inputs: dict[str, Any],
        is_async: bool,
        hook_manager: PluginManager,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        before_node_run = _implemented(hook_manager.hook.before_node_run)
        if before_node_run is None:
            return {}
        responses = before_node_run(
            node=node,
            catalog=catalog,
            # A copy, for a hook not to change the inputs in place.
            inputs=inputs.copy(),
            is_async=is_async,
            run_id=run_id,
        )
        replaced: dict[str, Any] = {}
        for response in responses or ():
            if response is not None and not isinstance(response, dict):
                raise TypeError(
                    f"'before_node_run' must return either None or a dictionary "
                    f"mapping dataset names to updated values, got "
                    f"'{type(response).__name__}' instead."
                )
            replaced.update(response or {})
        return replaced

    @staticmethod
    def _call_node_run(
        node: Node,
        catalog: CatalogProtocol[Any, Any],
        inputs: dict[str, Any],
        is_async: bool,
        hook_manager: PluginManager,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        try:
            outputs: dict[str, Any] = node.run(inputs)
        except Exception as error:
            hook_manager.hook.on_node_error(
                error=error,
                node=node,
                catalog=catalog,
                inputs=inputs,
                is_async=is_async,
                run_id=run_id,
            )
            raise
        after_node_run = _implemented(hook_manager.hook.after_node_run)
        if after_node_run:
            after_node_run(
                node=node,
                catalog=catalog,
                inputs=inputs,
                outputs=outputs,
                is_async=is_async,
                run_id=run_id,
            )
        return outputs


def _to_save(node: Node, outputs: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """Names and data in the order of saving; chunk by chunk for generators.

    Only generator functions are taken for streams: a value that happens to be
    iterable is saved as it is (kedro-org/kedro#5412).
    """
    if not outputs or not _is_generator(node.func):
        return outputs.items()
    return zip(itertools.cycle(outputs), interleave(*outputs.values()), strict=False)


@lru_cache(maxsize=1024)
def _is_generator(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function)


def _implemented(caller: Any) -> Callable[..., Any] | None:
    """A hook's caller, or ``None`` if nobody implements the hook."""
    return caller if caller.get_hookimpls() else None
