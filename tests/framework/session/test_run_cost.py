"""What a warm run does beyond calling its nodes: counted, for clocks wobble."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import omegaconf
import pytest
import yaml

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession
from kedro.pipeline.node import Node

MakeProject = Callable[..., Path]

FILES = {
    "conf/base/catalog.yml": """
        model: {type: "{package}.datasets.RecordedDataset", filepath: data/model.json}
        requests:
          type: "{package}.datasets.RecordedDataset"
          filepath: data/requests.json
    """,
    "conf/base/parameters.yml": """
        factor: 1
        options: {alpha: 0.5, names: [a, b]}
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline


        def predict(requests, model, factor):
            return requests * factor + model["bias"]


        def follow(value):
            return value + 1


        def chain(length):
            inputs = ["requests", "model", "params:factor"]
            nodes = [node(predict, inputs, "value_1", name="node_1")]
            for n in range(1, length):
                names = f"value_{n}", f"value_{n + 1}"
                nodes.append(node(follow, *names, name=f"node_{n + 1}"))
            return pipeline(nodes)


        def register_pipelines():
            return {
                "__default__": chain(3),
                **{f"chain_{length}": chain(length) for length in (3, 10, 50)},
            }
    """,
}
NOTICED = ("open", "import", "os.listdir", "os.scandir", "os.stat", "subprocess.Popen")
# Some more than there are: versions of Python and of libraries differ.
LIMITS = [(3, 250), (50, 2250)]
PARSERS = tuple(os.path.dirname(module.__file__) for module in (omegaconf, yaml))

_watching: list[list[str]] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in NOTICED:
        _watching[-1].append(f"{event} {arguments[0]}")


sys.addaudithook(_audit)


@pytest.fixture
def session(recorded_project) -> Iterator[KedroSession]:
    """A session that has run, with one artifact."""
    project = recorded_project(FILES, model={"bias": 10}, requests=2)
    level = logging.getLogger("kedro").level
    logging.getLogger("kedro").setLevel(logging.WARNING)
    with project.session(save_on_close=False) as session:
        session.preload(["model"])
        for length in (3, 10, 50):
            run(session, length, factor=2)
        yield session
    logging.getLogger("kedro").setLevel(level)


def run(session: KedroSession, length: int, factor: int) -> None:
    """A run with one input injected, one artifact and one parameter changed."""
    result = session.run(
        pipeline_names=[f"chain_{length}"],
        runtime_data={"requests": 5},
        runtime_params={"factor": factor},
    )
    expected = 5 * factor + 10 + length - 1
    assert result.outputs[f"value_{length}"] == expected


def calls_in(action: Callable[[], None]) -> Counter[CodeType]:
    """The Python functions that ``action`` calls."""
    calls: Counter[CodeType] = Counter()

    def count(frame: Any, event: str, _: object) -> None:
        # The time is formatted anew when a second has passed.
        if event == "call" and frame.f_code.co_name != "_timestamp":
            calls[frame.f_code] += 1

    gc.disable()
    previous = sys.getprofile()
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(previous)
        gc.enable()
    return calls


class TestAWarmRun:
    @pytest.mark.parametrize("length", [3, 50])
    def test_opens_and_searches_nothing(self, session, length):
        noticed: list[str] = []
        _watching.append(noticed)
        try:
            run(session, length, factor=3)
        finally:
            _watching.remove(noticed)
        assert noticed == []

    @pytest.mark.parametrize("length", [3, 50])
    def test_parses_and_resolves_nothing(self, session, length):
        calls = calls_in(lambda: run(session, length, factor=4))
        assert [c for c in calls if c.co_filename.startswith(PARSERS)] == []

    @pytest.mark.parametrize(
        ("new", "expected"),
        [
            ({"factor": 7}, 7),
            ({"options": {"alpha": 0.1}, "unused": [1, {"a": "text"}]}, 1),
        ],
    )
    def test_overlays_plain_parameters_without_omegaconf(self, session, new, expected):
        def run_with_new() -> None:
            result = session.run(runtime_data={"requests": 1}, runtime_params=new)
            assert result.outputs["value_3"] == expected + 10 + 2

        run_with_new()
        calls = calls_in(run_with_new)
        assert [c for c in calls if c.co_filename.startswith(PARSERS)] == []

    @pytest.mark.parametrize(("length", "most"), LIMITS)
    def test_makes_few_calls(self, session, length, most):
        calls = calls_in(lambda: run(session, length, factor=5))
        assert calls.total() <= most, calls.most_common(20)

    def test_makes_the_same_calls_for_each_node(self, session):
        three, ten, fifty = (
            calls_in(lambda length=length: run(session, length, factor=5)).total()
            for length in (3, 10, 50)
        )
        assert (fifty - ten) * 7 == (ten - three) * 40

    def test_formats_nothing_that_nobody_reads(self, session, monkeypatch):
        formatted = []
        text = Node.__str__
        monkeypatch.setattr(
            Node, "__str__", lambda node: formatted.append(node) or text(node)
        )
        run(session, 3, factor=6)
        assert formatted == []
        logging.getLogger("kedro").setLevel(logging.INFO)
        run(session, 3, factor=6)
        assert len(formatted) == 3

    def test_leaves_nothing_to_the_garbage_collector(self, session):
        def found_after_a_run() -> int:
            gc.collect()
            run(session, 50, factor=7)
            return gc.collect()

        gc.disable()
        try:
            # Of all this process did, only what runs leave is found each time.
            assert min(found_after_a_run() for _ in range(3)) == 0
        finally:
            gc.enable()


class Listener:
    """Writes down which of its hooks are called."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        self.events.append(f"before run {run_params['run_id']}")

    @hook_impl
    def after_pipeline_run(self, run_params: dict[str, Any]) -> None:
        self.events.append(f"after run {run_params['run_id']}")

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        self.events.append(f"load {dataset_name}")

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        self.events.append(f"saved {dataset_name}")

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        self.events.append(f"run {node.name}")


def test_hooks_that_are_registered_between_runs_are_called(session):
    listener = Listener()
    run(session, 3, factor=1)
    session.hook_manager.register(listener)
    result = session.run(runtime_data={"requests": 1})
    assert listener.events == [
        f"before run {result.run_id}",
        "load requests",
        "load model",
        "load params:factor",
        "run node_1",
        "saved value_1",
        "load value_1",
        "run node_2",
        "saved value_2",
        "load value_2",
        "run node_3",
        "saved value_3",
        f"after run {result.run_id}",
    ]
    session.hook_manager.unregister(listener)
    listener.events.clear()
    run(session, 3, factor=1)
    assert listener.events == []
