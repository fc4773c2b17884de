"""What ``run`` returns."""

from __future__ import annotations

import json
import pickle
import re
import time
from collections.abc import Mapping
from copy import deepcopy
from functools import partial

import pytest

from kedro.framework.session import RunResult
from kedro.io import AbstractDataset, DatasetError, MemoryDataset
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

REPORTS = """
    from kedro.pipeline import node, pipeline

    def count(words):
        return {"words": len(words)}, [len(word) for word in words]

    def register_pipelines():
        return {
            "__default__": pipeline([node(count, "words", ["report", "lengths"])]),
            "no_output": pipeline([node(print, "words", None)]),
            "letters": pipeline([
                node(lambda _: list("hgfe"), "words", list("hgfe"), name="first"),
                node(lambda _: list("dcba"), "h", list("dcba"), name="second"),
            ]),
        }
"""

# Both outputs write down how often they are loaded.
COUNTED = {
    "{package}/counted.py": """
        import json
        from pathlib import Path
        from kedro.io import AbstractDataset

        loads = []

        class Counted(AbstractDataset):
            def __init__(self, filepath):
                self.filepath = filepath

            def load(self):
                loads.append(Path(self.filepath).stem)
                return json.loads(Path(self.filepath).read_text())

            def save(self, data):
                Path(self.filepath).parent.mkdir(exist_ok=True)
                Path(self.filepath).write_text(json.dumps(data))

            def _describe(self):
                return {"filepath": self.filepath}
    """
}
COUNTED_CATALOG = """
    report: {type: "{package}.counted.Counted", filepath: data/report.json}
    lengths: {type: "{package}.counted.Counted", filepath: data/lengths.json}
"""


@pytest.fixture
def session(open_session):
    return open_session(REPORTS)


@pytest.fixture
def counted(open_session):
    return open_session(REPORTS, catalog=COUNTED_CATALOG, files=COUNTED)


def run(session, *words, **arguments) -> RunResult:
    return session.run(runtime_data={"words": list(words)}, **arguments)


def test_a_result_is_a_dict_of_output_name_to_dataset(session):
    result = run(session, "a", "bcd")

    assert isinstance(result, dict)
    assert isinstance(result, RunResult)
    assert result.keys() == {"report", "lengths"}
    assert all(isinstance(dataset, AbstractDataset) for dataset in result.values())
    assert result["lengths"].load() == [1, 3]
    assert result == dict(result)
    with pytest.raises(KeyError, match="'no'"):
        result["no"]


def test_a_result_knows_its_run(session):
    before = time.perf_counter()
    result = run(session, "a", run_id="order-42")
    passed = time.perf_counter() - before

    assert result.run_id == "order-42"
    assert result.session_id == session.session_id
    assert 0 < result.duration < passed


def test_outputs_are_the_loaded_data(session):
    outputs = run(session, "a", "bcd").outputs

    assert isinstance(outputs, Mapping)
    assert dict(outputs) == {"report": {"words": 2}, "lengths": [1, 3]}
    assert len(outputs) == 2
    assert "report" in outputs
    assert "no" not in outputs
    assert outputs.get("no", "nothing") == "nothing"
    with pytest.raises(KeyError, match="'no'"):
        outputs["no"]


def test_an_output_is_loaded_at_first_access_and_then_kept(counted, module_of):
    result = run(counted, "a", "bcd")
    loads = module_of(counted, "counted").loads

    assert loads == []
    first = result.outputs["report"]
    assert loads == ["report"]
    assert result.outputs["report"] is first
    assert list(result.outputs) == list(result)
    assert "lengths" in result.outputs
    assert loads == ["report"]
    assert result.outputs["lengths"] == [1, 3]
    assert loads == ["report", "lengths"]


def test_an_output_is_loaded_once_for_threads_that_ask_together(
    counted, module_of, at_once
):
    result = run(counted, "a")

    values = at_once(*[partial(result.outputs.__getitem__, "report")] * 16)

    assert all(value is values[0] for value in values)
    assert module_of(counted, "counted").loads == ["report"]


def test_outputs_are_read_only(session):
    result = run(session, "a")

    with pytest.raises(TypeError):
        result.outputs["report"] = 1
    with pytest.raises(TypeError):
        del result.outputs["report"]
    assert not hasattr(result.outputs, "update")
    assert not hasattr(result.outputs, "pop")


