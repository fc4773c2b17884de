"""The same work written down for each of those compared: a chain of small functions."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

BIAS = 10
ON_DISK = 3
INJECTED = 1
HASHED_BYTES = 4 * 2**20
HASHING_NODES = 3

_PYPROJECT = """
[tool.kedro]
package_name = "chain"
project_name = "Chain"
kedro_init_version = "1.7.0"
"""

_REGISTRY = """
from kedro.pipeline import Pipeline, node

from chain.nodes import first, step


def register_pipelines():
    begin = node(first, ["x", "model", "params:p0"], "y1", name="n1")
    others = {{
        f"other{{k}}": Pipeline([node(step, f"o{{k}}", f"r{{k}}", name=f"m{{k}}")])
        for k in range({other_pipelines})
    }}
    steps = [
        node(step, f"y{{i}}", f"y{{i + 1}}", name=f"n{{i + 1}}")
        for i in range(1, {nodes})
    ]
    return {{"__default__": Pipeline([begin, *steps]), **others}}
"""

_SHORT_ENTRY = """
{name}: {{type: json.JSONDataset, filepath: data/{name}.json}}
"""

# With what the entries of kedro's own starters have besides.
_FULL_ENTRY = """
{name}:
  type: pandas.CSVDataset
  filepath: data/01_raw/{name}.csv
  load_args:
    sep: ","
  metadata:
    kedro-viz:
      layer: raw
"""

# OmegaConf 2.4 refuses files with more than 10 000 values.
_ENTRIES_IN_A_FILE = 100

_FIRST = "return x * factor + model['bias']"
_STEP = "return value + 1"

_NODES = f"""
def first(x, model, factor):
    {_FIRST}


def step(value):
    {_STEP}
"""

_HASHING_REGISTRY = f"""
from kedro.pipeline import Pipeline, node

from chain.nodes import digest


def register_pipelines():
    names = ["params:p0", *(f"y{{i + 1}}" for i in range({HASHING_NODES}))]
    pairs = zip(names, names[1:])
    nodes = [node(digest, ["x", a], b, name=b) for a, b in pairs]
    return {{"__default__": Pipeline(nodes)}}
"""

_HASHING_NODES = """
import hashlib


def digest(data, seed):
    made = hashlib.sha256(str(seed).encode())
    made.update(data)
    return made.hexdigest()
"""


@dataclass(frozen=True)
class Size:
    """How large a project is.

    Attributes:
        nodes: Nodes of the chain.
        entries: Catalog entries, the two that are used among them.
        full: Whether those that are not used have arguments and metadata.
        other_pipelines: Pipelines besides the chain.
        parameters: Parameters, the one that is used among them.
    """

    nodes: int = 3
    entries: int = 10
    full: bool = False
    other_pipelines: int = 1
    parameters: int = 5


def write_chain(folder: Path, size: Size) -> Path:
    """Write a project, and the same chain for Hamilton and as plain calls."""
    files = {
        **_catalog(size),
        "src/chain/nodes.py": _NODES,
        "src/chain/pipeline_registry.py": _REGISTRY.format(
            other_pipelines=size.other_pipelines, nodes=size.nodes
        ),
        "conf/base/parameters.yml": "".join(
            f"p{i}: {i}\n" for i in range(size.parameters)
        ),
        "data/x.json": json.dumps(ON_DISK),
        "data/model.json": json.dumps({"bias": BIAS}),
        "dataflow.py": dataflow(size.nodes),
        "direct.py": direct(size.nodes),
    }
    return _write(folder, files)


def _catalog(size: Size) -> dict[str, str]:
    """The catalog's files by path."""
    used = [_SHORT_ENTRY.format(name=name) for name in ("x", "model")]
    entry = _FULL_ENTRY if size.full else _SHORT_ENTRY
    others = [entry.format(name=f"e{i}") for i in range(size.entries - len(used))]
    starts = range(0, len(others), _ENTRIES_IN_A_FILE)
    parts = [others[start : start + _ENTRIES_IN_A_FILE] for start in starts]
    files = {
        f"conf/base/catalog_{i}.yml": "".join(part) for i, part in enumerate(parts)
    }
    return {"conf/base/catalog.yml": "".join(used), **files}


def write_hashing(folder: Path) -> Path:
    """Write a project whose nodes release the interpreter's lock."""
    files = {
        "src/chain/nodes.py": _HASHING_NODES,
        "src/chain/pipeline_registry.py": _HASHING_REGISTRY,
        "conf/base/catalog.yml": "",
        "conf/base/parameters.yml": "p0: 0\n",
    }
    return _write(folder, files)


def dataflow(nodes: int) -> str:
    """The chain as Hamilton reads it: an output has its function's name."""
    first = _FIRST.replace("factor", "p0")
    functions = [f"def y1(x: int, model: dict, p0: int) -> int:\n    {first}\n"]
    for i in range(1, nodes):
        body = _STEP.replace("value", f"y{i}")
        functions.append(f"def y{i + 1}(y{i}: int) -> int:\n    {body}\n")
    return "\n\n".join(functions)


def direct(nodes: int) -> str:
    """The chain as calls, one after the other."""
    calls = [f"    y{i + 1} = step(y{i})\n" for i in range(1, nodes)]
    head = "def chain(x, model, factor):\n    y1 = first(x, model, factor)\n"
    return f"{_NODES}\n\n{head}{''.join(calls)}    return y{nodes}\n"


def chain_result(x: int, nodes: int, factor: int) -> int:
    """What a run of the chain has to give."""
    return x * factor + BIAS + nodes - 1


def hashing_result(factor: int) -> str:
    """What a run of the hashing nodes has to give."""
    value = str(factor)
    for _ in range(HASHING_NODES):
        made = hashlib.sha256(value.encode())
        made.update(bytes(HASHED_BYTES))
        value = made.hexdigest()
    return value


def _write(folder: Path, files: dict[str, str]) -> Path:
    common = {
        "pyproject.toml": _PYPROJECT,
        "src/chain/__init__.py": "",
        "src/chain/settings.py": "",
        "conf/local/.gitkeep": "",
    }
    # What another size had is not to be read with it.
    shutil.rmtree(folder / "conf", ignore_errors=True)
    for name, text in {**common, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
