"""Searches for arguments that do harm, guided by the code of kedro that they reach.

``make fuzz`` runs it with atheris; ``MINUTES`` says for how long. What it has found
interesting is kept in ``build/fuzz/corpus``; bytes that do harm are written beside it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# Told before they are imported, for it to see which lines are reached.
with atheris.instrument_imports(include=["kedro"]):
    import kedro.framework.session
    import kedro.framework.startup  # noqa: F401

from kedro.framework.startup import bootstrap_project  # noqa: E402
from tests.reliability.odd_values import FILES, Fuzzed  # noqa: E402

PYPROJECT = """
    [tool.kedro]
    package_name = "fuzzed"
    project_name = "Fuzzed"
    kedro_init_version = "1.7.0"
"""


def write_project(root: Path) -> Path:
    files = {
        **FILES,
        "pyproject.toml": PYPROJECT,
        "conf/local/.gitkeep": "",
        "{package}/__init__.py": "",
        "{package}/settings.py": "",
    }
    for name, text in files.items():
        path = root / name.replace("{package}", "src/fuzzed")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    bootstrap_project(root)
    return root


def main() -> None:
    os.environ["DO_NOT_TRACK"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        fuzzed = Fuzzed(write_project(Path(folder, "project")))
        told = 0

        def try_bytes(data: bytes) -> None:
            nonlocal told
            fuzzed.try_bytes(data)
            if sum(fuzzed.outcomes.values()) >= 2 * told:
                told = sum(fuzzed.outcomes.values())
                print(f"{told} runs: {dict(fuzzed.outcomes)}", flush=True)

        atheris.Setup(sys.argv, try_bytes)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
