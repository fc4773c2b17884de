"""Real Kedro projects on disk for the tests, and packages to compare with."""

from __future__ import annotations

import importlib
import itertools
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kedro.framework.project import pipelines, settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

os.environ["DO_NOT_TRACK"] = "1"

ROOT = Path(__file__).resolve().parents[1]

MakeProject = Callable[..., Path]

_numbers = itertools.count()

# What is done with these datasets is written down next to their data, where other
# processes can write too.
_RECORDED_DATASETS = """
import json
from pathlib import Path, PurePosixPath
from kedro.io import AbstractVersionedDataset


class Record(dict):
    "Data that weak references can point to."


def while_loading(name):
    "Tests put here what has to happen after a file was read and before it is loaded."


class RecordedDataset(AbstractVersionedDataset):
    def __init__(self, filepath, version=None, credentials=None):
        super().__init__(PurePosixPath(filepath), version)
        self.credentials = credentials
        self._note("build")

    def _note(self, what):
        with Path(self._filepath).parent.joinpath("events.log").open("a") as log:
            log.write(f"{what} {self._filepath.name}\\n")

    def load(self):
        self._note("load")
        text = Path(self._get_load_path()).read_text()
        while_loading(self._filepath.name)
        return json.loads(text, object_hook=Record)

    def save(self, data):
        self._note("save")
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))

    def _exists(self):
        return Path(self._get_load_path()).exists()

    def _describe(self):
        return {"filepath": self._filepath}
"""

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


class RecordedProject:
    """A project that has ``{package}.datasets.RecordedDataset`` for JSON files.

    Its data is in ``data``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "data").mkdir(exist_ok=True)

    def session(self, **arguments: Any) -> KedroSession:
        return KedroSession.create(self.path, **arguments)

    def happened(self, event: str) -> int:
        """How often an event such as ``"load model.json"`` was written down."""
        return self.events().count(event)

    def events(self) -> list[str]:
        log = self.path / "data" / "events.log"
        return log.read_text().splitlines() if log.exists() else []

    def write(self, name: str, data: Any) -> None:
        path = self.path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))

    def read(self, name: str) -> Any:
        return json.loads((self.path / "data" / name).read_text())

    def edit(self, name: str, text: str) -> None:
        """Replace one of the project's own files."""
        path = self.path / name
        path.write_text(textwrap.dedent(text).replace("{package}", self.package))

    @property
    def package(self) -> str:
        return next((self.path / "src").glob("test_project_*")).name

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{name}")


@pytest.fixture
def recorded_project(make_project: MakeProject) -> Callable[..., RecordedProject]:
    """Write a project whose datasets write down what is done with them."""

    def make(files: dict[str, str], **data: Any) -> RecordedProject:
        datasets = {"{package}/datasets.py": _RECORDED_DATASETS}
        project = RecordedProject(make_project({**datasets, **files}))
        for name, value in data.items():
            project.write(f"{name}.json", value)
        return project

    return make


@pytest.fixture(scope="session")
def installed() -> Callable[..., Path]:
    """Install a package into a folder that is kept under ``build``."""

    def install(requirement: str, *options: str) -> Path:
        folder = ROOT / "build" / "beside" / requirement.replace("==", "-")
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            new = Path(tempfile.mkdtemp(dir=folder.parent))
            pip = [sys.executable, "-m", "pip", "install", "--quiet", *options]
            subprocess.run([*pip, "--target", new, requirement], check=True)
            try:
                new.rename(folder)
            except OSError:
                # Another worker was faster.
                shutil.rmtree(new)
        return folder

    return install
