"""What the parts of a run cost, for a change to show where it costs.

``make parts`` runs these; the times are of this machine, and compare only with
others of the same machine: ``pytest-benchmark compare`` does that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.projects import Size, chain_result, write_chain
from kedro.framework.context.run_configuration import RunConfiguration
from kedro.framework.session import KedroSession
from kedro.framework.session.plan import make_plan
from kedro.framework.session.run_request import RunRequest
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.runner.run_context import RunContext
from kedro.runner.task import Task

NODES = 50
DYNAMIC = """
dynamic:
  type: json.JSONDataset
  filepath: data/${runtime_params:name, model}.json
"""

Benchmark = Callable[..., Any]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KedroSession]:
    project = write_chain(tmp_path_factory.mktemp("chain"), Size(nodes=NODES))
    with (project / "conf/base/catalog.yml").open("a") as catalog:
        catalog.write(DYNAMIC)
    bootstrap_project(project)
    logging.disable(logging.INFO)
    session = KedroSession.create(project, save_on_close=False)
    with session:
        session.preload(["model"])
        session.run(runtime_data={"x": 1}, runtime_params={"p0": 2})
        yield session
    logging.disable(logging.NOTSET)


@pytest.fixture
def make_view(session: KedroSession) -> Callable[[], Any]:
    state, request = session._state, RunRequest(runtime_data={"x": 1})
    plan = state.plan(request.selection, frozenset({"x"}))
    run = RunContext("run", session.session_id, {"p0": 2}, ("__default__",))
    return lambda: state.run_catalog(session.context, plan, request, run)


def test_request(benchmark: Benchmark) -> None:
    arguments: dict[str, Any] = {
        "runtime_data": {"x": 1},
        "runtime_params": {"p0": 2},
        "tags": ["some"],
    }
    request = benchmark(lambda: RunRequest(**arguments))
    assert request.selection.tags == ("some",)


def test_plan_made(benchmark: Benchmark, session: KedroSession) -> None:
    pipeline = session.pipelines["__default__"]
    plan = benchmark(make_plan, pipeline, frozenset({"y25"}))
    assert len(plan.pipeline.nodes) == NODES - 25


def test_plan_looked_up(benchmark: Benchmark, session: KedroSession) -> None:
    selection, plan = RunRequest().selection, session._state.plan
    found = benchmark(lambda: plan(selection, frozenset({"x"})))
    assert len(found.pipeline.nodes) == NODES


def test_parameter_overlaid(benchmark: Benchmark, session: KedroSession) -> None:
    context = session.context

    def overlay() -> Any:
        return RunConfiguration(context, {"p0": 2}, None).parameters()["params:p0"]

    assert benchmark(overlay) == 2


def test_entry_resolved(benchmark: Benchmark, session: KedroSession) -> None:
    context = session.context

    def resolve() -> Any:
        own = RunConfiguration(context, {"name": "x"}, None)
        return own.entries().shared("dynamic")["filepath"]

    assert Path(benchmark(resolve)).name == "x.json"


def test_catalog_view(benchmark: Benchmark, make_view: Callable[[], Any]) -> None:
    view = benchmark(make_view)
    assert isinstance(view, DataCatalog)
    assert view.load("x") == 1


def test_node_step(
    benchmark: Benchmark, session: KedroSession, make_view: Callable[[], Any]
) -> None:
    node = session.pipelines["__default__"].nodes[1]
    view = make_view()
    view["y1"] = 1
    view.get("y2", fallback_to_runtime_pattern=True)
    benchmark(lambda: Task(node, view, False, session.hook_manager, "run").execute())
    assert view.load("y2") == 2


@pytest.mark.parametrize("nodes", [3, NODES])
def test_run(benchmark: Benchmark, session: KedroSession, nodes: int) -> None:
    output = f"y{nodes}"

    def run() -> Any:
        result = session.run(
            runtime_data={"x": 1}, runtime_params={"p0": 2}, to_outputs=[output]
        )
        return result.outputs[output]

    assert benchmark(run) == chain_result(1, nodes, 2)
