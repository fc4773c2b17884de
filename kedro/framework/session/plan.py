"""Which nodes a run executes, and what they need.

A plan is a pure function of the pipelines, the selection and the names of what is
injected. It is made once and looked up from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kedro.io.core import is_parameter
from kedro.pipeline import Pipeline
from kedro.pipeline.transcoding import _strip_transcoding
from kedro.utils import get_close_matches

from .abstract_session import KedroSessionError

if TYPE_CHECKING:
    from kedro.pipeline.node import Node


class Selection(NamedTuple):
    """The pipelines of a run and the filters on their nodes."""

    pipeline_names: tuple[str, ...]
    tags: tuple[str, ...] = ()
    from_nodes: tuple[str, ...] = ()
    to_nodes: tuple[str, ...] = ()
    node_names: tuple[str, ...] = ()
    from_inputs: tuple[str, ...] = ()
    to_outputs: tuple[str, ...] = ()
    node_namespaces: tuple[str, ...] = ()

    def apply(self, pipeline: Pipeline) -> Pipeline:
        """The nodes of ``pipeline`` that are selected.

        Raises:
            ValueError: If there are none, or a name is unknown; suggests others.
        """
        filters: dict[str, Any] = {
            name: value or None
            for name, value in self._asdict().items()
            if name != "pipeline_names"
        }
        try:
            return pipeline.filter(**filters)
        except ValueError as exc:
            hints = self._suggestions(pipeline)
            if not hints:
                raise
            raise ValueError(f"{exc}{hints}") from exc

    def _suggestions(self, pipeline: Pipeline) -> str:
        """What unknown names of the filters may have been meant to be."""
        nodes = {node.name for node in pipeline.nodes}
        datasets = pipeline.datasets()
        known: dict[str, set[str]] = {
            "node_names": nodes,
            "from_nodes": nodes,
            "to_nodes": nodes,
            "from_inputs": datasets,
            "to_outputs": datasets,
            "tags": {tag for node in pipeline.nodes for tag in node.tags},
            "node_namespaces": {node.namespace or "" for node in pipeline.nodes},
        }
        return "".join(
            suggestion(name, names)
            for argument, names in known.items()
            for name in getattr(self, argument)
            if isinstance(name, str) and name not in names
        )


@dataclass(frozen=True)
class Plan:
    """What a run executes.

    Attributes:
        selected: The selected pipeline, as hooks see it where nothing is injected.
        pipeline: What of it is executed.
        inputs: Names of the free inputs of the executed nodes.
        outputs: Names of the selected pipeline's outputs.
        surplus: Outputs of executed nodes that only nodes left out would have read.
        read: Names of the datasets that executed nodes load, and none of them saves,
            be it under another transcoding.
        saved: Names of the datasets that executed nodes save.
        saved_stems: The same without what transcoding adds to them.
        overridden: Names of what executed nodes would save of injected datasets.
    """

    selected: Pipeline
    pipeline: Pipeline
    inputs: frozenset[str]
    outputs: frozenset[str]
    surplus: frozenset[str]
    read: frozenset[str]
    saved: frozenset[str]
    saved_stems: frozenset[str]
    overridden: frozenset[str]


def make_plan(selected: Pipeline, injected: frozenset[str]) -> Plan:
    """Plan a run of ``selected`` with the datasets ``injected`` given from outside.

    Args:
        selected: The selected pipeline.
        injected: Names of the injected datasets.

    Returns:
        The plan.

    Raises:
        KedroSessionError: If a name is not used by the pipeline, is a parameter, or
            leaves another transcoding of the same dataset without its producer.
    """
    _check_injected(selected, injected)
    given = _stems(injected)
    overridden = {
        name for name in selected.all_outputs() if _strip_transcoding(name) in given
    }
    needed = _needed_nodes(selected, injected, overridden)
    pipeline = selected if len(needed) == len(selected.nodes) else Pipeline(needed)
    saved = frozenset(pipeline.all_outputs())
    saved_stems = _stems(saved - overridden)
    return Plan(
        selected=selected,
        pipeline=pipeline,
        inputs=frozenset(pipeline.inputs()),
        outputs=frozenset(selected.outputs()),
        surplus=frozenset(pipeline.outputs() - selected.outputs()),
        read=frozenset(
            name
            for name in pipeline.datasets()
            if _strip_transcoding(name) not in saved_stems
        ),
        saved=saved - overridden,
        saved_stems=frozenset(saved_stems),
        overridden=saved & overridden,
    )


def _check_injected(selected: Pipeline, injected: frozenset[str]) -> None:
    used = selected.datasets()
    for name in sorted(injected):
        if name in used and not is_parameter(name):
            continue
        if is_parameter(name) or f"params:{name}" in used:
            raise KedroSessionError(
                f"'{name}' in `runtime_data` is a parameter. Give parameters in "
                f"`runtime_params`, for example runtime_params={nested(name)}."
            )
        raise KedroSessionError(
            f"'{name}' in `runtime_data` is not used by the selected pipeline."
            + suggestion(name, (ds for ds in used if not is_parameter(ds)))
        )


def nested(name: str) -> str:
    """The dictionary that sets the parameter ``name``, as Python source."""
    source = "..."
    bare = "name" if name == "parameters" else name.removeprefix("params:")
    for key in reversed((bare or "name").split(".")):
        source = f"{{{key!r}: {source}}}"
    return source


def _needed_nodes(
    selected: Pipeline, injected: frozenset[str], overridden: set[str]
) -> list[Node]:
    """Nodes with an output that somebody needs, in the order of the pipeline."""
    if not overridden:
        return list(selected.nodes)
    needed_outputs = _stems(selected.outputs() - overridden)
    dropped = _stems(overridden)
    nodes = []
    for node in reversed(selected.nodes):
        if node.outputs and not needed_outputs & _stems({*node.outputs} - overridden):
            continue
        nodes.append(node)
        read = set(node.inputs) - injected
        _check_transcoding(node, read, dropped)
        needed_outputs |= _stems(read)
    return nodes[::-1]


def _check_transcoding(node: Node, read: set[str], dropped: set[str]) -> None:
    for name in sorted(read):
        if _strip_transcoding(name) in dropped:
            raise KedroSessionError(
                f"Node '{node.name}' reads '{name}', which is another form of a "
                f"dataset in `runtime_data` and would not be produced. Put '{name}' "
                f"into `runtime_data`."
            )


def _stems(names: Iterable[str]) -> set[str]:
    return {_strip_transcoding(name) for name in names}


def suggestion(name: str, known: Iterable[str]) -> str:
    """``' Did you mean ...?'`` with the known names nearest to ``name``, if any.

    Those that are ``name`` in a namespace are the nearest.
    """
    names = sorted(known)
    matches = [other for other in names if other.endswith(f".{name}")][:3]
    matches = matches or get_close_matches(name, names)
    if not matches:
        return ""
    return f" Did you mean {' or '.join(repr(match) for match in matches)}?"
