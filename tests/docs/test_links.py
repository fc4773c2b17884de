"""Links of the documentation lead somewhere, and figures have their source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

from tests.docs.test_pages import NAMES, ROOT

_MARKDOWN = MarkdownIt("gfm-like", {"linkify": False}).use(anchors_plugin, max_level=6)
_SPEED = re.compile(
    r"\d[\d,. ]*\s?(?:ns|µs|ms)\b|\btimes (?:as fast|faster|slower)\b", re.IGNORECASE
)

_FIGURE = re.compile(r"(\d[\d., ]*(?:[µm]s)?)<!-- figure -->")


@lru_cache
def tokens_of(path: Path) -> list[Token]:
    tokens = _MARKDOWN.parse(path.read_text())
    return [part for token in tokens for part in (token, *(token.children or ()))]


def links(path: Path) -> Iterator[str]:
    for token in tokens_of(path):
        target = token.attrs.get("href") or token.attrs.get("src")
        if target:
            yield str(target)


def anchors(path: Path) -> set[object]:
    return {
        token.attrs["id"] for token in tokens_of(path) if token.type == "heading_open"
    }


@pytest.mark.parametrize("name", NAMES)
def test_relative_links_lead_somewhere(name):
    path = ROOT / name
    for link in links(path):
        url = urlsplit(link)
        if url.scheme:
            continue
        target = (path.parent / unquote(url.path)).resolve() if url.path else path
        assert target.exists(), f"{link} is not in the repository"
        if url.fragment:
            assert url.fragment in anchors(target), f"{link} is no heading"


@pytest.mark.parametrize("name", NAMES)
def test_figures_of_speed_have_their_source_in_the_same_page(name):
    path = ROOT / name
    claims = [
        token.content
        for token in tokens_of(path)
        if token.type == "text" and _SPEED.search(token.content)
    ]
    if claims and path.name != "benchmarks.md":
        targets = [
            (path.parent / urlsplit(link).path).resolve() for link in links(path)
        ]
        assert ROOT / "docs" / "benchmarks.md" in targets, claims


@pytest.mark.parametrize("name", ["README.md", "RFC.md"])
def test_figures_are_those_of_the_last_benchmark(name):
    measured = (ROOT / "docs" / "benchmarks.md").read_text()
    figures = [figure.strip() for figure in _FIGURE.findall((ROOT / name).read_text())]

    assert figures
    assert [figure for figure in figures if f"| {figure} " not in measured] == []


def test_every_page_of_the_guide_is_in_its_index():
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link).resolve() for link in links(index)}

    assert listed == {*(ROOT / "docs").glob("*.md")} - {index}
    assert index in {
        (ROOT / urlsplit(link).path).resolve() for link in links(ROOT / "README.md")
    }


def test_figures_of_speed_are_recognised():
    for claim in ("costs some 60 µs", "in 1.5 ms", "12 times faster"):
        assert _SPEED.search(claim)
    for other in ("200 requests", "255 bytes", "three times", "5 items"):
        assert not _SPEED.search(other)
