"""What of a pipeline is executed when some of its datasets are injected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedro.framework.session.abstract_session import KedroSessionError
from kedro.framework.session.plan import make_plan
from kedro.framework.session.run_request import RunRequest
from kedro.pipeline import Pipeline, node


def do(*_):
    pass


def step(name, inputs, outputs):
    return node(do, inputs, outputs, name=name)


def executed(plan) -> list[str]:
    return [n.name for n in plan.pipeline.nodes]


CHAIN = Pipeline(
    [
        step("load", "raw", "clean"),
        step("split", "clean", ["train", "test"]),
        step("fit", ["train", "params:alpha"], "model"),
        step("judge", ["model", "test"], "score"),
        step("log", "score", None),
    ]
)


@pytest.mark.parametrize(
    ("injected", "expected"),
    [
        ([], ["load", "split", "fit", "judge", "log"]),
        (["raw"], ["load", "split", "fit", "judge", "log"]),
        (["clean"], ["split", "fit", "judge", "log"]),
        (["train"], ["load", "split", "fit", "judge", "log"]),
        (["model"], ["load", "split", "judge", "log"]),
        (["train", "test"], ["fit", "judge", "log"]),
        (["model", "test"], ["judge", "log"]),
        (["score"], ["log"]),
        (["score", "clean"], ["log"]),
    ],
)
def test_nodes_that_are_needed_only_for_injected_datasets_are_left_out(
    injected, expected
):
    assert executed(make_plan(CHAIN, frozenset(injected))) == expected


def test_a_node_without_outputs_always_runs():
    pipeline = Pipeline([step("make", None, "a"), step("tell", "a", None)])

    assert executed(make_plan(pipeline, frozenset({"a"}))) == ["tell"]


def test_injecting_all_outputs_leaves_nothing_to_run():
    pipeline = Pipeline([step("make", "a", "b"), step("more", "b", ["c", "d"])])
    plan = make_plan(pipeline, frozenset({"c", "d"}))

    assert executed(plan) == []
    assert plan.outputs == {"c", "d"}
    assert plan.read == frozenset()


def test_the_plan_tells_what_is_saved_and_what_is_dropped():
    plan = make_plan(CHAIN, frozenset({"train", "model"}))

    assert executed(plan) == ["load", "split", "judge", "log"]
    assert plan.saved == {"clean", "test", "score"}
    assert plan.overridden == {"train"}
    assert plan.inputs == {"raw", "model"}
    assert plan.outputs == frozenset()
    assert plan.surplus == {"train"}


def test_nothing_injected_keeps_the_selected_pipeline_itself():
    plan = make_plan(CHAIN, frozenset({"raw"}))

    assert plan.pipeline is CHAIN
    assert plan.overridden == plan.surplus == frozenset()


FORMS = Pipeline(
    [
        step("write", "raw", ["table@spark", "other"]),
        step("read", "table@pandas", "report"),
        step("use", "other", "used"),
    ]
)


def test_injecting_one_form_of_a_transcoded_dataset_overrides_its_producer():
    only_table = Pipeline(
        [step("write", "raw", "table@spark"), step("read", "table@pandas", "report")]
    )

    assert executed(make_plan(only_table, frozenset({"table@pandas"}))) == ["read"]


def test_a_producer_that_is_needed_does_not_save_another_form_of_what_is_injected():
    plan = make_plan(FORMS, frozenset({"table@pandas"}))

    assert set(executed(plan)) == {"write", "read", "use"}
    assert plan.overridden == {"table@spark"}
    assert "table@spark" not in plan.saved


@pytest.mark.parametrize("injected", ["table@pandas", "table@spark"])
def test_another_form_that_is_read_and_not_produced_is_an_error(injected):
    pipeline = Pipeline(
        [
            step("write", "raw", "table@spark"),
            step("read", "table@pandas", "report"),
            step("again", "table@spark", "summary"),
        ]
    )
    other = "table@spark" if injected == "table@pandas" else "table@pandas"

    with pytest.raises(KedroSessionError, match=f"Put '{other}' into `runtime_data`"):
        make_plan(pipeline, frozenset({injected}))

    both = make_plan(pipeline, frozenset({"table@pandas", "table@spark"}))
    assert set(executed(both)) == {"read", "again"}


def test_another_form_of_a_free_input_is_read_from_storage():
    pipeline = Pipeline([step("a", "table@pandas", "x"), step("b", "table@spark", "y")])
    plan = make_plan(pipeline, frozenset({"table@pandas"}))

    assert set(executed(plan)) == {"a", "b"}
    assert plan.overridden == frozenset()


def test_a_selection_is_the_same_however_its_names_are_given():
    as_lists = RunRequest(["a"], tags=["x", "y"], from_nodes=[]).selection
    as_iterators = RunRequest(("a",), tags=iter(["x", "y"])).selection

    assert as_lists == as_iterators
    assert hash(as_lists) == hash(as_iterators)


@st.composite
def pipelines(draw):
    nodes, known = [], ["free_0", "free_1"]
    for number in range(draw(st.integers(1, 7))):
        inputs = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))
        least = 0 if inputs else 1
        outputs = [f"data_{number}_{i}" for i in range(draw(st.integers(least, 3)))]
        nodes.append(step(f"node_{number}", inputs or None, outputs or None))
        known += outputs
    pipeline = Pipeline(nodes)
    injected = draw(st.sets(st.sampled_from(sorted(pipeline.datasets()))))
    return pipeline, frozenset(injected)


@given(pipelines())
def test_exactly_the_needed_nodes_run_whatever_the_pipeline(case):
    pipeline, injected = case
    plan = make_plan(pipeline, injected)
    results = pipeline.outputs() - injected

    def runs(one) -> bool:
        return not one.outputs or any(
            output in results
            or any(output in other.inputs and runs(other) for other in pipeline.nodes)
            for output in set(one.outputs) - injected
        )

    assert set(plan.pipeline.nodes) == {one for one in pipeline.nodes if runs(one)}
    # All that the executed nodes read is free, injected or produced.
    produced = plan.saved | injected | pipeline.inputs()
    assert plan.pipeline.all_inputs() <= produced
    assert plan.pipeline.outputs() - plan.surplus <= plan.outputs
    assert not plan.saved & injected
