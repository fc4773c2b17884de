"""Identifiers of runs."""

from __future__ import annotations

from behave import given, then, when
from behave.runner import Context

from kedro.io.core import generate_timestamp
from support.tables import names


@when('"{pipeline}" runs with a run id of {count:d} letters "{letter}"')
def run_with_long_id(context: Context, pipeline: str, count: int, letter: str) -> None:
    context.world.run(pipeline, run_id=letter * count)


@when('"{pipeline}" is tried with a run id of {count:d} letters "{letter}"')
def try_long_id(context: Context, pipeline: str, count: int, letter: str) -> None:
    world = context.world
    world.attempt(lambda: world.run(pipeline, run_id=letter * count))


@given("kedro's timestamp of that moment")
def take_timestamp(context: Context) -> None:
    context.world.timestamp = generate_timestamp()


@then('the run id of the result is "{run_id}"')
def run_id_is(context: Context, run_id: str) -> None:
    assert context.world.result().run_id == run_id, context.world.result().run_id


@then("hooks were told the run ids: {run_ids}")
def hooks_know(context: Context, run_ids: str) -> None:
    assert context.world.witness.run_ids == names(run_ids)


@then("hooks were told {count:d} different run ids")
@then("there were {count:d} runs, each with a run id of its own")
def run_ids_differ(context: Context, count: int) -> None:
    run_ids = context.world.witness.run_ids
    assert len(run_ids) == len(set(run_ids)) == count, run_ids


@then("the first {first:d} and the last {last:d} run ids sort in the order of the runs")
def run_ids_sort(context: Context, first: int, last: int) -> None:
    run_ids = context.world.witness.run_ids
    in_order = [*run_ids[:first], *run_ids[-last:]]
    assert in_order == sorted(in_order), in_order


@then("all run ids sort between that timestamp and kedro's timestamp of now")
def run_ids_sort_with_timestamps(context: Context) -> None:
    now = generate_timestamp()
    for run_id in context.world.witness.run_ids:
        assert context.world.timestamp < run_id < now, run_id
