"""``AbstractRunner``: how the nodes of a pipeline are run."""

from __future__ import annotations

import logging
import os
import sys
from abc import ABC, abstractmethod
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks.manager import _NullPluginManager
from kedro.io import CatalogProtocol
from kedro.io.data_catalog import is_data_catalog
from kedro.pipeline import Pipeline
from kedro.runner.pipeline_facts import facts_of
from kedro.runner.resume import nodes_to_resume_from, nodes_with_missing_outputs
from kedro.runner.task import Task

# A limit of Python's process pools, see CPython's Lib/concurrent/futures/process.py.
_MAX_WINDOWS_WORKERS = 61

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pluggy import PluginManager

    from kedro.pipeline.node import Node

Catalog = CatalogProtocol[Any, Any]


# Each look-up of `logging` takes a lock, and a run asks for every node.
_logger_of = lru_cache(maxsize=64)(logging.getLogger)


class AbstractRunner(ABC):
    """Base class of all runners.

    Args:
        is_async: Whether the inputs and outputs of a node are loaded and saved in
            threads.
    """

    def __init__(self, is_async: bool = False) -> None:
        self._is_async = is_async

    @property
    def _logger(self) -> logging.Logger:
        return _logger_of(self.__module__)

    def run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
        only_missing_outputs: bool = False,
    ) -> dict[str, Any]:
        """Run a pipeline with the datasets of a catalog.

        Before the first node runs, all datasets that the pipeline uses are checked.

        Args:
            pipeline: The pipeline.
            catalog: Loads the inputs and saves the outputs of its nodes.
            hook_manager: Calls the hooks.
            run_id: Identifier of the run.
            only_missing_outputs: Leave out nodes whose persisted outputs exist.

        Returns:
            Datasets of the pipeline's outputs, by name.

        Raises:
            ValueError: If the catalog does not have an input of the pipeline.
            DatasetError: If datasets cannot be used; names all of them.
            Exception: What a node raises.
        """
        if only_missing_outputs:
            # What is asked whether it exists is built: mistakes are to be found before.
            outputs = [name for name in pipeline.all_outputs() if name in catalog]
            self._check_known(outputs, catalog)
            pipeline = self._filter_pipeline_for_missing_outputs(pipeline, catalog)
        self._check_datasets(pipeline, catalog)
        if self._is_async:
            self._logger.info(
                "Asynchronous mode is enabled for loading and saving data."
            )
        start = perf_counter()
        self._run(pipeline, catalog, hook_manager or _NullPluginManager(), run_id)  # type: ignore[arg-type]
        self._logger.info(
            "Pipeline execution completed successfully in %.1f sec.",
            perf_counter() - start,
        )
        return {name: catalog[name] for name in facts_of(pipeline).outputs}

    def _check_datasets(self, pipeline: Pipeline, catalog: Catalog) -> None:
        facts = facts_of(pipeline)
        names, inputs = facts.datasets, facts.inputs
        if is_data_catalog(catalog):
            unknown = catalog.unknown(names)
            _check_inputs(inputs & unknown, catalog)
            catalog.check(names - unknown)
            catalog.register_unknown(unknown)
            return
        unknown = {name for name in names if name not in catalog}
        _check_inputs(inputs & unknown, catalog)
        self._check_known(names - unknown, catalog)
        for name in unknown:
            catalog.get(name, fallback_to_runtime_pattern=True)

    @staticmethod
    def _check_known(names: Iterable[str], catalog: Catalog) -> None:
        if is_data_catalog(catalog):
            catalog.check(names)
            return
        # Of other catalogs it is seen only once a dataset is built whether it will do.
        for name in names:
            catalog.get(name)

    def _filter_pipeline_for_missing_outputs(
        self, pipeline: Pipeline, catalog: Catalog
    ) -> Pipeline:
        names = nodes_with_missing_outputs(pipeline, catalog)
        everything = {node.name for node in pipeline.nodes}
        if not names:
            self._logger.info(
                "Skipping all %d nodes (all persistent outputs exist)", len(everything)
            )
            return Pipeline([])
        skipped = everything - names
        if skipped:
            self._logger.info(
                "Skipping %d nodes with existing outputs: %s",
                len(skipped),
                ", ".join(sorted(skipped)),
            )
        self._logger.info("Running %d out of %d nodes", len(names), len(everything))
        return pipeline.filter(node_names=names) if skipped else pipeline

    @abstractmethod
    def _get_executor(self, max_workers: int) -> Executor | None:
        """The pool that runs nodes, or ``None`` to run them one after the other."""

    @abstractmethod
    def _run(
        self,
        pipeline: Pipeline,
        catalog: Catalog,
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        """Run the nodes of a pipeline whose datasets have been checked.

        Args:
            pipeline: The pipeline.
            catalog: Loads the inputs and saves the outputs of its nodes.
            hook_manager: Calls the hooks.
            run_id: Identifier of the run.
        """
        self._validate_catalog(catalog)
        nodes = facts_of(pipeline).nodes
        self._validate_nodes(nodes)
        self._set_manager_datasets(catalog)
        progress = _Progress(self, pipeline, catalog)
        pool = self._get_executor(self._get_required_workers_count(pipeline))
        try:
            if pool is None:
                for node in nodes:
                    Task(node, catalog, self._is_async, hook_manager, run_id).execute()
                    progress.completed(node)
                return

            with pool as executor:
                parallel = isinstance(executor, ProcessPoolExecutor)

                def task(node: Node) -> Task:
                    return Task(
                        node, catalog, self._is_async, hook_manager, run_id, parallel
                    )

                self._run_in(executor, pipeline, task, progress, run_id)
        except Exception:
            self._suggest_resume_scenario(pipeline, progress.done, catalog)
            raise

    def _run_in(
        self,
        executor: Executor,
        pipeline: Pipeline,
        task: Any,
        progress: _Progress,
        run_id: str | None,
    ) -> None:
        dependencies = pipeline.node_dependencies
        todo = set(dependencies)
        done: set[Node] = set()
        futures: dict[Future[Node], Node] = {}
        try:
            while todo or futures:
                ready = {node for node in todo if dependencies[node] <= done}
                todo -= ready
                for node in ready:
                    futures[executor.submit(task(node))] = node
                if not futures:
                    raise RuntimeError(
                        f"Unable to schedule new tasks although some nodes have not "
                        f"been run: {sorted(node.name for node in todo)}"
                    )
                finished, _ = wait(futures, return_when=FIRST_COMPLETED)
                for future in finished:
                    node = future.result()
                    del futures[future]
                    done.add(node)
                    progress.completed(node)
        except BrokenProcessPool as error:
            raise _lost_worker(futures, run_id) from error
        except KeyboardInterrupt:
            # Nodes that have begun are waited for, those that have not need not begin.
            executor.shutdown(cancel_futures=True)
            raise

    def _suggest_resume_scenario(
        self, pipeline: Pipeline, done_nodes: Iterable[Node], catalog: Catalog
    ) -> None:
        done = set(done_nodes)
        if not done:
            self._logger.warning(
                "No nodes ran. Repeat the previous command to attempt a new run."
            )
            return
        remaining = set(pipeline.nodes) - done
        names = nodes_to_resume_from(pipeline, remaining, catalog)
        self._logger.warning(
            "There are %d nodes that have not run.\n"
            "You can resume the pipeline run from the nearest nodes with "
            "persisted inputs by adding the following "
            'argument to your previous command:\n  --from-nodes "%s"',
            len(remaining),
            ",".join(sorted(names)),
        )

    @staticmethod
    def _release_datasets(
        node: Node, catalog: Catalog, load_counts: dict[str, int], pipeline: Pipeline
    ) -> None:
        """Release what no other node is going to load."""
        facts = facts_of(pipeline)
        for name in node.inputs:
            load_counts[name] -= 1
            if load_counts[name] < 1 and name not in facts.inputs:
                catalog.release(name)
        for name in node.outputs:
            if load_counts.get(name, 0) < 1 and name not in facts.outputs:
                catalog.release(name)

    def _validate_catalog(self, catalog: Catalog) -> None:  # noqa: B027
        """Check that the runner can work with ``catalog``; for subclasses."""

    def _validate_nodes(self, nodes: Iterable[Node]) -> None:  # noqa: B027
        """Check that the runner can work with ``nodes``; for subclasses."""

    def _set_manager_datasets(self, catalog: Catalog) -> None:  # noqa: B027
        """Put data where the runner's workers reach it; for subclasses."""

    def _get_required_workers_count(self, pipeline: Pipeline) -> int:
        return 1

    @classmethod
    def _validate_max_workers(cls, max_workers: int | None) -> int:
        if max_workers is None:
            workers = os.cpu_count() or 1
            on_windows = sys.platform == "win32"
            return min(_MAX_WINDOWS_WORKERS, workers) if on_windows else workers
        if max_workers <= 0:
            raise ValueError("max_workers should be positive")
        return max_workers


def _check_inputs(missing: frozenset[str], catalog: Catalog) -> None:
    if missing:
        raise ValueError(
            f"Pipeline input(s) {set(missing)} not found in the "
            f"{type(catalog).__name__}. Give them in `runtime_data`, or add them "
            f"to the catalog."
        )


def _lost_worker(
    futures: Mapping[Future[Node], Node], run_id: str | None
) -> BrokenProcessPool:
    """What to raise when a process has ended in the middle of its work."""
    lost = sorted(
        node.name
        for future, node in futures.items()
        if not future.done() or isinstance(future.exception(), BrokenProcessPool)
    )
    nodes = ", ".join(map(repr, lost)) or "none"
    return BrokenProcessPool(
        f"A worker process ended abruptly in run '{run_id}'. Nodes that it may have "
        f"been running: {nodes}. A node can have crashed or ended the process, or the "
        f"system can have killed it, as it does when memory runs out."
    )


class _Progress:
    """How far a run has come."""

    def __init__(
        self, runner: AbstractRunner, pipeline: Pipeline, catalog: Catalog
    ) -> None:
        self._runner = runner
        self._pipeline = pipeline
        self._catalog = catalog
        self._logger = runner._logger
        facts = facts_of(pipeline)
        self._total = len(facts.nodes)
        self._load_counts = facts.load_counts.copy()
        self.done: list[Node] = []

    def completed(self, node: Node) -> None:
        """Take note that a node has run, and free what only it needed."""
        self.done.append(node)
        if self._logger.isEnabledFor(logging.INFO):
            self._logger.info("Completed node: %s", node.name)
            done = len(self.done)
            self._logger.info("Completed %d out of %d tasks", done, self._total)
        self._runner._release_datasets(
            node, self._catalog, self._load_counts, self._pipeline
        )
