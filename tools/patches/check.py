"""Whether each patch stands on its own: it imports, and its tests pass."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.patches.git import Repository, tracked_files
from tools.patches.manifest import Series, is_test, modules
from tools.patches.series import fresh_tree
from tools.releases import ROOT

WORKERS = "2"


def check_series(series: Series, written: list[Path], work: Path) -> int:
    """Apply patch after patch to a fresh tree, and test each there.

    Args:
        series: The series.
        written: Its patches, in order.
        work: A folder for the tree, its environment and what the tests print.

    Returns:
        How many patches failed.
    """
    files = tracked_files(ROOT)
    tree = fresh_tree(series, work / "checked")
    logs = work / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    failed = 0
    for patch, path in zip(series.patches, written, strict=True):
        tree.apply(path)
        python = environment(work / "env", tree)
        own = series.files_of(patch, files)
        began = time.perf_counter()
        steps = [call(step, tree.folder) for step in steps_of(series, own, python)]
        seconds = time.perf_counter() - began
        printed = "".join(step.stdout for step in steps)
        (logs / f"{path.stem}.txt").write_text(printed, encoding="utf-8")
        wrong = [step for step in steps if step.returncode]
        failed += bool(wrong)
        verdict = "FAILED" if wrong else "passed"
        last = [*wrong, steps[-1]][0].stdout.strip().splitlines()[-1:]
        print(f"{verdict}  {path.name}  {seconds:.0f} s ", *last, flush=True)
    print(f"{len(written) - failed} of {len(written)} patches pass")
    print(f"What the tests printed is in {logs.relative_to(ROOT)}")
    return failed


def steps_of(series: Series, own: list[str], python: Path) -> list[list[str]]:
    """Commands that import a patch's modules, look at kedro's layers, and run tests.

    Args:
        series: The series.
        own: The files of the patch.
        python: The interpreter of the tree's environment.
    """
    tests = [series.moved(file) for file in own if is_test(file)]
    return [
        [str(python), "-c", import_statement(own)],
        [str(python.with_name("lint-imports")), "--no-cache"],
        *([[*pytest(python), *tests]] if tests else []),
    ]


def pytest(python: Path) -> list[str]:
    """pytest, without the measuring of coverage that kedro has on."""
    workers = ["-n", WORKERS, "--dist", "loadfile", "--timeout", "300"]
    # What fails is to be the patch. Other examples are for the tests of the whole.
    same = "--hypothesis-seed=0"
    return [str(python), "-m", "pytest", "-q", "-o", "addopts=", same, *workers]


def import_statement(own: list[str]) -> str:
    """Python that imports kedro, and each module of a patch.

    Args:
        own: The files of the patch.
    """
    return "import " + ", ".join(["kedro", *modules(own)])


def environment(folder: Path, tree: Repository) -> Path:
    """Python of an environment with what the tree requires, tests included.

    Args:
        folder: The environment, which is kept for the next time.
        tree: The tree; it is installed in an editable way.
    """
    python = folder / "bin" / "python"
    wanted = (tree.folder / "pyproject.toml").read_text("utf-8") + sys.version
    stamp = folder / "installed.txt"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--editable", f"{tree.folder}[test]"], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def call(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without what a developer has set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PY", "KEDRO_"))}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, "DO_NOT_TRACK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
