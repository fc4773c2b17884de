"""The session's life."""

from __future__ import annotations

from behave import given, step, then
from behave.runner import Context

from kedro.framework.session import current_run
from support.tables import value


@given("a session")
def create_session(context: Context) -> None:
    context.world.open_session()


@given("a session with these runtime parameters")
def create_session_with_parameters(context: Context) -> None:
    context.world.open_session(runtime_params=value(context.text))


@step("the session is reloaded")
def reload_session(context: Context) -> None:
    context.world.session.reload()


@step("the session is closed")
def close_session(context: Context) -> None:
    context.world.session.close()


@then("the catalog was created once")
def one_catalog(context: Context) -> None:
    assert context.world.witness.catalogs == 1, context.world.witness.catalogs


@then("no run is active")
def no_active_run(context: Context) -> None:
    assert current_run() is None


@then("the session's runtime parameters are still")
def session_keeps_parameters(context: Context) -> None:
    actual = context.world.session.runtime_params
    assert actual == value(context.text), actual
