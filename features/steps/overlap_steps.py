"""Runs at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

from behave import given, step, then, when
from behave.model import Row, Table
from behave.runner import Context

from support.tables import frame, value


@when('runs of "{pipeline}" overlap in threads')
def overlap_on_orders(context: Context, pipeline: str) -> None:
    _overlap(context, pipeline, [_order(row) for row in context.table])


@step('runs of "{pipeline}" overlap in threads with')
def overlap_with(context: Context, pipeline: str) -> None:
    _overlap(context, pipeline, _requests(context.table))


@when('runs of "{pipeline}" overlap in asyncio tasks')
def overlap_tasks(context: Context, pipeline: str) -> None:
    requests = [_order(row) for row in context.table]
    context.world.witness.overlap(len(requests))

    async def run_all() -> None:
        runs = (
            asyncio.to_thread(context.world.run, pipeline, **request)
            for request in requests
        )
        await asyncio.gather(*runs)

    asyncio.run(run_all())


@when('{count:d} runs of "{pipeline}" that are given no run id overlap')
def overlap_unnamed(context: Context, count: int, pipeline: str) -> None:
    for run in context.world.overlap(pipeline, [{} for _ in range(count)]):
        run.result()


@given('the run "{run_id}" of "{pipeline}" is under way')
def begin_run(context: Context, run_id: str, pipeline: str) -> None:
    context.world.begin(pipeline, run_id)


@when('the run "{run_id}" goes on and ends')
def end_run(context: Context, run_id: str) -> None:
    context.world.go_on(run_id)


@then('the run "{run_id}" failed with a {kind} that says "{text}"')
def run_failed(context: Context, run_id: str, kind: str, text: str) -> None:
    error = context.world.errors.pop(run_id)
    assert type(error).__name__ == kind, repr(error)
    assert text in str(error), str(error)


@then("the receipts are")
def receipts_are(context: Context) -> None:
    assert not any(context.world.errors.values()), context.world.errors
    actual = {
        result.run_id: result.outputs["receipt"]
        for result in context.world.results
        if "receipt" in result
    }
    assert actual == {row["run_id"]: row["receipt"] for row in context.table}, actual


def _overlap(context: Context, pipeline: str, requests: list[dict[str, Any]]) -> None:
    runs = context.world.overlap(pipeline, requests)
    context.world.errors = {
        request["run_id"]: run.exception()
        for request, run in zip(requests, runs, strict=True)
        if run.exception()
    }


def _order(row: Row) -> dict[str, Any]:
    """The run of an order of one line."""
    order = Table(["item", "quantity"], rows=[[row["item"], row["quantity"]]])
    request = {"run_id": row["run_id"], "runtime_data": {"orders": frame(order)}}
    vat = row.get("vat")
    return request if vat is None else {**request, "runtime_params": {"vat": int(vat)}}


def _requests(table: Table) -> list[dict[str, Any]]:
    return [{key: value(cell) for key, cell in row.items()} for row in table]
