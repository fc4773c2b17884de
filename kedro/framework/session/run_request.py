"""What a caller asks a session to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kedro.config.plain_values import owned
from kedro.runner import AbstractRunner, SequentialRunner
from kedro.utils import _is_unsafe_version

from .abstract_session import KedroSessionError
from .pipeline_registry import DEFAULT_PIPELINE
from .plan import Selection, nested
from .run_id import check_run_id

# Keeps nothing of a run.
_DEFAULT_RUNNER = SequentialRunner()

# Further down, OmegaConf comes to the end of Python's stack.
_MAX_DEPTH = 50
_CONTAINERS = (dict, list, tuple)

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
        if self.load_versions is not None:
            self.load_versions = _checked_versions(self.load_versions)
        if self.run_id is not None:
            self.run_id = check_run_id(self.run_id)
        if self.runner is not None and not isinstance(self.runner, AbstractRunner):
            raise KedroSessionError(
                "KedroSession expect an instance of Runner instead of a class."
                " Have you forgotten the `()` at the end of the statement?"
            )
        filters = {}
        for argument, name in _FILTERS.items():
            if getattr(self, argument) is not None:
                filters[name] = self._names_in(argument)
        names = () if self.pipeline_names is None else self._names_in("pipeline_names")
        self.selection = Selection(names or (DEFAULT_PIPELINE,), **filters)

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
        if isinstance(value, str) and value:
            raise KedroSessionError(
                f"`{argument}` must be a list of names: write [{value!r}]."
            )
        names = tuple(value)
        if iter(value) is value:
            # Hooks are told what the run was asked for, and it is used up now.
            setattr(self, argument, list(names))
        return names


def checked_params(runtime_params: object) -> dict[str, Any]:
    """Check runtime parameters, and take a copy.

    Raises:
        KedroSessionError: If they are no dictionary with string keys, have names such
            as ``params:fee``, are nested too deeply or cannot be copied.
    """
    _check_names("runtime_params", runtime_params)
    values: Mapping[str, Any] = runtime_params or {}  # type: ignore[assignment]
    for name, value in values.items():
        if name[:7] == "params:":
            raise KedroSessionError(
                f"'{name}' in `runtime_params` is what nodes call the parameter. Give "
                f"it without `params:`, as runtime_params={nested(name)}."
            )
        if isinstance(value, _CONTAINERS):
            _check_depth(value)
    try:
        return owned(values)
    except MemoryError:
        raise
    except Exception as exc:
        raise KedroSessionError(
            f"`runtime_params` cannot be copied ({type(exc).__name__}: {exc}). Give "
            f"objects of that kind in `runtime_data`."
        ) from exc


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


def _checked_versions(load_versions: object) -> dict[str, str]:
    _check_names("load_versions", load_versions)
    versions: dict[str, str] = dict(load_versions)  # type: ignore[call-overload]
    for name, given in versions.items():
        if given is None:
            continue
        if not isinstance(given, str):
            raise KedroSessionError(
                f"The version of '{name}' in `load_versions` must be a string, not "
                f"{type(given).__name__}."
            )
        # A subclass might answer for itself.
        version = versions[name] = str.__str__(given)
        # Without a name it is the latest, as in kedro 1.7.0.
        if version and (_is_unsafe_version(version) or "\0" in version):
            raise KedroSessionError(
                f"The version {version!r} of '{name}' in `load_versions` is not "
                f"allowed: it must be the name of a version, and not of another folder."
            )
    return versions


def _check_depth(value: Any) -> None:
    """Check that a value is not nested too deeply for the configuration."""
    level = {id(value): value}
    for _ in range(_MAX_DEPTH):
        level = {id(inner): inner for outer in level.values() for inner in _in(outer)}
        if not level:
            return
    raise KedroSessionError(
        f"`runtime_params` are nested in more than {_MAX_DEPTH} levels, or contain "
        f"themselves. Give such data in `runtime_data`."
    )


def _in(container: Any) -> list[Any]:
    inside = container.values() if isinstance(container, Mapping) else container
    return [inner for inner in inside if isinstance(inner, _CONTAINERS)]


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
