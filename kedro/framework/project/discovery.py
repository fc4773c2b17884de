"""Finding the pipelines in the modules of a project."""

from __future__ import annotations

import importlib
import importlib.resources
import traceback
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from kedro.framework import project
from kedro.pipeline import Pipeline, pipeline
from kedro.utils import get_close_matches

IMPORT_ERROR_MESSAGE = (
    "An error occurred while importing the '{module}' module. Nothing "
    "defined therein will be returned by 'find_pipelines'.\n\n{tb_exc}"
)
_DEFAULT = "__default__"


def find_pipelines(
    raise_errors: bool = False, pipelines_to_find: list[str] | None = None
) -> dict[str, Pipeline]:
    """Call the ``create_pipeline`` functions of the configured project.

    They are looked for in the modules under ``pipelines``, and for ``__default__``
    in the module ``pipeline``. A project's ``register_pipelines`` may return the
    result, or change it first.

    Args:
        raise_errors: Raise an error, and do not warn, where that fails.
        pipelines_to_find: Names of the pipelines that are wanted, if not all; those
            that the command line asks for have precedence.

    Returns:
        Pipelines by name.

    Raises:
        RuntimeError: If no project is configured.
        ImportError: If a module cannot be imported and ``raise_errors`` is set.
        KeyError: If there is no such pipeline and ``raise_errors`` is set.

    Warns:
        UserWarning: If a module cannot be imported or has no ``create_pipeline``
            that returns a ``Pipeline``, and ``raise_errors`` is not set.
    """
    if project.PACKAGE_NAME is None:
        raise RuntimeError(
            "'find_pipelines' cannot be called before the project is configured. "
            "Call 'configure_project' first."
        )
    requested = project.pipelines._requested_pipelines
    if requested is None:
        requested = pipelines_to_find
    if requested is None or _DEFAULT in requested:
        default = _default_pipeline(project.PACKAGE_NAME, raise_errors)
        return {_DEFAULT: default, **_registered(None, raise_errors)}
    return _registered({*requested}, raise_errors)


def _registered(wanted: set[str] | None, raise_errors: bool) -> dict[str, Pipeline]:
    parent = f"{project.PACKAGE_NAME}.pipelines"
    found: dict[str, Pipeline] = {}
    seen: set[str] = set()
    try:
        names = list(_module_names(importlib.resources.files(parent)))
    except ModuleNotFoundError as exc:
        if str(exc) != f"No module named '{parent}'":
            raise
        if wanted is not None:
            _report_none(wanted, raise_errors, exc)
        return found
    for name in names:
        if wanted is not None and name not in wanted:
            continue
        seen.add(name)
        module = _imported(f"{parent}.{name}", raise_errors)
        created = _create_pipeline(module) if module else None
        if created is not None:
            found[name] = created
        elif raise_errors:
            raise KeyError(f"Pipeline '{name}' not found")
    for name in (wanted or set()) - seen:
        _report_missing(
            f"{parent}.{name}", get_close_matches(name, names), raise_errors
        )
    return found


def _default_pipeline(package_name: str, raise_errors: bool) -> Pipeline:
    """What projects define that have one pipeline only."""
    name = f"{package_name}.pipeline"
    module = _imported(name, raise_errors, optional=True)
    created = _create_pipeline(module) if module else None
    return created or pipeline([])


def _module_names(folder: Any) -> Iterator[str]:
    for entry in folder.iterdir():
        hidden = entry.name == "__pycache__" or entry.name.startswith(".")
        if entry.is_dir() and not hidden:
            yield entry.name


def _imported(
    name: str, raise_errors: bool, *, optional: bool = False
) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except Exception as exc:
        if optional and str(exc) == f"No module named '{name}'":
            return None
        if raise_errors:
            raise ImportError(
                f"An error occurred while importing the '{name}' module."
            ) from exc
        details = traceback.format_exc()
        warnings.warn(
            IMPORT_ERROR_MESSAGE.format(module=name, tb_exc=details), stacklevel=1
        )
        return None


def _report_none(wanted: set[str], raise_errors: bool, cause: Exception) -> None:
    message = f"Pipeline(s) not found: {', '.join(sorted(wanted))}"
    if raise_errors:
        raise KeyError(message) from cause
    warnings.warn(message, stacklevel=1)


def _report_missing(name: str, near: list[str], raise_errors: bool) -> None:
    message = f"An error occurred while importing the '{name}' module."
    if raise_errors:
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ImportError(f"{message} There is no such pipeline.{hint}")
    warnings.warn(
        f"{message} Nothing defined therein will be returned by 'find_pipelines'.",
        stacklevel=1,
    )


def _create_pipeline(pipeline_module: ModuleType) -> Pipeline | None:
    name = pipeline_module.__name__
    if not hasattr(pipeline_module, "create_pipeline"):
        warnings.warn(
            f"The '{name}' module does not expose a 'create_pipeline' function, so no "
            f"pipelines defined therein will be returned by 'find_pipelines'.",
            stacklevel=1,
        )
        return None
    created = pipeline_module.create_pipeline()
    if isinstance(created, Pipeline):
        return created
    warnings.warn(
        f"Expected the 'create_pipeline' function in the '{name}' module to return a "
        f"'Pipeline' object, got '{type(created).__name__}' instead. Nothing defined "
        f"therein will be returned by 'find_pipelines'.",
        stacklevel=1,
    )
    return None
