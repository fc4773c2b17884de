"""Both ends of the range of OmegaConf that ``pyproject.toml`` names."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

RULES = (
    "test_entries.py",
    "test_other_users.py",
    "test_rules.py",
    "test_type_guard.py",
)


def supported() -> Requirement:
    parsed = map(Requirement, requires("kedro") or [])
    return next(
        requirement for requirement in parsed if requirement.name == "omegaconf"
    )


def oldest() -> str:
    return next(s.version for s in supported().specifier if s.operator == ">=")


def run_python(*arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_rules_hold_with_the_oldest(installed: Callable[..., Path]) -> None:
    folder = str(installed(f"omegaconf=={oldest()}"))
    asked = run_python(
        "-c", "import omegaconf; print(omegaconf.__version__)", path=folder
    )
    assert asked.stdout.strip() == oldest()
    here = Path(__file__).parent
    files = [str(here / name) for name in RULES]
    # Coverage, which kedro's own configuration asks for, is no matter here.
    options = ("-q", "-p", "no:xdist", "-o", "addopts=")
    tested = run_python("-m", "pytest", *options, *files, path=folder)
    assert tested.returncode == 0, tested.stdout[-3000:]


def test_this_environment_has_one_that_deprecates_what_the_release_calls() -> None:
    import omegaconf

    assert Version(omegaconf.__version__) >= Version("2.4")
    assert omegaconf.__version__ in supported().specifier


@pytest.mark.parametrize("key", ["catalog", "parameters", "credentials", "globals"])
def test_loading_warns_of_nothing(
    key: str, tmp_path: Path, write_conf: Callable[..., Path]
) -> None:
    conf = write_conf(
        {
            "base/globals.yml": "where: data",
            "base/catalog.yml": "a: {path: '${globals:where}/${add:1,2}'}",
            "base/parameters.yml": "b: ${runtime_params:c, 1}",
            "base/credentials.yml": "d: {user: '${oc.env:HOME, nobody}'}",
        }
    )
    script = tmp_path / "load.py"
    script.write_text(
        "import sys, warnings\n"
        "from kedro.config import OmegaConfigLoader\n"
        "warnings.simplefilter('error')\n"
        "resolvers = {'add': lambda a, b: a + b}\n"
        "loader = OmegaConfigLoader(sys.argv[1], base_env='base',\n"
        "    default_run_env='local', custom_resolvers=resolvers)\n"
        "print(loader[sys.argv[2]])\n"
        "print(dict(loader.entries(sys.argv[2])))\n"
    )
    loaded = run_python(str(script), str(conf), key)
    assert loaded.returncode == 0, loaded.stderr
    assert len(loaded.stdout.splitlines()) == 2
    assert "Warning" not in loaded.stderr
