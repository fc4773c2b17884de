"""``kedro ipython``, in a real terminal shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

WIDTH = 80
PROJECT = {
    "conf/base/catalog.yml": """
        recommendation_model: {type: json.JSONDataset, filepath: data/model.json}
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline


        def weigh(model):
            return len(model)


        def register_pipelines():
            return {
                "__default__": pipeline([node(weigh, "recommendation_model", "weight")])
            }
    """,
    "data/model.json": "[1, 2, 3]",
}
CELLS = """
import logging; logging.getLogger("kedro").setLevel("ERROR")
session
session.preload()
[session.run().outputs["weight"] for _ in range(3)]
session.run(run_id="order-42")
session.cache_info()
catalog["recommendation_model"] = [1]
session.run().outputs["weight"]
catalog is session.catalog
"""


def test_names_runs_and_short_texts(make_project, tmp_path):
    shown = results(make_project(PROJECT), tmp_path)

    assert shown[0].startswith("KedroSession(project, session_id='")
    assert shown[0].endswith(", open)")
    assert shown[1] == "[3, 3, 3]"
    assert shown[2].startswith("RunResult(run_id='order-42', duration=")
    assert shown[2].endswith(" s, outputs=[weight])")
    head, row = shown[3].splitlines()
    assert head.startswith("artifact             | type | load seconds | hits")
    assert row.startswith("recommendation_model | list | ")
    assert shown[4:] == ["1", "True"]
    for text in shown:
        assert max(map(len, text.splitlines())) < WIDTH


def results(project: Path, folder: Path) -> list[str]:
    """What the shell shows as values of the cells."""
    scripts = Path(sys.executable).parent
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "ipython", "--simple-prompt", "--no-banner"],
        cwd=project,
        env={
            **os.environ,
            "COLUMNS": str(WIDTH),
            "IPYTHONDIR": str(folder / "ipython"),
            "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]]),
        },
        input=CELLS,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    values = re.findall(r"Out\[\d+\]: (.*?)\n\s*\n(?=In|$)", done.stdout, re.DOTALL)
    assert values, done.stdout + done.stderr
    return [value.strip() for value in values]
