"""Which nodes a run can leave out, or has to start from again."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from kedro.io import CatalogProtocol
from kedro.io.data_catalog import is_data_catalog
from kedro.pipeline import Pipeline

if TYPE_CHECKING:
    from kedro.pipeline.node import Node

Catalog = CatalogProtocol[Any, Any]

_logger = logging.getLogger(__name__)


def nodes_to_resume_from(
    pipeline: Pipeline, unfinished: Collection[Node], catalog: Catalog
) -> set[str]:
    """The nodes from which a failed run can be taken up again.

    Args:
        pipeline: What was run.
        unfinished: Nodes that have not been completed.
        catalog: The run's catalog.

    Returns:
        Names for ``from_nodes``: the nearest ones that only need persisted data.
    """
    if not unfinished:
        return set()
    names = {node.name for node in _with_lost_producers(pipeline, unfinished, catalog)}
    return {node.name for node in pipeline.only_nodes(*names).grouped_nodes[0]}


def nodes_with_missing_outputs(pipeline: Pipeline, catalog: Catalog) -> set[str]:
    """The nodes that have to run for all persisted outputs to exist.

    A node has to if it has no outputs, if one of its persisted outputs does not
    exist, or if a node that has to run needs something of it that is not stored.

    Args:
        pipeline: What is to be run.
        catalog: The run's catalog; its datasets are asked whether they exist.

    Returns:
        Names of the nodes.
    """
    produced = pipeline.all_outputs()
    running: set[str] = set()
    wanted: set[str] = set()
    for node in reversed(pipeline.nodes):
        missing = [name for name in node.outputs if _is_missing(name, catalog)]
        lost = [name for name in node.outputs if name in wanted]
        if node.outputs and not missing and not lost:
            continue
        _logger.debug("Node '%s' must run: %s", node.name, missing or lost)
        running.add(node.name)
        needs = produced.intersection(node.inputs)
        wanted.update(name for name in needs if not _is_stored(name, catalog))
    return running


def _with_lost_producers(
    pipeline: Pipeline, unfinished: Collection[Node], catalog: Catalog
) -> set[Node]:
    """Unfinished nodes, the producers of what they need, and all that follow."""
    found = set(unfinished)
    external = Pipeline(unfinished)
    queue = deque(external.only_nodes_with_inputs(*external.inputs()).nodes)
    visited = set(queue)
    while queue:
        node = queue.popleft()
        found.add(node)
        for parent in _producers(pipeline, _lost_inputs(node, catalog)):
            if parent not in visited:
                visited.add(parent)
                queue.append(parent)
    return set(pipeline.from_nodes(*(node.name for node in found)).nodes)


def _producers(pipeline: Pipeline, datasets: Collection[str]) -> Iterable[Node]:
    return pipeline.only_nodes_with_outputs(*datasets).nodes


def _lost_inputs(node: Node, catalog: Catalog) -> set[str]:
    return {
        name
        for name in node.inputs
        if not name.startswith("params:") and _is_ephemeral(name, catalog)
    }


def _is_ephemeral(name: str, catalog: Catalog) -> bool:
    if is_data_catalog(catalog):
        return catalog.is_ephemeral(name)
    dataset = catalog._datasets.get(name)
    return dataset is None or bool(dataset._EPHEMERAL)


def _is_missing(name: str, catalog: Catalog) -> bool:
    """Whether a persisted dataset does not exist."""
    if name not in catalog or getattr(catalog.get(name), "_EPHEMERAL", False):
        return False
    return not catalog.exists(name)


def _is_stored(name: str, catalog: Catalog) -> bool:
    """Whether a persisted dataset exists."""
    if name not in catalog or getattr(catalog.get(name), "_EPHEMERAL", False):
        return False
    return catalog.exists(name)
