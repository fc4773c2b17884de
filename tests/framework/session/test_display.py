"""How results, sessions and caches look in notebooks and in terminals."""

from __future__ import annotations

import html
import sys
from datetime import datetime, timezone
from html.parser import HTMLParser

import pytest

from kedro.framework.session import KedroSession, RunResult
from kedro.framework.session.artifacts import ArtifactInfo, CacheInfo
from kedro.io import MemoryDataset

WIDTH = 80
REGISTRY = """
    from kedro.pipeline import node, pipeline

    def length(words):
        return len(words)

    def register_pipelines():
        count = pipeline([node(length, "words", "count")])
        return {"__default__": count, "count": count}
"""
LOADED = datetime(2026, 4, 1, 9, 30, 15, tzinfo=timezone.utc)


class Table(HTMLParser):
    """The cells of a table, and whether its tags match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.titles: list[str] = []
        self.caption = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.titles.append(dict(attrs).get("title", ""))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1] == "caption":
            self.caption += data
        else:
            assert self._open[-1] in ("td", "th")
            self.rows[-1][-1] += data


def table_of(shown: object) -> Table:
    return Table(shown._repr_html_())


def facts_of(session: KedroSession) -> dict[str, str]:
    return dict(table_of(session).rows)


class TestSession:
    @pytest.fixture
    def session(self, open_session):
        catalog = "words: {type: json.JSONDataset, filepath: data/words.json}"
        files = {"data/words.json": '["a", "bcd"]'}
        return open_session(REGISTRY, catalog=catalog, files=files)

    def test_says_what_it_is(self, session):
        table = table_of(session)
        assert table.caption == "KedroSession"
        assert facts_of(session) == {
            "session_id": session.session_id,
            "project": "project",
            "env": "default",
            "state": "open",
            "pipelines loaded": "0",
            "artifacts": "0",
        }
        assert str(session.project_path) in table.titles

    def test_says_what_it_has_loaded(self, session):
        session.run(pipeline_names=["count"])
        assert facts_of(session)["pipelines loaded"] == "1: count"
        session.preload(["words"])
        assert facts_of(session)["artifacts"] == "1: words"
        session.release_cache()
        assert facts_of(session)["artifacts"] == "0"

    def test_loads_nothing_for_that(self, session):
        repr(session), session._repr_html_()
        assert session._state.context is None
        assert f"{session.package_name}.pipeline_registry" not in sys.modules

    def test_says_that_it_is_closed(self, session):
        session.preload(["words"])
        session.close()
        assert facts_of(session)["state"] == "closed"
        assert facts_of(session)["artifacts"] == "0"

    def test_says_its_environment_and_class(self, open_session):
        class MySession(KedroSession):
            pass

        session = open_session(
            REGISTRY, session_class=MySession, env="prod", session_id="mine"
        )
        assert table_of(session).caption == "MySession"
        assert facts_of(session)["env"] == "prod"
        assert facts_of(session)["session_id"] == "mine"

    def test_is_escaped(self, open_session):
        session = open_session(
            REGISTRY, folder="a<b>'\"&", env="<i>", session_id="</td>"
        )
        facts = facts_of(session)
        assert facts["project"] == "a<b>'\"&"
        assert facts["env"] == "<i>"
        assert facts["session_id"] == "</td>"
        assert str(session.project_path) in table_of(session).titles

    def test_is_one_short_line_in_a_terminal(self, session):
        assert repr(session) == (
            f"KedroSession(project, session_id='{session.session_id}', open)"
        )
        assert len(repr(session)) < WIDTH


def result_of(count: int, *, run_id: str = "run", duration: float = 0.5) -> RunResult:
    datasets = {f"output_{number}": MemoryDataset(number) for number in range(count)}
    return RunResult(datasets, run_id=run_id, session_id="session", duration=duration)


class TestResult:
    def test_is_a_table(self):
        table = table_of(result_of(2, run_id="order-42", duration=0.0123456))
        assert table.caption == "run order-42, 0.0123 s"
        assert table.rows == [
            ["output", "type"],
            ["output_0", "MemoryDataset"],
            ["output_1", "MemoryDataset"],
        ]
        assert "kedro.io.memory_dataset.MemoryDataset" in table.titles

    def test_is_escaped(self):
        odd = type("A<b>", (MemoryDataset,), {})
        result = RunResult(
            {"<script>": odd(1)}, run_id="<i>&", session_id="", duration=1
        )
        table = table_of(result)
        assert table.caption == "run <i>&, 1 s"
        assert table.rows[1] == ["<script>", "A<b>"]

    def test_stays_compact_with_many_outputs(self):
        result = result_of(300)
        table = table_of(result)
        assert len(table.rows) == 52
        assert table.rows[-1] == ["and 250 more"]
        assert repr(result) == (
            "RunResult(run_id='run', duration=0.5 s, outputs=[output_0, output_1, "
            "output_2, output_3, output_4 and 295 more])"
        )
        assert repr(result.outputs).endswith("output_4 and 295 more)")

    def test_without_outputs(self):
        assert table_of(result_of(0)).rows == [["output", "type"]]
        assert (
            repr(result_of(0)) == "RunResult(run_id='run', duration=0.5 s, outputs=[])"
        )

    @pytest.mark.parametrize(
        ("duration", "shown"),
        [(0.00123456, "0.00123"), (1.5, "1.5"), (99.94, "99.9"), (4321.6, "4322")],
    )
    def test_shows_digits_that_are_worth_reading(self, duration, shown):
        assert f"duration={shown} s" in repr(result_of(1, duration=duration))
        assert (
            table_of(result_of(1, duration=duration)).caption == f"run run, {shown} s"
        )


class TestCacheInfo:
    INFO = CacheInfo(
        [
            ArtifactInfo(
                "recommendation_model",
                "sklearn.linear_model._logistic.LogisticRegression",
                0.00123456,
                123456,
                LOADED,
            ),
            ArtifactInfo("scaler", None, None, 0, None),
        ]
    )

    def test_is_aligned_and_fits_a_terminal(self):
        lines = repr(self.INFO).splitlines()
        assert [line.split(" | ")[0].strip() for line in lines] == [
            "artifact",
            "recommendation_model",
            "scaler",
        ]
        assert "LogisticRegression | 0.00123" in lines[1]
        assert lines[1].endswith("2026-04-01 09:30:15")
        bars = [[at for at, sign in enumerate(line) if sign == "|"] for line in lines]
        assert bars[0] == bars[1] == bars[2]
        assert str(self.INFO) == repr(self.INFO)

    @pytest.mark.parametrize(
        ("name", "type_", "hits"),
        [
            ("model", "sklearn.linear_model._logistic.LogisticRegression", 10**6),
            ("churn_model", "sklearn.ensemble._forest.RandomForestClassifier", 0),
            ("customers", "pandas.DataFrame", 12),
        ],
    )
    def test_fits_a_terminal(self, name, type_, hits):
        info = CacheInfo([ArtifactInfo(name, type_, 0.00123456, hits, LOADED)])
        assert max(map(len, repr(info).splitlines())) <= WIDTH

    def test_is_a_table(self):
        table = table_of(self.INFO)
        assert table.rows == [
            ["artifact", "type", "load seconds", "hits", "loaded at (UTC)"],
            [
                "recommendation_model",
                "LogisticRegression",
                "0.00123",
                "123456",
                "2026-04-01 09:30:15",
            ],
            ["scaler", "-", "-", "0", "-"],
        ]
        assert "sklearn.linear_model._logistic.LogisticRegression" in table.titles

    def test_is_escaped(self):
        info = CacheInfo([ArtifactInfo("<b>", "a.<locals>.M<x>", 1, 1, LOADED)])
        assert table_of(info).rows[1][:2] == ["<b>", "M<x>"]
        assert "a.<locals>.M<x>" in table_of(info).titles
        assert html.escape("M<x>") in info._repr_html_()

    def test_without_artifacts(self):
        assert repr(CacheInfo()) == "No artifacts"
        assert len(table_of(CacheInfo()).rows) == 1
