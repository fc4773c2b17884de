"""``make compat``: plugins as they are on PyPI, with this fork and the example project.

Runs in the environment that has them, each check in a process of its own. What Kedro
and the plugins print is kept in ``build/compat/work``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from importlib.metadata import version

from compat.project import EXAMPLE, ROOT, make_project
from compat.report import CHANGED, FAILED, OWN_SIDE, SHOWN

CHECKS = ("datasets", "viz", "mlflow_runs", "mlflow_per_run", "telemetry", "boot")
WORK = ROOT / "build" / "compat" / "work"
REFUSED = WORK / "refused.txt"
# What a developer has set is not to decide how plugins behave.
NOT_HANDED_ON = ("PYTHON", "KEDRO_", "MLFLOW_", "HEAP_")


def main() -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    REFUSED.write_text("")
    variables = quiet_variables()
    print(f"kedro {version('kedro')}, Python {sys.version.split()[0]}\n", flush=True)
    make_project(WORK / "project", variables)
    found = sum((run(check, variables) for check in CHECKS), Counter[str]())
    return summarize(found)


def quiet_variables() -> dict[str, str]:
    """Variables with which nothing is sent, and little is logged."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(NOT_HANDED_ON)}
    return {
        **own,
        "DO_NOT_TRACK": "1",
        # MLflow heeds DO_NOT_TRACK only where it says "true".
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "compat" / "offline"), str(ROOT)]),
        "PYTHONWARNINGS": "ignore",
        "KEDRO_LOGGING_CONFIG": str(EXAMPLE / "conf" / "serving_logging.yml"),
        "XDG_CONFIG_HOME": str(WORK / "config"),
        "COMPAT_REFUSED": str(REFUSED),
    }


def run(check: str, variables: dict[str, str]) -> Counter[str]:
    """Run a check, hand on the lines that it prints, and count them by kind."""
    found: Counter[str] = Counter()
    log = WORK / f"{check}.txt"
    with (
        log.open("w", encoding="utf-8") as printed,
        subprocess.Popen(
            [sys.executable, "-m", "compat.check", check],
            cwd=WORK / "project",
            env=variables,
            stdout=subprocess.PIPE,
            stderr=printed,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            found[line[2:10].strip()] += line.startswith("  ")
    if process.returncode:
        found[FAILED] += 1
        print(
            f"  {FAILED:8}  the check ended with {process.returncode}; its last lines:"
        )
        print(*log.read_text().splitlines()[-20:], sep="\n")
    print(flush=True)
    return found


def summarize(found: Counter[str]) -> int:
    for host, times in Counter(REFUSED.read_text().split()).items():
        print(f"Refused: {times} requests to {host}")
    print(
        f"{found[SHOWN]} shown, {found[OWN_SIDE]} wrong on a plugin's own side, "
        f"{found[CHANGED]} not so any more, {found[FAILED]} failed"
    )
    return int(bool(found[FAILED] or found[CHANGED]))


if __name__ == "__main__":
    sys.exit(main())
