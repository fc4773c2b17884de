"""Results and their outputs."""

from __future__ import annotations

from behave import then, when
from behave.runner import Context

from kedro.framework.session import KedroSession
from kedro.io import AbstractDataset
from support.tables import names, value
from support.world import World


@then('the output "{name}" is {expected}')
def output_is(context: Context, name: str, expected: str) -> None:
    actual = context.world.result().outputs[name]
    assert actual == value(expected), actual


@then('the output "{name}" is')
def output_is_text(context: Context, name: str) -> None:
    output_is(context, name, context.text)


@then('the key "{key}" of the output "{name}" is {expected}')
def key_is(context: Context, key: str, name: str, expected: str) -> None:
    actual = context.world.result().outputs[name][key]
    assert actual == value(expected), actual


@then(
    'the column "{column}" of the output "{name}" of the run "{run_id}" is {expected}'
)
def column_is(
    context: Context, column: str, name: str, run_id: str, expected: str
) -> None:
    actual = list(context.world.result(run_id).outputs[name][column])
    assert actual == value(expected), actual


@then('a new session with these runtime parameters makes the same "{name}"')
def new_session_makes_same(context: Context, name: str) -> None:
    world: World = context.world
    fresh = KedroSession.create(
        world.project.root, runtime_params=value(context.text), save_on_close=False
    )
    actual = world.result().outputs[name]
    with fresh:
        expected = fresh.run(pipeline_names=[name]).outputs[name]
    assert actual == expected, (actual, expected)


@when('the output "{name}" is asked for {count:d} times')
def ask_for_output(context: Context, name: str, count: int) -> None:
    outputs = context.world.result().outputs
    context.asked = [outputs[name] for _ in range(count)]


@then("it was the same object each time")
def same_object(context: Context) -> None:
    first, *others = context.asked
    assert others
    assert all(other is first for other in others)


@then("the result is a dict of these datasets: {datasets}")
def result_is_dict(context: Context, datasets: str) -> None:
    result = context.world.result()
    assert isinstance(result, dict)
    assert sorted(result) == names(datasets), result
    assert all(isinstance(dataset, AbstractDataset) for dataset in result.values())


@then("its outputs are: {outputs}")
def outputs_are(context: Context, outputs: str) -> None:
    assert sorted(context.world.result().outputs) == names(outputs)


@then("the session id of the result is that of the session")
def session_id_is(context: Context) -> None:
    assert context.world.result().session_id == context.world.session.session_id


@then("the duration of the result is a positive number")
def duration_is_positive(context: Context) -> None:
    assert context.world.result().duration > 0


@then('no other value can be put in place of the output "{name}"')
def output_is_read_only(context: Context, name: str) -> None:
    outputs = context.world.result().outputs
    before = outputs[name]

    def replace() -> None:
        outputs[name] = "another"

    context.world.attempt(replace)
    assert isinstance(context.world.error, TypeError), repr(context.world.error)
    assert outputs[name] == before


@then("the result shows as one line with: {parts}")
def result_shows(context: Context, parts: str) -> None:
    shown = repr(context.world.result())
    assert "\n" not in shown
    assert all(part in shown for part in names(parts)), shown


@then("in a notebook it shows as a table with: {parts}")
def result_shows_in_notebook(context: Context, parts: str) -> None:
    shown = context.world.result()._repr_html_()
    assert shown.startswith("<table")
    assert all(part in shown for part in names(parts)), shown
