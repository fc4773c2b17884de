"""Runners and selections of nodes work in any run of a session."""

from __future__ import annotations

from functools import partial

import pytest

from kedro.framework.session import KedroSessionError
from kedro.io import SharedMemoryDataset
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

NUMBERS = """
    import os
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    processes = set()

    def split(numbers):
        return numbers[0::2], numbers[1::2]

    def total(numbers, factor):
        return sum(numbers) * factor

    def combine(even, odd):
        return {"even": even, "odd": odd, "process": os.getpid()}

    def register_pipelines():
        return {"__default__": pipeline([
            node(split, "numbers", ["first", "second"], name="split"),
            node(total, ["first", "params:factor"], "even", name="even"),
            node(total, ["second", "params:factor"], "odd", name="odd"),
            node(combine, ["even", "odd"], "totals", name="combine"),
        ])}
"""

RUNNERS = {
    "sequential": SequentialRunner,
    "sequential async": partial(SequentialRunner, is_async=True),
    "thread": ThreadRunner,
    "thread with one worker": partial(ThreadRunner, max_workers=1),
    "parallel": ParallelRunner,
    "parallel async": partial(ParallelRunner, is_async=True, max_workers=2),
}


def totals_of(session, numbers, factor, runner):
    result = session.run(
        runtime_data={"numbers": numbers},
        runtime_params={"factor": factor},
        runner=runner,
    )
    totals = dict(result.outputs["totals"])
    totals.pop("process")
    return totals


@pytest.mark.parametrize("name", RUNNERS)
def test_every_run_with_a_runner_is_like_the_first(open_session, name):
    session = open_session(NUMBERS, parameters="factor: 1")

    totals = [
        totals_of(session, [n, 1, n], factor=n, runner=RUNNERS[name]())
        for n in (1, 10, 100)
    ]

    assert totals == [{"even": 2 * n * n, "odd": n} for n in (1, 10, 100)]


def test_one_runner_can_be_used_for_many_runs(open_session):
    session = open_session(NUMBERS, parameters="factor: 1")
    runners = [make() for make in RUNNERS.values()]

    for n in (1, 10):
        for runner in runners:
            totals = totals_of(session, [n, 1, n], factor=n, runner=runner)
            assert totals == {"even": 2 * n * n, "odd": n}


def test_runs_with_different_runners_can_overlap(open_session, at_once):
    session = open_session(NUMBERS, parameters="factor: 1")
    makes = [make for name, make in RUNNERS.items() if "parallel" not in name] * 2

    results = at_once(
        *[
            partial(totals_of, session, [n, 1, n], n, make())
            for n, make in enumerate(makes)
        ]
    )

    assert results == [{"even": 2 * n * n, "odd": n} for n in range(len(makes))]


def test_the_parallel_runner_runs_nodes_in_other_processes(open_session):
    import os

    session = open_session(NUMBERS, parameters="factor: 1")

    inside = session.run(runtime_data={"numbers": [1]}).outputs["totals"]["process"]
    outside = session.run(
        runtime_data={"numbers": [1]}, runner=ParallelRunner()
    ).outputs["totals"]["process"]

    assert inside == os.getpid() != outside


def test_the_parallel_runner_returns_data_of_all_outputs(open_session):
    session = open_session(NUMBERS, parameters="factor: 1")

    result = session.run(
        runtime_data={"numbers": [1, 2, 3]},
        to_nodes=["even", "odd"],
        runner=ParallelRunner(),
    )

    assert dict(result.outputs) == {"even": 4, "odd": 2}
    assert not any(isinstance(ds, SharedMemoryDataset) for ds in result.values())


def test_nodes_in_other_processes_know_the_run(open_session):
    session = open_session(
        """
        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline

        def who(data):
            return current_run()

        def register_pipelines():
            return {"__default__": pipeline([node(who, "data", "run")])}
        """
    )

    for run_id in ("a", "b"):
        result = session.run(
            runtime_data={"data": 1}, run_id=run_id, runner=ParallelRunner()
        )
        assert result.outputs["run"].run_id == run_id
        assert result.outputs["run"].session_id == session.session_id


def test_a_failure_in_another_process_leaves_the_session_usable(open_session):
    session = open_session(NUMBERS, parameters="factor: 1")

    for _ in range(2):
        with pytest.raises(TypeError):
            totals_of(session, ["x"], 1, ParallelRunner())
    assert totals_of(session, [1], 1, ParallelRunner()) == {"even": 1, "odd": 0}


