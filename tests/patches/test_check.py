"""What ``make patches CHECK=1`` does with each patch."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.patches.check import call, import_statement, steps_of

PYTHON = Path("env/bin/python")


def test_modules_are_imported_layers_looked_at_and_tests_run(series) -> None:
    own = ["kedro/io/core.py", "tests/io/dataset_outcomes.py", "tests/io/test_core.py"]
    imports, layers, tests = steps_of(series, own, PYTHON)
    assert imports[-1] == "import kedro, kedro.io.core"
    assert layers[0] == "env/bin/lint-imports"
    assert [part for part in tests if part.endswith(".py")] == [
        "tests_reentrant/io/test_core.py"
    ]


def test_a_patch_without_tests_does_not_run_all_of_them(series) -> None:
    steps = steps_of(series, ["kedro/runner/task.py"], PYTHON)
    assert not any("pytest" in step for step in steps)


@pytest.mark.parametrize(("module", "returncode"), [("io/core", 0), ("io/nowhere", 1)])
def test_a_module_that_is_not_there_is_noticed(module, returncode, tmp_path) -> None:
    statement = import_statement([f"kedro/{module}.py"])
    done = call([sys.executable, "-c", statement], tmp_path)
    assert done.returncode == returncode
    assert ("No module named 'kedro.io.nowhere'" in done.stdout) == bool(returncode)


def test_settings_of_a_developer_do_not_reach_the_tests(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--exitfirst")
    monkeypatch.setenv("KEDRO_ENV", "elsewhere")
    script = "import os; print(sorted(k for k in os.environ if k[0] in 'KP'))"
    printed = call([sys.executable, "-c", script], tmp_path).stdout
    assert "PATH" in printed
    assert not {"PYTHONPATH", "PYTEST_ADDOPTS", "KEDRO_ENV"} & {*eval(printed)}
