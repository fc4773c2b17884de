"""Runs a project in the way of kedro 1.7.0, for trees that are half-way there.

Called with the folder to make the project in, and the modules to import before.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

FILES = {
    "pyproject.toml": """
[tool.kedro]
package_name = "old"
project_name = "Old"
kedro_init_version = "1.7.0"
""",
    "conf/base/catalog.yml": """
"{name}_table":
    type: kedro.io.MemoryDataset
greeting:
    type: old.texts.Text
    filepath: ${runtime_params:place, here}.txt
""",
    "conf/base/parameters.yml": "word: {first: Hello}",
    "conf/local/.gitkeep": "",
    "src/old/__init__.py": "",
    "src/old/settings.py": "",
    "src/old/texts.py": """
from pathlib import Path

from kedro.io import AbstractDataset


class Text(AbstractDataset):
    def __init__(self, filepath):
        self.path = Path(filepath)

    def load(self):
        return self.path.read_text()

    def save(self, data):
        self.path.write_text(data)

    def _describe(self):
        return {"path": self.path}
""",
    "src/old/pipeline_registry.py": """
from kedro.pipeline import node, pipeline


def shout(word):
    return word.upper()


def greet(word):
    return f"{word} you"


def measure(text):
    return len(text)


def register_pipelines():
    nodes = [
        node(shout, "params:word.first", "a_table"),
        node(greet, "a_table", "greeting"),
        node(measure, "greeting", "length"),
    ]
    return {"__default__": pipeline(nodes)}
""",
}


def main(root: Path, modules: list[str]) -> None:
    import kedro

    print(Path(kedro.__file__).parent)
    for module in modules:
        importlib.import_module(module)
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro.runner import SequentialRunner, ThreadRunner

    bootstrap_project(root)
    results = []
    for place, runner in (("seq", SequentialRunner()), ("thread", ThreadRunner())):
        params = {"place": str(root / place)}
        with KedroSession.create(root, runtime_params=params) as session:
            found = session.run(runner=runner)
        results += [found["length"].load(), (root / f"{place}.txt").read_text()]
    # What is logged on the way goes to the same stream.
    print(results)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
