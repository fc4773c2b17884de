"""Arguments for ``session.run`` that are made of bytes, and what has to hold."""

from __future__ import annotations

import importlib
import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroServiceSession, KedroSessionError
from kedro.io import DatasetError
from tests.reliability.footprint import Footprint

FILES = {
    "conf/base/catalog.yml": """
        versions:
          type: json.JSONDataset
          filepath: data/versions.json
          versioned: true
        words:
          type: json.JSONDataset
          filepath: data/${runtime_params:file, words}.json
    """,
    "conf/base/parameters.yml": """
        text: none
        deep: {er: {text: none}}
        derived: ${runtime_params:text, none}
    """,
    "data/words.json": '"words"',
    "data/versions.json/v1/versions.json": '"v1"',
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        ran = []

        def see(*values):
            ran.append("see")
            return list(values)

        def keep(data):
            return str(type(data))

        def register_pipelines():
            return {
                "__default__": pipeline([
                    node(see, ["data", "params:text", "params:derived"], "seen"),
                ]),
                "words": pipeline([node(see, ["words", "parameters"], "seen")]),
                "versions": pipeline([node(see, "versions", "seen")]),
                "keep": pipeline([node(keep, "data", "versions")]),
            }
    """,
}
TEXTS = [
    "",
    "v1",
    "data",
    "text",
    "deep",
    "er",
    "file",
    "words",
    "versions",
    "derived",
    "params:text",
    "parameters",
    "${oc.env:HOME}",
    "${oc.decode:'[1]'}",
    "${runtime_params:text}",
    "${globals:x}",
    "${text}",
    "${",
    "\\${x}",
    "???",
    "..",
    "../../up",
    "/etc",
    "a\0b",
    "\ud800",
    "x" * 300,
    "{name}",
    "_target_",
    "type",
    "*",
]
DEEPEST = 8


class Awkward:
    """An object that raises whatever it is asked."""

    def _refuse(self, *arguments: Any) -> Any:
        raise OSError("asked")

    __eq__ = __repr__ = __str__ = __bool__ = __len__ = __iter__ = _refuse
    __hash__ = __deepcopy__ = __copy__ = __reduce_ex__ = _refuse


class AwkwardText(str):
    """Text that answers for itself."""

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        return False

    def __str__(self) -> str:
        raise OSError("asked for text")

    __repr__ = __str__


class AwkwardDict(dict[Any, Any]):
    """A dictionary that does not tell what is in it."""

    def items(self) -> Any:
        raise OSError("asked for items")

    __iter__ = items


class Bytes:
    """Choices, taken from bytes; the first of all once they are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def number(self, below: int) -> int:
        return next(self._data, 0) % below

    def text(self) -> str:
        texts = [TEXTS[self.number(len(TEXTS))] for _ in range(1 + self.number(3) // 2)]
        return "".join(texts) + chr(self.number(256)) * (self.number(4) == 3)

    def mapping(self, depth: int) -> dict[Any, Any]:
        number = self.number(4)
        return {self.key(): self.value(depth + 1) for _ in range(number)}

    def key(self) -> Any:
        return self.value(DEEPEST) if self.number(12) == 11 else self.text()

    def value(self, depth: int = 0) -> Any:
        if depth >= DEEPEST:
            return self.text()
        kinds: list[Callable[[], Any]] = [
            self.text,
            lambda: None,
            lambda: self.number(256) - 128,
            lambda: self.mapping(depth),
            lambda: [self.value(depth + 1) for _ in range(self.number(4))],
            lambda: (self.value(depth + 1), self.text()),
            lambda: float("nan"),
            lambda: b"\xff",
            lambda: {self.text()},
            Awkward,
            lambda: AwkwardText(self.text()),
            lambda: AwkwardDict({self.text(): self.value(depth + 1)}),
            self.recursive,
            self.deep,
            lambda: 10 ** (20 * self.number(256)),
            lambda: object,
            lambda: (number for number in [1]),
            lambda: True,
        ]
        return kinds[self.number(len(kinds))]()

    def recursive(self) -> Any:
        value: dict[str, Any] = {"list": []}
        value["list"].append(value)
        return value

    def deep(self) -> Any:
        value: Any = self.text()
        for _ in range(2 ** self.number(12)):
            value = [value]
        return value

    def argument(self, usual: Callable[[], Any]) -> Any:
        return self.value() if self.number(8) == 7 else usual()


def odd_value(data: bytes) -> Any:
    """Some value, made of bytes."""
    return Bytes(data).value()


class Fuzzed:
    """A project and a session in serving mode, to be given any arguments.

    Attributes:
        outcomes: How often runs ended, were refused, and failed.
    """

    def __init__(self, project: Path) -> None:
        self.outcomes: Counter[str] = Counter()
        logging.disable(logging.CRITICAL)
        self._project = project
        self.session = KedroServiceSession.create(
            project_path=project, serving_mode=True
        )
        self.run_usual()
        self.ran().clear()

    def close(self) -> None:
        self.session.close()
        logging.disable(logging.NOTSET)

    def ran(self) -> list[str]:
        module = importlib.import_module(
            f"{self.session.package_name}.pipeline_registry"
        )
        return module.ran  # type: ignore[no-any-return]

    def run_usual(self) -> None:
        usual = self.session.run(run_id="usual", runtime_data={"data": 1})
        assert usual.outputs["seen"] == [1, "none", "none"]

    def try_bytes(self, data: bytes) -> None:
        """Run with arguments made of bytes, and check that no harm is done."""
        choose = Bytes(data)
        names = ["__default__", "words", "versions", "keep"]
        name = names[choose.number(len(names))]
        arguments = {
            "runtime_data": choose.argument(
                lambda: {"data": choose.value()} if name in names[::3] else None
            ),
            "runtime_params": choose.argument(lambda: choose.mapping(0)),
            "load_versions": choose.argument(
                lambda: {"versions": choose.text()} if name == "versions" else None
            ),
            "run_id": choose.argument(lambda: choose.text() or None),
        }
        before = Footprint(self.session, ["data/versions.json"])
        outside = set(self._project.parent.iterdir())
        self.ran().clear()
        try:
            self.session.run(pipeline_names=[name], **arguments)
        except (KedroSessionError, DatasetError) as error:
            refused = isinstance(error, KedroSessionError)
            self.outcomes["refused" if refused else "failed"] += 1
            assert not (refused and self.ran())
        except ValueError as error:
            if not str(error).startswith("Pipeline input(s) {'data'} not found"):
                raise
            self.outcomes["refused"] += 1
        except OSError as error:
            # The caller's own object does when it is looked at.
            if not str(error).startswith("asked"):
                raise
            self.outcomes["failed"] += 1
        else:
            self.outcomes["ended"] += 1
        before.check()
        assert set(self._project.parent.iterdir()) == outside
        self.run_usual()
