"""Datasets do what they do in kedro 1.7.0, and say nothing that nobody listens to.

The release answers live: what it logs and which signatures it shows depends on the
Python that it runs on.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import pickle
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from kedro.io import (
    AbstractDataset,
    AbstractVersionedDataset,
    DatasetError,
    MemoryDataset,
    core,
    init_arguments,
)
from kedro.io.core import Version, parse_dataset_definition
from kedro.io.init_arguments import InitArguments

OUTCOMES = Path(__file__).with_name("dataset_outcomes.py")
CASES = sorted(runpy.run_path(str(OUTCOMES))["CASES"])
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "load": lambda dataset: dataset.load(),
    "save": lambda dataset: dataset.save(1),
    "exists": lambda dataset: dataset.exists(),
    "release": lambda dataset: dataset.release(),
}


class Described:
    """Counts how often it is asked what it is."""

    times_described = 0

    def load(self) -> Any:
        return 1

    def save(self, data: Any) -> None:
        pass

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        self.times_described += 1
        return {"name": "counted"}


class Plain(Described, AbstractDataset[Any, Any]): ...


class Versioned(Described, AbstractVersionedDataset[Any, Any]):
    def __init__(self) -> None:
        super().__init__(PurePosixPath("a"), Version("v", "v"))


def outcomes(path: str) -> dict[str, Any]:
    found = subprocess.run(
        [sys.executable, OUTCOMES],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def here() -> dict[str, Any]:
    return outcomes(os.environ.get("PYTHONPATH", ""))


@pytest.fixture(scope="module")
def release(installed: Callable[..., Path]) -> dict[str, Any]:
    return outcomes(str(installed("kedro==1.7.0", "--no-deps")))


@pytest.mark.parametrize("case", CASES)
def test_datasets_do_what_those_of_the_release_do(
    here: dict[str, Any], release: dict[str, Any], case: str
) -> None:
    assert here[case] == release[case]


def test_every_name_of_the_release_is_there_and_takes_the_same(
    here: dict[str, Any], release: dict[str, Any]
) -> None:
    kept = {name: here["names"].get(name) for name in release["names"]}
    assert kept == release["names"]


@pytest.mark.parametrize("cls", [Plain, Versioned])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_is_described_where_nobody_listens(
    cls: Any, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kedro.io.core")
    dataset = cls()
    OPERATIONS[operation](dataset)
    assert dataset.times_described == 0
    assert not caplog.records


@pytest.mark.parametrize("cls", [Plain, Versioned])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_listens_hears_of_the_operation(
    cls: Any, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "kedro.io.core")
    dataset = cls()
    OPERATIONS[operation](dataset)
    assert [(record.name, record.funcName) for record in caplog.records] == [
        ("kedro.io.core", operation)
    ]
    assert f"{cls.__name__}(name='counted')" in caplog.text


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_dataset_may_log_elsewhere(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Elsewhere(Plain):
        @property
        def _logger(self) -> logging.Logger:
            return logging.getLogger("elsewhere")

    caplog.set_level(logging.DEBUG, "elsewhere")
    OPERATIONS[operation](Elsewhere())
    assert [record.name for record in caplog.records] == ["elsewhere"]


def test_what_fails_names_the_dataset() -> None:
    class Broken(Plain):
        def load(self) -> Any:
            raise ValueError("torn")

    with pytest.raises(DatasetError, match=r"Broken\(name='counted'\)\.\ntorn"):
        Broken().load()


@pytest.mark.parametrize(
    ("constructor", "args", "kwargs"),
    [
        (lambda self: None, (), {}),
        (lambda self, a, b=2, c=3: None, (1,), {"c": 4}),
        (lambda self, a, b=2, c=3: None, (), {"b": 5, "a": 6}),
        (lambda self, a, *rest, b=2: None, (1, 2, 3), {}),
        (lambda self, a, *, b, c=3, **more: None, (1,), {"z": 1, "b": 2, "y": 3}),
        (lambda self, a=1, /, b=2: None, (), {"b": 3}),
        (lambda this, a: None, (1,), {}),
        (lambda *everything, **named: None, (1,), {"self": 2}),
        (object.__init__, (), {}),
    ],
)
def test_arguments_get_the_names_that_inspect_gives_them(
    constructor: Any, args: Any, kwargs: Any
) -> None:
    expected = inspect.getcallargs(constructor, "instance", *args, **kwargs)
    expected.pop("self", None)
    named = InitArguments(constructor).of_call("instance", args, kwargs)
    assert list(named.items()) == list(expected.items())


def test_a_signature_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def look(function: Any) -> Any:
        looked_at.append(function.__qualname__)
        return inspect.getfullargspec(function)

    monkeypatch.setattr(init_arguments, "getfullargspec", look)

    class Named(Plain):
        def __init__(self, name: str) -> None:
            self.name = name

    assert [Named(name)._init_args["name"] for name in "abc"] == ["a", "b", "c"]
    assert len(looked_at) == 1


def test_errors_and_versions_travel_under_the_names_of_the_release() -> None:
    for thing in (DatasetError("x"), Version(None, "v")):
        assert b"kedro.io.core" in pickle.dumps(thing)
        assert repr(pickle.loads(pickle.dumps(thing))) == repr(thing)


def test_tests_may_replace_how_classes_are_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core, "load_obj", lambda path: MemoryDataset)
    found, _ = parse_dataset_definition({"type": "not_installed.Dataset"})
    assert found is MemoryDataset
