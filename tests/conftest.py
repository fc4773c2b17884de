"""Real Kedro projects on disk for the tests."""

from __future__ import annotations

import itertools
import logging
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kedro.framework.project import pipelines, settings
from kedro.framework.startup import bootstrap_project

os.environ["DO_NOT_TRACK"] = "1"

MakeProject = Callable[..., Path]

_numbers = itertools.count()

_PYPROJECT = """
[tool.kedro]
package_name = "{package}"
project_name = "Test"
kedro_init_version = "1.7.0"
"""


@pytest.fixture
def make_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeProject]:
    """Write and bootstrap a project.

    Call with the project's files by path, ``{package}`` standing for the package's
    folder under ``src``, as in ``{package}/nodes.py``; ``settings.py`` and the
    configuration folders are there without being named. Each project gets a package
    name of its own, so that tests do not see each other's modules.
    """
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def make(files: dict[str, str], *, folder: str = "project") -> Path:
        package = f"test_project_{os.getpid()}_{next(_numbers)}"
        root = tmp_path / folder
        files = {
            "pyproject.toml": _PYPROJECT,
            "conf/base/.gitkeep": "",
            "conf/local/.gitkeep": "",
            "{package}/__init__.py": "",
            "{package}/settings.py": "",
            **files,
        }
        for name, text in files.items():
            inside = "src/" if name.startswith("{package}") else ""
            path = root / inside / name.replace("{package}", package)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).replace("{package}", package))
        bootstrap_project(root)
        return root

    yield make
    pipelines.configure()
    settings.configure()
    for name in set(sys.modules) - before:
        if name.startswith("test_project_"):
            del sys.modules[name]
    logging.getLogger("kedro").handlers.clear()
