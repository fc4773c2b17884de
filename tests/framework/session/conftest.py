"""Sessions on real projects, and calls that truly overlap."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kedro.framework.session import KedroSession

OpenSession = Callable[..., KedroSession]


@pytest.fixture
def open_session(make_project: Callable[..., Path]) -> Iterator[OpenSession]:
    """Write a project and open a session on it, which is closed after the test.

    ``registry`` is the project's ``pipeline_registry.py``, with its nodes. Other
    files can be given by path, and arguments for ``create``.
    """
    sessions: list[KedroSession] = []

    def open_session(
        registry: str,
        *,
        catalog: str = "",
        parameters: str = "",
        files: dict[str, str] | None = None,
        folder: str = "project",
        session_class: type[KedroSession] = KedroSession,
        **arguments: Any,
    ) -> KedroSession:
        root = make_project(
            {
                "conf/base/catalog.yml": catalog,
                "conf/base/parameters.yml": parameters,
                "{package}/pipeline_registry.py": registry,
                **(files or {}),
            },
            folder=folder,
        )
        session = session_class.create(project_path=root, **arguments)
        session.save_on_close = False
        sessions.append(session)
        return session

    yield open_session
    for session in sessions:
        session.close()


@pytest.fixture
def module_of() -> Callable[..., ModuleType]:
    """A module of a session's project, to see what its nodes and hooks wrote down."""

    def module_of(session: KedroSession, name: str = "pipeline_registry") -> ModuleType:
        return import_module(f"{session.package_name}.{name}")

    return module_of


@pytest.fixture
def at_once() -> Callable[..., list[Any]]:
    """Call functions in threads that start together.

    Gives what each returned, or the exception that it raised, in their order.
    """

    def at_once(*functions: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(functions), timeout=30)

        def call(function: Callable[[], Any]) -> Any:
            start.wait()
            try:
                return function()
            except Exception as error:
                return error

        with ThreadPoolExecutor(len(functions)) as pool:
            return list(pool.map(call, functions))

    return at_once
