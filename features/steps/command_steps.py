"""The ``kedro`` command, in a process of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from behave import then, when
from behave.runner import Context


@when('the command "{command}" is called')
def call(context: Context, command: str) -> None:
    name, *given = shlex.split(command)
    context.world.command = subprocess.run(
        [Path(sys.executable).with_name(name), *given],
        cwd=context.world.project.root,
        # Wide, so that what it says is not broken into lines.
        env={**os.environ, "COLUMNS": "400"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


@then("it succeeds")
def succeeds(context: Context) -> None:
    assert context.world.command.returncode == 0, context.world.command.stdout


@then('it fails and says "{text}"')
def fails(context: Context, text: str) -> None:
    assert context.world.command.returncode != 0, context.world.command.stdout
    says(context, text)


@then('it says "{text}"')
def says(context: Context, text: str) -> None:
    assert text in context.world.command.stdout, context.world.command.stdout
