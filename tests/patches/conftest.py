"""The series, written once for all tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.patches.git import tracked_files
from tools.patches.manifest import Series, read_series
from tools.patches.series import write_series
from tools.releases import ROOT


@dataclass(frozen=True)
class Written:
    series: Series
    files: list[str]
    patches: list[Path]


@pytest.fixture(scope="session")
def series() -> Series:
    return read_series()


@pytest.fixture(scope="session")
def files() -> list[str]:
    return tracked_files(ROOT)


@pytest.fixture(scope="session")
def written(
    series: Series, files: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Written:
    folder = tmp_path_factory.mktemp("written")
    patches = write_series(series, folder / "tree", folder / "patches")
    return Written(series, files, patches)
