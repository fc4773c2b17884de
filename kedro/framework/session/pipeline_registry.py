"""The pipelines that a session has loaded."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from kedro.framework import project as kedro_project
from kedro.framework.project import pipelines
from kedro.framework.project.project_pipelines import _ProjectPipelines
from kedro.utils import get_close_matches

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

DEFAULT_PIPELINE = "__default__"

# What `register_pipelines` returns may depend on which project is configured and
# which pipelines are requested, and both are known to the process as a whole.
_loading = RLock()


class PipelineRegistry:
    """The registered pipelines of one project, loaded as they are asked for.

    Where the project registers pipelines selectively, a pipeline is imported when
    it is named, so that one that is broken stops nobody else.

    Args:
        package_name: The project's package.
    """

    def __init__(self, package_name: str | None) -> None:
        self._package_name = package_name
        self._loaded: dict[str, Pipeline] = {}
        self._is_complete = False

    def named(self, names: Iterable[str]) -> list[Pipeline]:
        """The pipelines of these names.

        Raises:
            ValueError: If one is not registered; suggests others.
        """
        names = list(names)
        missing = [name for name in names if name not in self._loaded]
        if missing and not self._is_complete:
            self._load(missing)
        return [self._found(name) for name in names]

    def all(self) -> dict[str, Pipeline]:
        """All registered pipelines by name."""
        if not self._is_complete:
            self._load(None)
        return dict(self._loaded)

    def forget(self) -> None:
        """Have ``register_pipelines`` called again, by whoever asks next."""
        if self._package_name == kedro_project.PACKAGE_NAME:
            pipelines.configure(f"{self._package_name}.pipeline_registry")

    def _load(self, names: list[str] | None) -> None:
        if names is not None and DEFAULT_PIPELINE in names:
            names = None
        with _loading, _requested(self._package_name, names) as registered:
            # Without a selection the registry gives all; with one, `__default__` is
            # the sum of what was selected, and not to be taken for the real one.
            wanted = registered.keys() if names is None else names
            found = {name: registered[name] for name in wanted if name in registered}
            self._loaded = {**found, **self._loaded}
            self._is_complete = self._is_complete or names is None

    def _found(self, name: str) -> Pipeline:
        if name in self._loaded:
            return self._loaded[name]
        matches = get_close_matches(name, self.all())
        hint = ""
        if matches:
            hint = "Did you mean one of these instead?\n" + textwrap.indent(
                "\n".join(matches), " " * 4
            )
        raise ValueError(
            f"Failed to find the pipeline named '{name}'. "
            f"It needs to be generated and returned "
            f"by the 'register_pipelines' function. {hint}"
        )


@contextmanager
def _requested(
    package_name: str | None, names: list[str] | None
) -> Iterator[dict[str, Pipeline]]:
    """What the project registers if ``names`` are asked for."""
    if package_name == kedro_project.PACKAGE_NAME:
        pipelines.set_requested(names)
        yield dict(pipelines)
        return
    # Another project was configured since the session was created.
    configured = kedro_project.PACKAGE_NAME, pipelines._requested_pipelines
    registry = _ProjectPipelines()
    registry.configure(f"{package_name}.pipeline_registry")
    try:
        kedro_project.PACKAGE_NAME = package_name
        pipelines._requested_pipelines = names
        yield dict(registry)
    finally:
        kedro_project.PACKAGE_NAME, pipelines._requested_pipelines = configured
