"""What runners have to know of a pipeline, found out once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

_ATTRIBUTE = "_facts_for_runners"


@dataclass(frozen=True)
class PipelineFacts:
    """Pure functions of a pipeline that every run of it needs.

    Attributes:
        nodes: Nodes in the order in which they can run one after the other.
        datasets: Names of all datasets.
        inputs: Names of the free inputs.
        outputs: Names of the final outputs, in the order in which nodes save them; the
            keys of a dictionary, which are found at once and keep their order.
        load_counts: How often each dataset is loaded.
    """

    nodes: tuple[Node, ...]
    datasets: frozenset[str]
    inputs: frozenset[str]
    outputs: dict[str, None]
    load_counts: dict[str, int]


def facts_of(pipeline: Pipeline) -> PipelineFacts:
    """The facts about a pipeline; computed at the first call and kept with it.

    Args:
        pipeline: A pipeline; pipelines do not change.
    """
    facts: PipelineFacts | None = pipeline.__dict__.get(_ATTRIBUTE)
    if facts is None:
        nodes = tuple(pipeline.nodes)
        outputs = pipeline.outputs()
        saved = chain.from_iterable(node.outputs for node in nodes)
        facts = PipelineFacts(
            nodes=nodes,
            datasets=frozenset(pipeline.datasets()),
            inputs=frozenset(pipeline.inputs()),
            outputs=dict.fromkeys(name for name in saved if name in outputs),
            load_counts=dict(
                Counter(chain.from_iterable(node.inputs for node in nodes))
            ),
        )
        pipeline.__dict__[_ATTRIBUTE] = facts
    return facts
