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
from kedro.runner.heard_hooks import HeardHooks, heard_hooks
from kedro.runner.inherited_connections import leave_inherited_connections
from kedro.runner.run_context import current_run, get_current_run, set_current_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

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
        self.node, self.catalog, self.hook_manager = node, catalog, hook_manager
        self.is_async, self.parallel = is_async, parallel
        self.run_id = run_id
        # Other threads know the run already, other processes have to be told.
        self._run_context = current_run() if parallel else None
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
                f"Async data loading and saving does not work with nodes wrapping "
                f"generator functions. Please make sure you don't use `yield` "
                f"anywhere in node {self.node!s}."
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
        if self._project is not None:
            leave_inherited_connections()
        package_name, logging_config = self._project or (
            project.PACKAGE_NAME,
            project.LOGGING,
        )
        if package_name and package_name != project.PACKAGE_NAME:
            # The runner started the process in another way than is the default.
            Task._bootstrap_subprocess(package_name, logging_config)  # type: ignore[arg-type]
        self.hook_manager = Task._run_node_synchronization(
            package_name=package_name,
            logging_config=logging_config,  # type: ignore[arg-type]
        )
        if self._run_context is None:
            return self._execute(self.hook_manager)
        outer = get_current_run()
        try:
            set_current_run(self._run_context)
            return self._execute(self.hook_manager)
        finally:
            set_current_run(outer)

    def _execute(self, hook_manager: PluginManager) -> Node:
        node, heard = self.node, heard_hooks(hook_manager)
        try:
            if self.is_async:
                with ContextThreadPoolExecutor() as pool:
                    inputs = self._load_in(pool, heard)
                    outputs = self._call(hook_manager, heard, inputs)
                    self._save_in(pool, heard, outputs)
            else:
                inputs = {}
                # Before Python 3.12, a comprehension would be a call of its own.
                for name in node.inputs:
                    inputs[name] = self._load(heard, name)
                outputs = self._call(hook_manager, heard, inputs)
                self._save(heard, outputs)
            for name in node.confirms:
                self.catalog.confirm(name)
        except Exception as error:
            # As `add_note` does, which Python 3.10 does not have.
            notes = vars(error).setdefault("__notes__", [])
            notes.append(f"In node '{node.name}' of run '{self.run_id}'.")
            raise
        return node

    def _load_in(self, pool: Executor, heard: HeardHooks) -> dict[str, Any]:
        loads = {n: pool.submit(self._load, heard, n) for n in self.node.inputs}
        return {name: future.result() for name, future in loads.items()}

    def _load(self, heard: HeardHooks, name: str) -> Any:
        if heard.before_dataset_loaded:
            heard.before_dataset_loaded(dataset_name=name, node=self.node)
        data = self.catalog.load(name)
        if heard.after_dataset_loaded:
            heard.after_dataset_loaded(dataset_name=name, data=data, node=self.node)
        return data

    def _call(
        self, hook_manager: PluginManager, heard: HeardHooks, inputs: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the node, with what hooks have to say about its inputs."""
        if heard.before_node_run:
            # A copy, for a hook not to change the inputs in place.
            responses = heard.before_node_run(inputs=inputs.copy(), **self._known())
            inputs.update(_replaced_inputs(responses))
        try:
            outputs: dict[str, Any] = self.node.run(inputs)
        except Exception as error:
            hook = hook_manager.hook
            hook.on_node_error(error=error, inputs=inputs, **self._known())
            raise
        if heard.after_node_run:
            heard.after_node_run(inputs=inputs, outputs=outputs, **self._known())
        return outputs

    def _known(self) -> dict[str, Any]:
        """What hooks are told about a node besides its inputs and outputs."""
        return {
            "node": self.node,
            "catalog": self.catalog,
            "is_async": self.is_async,
            "run_id": self.run_id,
        }

    def _save(self, heard: HeardHooks, outputs: dict[str, Any]) -> None:
        saves: Iterable[tuple[str, Any]] = outputs.items()
        if outputs and _is_generator(self.node.func):
            saves = _in_chunks(outputs)
        for name, data in saves:
            if heard.before_dataset_saved:
                heard.before_dataset_saved(dataset_name=name, data=data, node=self.node)
            self.catalog.save(name, data)
            if heard.after_dataset_saved:
                heard.after_dataset_saved(dataset_name=name, data=data, node=self.node)

    def _save_in(
        self, pool: Executor, heard: HeardHooks, outputs: dict[str, Any]
    ) -> None:
        saves = {}
        for name, data in outputs.items():
            if heard.before_dataset_saved:
                heard.before_dataset_saved(dataset_name=name, data=data, node=self.node)
            saves[pool.submit(self.catalog.save, name, data)] = name
        for future in as_completed(saves):
            future.result()
            if heard.after_dataset_saved:
                name, node = saves[future], self.node
                heard.after_dataset_saved(
                    dataset_name=name, data=outputs[name], node=node
                )

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
        is_new = multiprocessing.get_start_method() in ("spawn", "forkserver")
        if is_new and package_name:
            Task._bootstrap_subprocess(package_name, logging_config)
        manager = _create_hook_manager()
        _register_hooks(manager, settings.HOOKS)
        _register_hooks_entry_points(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
        return manager


def _replaced_inputs(responses: Iterable[Any] | None) -> dict[str, Any]:
    """What the implementations of ``before_node_run`` want a node to be given."""
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


def _in_chunks(outputs: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """Names and data of a generator function, chunk by chunk.

    Only generator functions are taken for streams: a value that happens to be
    iterable is saved as it is (kedro-org/kedro#5412).
    """
    return zip(itertools.cycle(outputs), interleave(*outputs.values()), strict=False)


@lru_cache(maxsize=1024)
def _is_generator(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function)
