"""Says what ``kedro.framework.project`` makes of projects, in whichever kedro.

usage: outcomes.py CASES RESULT: reads cases from one JSON file, and writes what came
of them to another.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import os
import sys
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

SETTINGS = (
    "CONF_SOURCE",
    "HOOKS",
    "CONTEXT_CLASS",
    "SESSION_CLASS",
    "SESSION_STORE_CLASS",
    "SESSION_STORE_ARGS",
    "DISABLE_HOOKS_FOR_PLUGINS",
    "RUNNER_MODULE_ALLOWLIST",
    "CONFIG_LOADER_CLASS",
    "CONFIG_LOADER_ARGS",
    "DATA_CATALOG_CLASS",
    "DATASET_VALIDATION",
    "OWN",
    "NOT_THERE",
)


def attempt(action: Callable[[], Any]) -> Any:
    """The result, or the error, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome = ["value", action()]
        except Exception as error:
            # Here it goes on, with the nearest names.
            message = str(error).partition(" There is no such pipeline.")[0]
            outcome = ["error", type(error).__name__, message]
    ours = [str(w.message) for w in caught if w.category is UserWarning]
    return [*outcome, [text.split("Traceback")[0] for text in ours]]


def said(value: Any) -> Any:
    """A value as JSON, with its type."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, dict):
        return [type(value).__name__, {k: said(v) for k, v in dict(value).items()}]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [said(item) for item in value]]
    plain = isinstance(value, (str, int, float, bool, type(None)))
    return [type(value).__name__, value if plain else None]


def write(root: Path, package: str, files: dict[str, str]) -> None:
    for name, text in {"__init__.py": "", **files}.items():
        path = root / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).replace("{package}", package))
    importlib.invalidate_caches()


def settings(root: Path, package: str, case: dict[str, Any]) -> Any:
    from kedro.framework import project

    write(root, package, case["files"])
    os.environ.update(case.get("environment", {}))
    try:
        configured = attempt(lambda: project.configure_project(package))
        values = {
            name: attempt(lambda name=name: said(getattr(project.settings, name)))
            for name in SETTINGS
        }
        validated = attempt(project.validate_settings)
        return [configured, values, validated]
    finally:
        for name in case.get("environment", {}):
            del os.environ[name]


def discovery(root: Path, package: str, case: dict[str, Any]) -> Any:
    from kedro.framework import project

    write(root, package, {"settings.py": "", **case["files"]})
    project.configure_project(package)
    project.pipelines.set_requested(case.get("requested"))

    def found() -> Any:
        pipelines = project.find_pipelines(**case.get("arguments", {}))
        return {name: len(pipelines[name].nodes) for name in sorted(pipelines)}

    return attempt(found)


def logs(root: Path, package: str, case: dict[str, Any]) -> Any:
    from kedro.framework import project

    write(root, package, case.get("files", {}))
    put = attempt(lambda: project.configure_logging(case["config"]))
    known = [type(handler).__name__ for handler in logging.getLogger().handlers]
    filters = [
        type(found).__name__
        for handler in logging.getLogger().handlers
        for found in handler.filters
    ]
    project.LOGGING.set_project_logging("a_project")
    level = logging.getLogger("a_project").level
    return [put, known, filters, level, dict(project.LOGGING)]


def exports(root: Path, package: str, case: dict[str, Any]) -> Any:
    module = importlib.import_module(case["module"])
    found: dict[str, Any] = {}
    for name in case["names"] or [n for n in dir(module) if n[0] != "_"]:
        value = getattr(module, name, None)
        if getattr(value, "__module__", None) is None or inspect.ismodule(value):
            continue
        if not value.__module__.startswith("kedro"):
            continue
        found[name] = signature(value)
        if inspect.isclass(value):
            members = [m for m in dir(value) if m[0] != "_" and m in vars(value)]
            found[name] = {m: signature(getattr(value, m)) for m in members}
            found[name]["__init__"] = signature(value)
    return found


def signature(value: Any) -> Any:
    if not callable(value):
        return "value"
    return [
        [p.name, str(p.kind), said(p.default)]
        for p in inspect.signature(value).parameters.values()
    ]


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    root = target.parent / "packages"
    root.mkdir()
    sys.path.insert(0, str(root))
    kinds = {
        "settings": settings,
        "discovery": discovery,
        "logs": logs,
        "exports": exports,
    }
    cases = json.loads(source.read_text())
    outcomes = {
        name: kinds[case["kind"]](root, f"case_{number}", case)
        for number, (name, case) in enumerate(cases.items())
    }
    target.write_text(json.dumps(outcomes))


if __name__ == "__main__":
    main()
