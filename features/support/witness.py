"""What is seen of runs from a hook."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from threading import Barrier, Event
from typing import Any

import pandas as pd

from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

PATIENCE = 60


class Pause:
    """Where a run waits until the scenario lets it go on."""

    def __init__(self) -> None:
        self.reached = Event()
        self.over = Event()

    def __call__(self) -> None:
        self.reached.set()
        if not self.over.wait(PATIENCE):
            raise TimeoutError("The scenario never let the run go on.")


class Witness:
    """A hook that records what runs do, and has them wait where a scenario says so.

    Attributes:
        nodes: Names of the nodes that ran, in order.
        run_ids: The run ids that ``before_pipeline_run`` was told, in order.
        catalogs: How many session catalogs were created.
        waits: What the next runs do before their first node, one for each run.
    """

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.run_ids: list[str] = []
        self.catalogs = 0
        self.waits: list[Callable[[], object]] = []
        self._watched: dict[str, list[weakref.ref[Any]]] = {}

    def overlap(self, count: int) -> None:
        """Have the next runs wait for each other, so that all are under way at once."""
        self.waits += [Barrier(count, timeout=PATIENCE).wait] * count

    def watch(self, kind: str, thing: Any) -> None:
        """Tell from now on whether something is still in memory."""
        watched = self._watched.setdefault(kind, [])
        if all(reference() is not thing for reference in watched):
            watched.append(weakref.ref(thing))

    def seen(self, kind: str) -> int:
        """How many different things of a kind there were."""
        return len(self._watched[kind])

    def alive(self, kind: str) -> int:
        """How many of them are still in memory."""
        gc.collect()
        return sum(reference() is not None for reference in self._watched[kind])

    @hook_impl
    def after_catalog_created(self) -> None:
        self.catalogs += 1

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: Any) -> None:
        self.run_ids.append(run_params["run_id"])
        self.watch("run catalogs", catalog)
        if self.waits:
            self.waits.pop()()

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        if isinstance(data, pd.DataFrame):
            self.watch(dataset_name, data)

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        self.nodes.append(node.name)
