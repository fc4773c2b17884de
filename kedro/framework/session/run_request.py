"""What a caller asks a session to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kedro.config.plain_values import owned
from kedro.runner import AbstractRunner, SequentialRunner

from .abstract_session import KedroSessionError
from .pipeline_registry import DEFAULT_PIPELINE
from .plan import Selection
from .run_id import check_run_id

# Keeps nothing of a run.
_DEFAULT_RUNNER = SequentialRunner()

# How a selection calls the filters of a request.
_FILTERS = {
    "tags": "tags",
    "node_names": "node_names",
    "from_nodes": "from_nodes",
    "to_nodes": "to_nodes",
    "from_inputs": "from_inputs",
    "to_outputs": "to_outputs",
    "namespaces": "node_namespaces",
}


@dataclass
class RunRequest:
    """The arguments of one call of ``session.run``, as they were given."""

    pipeline_names: Iterable[str] | None = None
    tags: Iterable[str] | None = None
    runner: AbstractRunner | None = None
    node_names: Iterable[str] | None = None
    from_nodes: Iterable[str] | None = None
    to_nodes: Iterable[str] | None = None
    from_inputs: Iterable[str] | None = None
    to_outputs: Iterable[str] | None = None
    load_versions: dict[str, str] | None = None
    namespaces: Iterable[str] | None = None
    only_missing_outputs: bool = False
    runtime_params: dict[str, Any] | None = None
    runtime_data: dict[str, Any] | None = None
    run_id: str | None = None
    selection: Selection = field(init=False)

    def __post_init__(self) -> None:
        self.runtime_params = checked_params(self.runtime_params)
        _check_names("runtime_data", self.runtime_data)
        _check_names("load_versions", self.load_versions)
        if self.run_id is not None:
            check_run_id(self.run_id)
        if self.runner is not None and not isinstance(self.runner, AbstractRunner):
            raise KedroSessionError(
                "KedroSession expect an instance of Runner instead of a class."
                " Have you forgotten the `()` at the end of the statement?"
            )
        if isinstance(self.pipeline_names, str):
            raise KedroSessionError(
                f"`pipeline_names` must be a list of names: write "
                f"[{self.pipeline_names!r}]."
            )
        filters = {}
        for argument, name in _FILTERS.items():
            if getattr(self, argument) is not None:
                filters[name] = self._names_in(argument)
        names = self._names_in("pipeline_names") or (DEFAULT_PIPELINE,)
        self.selection = Selection(names, **filters)

    def actual_runner(self) -> AbstractRunner:
        """The given runner, or a sequential one."""
        return self.runner or _DEFAULT_RUNNER

    def record(self) -> dict[str, Any]:
        """What hooks are told about the request."""
        return {
            "tags": self.tags,
            "from_nodes": self.from_nodes,
            "to_nodes": self.to_nodes,
            "node_names": self.node_names,
            "from_inputs": self.from_inputs,
            "to_outputs": self.to_outputs,
            "load_versions": self.load_versions,
            "pipeline_names": self.pipeline_names,
            "namespaces": self.namespaces,
            "runner": getattr(self.runner, "__name__", str(self.runner)),
            "only_missing_outputs": self.only_missing_outputs,
        }

    def _names_in(self, argument: str) -> tuple[str, ...]:
        value = getattr(self, argument)
        if value is None:
            return ()
        names = tuple(value)
        if iter(value) is value:
            # Hooks are told what the run was asked for, and it is used up now.
            setattr(self, argument, list(names))
        return names


def checked_params(runtime_params: object) -> dict[str, Any]:
    """Check runtime parameters, and take a copy.

    Raises:
        KedroSessionError: If they are no dictionary with string keys.
    """
    _check_names("runtime_params", runtime_params)
    return owned(runtime_params or {})  # type: ignore[arg-type]


def merged_params(
    defaults: Mapping[str, Any], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay runtime parameters over others, key by key at every depth.

    Args:
        defaults: Parameters that hold where ``overrides`` has none.
        overrides: Parameters that win.

    Returns:
        A new dictionary; its parts may be shared with the arguments.
    """
    merged = dict(defaults)
    for key, value in overrides.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merged_params(below, value)
        else:
            merged[key] = value
    return merged


def _check_names(argument: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, (dict, Mapping)):
        raise KedroSessionError(
            f"`{argument}` must be a dictionary, not {type(value).__name__}."
        )
    for name in value:
        if not isinstance(name, str):
            raise KedroSessionError(
                f"The keys of `{argument}` must be strings, not "
                f"{type(name).__name__} ({name!r})."
            )
