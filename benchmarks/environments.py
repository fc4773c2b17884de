"""The environments in which the fork and its peers run, kept under ``build/peers``.

kedro 1.7.0 looks for pandas in each load and save, and is faster where it finds it; but
in a first run it would have to import it. So each environment of kedro is there with
pandas, and bare. The fork runs in those of kedro 1.7.0, laid over it: what both depend
on is the same. kedro-boot has environments of its own, because it is a plugin that
kedro loads wherever it is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = Path(__file__).with_name("peers.txt")
FOLDER = ROOT / "build" / "peers"

REQUIREMENTS = {
    "bare": ["kedro", "kedro-datasets"],
    "kedro": ["kedro", "kedro-datasets", "pandas"],
    "boot-bare": ["kedro", "kedro-boot", "kedro-datasets"],
    "plugins": ["kedro", "kedro-boot", "kedro-datasets", "sf-hamilton", "pandas"],
}

# What a developer has set must not reach one side only.
NOT_HANDED_ON = ("PYTHON", "KEDRO_")


@dataclass(frozen=True)
class Environment:
    """An interpreter, and the variables to start it with."""

    python: Path
    variables: dict[str, str]


def install(name: str) -> Environment:
    """Build an environment, unless it is there with the same pins."""
    folder = FOLDER / name
    python = folder / "bin" / "python"
    wanted = PINS.read_text() + "\n".join(REQUIREMENTS[name]) + sys.version
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing {folder.relative_to(ROOT)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "-c", str(PINS)]
        subprocess.run([*pip, *REQUIREMENTS[name]], check=True)
        stamp.write_text(wanted)
    return Environment(python, plain_variables())


def plain_variables() -> dict[str, str]:
    """The variables of this process without those that change how kedro runs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(NOT_HANDED_ON)}
    return {**kept, "DO_NOT_TRACK": "1"}


def with_fork(environment: Environment, fork: Path) -> Environment:
    """The same environment with the fork in front of kedro 1.7.0."""
    variables = {**environment.variables, "PYTHONPATH": str(fork)}
    return Environment(environment.python, variables)


def copy_fork() -> Path:
    """Copy the merged package, so that editing a module does not disturb a race."""
    copy = FOLDER / "fork"
    shutil.rmtree(copy, ignore_errors=True)
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        ROOT / "build" / "editable" / "kedro", copy / "kedro", ignore=without
    )
    return copy


def prepare_all() -> dict[str, Environment]:
    """Install what is missing; ``fork`` and ``fork-bare`` are those with the fork."""
    installed = {name: install(name) for name in REQUIREMENTS}
    fork = copy_fork()
    return {
        **installed,
        "fork": with_fork(installed["kedro"], fork),
        "fork-bare": with_fork(installed["bare"], fork),
    }
