"""A kedro project on disk."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

_numbers = itertools.count()

_PYPROJECT = """\
[tool.kedro]
package_name = "{package}"
project_name = "Shop"
kedro_init_version = "1.7.0"
"""

_REGISTRY = """\
from kedro.pipeline import Pipeline, node

from . import nodes


def register_pipelines():
    pipelines = {{}}
{pipelines}
    return {{"__default__": pipelines["{default}"], **pipelines}}
"""


@dataclass
class NodeRow:
    """A node as it stands in the table of a feature."""

    pipeline: str
    node: str
    reads: list[str]
    writes: list[str]


class Project:
    """A project whose files the scenarios write and look at.

    Args:
        root: Its folder; made.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.package = f"shop_{os.getpid()}_{next(_numbers)}"
        self._source = f"src/{self.package}"
        for folder in ("conf/base", "conf/local", "data"):
            (root / folder).mkdir(parents=True)
        self.write("pyproject.toml", _PYPROJECT.format(package=self.package))
        for module in ("__init__", "settings"):
            self.write(f"{self._source}/{module}.py", "")
        nodes = Path(__file__).with_name("nodes.py")
        shutil.copy(nodes, root / self._source)

    def register(self, rows: Iterable[NodeRow]) -> None:
        """Write the pipelines; the first one is the default."""
        by_pipeline: dict[str, list[str]] = {}
        for row in rows:
            outputs = row.writes[0] if len(row.writes) == 1 else row.writes
            by_pipeline.setdefault(row.pipeline, []).append(
                f"node(nodes.{row.node}, {row.reads!r}, {outputs!r}, name={row.node!r})"
            )
        pipelines = "\n".join(
            f"    pipelines[{name!r}] = Pipeline([{', '.join(nodes)}])"
            for name, nodes in by_pipeline.items()
        )
        text = _REGISTRY.format(pipelines=pipelines, default=next(iter(by_pipeline)))
        self.write(f"{self._source}/pipeline_registry.py", text)

    def write(self, name: str, text: str) -> None:
        """Write a text file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as CSV, or pickled if that is what the name ends in."""
        if name.endswith(".pkl"):
            (self.root / name).write_bytes(pickle.dumps(table))
        else:
            self.write(name, table.to_csv(index=False))

    def read_json(self, name: str) -> Any:
        """What a JSON file holds."""
        return json.loads((self.root / name).read_text(encoding="utf-8"))

    def versions(self, name: str) -> list[str]:
        """The versions of a file that a versioned dataset has saved."""
        folder = self.root / name
        paths = folder.glob(f"*/{folder.name}")
        return sorted(path.parent.name for path in paths)
