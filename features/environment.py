"""A folder, and a process as it was, for each scenario."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from behave.model import Scenario
from behave.runner import Context

from kedro.framework.project import pipelines, settings
from support.file_reads import FileReads
from support.world import World


def before_all(context: Context) -> None:
    context.file_reads = FileReads()


def before_scenario(context: Context, scenario: Scenario) -> None:
    context.environ = dict(os.environ)
    context.sys_path = list(sys.path)
    os.environ.pop("KEDRO_ENV", None)
    context.file_reads.forget()
    context.folder = Path(tempfile.mkdtemp(prefix="kedro-features-"))
    context.world = World(context.folder / "shop", context.file_reads)


def after_scenario(context: Context, scenario: Scenario) -> None:
    context.world.end()
    pipelines.configure()
    settings.configure()
    package = context.world.project.package
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
    sys.path[:] = context.sys_path
    os.environ.clear()
    os.environ.update(context.environ)
    shutil.rmtree(context.folder)
