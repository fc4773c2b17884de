"""Every code block of the documentation, executed."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from tests.docs.page import ROOT

PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "RELEASE.md", "RFC.md")),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "examples").glob("*/README.md"),
    ]
)
EXECUTED = {"python", "yaml", "toml", "ipython", "bash", "console", "text"}
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

# What the README leaves to its reader: a project, and orders.
MY_PROJECT = {
    "pyproject.toml": """
[tool.kedro]
package_name = "my_project"
project_name = "My project"
kedro_init_version = "1.7.0"
""",
    "conf/base/catalog.yml": """
model: {type: json.JSONDataset, filepath: data/model.json}
features: {type: json.JSONDataset, filepath: data/features.json}
""",
    "conf/base/parameters.yml": "threshold: 0.5",
    "conf/local/.gitkeep": "",
    "data/model.json": '{"weight": 0.1}',
    "src/my_project/__init__.py": "",
    "src/my_project/settings.py": "",
    "src/my_project/pipeline_registry.py": """
from kedro.pipeline import node, pipeline

def predict(features, model, threshold):
    return features["size"] * model["weight"] >= threshold

def register_pipelines():
    inputs = ["features", "model", "params:threshold"]
    return {"serve": pipeline([node(predict, inputs, "prediction")])}
""",
}


@pytest.mark.parametrize("name", NAMES)
def test_blocks_do_what_the_page_says(open_page, name):
    page = open_page(ROOT / name)
    if name == "README.md":
        for file, text in MY_PROJECT.items():
            path = page.folder / "my-project" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        page.namespace["orders"] = [(7, {"size": 6}), (8, {"size": 8})]
    page.execute()


@pytest.mark.parametrize("name", NAMES)
def test_no_block_is_left_out(open_page, name):
    text = (ROOT / name).read_text()
    fences = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    unknown = [fence.info for fence in fences if fence.info not in EXECUTED]
    executed = len(list(open_page(ROOT / name).document.examples()))

    assert executed == len(fences) - len(unknown)
    assert "mermaid" not in unknown or name == "RFC.md"
    # What `make compat` executes, with plugins that are not installed here.
    others = ["python notest"] if name == "docs/plugins.md" else []
    assert [info for info in unknown if info != "mermaid"] == others


def test_what_is_not_executed_here_is_executed_with_the_plugins():
    text = (ROOT / "docs" / "plugins.md").read_text()
    [block] = [
        token.content
        for token in MarkdownIt().parse(text)
        if token.info == "python notest"
    ]
    files = [path.read_text() for path in (ROOT / "compat").rglob("*.py")]

    for line in block.split("\n"):
        assert any(line in file for file in files), line
