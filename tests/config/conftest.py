"""Configuration on disk, and kedro 1.7.0 to compare with."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

OUTCOMES = Path(__file__).with_name("outcomes.py")

WriteConf = Callable[..., Path]


class Release:
    """kedro 1.7.0, alive in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.versions = self._answer()

    def outcomes(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process ended with {self._process.wait()}"
        return json.loads(line)


@pytest.fixture(scope="session")
def release(installed: Callable[..., Path]) -> Iterator[Release]:
    """kedro 1.7.0 with the other packages of this environment, OmegaConf too."""
    folder = installed("kedro==1.7.0", "--no-deps")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, OUTCOMES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
    ) as process:
        yield Release(process)
        # Processes that other tests have forked may hold its input open: it would
        # wait for its end, and this one for it.
        process.kill()


@pytest.fixture(scope="session")
def here() -> SimpleNamespace:
    """The functions of ``outcomes.py`` in this process, with the kedro of this tree."""
    return SimpleNamespace(**runpy.run_path(str(OUTCOMES)))


def write_files(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return root


@pytest.fixture
def write_conf(tmp_path: Path) -> WriteConf:
    """Write configuration files by their path under ``conf``."""

    def write(files: Mapping[str, str], folder: str = "conf") -> Path:
        for environment in ("base", "local"):
            (tmp_path / folder / environment).mkdir(parents=True, exist_ok=True)
        return write_files(tmp_path / folder, files)

    return write
