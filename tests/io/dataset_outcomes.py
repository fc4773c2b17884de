"""What datasets do, in a form in which two versions of Kedro can be compared.

As a program, the module writes the outcome of each of its cases as JSON, with whichever
kedro is on its path, which is how the release is asked.
"""

from __future__ import annotations

import copy
import inspect
import json
import logging
import os
import pickle
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from kedro.io import CachedDataset, DataCatalog, MemoryDataset, core
from kedro.io.core import (
    AbstractDataset,
    AbstractVersionedDataset,
    DatasetError,
    Version,
)

CASES: dict[str, Callable[[], Any]] = {}


def case(function: Callable[[], Any]) -> Callable[[], Any]:
    CASES[function.__name__] = function
    return function


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call returns or raises, warns of and writes to the log."""
    noticed: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: noticed.append(
        f"{record.levelname} {record.funcName}: {record.getMessage()}"
    )
    logger = logging.getLogger("kedro.io.core")
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                result = repr(function(*args, **kwargs))
            except Exception as exc:
                cause = type(exc.__cause__).__name__
                result = f"{type(exc).__name__} from {cause}: {exc}"
    finally:
        logger.removeHandler(handler)
    noticed += [f"{item.category.__name__}: {item.message}" for item in warned]
    return [result, *noticed]


@contextmanager
def debugging() -> Iterator[None]:
    logger = logging.getLogger("kedro.io.core")
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(logging.NOTSET)


class Note(AbstractDataset[str, str]):
    """Fails with the error that it has for an operation."""

    def __init__(self, text: str | None = None, *, errors: Any = None) -> None:
        self.text = text
        self.errors = errors or {}

    def _do(self, operation: str) -> None:
        if operation in self.errors:
            raise self.errors[operation]

    def load(self) -> Any:
        """Read the note."""
        self._do("load")
        return self.text

    def save(self, data: str) -> None:
        self._do("save")
        self.text = data

    def _exists(self) -> bool:
        self._do("exists")
        return self.text is not None

    def _release(self) -> None:
        self._do("release")

    def _describe(self) -> dict[str, Any]:
        return {"text": self.text}


class Heir(Note):
    def load(self):
        return super().load()


class Underscored(AbstractDataset[Any, Any]):
    def _load(self):
        return 1

    def _save(self, data) -> None:
        raise OSError(f"no room for {data}")

    def _describe(self) -> Any:
        return None


class AbstractNote(Note):
    def load(self) -> Any:
        raise ValueError("not wrapped")


class Draft(AbstractDataset[Any, Any]):
    def load(self) -> Any: ...


class Picky(Note):
    def __init__(self, first: Any, /, second: Any = 2, *rest: Any, **more: Any) -> None:
        super().__init__(str(first))
        if first == "bad":
            raise ValueError("cannot connect")


class OnlyNamed(Note):
    versioned = True

    def __init__(self, *, a: Any, version: Any = None, b: Any = (1,)) -> None:
        super().__init__("named")


class Pages(AbstractVersionedDataset[str, str]):
    def __init__(
        self, filepath: str, version: Version | None = None, metadata: Any = None
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)

    def load(self) -> str:
        return Path(self._get_load_path()).read_text()

    def save(self, data: str) -> None:
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data)

    def _exists(self) -> bool:
        return Path(self._get_load_path()).exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "version": self._version}


class MorePages(Pages):
    def load(self) -> str:
        return super().load() + "."


class NoGlob(Pages):
    def __init__(self) -> None:
        AbstractVersionedDataset.__init__(
            self, PurePosixPath("x"), Version(None, None), None, self._refuse
        )

    def _refuse(self, pattern: str) -> list[str]:
        raise PermissionError(f"not yours: {pattern}")


ERRORS = [
    ValueError("broken"),
    DatasetError("said by itself"),
    FileNotFoundError("gone"),
    NotADirectoryError("a file"),
]


def operate(dataset: Any) -> list[Any]:
    return [
        outcome(dataset.save, "x"),
        outcome(dataset.save, None),
        outcome(dataset.exists),
        outcome(dataset.load),
        outcome(dataset.release),
    ]


@case
def operations_with_their_lines() -> Any:
    with debugging():
        return [
            operate(dataset)
            for dataset in (
                Note("a"),
                Heir("b"),
                Underscored(),
                AbstractNote("c"),
                MemoryDataset([1]),
                CachedDataset(Note("d")),
                Pages("plain/a.txt"),
                Pages("fixed/a.txt", Version(None, "v1")),
                MorePages("fixed/b.txt", Version("v1", "v1")),
                NoGlob(),
            )
        ]


@case
def failing_operations() -> Any:
    operations = ("load", "save", "exists", "release")
    return [
        operate(Note("a", errors={operation: error}))
        for operation in operations
        for error in ERRORS
    ]


@case
def decorated_methods() -> Any:
    def show(method: Any) -> Any:
        layers = []
        while method is not None:
            layers.append(
                [
                    method.__qualname__,
                    method.__doc__,
                    sorted(set(getattr(method, "__dict__", ())) - {"__wrapped__"}),
                    sorted(map(str, inspect.signature(method).parameters)),
                ]
            )
            method = getattr(method, "__wrapped__", None)
        return layers

    classes = (Note, Heir, Underscored, AbstractNote, Pages, MorePages)
    return [
        [show(getattr(cls, name)) for name in ("__init__", "load", "save")]
        for cls in classes
    ]


@case
def annotations() -> Any:
    return [
        {key: str(value) for key, value in method.__annotations__.items()}
        for cls in (Note, Heir, Underscored)
        for method in (cls.load, cls.save)
    ]


@case
def arguments() -> Any:
    datasets: list[Any] = [
        Note(),
        Note("a"),
        Note(errors={}, text="b"),
        Heir("c", errors=None),
        Underscored(),
        Picky(1),
        Picky(1, 3, 4, 5, z=6),
        Picky("self", k=1, second=None),
        OnlyNamed(b=1, a=2),
        Pages("a.txt"),
        MorePages(filepath="a.txt", version=Version(None, "v")),
    ]
    copies = [copy.copy(each) for each in datasets]
    deep = [copy.deepcopy(each) for each in datasets]
    return [
        [list(each._init_args.items()).__repr__(), list(vars(each)), repr(each)]
        for each in (*datasets, *copies, *deep)
    ]


@case
def arguments_are_those_that_were_passed() -> Any:
    errors: dict[str, Any] = {}
    dataset = Note(errors=errors)
    errors["more"] = 1
    unset = Note.__new__(Note)
    dataset._init_args["text"] = "changed"
    return [
        dataset._init_args["errors"] is errors,
        copy.copy(dataset)._init_args is dataset._init_args,
        pickle.loads(pickle.dumps(dataset))._init_args,
        outcome(lambda: unset._init_args),
        outcome(unset._init_config),
    ]


@case
def configurations() -> Any:
    inner = {"type": MemoryDataset, "metadata": {"kedro": 1}}
    return [
        repr(dataset._init_config())
        for dataset in (
            Note("a"),
            Heir("b"),
            Pages("a.txt", Version("v", None), {"owner": "me"}),
            CachedDataset(inner),
            CachedDataset(Pages("a.txt", Version(None, None), {"owner": "me"})),
            CachedDataset({"type": Pages, "filepath": "b"}, Version("v", "w")),
        )
    ]


@case
def what_is_shown() -> Any:
    class Described(Note):
        def __init__(self, description: Any) -> None:
            self.description = description

        def _describe(self) -> Any:
            return self.description

    return [
        outcome(repr, Described(description))
        for description in (
            {},
            {"nothing": None, "zero": 0, "empty": "", "version": Version(None, "v")},
            {"deep": {"a": {"b": {"c": 1}}}, "list": [[["d"]]], "tuple": ({"z": 1},)},
            {"long": list(range(200)), "path": PurePosixPath("a/b?c=1")},
            {"url": ["s3://me:secret@host/x?token=1"], "args": {"sas": "a/b#key"}},
            {1: "no name"},
            None,
            "text",
        )
    ]


@case
def redaction() -> Any:
    return [
        core._redact_repr_value(value)
        for value in (
            "plain.csv",
            "data/a b.csv",
            "https://user:pw@host:80/a?b=c#d",
            "https://host/a",
            "https://[broken/a?b=c",
            "error at 'abfss://c@acc.net/p?sig=1', and (http://x#y)!",
            "me:pw@host/a.csv",
            "report@2024.csv",
            "me@host?x",
            "a/b@c/d",
            "bucket/key?sig=x",
            "bucket/key#x",
            "a ? b",
            "",
            1,
            ["a?b", ("c#d", {"e": "f?g"})],
        )
    ]


@case
def definitions() -> Any:
    sys.modules["half_installed"] = half = types.ModuleType("half_installed")
    half.__all__ = ["Missing"]
    half.Note = Note
    here = Note.__module__
    configs: list[dict[str, Any]] = [
        {"type": "MemoryDataset", "data": 1},
        {"type": MemoryDataset, "validator": None, "version": 2},
        {"type": "half_installed.Note", "versioned": True},
        {"type": "half_installed.Missing"},
        {"type": "half_installed.Other"},
        {"type": "not.installed.Dataset"},
        {"type": "NoModule"},
        {"type": "memory_dataset.MemoryDataSet"},
        {"type": ".MemoryDataset"},
        {"type": "MemoryDataset."},
        {"type": "kedro.io.DataCatalog"},
        {"type": DataCatalog},
        {"type": ""},
        {"type": 7},
        {},
        {"type": Note, "text": "a", "unknown": 1},
        {"type": Picky, "first": 1},
        {"type": Draft},
        {"type": OnlyNamed, "a": 1},
        {"type": Pages, "filepath": "a.txt", "versioned": True},
    ]
    bad: list[Any] = [outcome(AbstractDataset.from_config, "bad", {"type": Bad})]
    return [
        [
            outcome(core.parse_dataset_definition, config, "loaded", "saved"),
            outcome(AbstractDataset.from_config, "name", config, "loaded", "saved"),
            list(config),
        ]
        for config in configs
    ] + [bad, here]


class Bad(Note):
    def __init__(self) -> None:
        raise ConnectionError("nobody there")


@case
def versions() -> Any:
    pages = Pages("book/a.txt", Version(None, None))
    steps: list[Any] = [outcome(pages.exists), outcome(pages.load)]
    for version in ("2", "1", "3"):
        pages._version = Version(None, version)
        steps += [outcome(pages.save, version), outcome(pages.load)]
        steps.append(pages.resolve_load_version())
    steps += [pages.list_versions(), pages.list_versions(full_path=False)]
    steps += [outcome(pages.save, "again")]
    Path("book/a.txt/4").mkdir()
    Path("book/a.txt/4/a.txt").write_text("by hand")
    steps.append(outcome(pages.load))
    pages.release()
    steps += [outcome(pages.load), pages._cached_load_version]
    old = Pages("book/a.txt", Version("1", "5"))
    steps += [outcome(old.save, "new"), outcome(old.load), old.exists()]
    for name in ("..", "a/b", "a\\b", "", "."):
        odd = Pages("book/a.txt", Version(name, name))
        steps += [outcome(odd._get_versioned_path, name), outcome(odd.exists)]
    Path("flat.txt").write_text("a file")
    steps.append(outcome(Pages("flat.txt", Version(None, "1")).save, "x"))
    steps.append(outcome(Pages("a:b@c/flat.txt").save, "x"))
    none = Pages("a.txt")
    steps += [none.resolve_load_version(), none.resolve_save_version()]
    steps += [outcome(none._get_load_path), outcome(none._get_save_path)]
    return steps


@case
def paths() -> Any:
    urls = (
        "a/b.csv",
        "file:///a/b.csv",
        "s3://bucket/a?b#c",
        "https://host/a?b=c#d",
        "abfss://c@acc.dfs.net/p",
        "C:\\a\\b",
    )
    texts = [{"a": "fine"}, {"a": "not fine"}, {"a": "x", "b": ";"}]
    names = ["parameters", "params:a", "params", "parameters2", "params:"]
    version = Version(None, None)
    return [
        [outcome(core.get_protocol_and_path, url) for url in urls],
        [outcome(core.get_protocol_and_path, Path(url), version) for url in urls],
        [outcome(core.get_protocol_and_path, url, version) for url in urls],
        [
            core.get_filepath_str(PurePosixPath("host/a"), protocol)
            for protocol in ("http", "https", "s3", "file")
        ],
        [outcome(core.validate_on_forbidden_chars, **text) for text in texts],
        [core.is_parameter(name) for name in names],
    ]


@case
def copies() -> Any:
    pages = Pages("a.txt", Version(None, "v"))
    same = pages._copy(_version=Version("w", None), extra=[1])
    back = pickle.loads(pickle.dumps(pages))
    return [
        [repr(each), sorted(vars(each)), each._init_args.__repr__()]
        for each in (pages, same, back, copy.copy(pages))
    ]


@case
def protocols() -> Any:
    return [
        isinstance(catalog, protocol)
        for catalog in (DataCatalog(), {}, [])
        for protocol in (core.CatalogProtocol, core.SharedMemoryCatalogProtocol)
    ]


@case
def kinds_of_errors() -> Any:
    return [
        [name, [str(base) for base in cls.__mro__]]
        for name, cls in sorted(vars(core).items())
        if isinstance(cls, type) and issubclass(cls, Exception)
    ]


def names() -> dict[str, Any]:
    """Kedro's own names in the module, with their parameters and members."""

    def parameters(function: Any) -> Any:
        if not callable(function):
            return "no function"
        try:
            signature = inspect.signature(function)
        except ValueError:
            return "no signature"
        return [
            f"{each.kind.name} {each.name} {each.default!r}"
            for each in signature.parameters.values()
        ]

    found: dict[str, Any] = {}
    for name, value in vars(core).items():
        if name.isupper() and not name.startswith("_"):
            found[name] = repr(value)
        elif isinstance(value, type) and value.__module__.startswith("kedro."):
            found[name] = [value.__module__, parameters(value)]
            for key in vars(value):
                if not key.endswith("__"):
                    found[f"{name}.{key}"] = parameters(getattr(value, key))
        elif inspect.isfunction(value) and value.__module__.startswith("kedro."):
            found[name] = parameters(value)
    return found


def outcomes() -> dict[str, Any]:
    found = {"names": names()}
    for name, function in CASES.items():
        with TemporaryDirectory() as folder:
            os.chdir(folder)
            found[name] = function()
            os.chdir("/")
    return found


if __name__ == "__main__":
    logging.getLogger("kedro").propagate = False
    print(json.dumps(outcomes()))
