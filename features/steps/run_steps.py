"""Runs, one after the other."""

from __future__ import annotations

from behave import step, then, when
from behave.runner import Context
from kedro_datasets.pandas import CSVDataset

from kedro.io import MemoryDataset
from support.tables import arguments, frame, names, value


@step('"{pipeline}" runs')
def run(context: Context, pipeline: str) -> None:
    context.world.run(pipeline)


@step('"{pipeline}" runs with')
def run_with(context: Context, pipeline: str) -> None:
    context.world.run(pipeline, **arguments(context.text))


@step('"{pipeline}" runs {count:d} times')
def run_many(context: Context, pipeline: str, count: int) -> None:
    for _ in range(count):
        context.world.run(pipeline)


@when('"{pipeline}" runs {count:d} times, each time on "{dataset}" of its own')
def run_on_many(context: Context, pipeline: str, count: int, dataset: str) -> None:
    for _ in range(count):
        orders = frame(context.table)
        context.world.witness.watch(f"given {dataset}", orders)
        context.world.run(pipeline, runtime_data={dataset: orders})
        del orders


@when('"{pipeline}" runs with the session as the dataset "{dataset}"')
def run_with_session(context: Context, pipeline: str, dataset: str) -> None:
    # Shared, not copied: a session is one.
    session = MemoryDataset(context.world.session, copy_mode="assign")
    context.world.run(pipeline, runtime_data={dataset: session})


@when('"{pipeline}" runs with a CSVDataset of "{path}" as "{dataset}"')
def run_with_dataset(context: Context, pipeline: str, path: str, dataset: str) -> None:
    csv = CSVDataset(filepath=str(context.world.project.root / path))
    context.world.run(pipeline, runtime_data={dataset: csv})


@when('"{pipeline}" is tried')
def try_run(context: Context, pipeline: str) -> None:
    context.world.attempt(lambda: context.world.run(pipeline))


@when('"{pipeline}" is tried with')
def try_run_with(context: Context, pipeline: str) -> None:
    given = arguments(context.text)
    context.world.attempt(lambda: context.world.run(pipeline, **given))


@when("the results are thrown away")
def throw_results_away(context: Context) -> None:
    context.world.forget_runs()


@then("only these nodes ran: {nodes}")
def these_nodes_ran(context: Context, nodes: str) -> None:
    assert context.world.witness.nodes == names(nodes), context.world.witness.nodes


@then("no node ran")
def no_node_ran(context: Context) -> None:
    assert not context.world.witness.nodes, context.world.witness.nodes


@then('of {count:d} given "{dataset}", none is in memory')
def none_given_alive(context: Context, count: int, dataset: str) -> None:
    _check_alive(context, f"given {dataset}", count, 0)


@then("of {count:d} run catalogs, none is in memory")
def no_catalog_alive(context: Context, count: int) -> None:
    _check_alive(context, "run catalogs", count, 0)


@then('of {count:d} loaded "{dataset}", none is in memory')
def none_loaded_alive(context: Context, count: int, dataset: str) -> None:
    _check_alive(context, dataset, count, 0)


@then('of {count:d} loaded "{dataset}", {alive:d} is in memory')
def some_loaded_alive(context: Context, count: int, dataset: str, alive: int) -> None:
    _check_alive(context, dataset, count, alive)


@then('the caller\'s "{dataset}" is still {expected}')
def given_data_is_unchanged(context: Context, dataset: str, expected: str) -> None:
    data = context.world.arguments["runtime_data"][dataset]
    rows = data if isinstance(data, list) else data.to_dict(orient="records")
    assert rows == value(expected), rows


@then("the caller's runtime parameters are still")
def given_parameters_are_unchanged(context: Context) -> None:
    actual = context.world.arguments["runtime_params"]
    assert actual == value(context.text), actual


def _check_alive(context: Context, kind: str, count: int, alive: int) -> None:
    witness = context.world.witness
    assert witness.seen(kind) == count, witness.seen(kind)
    assert witness.alive(kind) == alive, witness.alive(kind)
