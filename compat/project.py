"""The example project with what the plugins need, trained and ready."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "model-serving"
ADDITIONS = Path(__file__).with_name("additions")
SETTINGS = """
import os

from model_serving.watch import Watch

HOOKS = (Watch(),)
DISABLE_HOOKS_FOR_PLUGINS = tuple(os.environ.get("COMPAT_WITHOUT", "").split())
"""


def make_project(folder: Path, variables: dict[str, str]) -> None:
    """Copy the example, lay the additions over it, and train as one does by hand."""
    shutil.rmtree(folder, ignore_errors=True)
    without = shutil.ignore_patterns("data", "notebooks", "__pycache__")
    shutil.copytree(EXAMPLE, folder, ignore=without)
    shutil.copytree(ADDITIONS, folder, ignore=without, dirs_exist_ok=True)
    with open(folder / "src" / "model_serving" / "settings.py", "a") as settings:
        settings.write(SETTINGS)
    subprocess.run(
        [sys.executable, "-m", "kedro", "run", "--pipelines", "training"],
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        check=True,
    )
