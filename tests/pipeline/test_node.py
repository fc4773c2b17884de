"""Nodes do what they do in kedro 1.7.0, and make nothing that nobody asks for.

The release answers live: messages of signatures depend on the Python that it runs on.
"""

from __future__ import annotations

import json
import logging
import operator
import os
import pickle
import runpy
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

OUTCOMES = Path(__file__).with_name("node_outcomes.py")
CASES = sorted(runpy.run_path(str(OUTCOMES))["CASES"])


def outcomes(path: str) -> dict[str, Any]:
    found = subprocess.run(
        [sys.executable, "-W", "ignore", OUTCOMES],
        capture_output=True,
        text=True,
        check=True,
        # Sets are shown in messages.
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
    )
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def here() -> dict[str, Any]:
    return outcomes(os.environ.get("PYTHONPATH", ""))


@pytest.fixture(scope="module")
def release(installed: Callable[..., Path]) -> dict[str, Any]:
    return outcomes(str(installed("kedro==1.7.0", "--no-deps")))


@pytest.mark.parametrize("case", CASES)
def test_same_as_release(
    case: str, here: dict[str, Any], release: dict[str, Any]
) -> None:
    assert here[case] == release[case]


def test_every_name_of_the_release_is_here(
    here: dict[str, Any], release: dict[str, Any]
) -> None:
    missing = {
        name: (value, here["names"].get(name))
        for name, value in release["names"].items()
        if here["names"].get(name) != value
    }
    assert missing == {}


def add(first: int, second: int) -> int:
    return first + second


def both(first: int, second: int) -> dict[str, int]:
    return {"sum": first + second, "product": first * second}


BY_KEYWORD = {"first": "a", "second": "b"}
DATA = {"a": 2, "b": 3}


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING, "kedro"):
        yield


class Shown(Node):
    """Counts how often it is asked what it is."""

    times = 0

    def __str__(self) -> str:
        type(self).times += 1
        return super().__str__()


class Unnamed:
    """A function without a name, which is shown by what it represents."""

    times = 0

    def __call__(self, first: int) -> int:
        return first

    def __repr__(self) -> str:
        type(self).times += 1
        return "Unnamed()"


def test_nothing_is_formatted_that_nobody_hears(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shown, "times", 0)
    monkeypatch.setattr(Unnamed, "times", 0)
    made = Shown(Unnamed(), "a", "out", name="label")
    assert (Shown.times, Unnamed.times) == (0, 0)
    with caplog.at_level(logging.WARNING, "kedro"):
        assert made.run({"a": 1}) == {"out": 1}
    assert (Shown.times, Unnamed.times) == (0, 0)
    with caplog.at_level(logging.INFO, "kedro"):
        assert made.run({"a": 1}) == {"out": 1}
    assert (Shown.times, Unnamed.times) == (1, 1)
    assert caplog.messages == ["Running node: label: Unnamed()([a]) -> [out]"]


def test_arguments_of_a_partial_are_not_shown(quiet: None) -> None:
    class Huge:
        def __repr__(self) -> str:
            raise AssertionError("shown")

    made = Node(partial(lambda huge, given: given, Huge()), "a", "out", name="label")
    with pytest.warns(UserWarning, match="update_wrapper"):
        result = made.run({"a": 1})
    assert result == {"out": 1}


def test_a_failure_that_nobody_hears(caplog: pytest.LogCaptureFixture) -> None:
    made = Shown(add, ["a", "b"], "out")
    before = Shown.times
    with (
        caplog.at_level(logging.CRITICAL, "kedro"),
        pytest.raises(TypeError, match="unsupported operand"),
    ):
        made.run({"a": 1, "b": None})
    assert Shown.times == before


def calls_of(function: Callable[[], Any]) -> Counter[str]:
    """Python functions that a call enters, by name."""
    called: Counter[str] = Counter()

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            called[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return called - Counter(["<lambda>"])


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        ((add, ["a", "b"], "out"), 8),
        ((add, BY_KEYWORD, "out"), 7),
        ((abs, "a", "out"), 6),
        ((both, ["a", "b"], {"sum": "x", "product": "y"}), 11),
        ((divmod, ["a", "b"], ["x", "y"]), 10),
    ],
)
def test_functions_called_on_the_way(
    arguments: tuple[Any, ...], most: int, quiet: None
) -> None:
    made = Node(*arguments)
    data = {name: DATA[name] for name in made.inputs}
    made.run(data)
    called = calls_of(lambda: made.run(data))
    assert called.total() <= most, called
    assert "getLogger" not in called


def test_a_run_leaves_nothing_in_the_node(caplog: pytest.LogCaptureFixture) -> None:
    for inputs in (["a", "b"], BY_KEYWORD):
        for function, outputs in ((add, "out"), (both, {"sum": "x", "product": "y"})):
            made = Node(function, inputs, outputs, confirms="out")
            before = pickle.dumps(made)
            for level in (logging.INFO, logging.WARNING):
                with caplog.at_level(level, "kedro"):
                    made.run(DATA)
            assert pickle.dumps(made) == before


def test_what_it_hands_out_can_be_changed() -> None:
    made = Node(both, ["a", "b"], {"sum": "x", "product": "y"}, confirms=["x"])
    for names in (made.outputs, made.confirms, made.tags):
        names.clear()
    assert made.run(DATA) == {"x": 5, "y": 6}
    assert made.outputs == ["x", "y"]
    assert made.confirms == ["x"]


