"""``ThreadRunner`` runs the nodes of a pipeline in threads."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from kedro.runner.context_executor import ContextThreadPoolExecutor
from kedro.runner.runner import AbstractRunner

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from pluggy import PluginManager

    from kedro.io import CatalogProtocol
    from kedro.pipeline import Pipeline


class ThreadRunner(AbstractRunner):
    """Runs nodes that do not depend on each other in threads of their own.

    Args:
        max_workers: How many nodes run at the same time at the most; as many as can
            where not given.
        is_async: Not supported; taken for ``False`` with a warning.

    Raises:
        ValueError: If ``max_workers`` is not positive.

    Example:
        ```python
        session.run(runner=ThreadRunner(max_workers=4))
        ```
    """

    def __init__(self, max_workers: int | None = None, is_async: bool = False) -> None:
        if is_async:
            warnings.warn(
                "'ThreadRunner' doesn't support loading and saving the "
                "node inputs and outputs asynchronously with threads. "
                "Setting 'is_async' to False.",
                stacklevel=2,
            )
        super().__init__(is_async=False)
        self._max_workers = self._validate_max_workers(max_workers)

    def _get_required_workers_count(self, pipeline: Pipeline) -> int:
        # Each layer but one has to wait for another: so many nodes can never run at
        # the same time as the rest.
        useful = len(pipeline.nodes) - len(pipeline.grouped_nodes) + 1
        return min(useful, self._max_workers) if self._max_workers else useful

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        super()._run(pipeline, catalog, hook_manager, run_id)

    def _get_executor(self, max_workers: int) -> Executor:
        return ContextThreadPoolExecutor(max_workers=max_workers)
