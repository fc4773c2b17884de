"""Errors of what was tried."""

from __future__ import annotations

from behave import then
from behave.runner import Context


@then("it fails with a {kind:w}")
def fails_with(context: Context, kind: str) -> None:
    error = context.world.error
    kinds = [cls.__name__ for cls in type(error).__mro__]
    assert kind in kinds, repr(error)


@then('it fails with a {kind:w} that says "{text}"')
def fails_saying(context: Context, kind: str, text: str) -> None:
    fails_with(context, kind)
    assert text in str(context.world.error), str(context.world.error)


@then('it suggests "{name}"')
def suggests(context: Context, name: str) -> None:
    _, _, suggested = str(context.world.error).partition("Did you mean")
    assert name in suggested, str(context.world.error)
