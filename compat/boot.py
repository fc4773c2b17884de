"""kedro-boot: its own session, compiled from a run of ours."""

from __future__ import annotations

import os
from pathlib import Path

from kedro_boot.app.booter import boot_project
from kedro_boot.framework.compiler.specs import CompilationSpec

from compat.report import begin, show
from compat.serving import TUMOURS, serve, session_here

THRESHOLDS = (0.2, 0.5, 0.8)


def main() -> None:
    begin("kedro-boot")
    # kedro-boot calls hooks of nodes when the run is over for all others.
    os.environ["COMPAT_WITHOUT"] = "kedro_mlflow"
    spec = CompilationSpec(
        inputs=["requests"], outputs=["predictions"], parameters=["threshold"]
    )
    booted = boot_project(
        Path.cwd(),
        compilation_specs=[spec],
        kedro_args={"pipeline": "serving", "env": "boot"},
    )
    answers = [
        booted.run(inputs={"requests": TUMOURS}, parameters={"threshold": threshold})
        for threshold in THRESHOLDS
    ]
    with session_here() as session:
        ours = [
            serve(session, threshold=threshold).outputs["predictions"]
            for threshold in THRESHOLDS
        ]
    show(
        "a project that it boots answers as the session does, three times",
        all(map(type(ours[0]).equals, answers, ours)),
        answers,
    )