def test_a_generator_goes_on_after_the_first_chunk() -> None:
    produced = []

    def parts() -> Iterator[list[int]]:
        for number in range(3):
            produced.append(number)
            yield [number, -number]

    result = Node(parts, None, ["plus", "minus"]).run()
    assert produced == [0]
    assert list(zip(result["plus"], result["minus"], strict=True)) == [
        (0, 0),
        (1, -1),
        (2, -2),
    ]


class Loud(Node):
    """Has a say in each step of a run."""

    def run(self, inputs: dict[str, Any] | None = None) -> dict[str, Any]:
        return super().run({name: 10 * value for name, value in (inputs or {}).items()})

    def _run_with_list(self, inputs: dict[str, Any], node_inputs: list[str]) -> Any:
        return super()._run_with_list(inputs, node_inputs[::-1])

    def _run_with_dict(self, inputs: dict[str, Any], node_inputs: Any) -> Any:
        return -super()._run_with_dict(inputs, node_inputs)

    def _run_with_one_input(self, inputs: dict[str, Any], node_input: str) -> Any:
        return super()._run_with_one_input(inputs, node_input) + 1

    def _run_with_no_inputs(self, inputs: dict[str, Any]) -> Any:
        return "nothing given"

    def _outputs_to_dictionary(self, outputs: Any) -> dict[str, Any]:
        return super()._outputs_to_dictionary([outputs])

    def _copy(self, **overwrite_params: Any) -> Node:
        same = super()._copy(**overwrite_params)
        same.__class__ = type(self)
        return same


@pytest.mark.parametrize(
    ("function", "inputs", "expected"),
    [
        (operator.sub, ["a", "b"], [10]),
        (add, BY_KEYWORD, [-50]),
        (abs, "a", [21]),
        (list, None, ["nothing given"]),
    ],
)
def test_a_subclass_keeps_its_say(function: Any, inputs: Any, expected: Any) -> None:
    pipeline = Pipeline([Loud(function, inputs, "out", tags="own")])
    catalog = DataCatalog({name: MemoryDataset(DATA[name]) for name in DATA})
    [ran] = pipeline.nodes
    assert type(ran) is Loud
    outputs = SequentialRunner().run(pipeline, catalog)
    assert outputs["out"].load() == expected


def test_a_subclass_says_what_its_inputs_are() -> None:
    class Renamed(Node):
        @property
        def inputs(self) -> list[str]:  # type: ignore[override]
            return [f"inner.{name}" for name in self._inputs or ()]

        @property
        def outputs(self) -> list[str]:
            return ["inner.out"]

    made = Renamed(add, ["a", "b"], "out")
    assert str(made) == "add([inner.a;inner.b]) -> [inner.out]"
    made.func = operator.mul
    assert made.run(DATA) == {"out": 6}


def test_a_subclass_forgets_its_inputs_by_itself() -> None:
    forgotten = []

    class Keeping(Node):
        @property
        def inputs(self) -> list[str]:  # type: ignore[override]
            return ["a", "b"]

        @inputs.deleter
        def inputs(self) -> None:
            forgotten.append(self._func)

    made = Keeping(add, ["a", "b"], "out")
    made.func = operator.mul
    assert forgotten == [operator.mul]


def test_functions_that_are_set_one_after_the_other() -> None:
    def mirrored(second: int, first: int) -> int:
        return first - second

    made = Node(add, BY_KEYWORD, "out")
    for function in (both, add, mirrored):
        made.func = function
    assert made.inputs == ["b", "a"]
    assert made.run(DATA) == {"out": -1}


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(count, timeout=30)

    def begin(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


@pytest.mark.parametrize("inputs", [["a", "b"], BY_KEYWORD])
def test_threads_share_a_node(inputs: Any) -> None:
    made = Node(both, inputs, {"sum": "x", "product": "y"})

    def work(number: int) -> bool:
        return all(
            made.run({"a": number, "b": step})
            == {"x": number + step, "y": number * step}
            for step in range(300)
        )

    assert all(in_threads(8, work))


def test_a_function_is_set_while_others_run() -> None:
    made = Node(add, BY_KEYWORD, "out")
    functions = (add, lambda second, first: first + second)

    def work(number: int) -> bool:
        if number < 2:
            for step in range(600):
                made.func = functions[step % 2]
            return True
        return all(
            made.run({"a": number, "b": 1}) == {"out": number + 1}
            and sorted(made.inputs) == ["a", "b"]
            for _ in range(300)
        )

    assert all(in_threads(6, work))


def test_a_pickled_node_is_the_same_in_another_process() -> None:
    made = Node(operator.add, ["a", "b"], "out", tags="x", namespace="inner")
    assert {made}
    program = """
import operator, pickle, sys
from kedro.pipeline import Node
node = pickle.load(sys.stdin.buffer)
same = Node(operator.add, ["a", "b"], "out", namespace="inner")
assert node == same and hash(node) == hash(same) and node in {same}
assert node.tags == {"x"} and node.name == same.name
print(node.run({"a": 2, "b": 3}))
"""
    asked = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(made),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert asked.stdout.strip() == b"{'out': 5}"