CUSTOM_RUNNER = {
    "{package}/runner.py": """
        from kedro.runner import AbstractRunner

        class Counting(AbstractRunner):
            "Runs the nodes itself, in reverse order of names where it can."

            def __init__(self):
                super().__init__()
                self.calls = []

            def _get_executor(self, max_workers):
                return None

            def _run(self, pipeline, catalog, hook_manager=None, run_id=None):
                self.calls.append((run_id, sorted(n.name for n in pipeline.nodes)))
                for node in pipeline.nodes:
                    inputs = {name: catalog.load(name) for name in node.inputs}
                    for name, data in node.run(inputs).items():
                        catalog.save(name, data)

        class Overriding(AbstractRunner):
            "Has a `run` of its own, as runners that submit work elsewhere."

            def _get_executor(self, max_workers):
                return None

            def _run(self, *args, **kwargs):
                raise AssertionError

            def run(
                self, pipeline, catalog, hook_manager=None, run_id=None,
                only_missing_outputs=False,
            ):
                return {"totals": catalog["numbers"]}
    """
}


def test_a_custom_runner_takes_the_same_way(open_session, module_of):
    session = open_session(NUMBERS, parameters="factor: 1", files=CUSTOM_RUNNER)
    runner = module_of(session, "runner").Counting()

    for n in (1, 2):
        result = session.run(
            runtime_data={"numbers": [n]}, runner=runner, run_id=f"run-{n}"
        )
        assert result.outputs["totals"]["even"] == n
    session.run(runtime_data={"even": 1, "odd": 2}, runner=runner, run_id="short")

    everything = ["combine", "even", "odd", "split"]
    assert runner.calls == [
        ("run-1", everything),
        ("run-2", everything),
        ("short", ["combine"]),
    ]


def test_a_custom_runner_can_replace_run_itself(open_session, module_of):
    session = open_session(NUMBERS, parameters="factor: 1", files=CUSTOM_RUNNER)
    runner = module_of(session, "runner").Overriding()

    for n in (1, 2):
        result = session.run(runtime_data={"numbers": [n]}, runner=runner)
        assert dict(result.outputs) == {"totals": [n]}


@pytest.mark.parametrize("runner", [SequentialRunner, "SequentialRunner", object()])
def test_a_runner_has_to_be_an_instance_of_a_runner(open_session, runner):
    session = open_session(NUMBERS, parameters="factor: 1")

    with pytest.raises(KedroSessionError, match=r"forgotten the `\(\)`"):
        session.run(runtime_data={"numbers": [1]}, runner=runner)


SELECTABLE = """
    from kedro.pipeline import node, pipeline

    ran = []

    def step(name, *outputs):
        def do(*inputs):
            ran.append(name)
            return tuple(outputs) if len(outputs) > 1 else outputs[0]
        return do

    def register_pipelines():
        main = pipeline([
            node(step("a", 1), "in_a", "x", name="a", tags=["start"]),
            node(step("b", 2), "x", "y", name="b", tags=["middle"]),
            node(step("c", 3), ["y", "in_c"], "z", name="c", tags=["end"]),
        ])
        spaced = (
            pipeline(
                [node(step("n1", 4), "in_n", "p", name="n1"),
                 node(step("n2", 5), "p", "q", name="n2")],
                namespace="north",
                inputs="in_n",
            )
            + pipeline(
                [node(step("s1", 6), "in_n", "p", name="s1", tags=["start"])],
                namespace="south",
                inputs="in_n",
            )
        )
        return {"__default__": main + spaced, "main": main, "spaced": spaced}
"""

DATA = ("in_a", "in_c", "in_n", "x", "y", "north.p")

SELECTIONS = {
    "nothing": ({}, "abcn1n2s1", {"z", "north.q", "south.p"}),
    "pipelines": ({"pipeline_names": ["main"]}, "abc", {"z"}),
    "several pipelines": (
        {"pipeline_names": ["main", "spaced"]},
        "abcn1n2s1",
        {"z", "north.q", "south.p"},
    ),
    "tags": ({"tags": ["start"]}, "as1", {"x", "south.p"}),
    "several tags": ({"tags": ["start", "end"]}, "acs1", {"x", "z", "south.p"}),
    "from nodes": ({"from_nodes": ["b"]}, "bc", {"z"}),
    "to nodes": ({"to_nodes": ["b"]}, "ab", {"y"}),
    "from and to nodes": ({"from_nodes": ["b"], "to_nodes": ["b"]}, "b", {"y"}),
    "node names": ({"node_names": ["a", "c"]}, "ac", {"x", "z"}),
    "from inputs": ({"from_inputs": ["in_c"]}, "c", {"z"}),
    "to outputs": ({"to_outputs": ["y", "south.p"]}, "abs1", {"y", "south.p"}),
    "namespaces": ({"namespaces": ["north"]}, "n1n2", {"north.q"}),
    "several namespaces": (
        {"namespaces": ["north", "south"]},
        "n1n2s1",
        {"north.q", "south.p"},
    ),
    "pipeline and tags": (
        {"pipeline_names": ["main"], "tags": ["start"]},
        "a",
        {"x"},
    ),
    "tags of an iterator": ({"tags": iter(["end"])}, "c", {"z"}),
}