def test_an_output_that_cannot_be_loaded_can_be_asked_for_again(counted):
    result = run(counted, "a")
    path = counted.project_path / "data" / "report.json"
    text = path.read_text()
    path.write_text("{")

    with pytest.raises(DatasetError, match="Failed while loading"):
        result.outputs["report"]
    path.write_text(text)
    assert result.outputs["report"] == {"words": 1}


@pytest.mark.parametrize("runner", [None, ThreadRunner()])
def test_outputs_are_in_the_order_of_their_nodes(session, runner):
    letters = partial(run, session, pipeline_names=["letters"], runner=runner)

    assert "".join(letters()) == "".join(letters().outputs) == "gfedcba"

    given = {"words": [], **dict.fromkeys("dbac")}
    result = session.run(pipeline_names=["letters"], runtime_data=given, runner=runner)
    assert "".join(result) == "gfedbac"


def test_a_run_without_outputs_has_an_empty_result(session):
    result = run(session, "a", pipeline_names=["no_output"], run_id="silent")

    assert result == {}
    assert dict(result.outputs) == {}
    assert result.run_id == "silent"
    assert "silent" in repr(result)


def test_the_repr_is_short_and_names_run_and_outputs(session):
    result = run(session, *["word" * 1000] * 1000, run_id="order-42")

    assert re.fullmatch(
        r"RunResult\(run_id='order-42', duration=\S+ s, outputs=\[.*\]\)", repr(result)
    )
    assert "report" in repr(result)
    assert len(repr(result)) < 200
    assert len(repr(result.outputs)) < 200


def test_a_repr_loads_nothing(counted, module_of):
    result = run(counted, "a")

    repr(result), repr(result.outputs), result._repr_html_()

    assert module_of(counted, "counted").loads == []


def test_a_notebook_shows_a_table(session):
    html = run(session, "a", run_id="<b>order")._repr_html_()

    assert html.startswith("<table>")
    assert html.endswith("</table>")
    assert html.count("<tr>") == 3
    for shown in ("report", "lengths", "MemoryDataset", "&lt;b&gt;order"):
        assert shown in html
    assert "<b>" not in html


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
def test_results_stay_valid_after_later_runs_and_after_close(session, runner):
    results = [run(session, *"abc"[:n], runner=runner()) for n in (1, 2, 3)]
    assert results[0].outputs["report"] == {"words": 1}
    with pytest.raises(TypeError):
        run(session, 1)

    session.close()

    for n, result in enumerate(results, 1):
        assert result.outputs["report"] == {"words": n}
        assert result["lengths"].load() == [1] * n
        assert result["report"].exists()


def test_a_parallel_run_that_leaves_an_output_empty_has_it_empty_in_its_result(
    open_session,
):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def nothing(words):
            return
            yield

        def register_pipelines():
            return {"__default__": pipeline([node(nothing, "words", "report")])}
        """
    )

    for runner in (SequentialRunner(), ParallelRunner()):
        result = run(session, "a", runner=runner)
        assert set(result) == {"report"}
        assert not result["report"].exists()


def test_a_result_does_not_follow_what_is_done_to_another(session):
    first, second = run(session, "a"), run(session, "a")

    first.outputs["lengths"].append("changed")
    first["report"].save("changed")

    assert dict(second.outputs) == {"report": {"words": 1}, "lengths": [1]}


def test_what_a_caller_does_to_outputs_does_not_reach_the_dataset(session):
    result = run(session, "a")

    result.outputs["lengths"].append("changed")

    assert result["lengths"].load() == [1]


def test_a_persisted_output_is_the_dataset_of_the_catalog_entry(counted):
    result = run(counted, "a")
    path = counted.project_path / "data" / "lengths.json"

    assert type(result["lengths"]).__name__ == "Counted"
    assert json.loads(path.read_text()) == result.outputs["lengths"] == [1]


@pytest.mark.parametrize("copy_of", [lambda x: pickle.loads(pickle.dumps(x)), deepcopy])
def test_a_result_can_be_pickled_and_copied(session, copy_of):
    result = run(session, "a", run_id="order-42")
    assert result.outputs["lengths"] == [1]

    copied = copy_of(result)

    assert (copied.run_id, copied.duration) == ("order-42", result.duration)
    assert copied.keys() == result.keys()
    assert dict(copied.outputs) == {"report": {"words": 1}, "lengths": [1]}
    assert copied.outputs["lengths"] is not result.outputs["lengths"]


def test_a_result_holds_no_other_data_of_the_run(session):
    words = MemoryDataset(["a"])
    result = session.run(runtime_data={"words": words})

    assert set(result) == {"report", "lengths"}
    assert words not in result.values()
