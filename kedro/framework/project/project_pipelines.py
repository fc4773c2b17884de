"""The pipelines that the project registers."""

from __future__ import annotations

import importlib
from collections.abc import ItemsView, Iterator, KeysView, MutableMapping, ValuesView
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


class _ProjectPipelines(MutableMapping):  # type: ignore[type-arg]
    """Pipelines by name, as ``register_pipelines`` of the project returns them.

    It is called when somebody looks, so that a project whose pipelines cannot be
    imported can be configured all the same. Views and iterators are of the moment
    when they were asked for.

    Modules of the project are not to look while they are being imported: other
    threads that import them could then wait for each other forever.
    """

    def __init__(self) -> None:
        self._pipelines_module: str | None = None
        self._requested_pipelines: list[str] | None = None
        self._content: dict[str, Pipeline] = {}
        self._is_data_loaded = False
        # `register_pipelines` may look at this object again.
        self._lock = RLock()

    def configure(self, pipelines_module: str | None = None) -> None:
        """Have the pipelines read, from now on, from another module.

        Args:
            pipelines_module: Full name of the module with ``register_pipelines``.
        """
        with self._lock:
            self._forget()
            self._pipelines_module = pipelines_module
            self._requested_pipelines = None

    def set_requested(self, pipeline_names: list[str] | None) -> None:
        """Say which pipelines are wanted, for projects that register no others then.

        Args:
            pipeline_names: Their names; all where ``None``.
        """
        with self._lock:
            if {*(self._requested_pipelines or ())} != {*(pipeline_names or ())}:
                self._forget()
            wanted = None if pipeline_names is None else list(pipeline_names)
            self._requested_pipelines = wanted

    def __getitem__(self, name: str) -> Pipeline:
        with self._lock:
            return self._load_data()[name]

    def __setitem__(self, name: str, value: Pipeline) -> None:
        with self._lock:
            self._load_data()[name] = value

    def __delitem__(self, name: str) -> None:
        with self._lock:
            del self._load_data()[name]

    def __len__(self) -> int:
        return len(self._snapshot())

    def __iter__(self) -> Iterator[str]:
        return iter(self._snapshot())

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._snapshot().keys()

    def values(self) -> ValuesView[Pipeline]:
        """The pipelines."""
        return self._snapshot().values()

    def items(self) -> ItemsView[str, Pipeline]:
        """Names and pipelines."""
        return self._snapshot().items()

    def __repr__(self) -> str:
        return repr(self._snapshot())

    def __str__(self) -> str:
        return str(self._snapshot())

    def _snapshot(self) -> dict[str, Pipeline]:
        with self._lock:
            return dict(self._load_data())

    def _load_data(self) -> dict[str, Pipeline]:
        with self._lock:
            if self._pipelines_module is not None and not self._is_data_loaded:
                register = self._get_pipelines_registry_callable(self._pipelines_module)
                self._content = register()
                self._is_data_loaded = True
            return self._content

    def _forget(self) -> None:
        self._content = {}
        self._is_data_loaded = False

    @staticmethod
    def _get_pipelines_registry_callable(pipelines_module: str) -> Any:
        return importlib.import_module(pipelines_module).register_pipelines