@pytest.fixture
def selectable(open_session):
    session = open_session(SELECTABLE)
    for name in DATA:
        session.catalog[name] = 0
    return session


def test_selections_work_in_any_run_and_in_any_order(selectable, module_of):
    ran = module_of(selectable).ran
    cases = [case for name, case in SELECTIONS.items() if "iterator" not in name]

    for arguments, expected, outputs in [*cases, *reversed(cases)]:
        ran.clear()
        result = selectable.run(**arguments)
        assert "".join(sorted(ran)) == expected
        assert set(result) == outputs


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_selection_of_nodes(selectable, module_of, name):
    arguments, expected, outputs = SELECTIONS[name]

    result = selectable.run(**arguments)

    assert "".join(sorted(module_of(selectable).ran)) == expected
    assert set(result) == outputs


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"node_names": ["nope"]}, "nope"),
        ({"from_nodes": ["nope"]}, "nope"),
        ({"to_nodes": ["nope"]}, "nope"),
        ({"from_inputs": ["nope"]}, "nope"),
        ({"to_outputs": ["nope"]}, "nope"),
        ({"tags": ["nope"]}, "contains no nodes after applying all provided filters"),
        ({"namespaces": ["nope"]}, "nope"),
        ({"pipeline_names": ["mian"]}, r"named 'mian'[\s\S]*main"),
    ],
)
def test_a_selection_of_what_is_not_there_is_an_error(
    selectable, module_of, arguments, error
):
    for _ in range(2):
        with pytest.raises(ValueError, match=error):
            selectable.run(**arguments)
    assert module_of(selectable).ran == []
    assert selectable.run(pipeline_names=["main"])["z"].load() == 3


STEPS = """
    from kedro.pipeline import node, pipeline

    ran = []

    def make(name):
        def do(value):
            ran.append(name)
            return value + 1
        return do

    def register_pipelines():
        return {"__default__": pipeline([
            node(make("a"), "params:start", "kept_a", name="a"),
            node(make("b"), "kept_a", "memory_b", name="b"),
            node(make("c"), "memory_b", "kept_c", name="c"),
            node(make("d"), "kept_c", "kept_d", name="d"),
        ])}
"""
KEPT = """
    "kept_{name}":
      type: json.JSONDataset
      filepath: data/{name}.json
"""


@pytest.mark.parametrize(
    ("missing", "expected", "outputs"),
    [
        ("acd", "abcd", {"kept_d": 4}),
        ("", "", {}),
        ("d", "d", {"kept_d": 4}),
        ("c", "bc", {"kept_c": 3}),
        ("a", "a", {"kept_a": 1}),
        ("ad", "ad", {"kept_a": 1, "kept_d": 4}),
    ],
)
def test_only_missing_outputs_are_made_as_in_1_7_0(
    open_session, module_of, missing, expected, outputs
):
    session = open_session(STEPS, catalog=KEPT, parameters="start: 0")
    ran = module_of(session).ran
    session.run()

    for _ in range(2):
        ran.clear()
        for name in missing:
            (session.project_path / "data" / f"{name}.json").unlink()
        result = session.run(only_missing_outputs=True)
        assert "".join(ran) == expected
        assert dict(result.outputs) == outputs
    ran.clear()
    session.run()
    assert "".join(ran) == "abcd"


def test_injected_outputs_are_not_missing(open_session, module_of):
    session = open_session(STEPS, catalog=KEPT, parameters="start: 0")

    result = session.run(only_missing_outputs=True, runtime_data={"kept_c": 10})

    assert module_of(session).ran == ["d"]
    assert dict(result.outputs) == {"kept_d": 11}
    assert not (session.project_path / "data" / "c.json").exists()
