"""``runtime_data``: what a run is given in place of what the catalog has."""

from __future__ import annotations

import json
import weakref

import numpy as np
import pandas as pd
import pytest

from kedro.framework.session import KedroSessionError
from kedro.io import AbstractDataset, DatasetError, MemoryDataset
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

SHOP = """
    from kedro.pipeline import Pipeline, node, pipeline

    ran = []

    def clean(raw):
        ran.append("clean")
        return [*raw, "cleaned"]

    def split(clean):
        ran.append("split")
        return [*clean, "left"], [*clean, "right"]

    def join(left, right):
        ran.append("join")
        return {"left": left, "right": right}

    def export(joined):
        ran.append("export")
        return {**joined, "exported": True}

    def register_pipelines():
        return {"__default__": pipeline([
            node(clean, "raw", "cleaned", name="clean"),
            node(split, "cleaned", ["left", "right"], name="split"),
            node(join, ["left", "right"], "joined", name="join"),
            node(export, "joined", "exported", name="export"),
        ])}
"""

# Nothing of the shop's data can be used: what is injected must not even be looked at.
UNUSABLE = """
    raw:
      type: nowhere.NoSuchDataset
    cleaned:
      type: json.JSONDataset
      filepath: data/${runtime_params:not_given}.json
    left:
      type: json.JSONDataset
      filepath: data/left.json
      credentials: not_there
    joined:
      type: json.JSONDataset
      unknown_argument: 1
"""

FILES = """
    "{name}":
      type: json.JSONDataset
      filepath: data/{name}.json
"""


@pytest.fixture
def shop(open_session):
    return open_session(SHOP)


@pytest.fixture
def ran(module_of):
    """Names of the nodes that ran since the last look."""

    def ran(session):
        names = module_of(session).ran
        copy = list(names)
        names.clear()
        return copy

    return ran


def data_files(session) -> dict[str, object]:
    return {
        path.stem: json.loads(path.read_text())
        for path in (session.project_path / "data").glob("*.json")
    }


def test_a_free_input_is_read_from_what_is_injected(shop, ran):
    result = shop.run(runtime_data={"raw": ["mine"]})

    assert result.outputs["exported"] == {
        "left": ["mine", "cleaned", "left"],
        "right": ["mine", "cleaned", "right"],
        "exported": True,
    }
    assert ran(shop) == ["clean", "split", "join", "export"]


def test_injecting_an_intermediate_dataset_leaves_its_producers_out(shop, ran):
    result = shop.run(runtime_data={"cleaned": ["mine"]})

    assert result.outputs["exported"]["left"] == ["mine", "left"]
    assert ran(shop) == ["split", "join", "export"]


def test_a_node_with_another_needed_output_runs_and_its_value_is_dropped(shop, ran):
    result = shop.run(runtime_data={"raw": ["raw"], "left": ["mine"]})

    assert result.outputs["exported"] == {
        "left": ["mine"],
        "right": ["raw", "cleaned", "right"],
        "exported": True,
    }
    assert ran(shop) == ["clean", "split", "join", "export"]


def test_all_outputs_can_be_injected(shop, ran):
    result = shop.run(runtime_data={"exported": "mine"})

    assert dict(result.outputs) == {"exported": "mine"}
    assert ran(shop) == []


def test_an_injected_output_that_is_used_elsewhere_is_no_result(open_session):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def two():
            return 1, 2

        def add(number):
            return number + 1

        def register_pipelines():
            return {"__default__": pipeline([
                node(two, None, ["one", "other"]), node(add, "one", "more"),
            ])}
        """
    )

    result = session.run(runtime_data={"more": 10})

    assert dict(result.outputs) == {"other": 2, "more": 10}


def test_a_selection_that_starts_in_the_middle_can_be_fed(shop, ran):
    result = shop.run(from_nodes=["join"], runtime_data={"left": 1, "right": 2})

    assert result.outputs["exported"] == {"left": 1, "right": 2, "exported": True}
    assert ran(shop) == ["join", "export"]


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.filterwarnings("ignore:'ThreadRunner' doesn't support")
def test_entries_of_injected_datasets_are_neither_resolved_nor_built(
    open_session, runner, is_async
):
    session = open_session(SHOP, catalog=UNUSABLE)
    expected = {"left": "mine", "right": ["mine", "right"], "exported": True}

    result = session.run(
        runtime_data={"cleaned": ["mine"], "left": "mine", "joined": expected},
        runner=runner(is_async=is_async),
    )
    fed = session.run(
        runtime_data={"raw": [], "cleaned": ["mine"], "left": "mine", "joined": {}},
        runner=runner(is_async=is_async),
    )

    assert result.outputs["exported"] == expected
    assert fed.outputs["exported"] == {"exported": True}
    with pytest.raises(DatasetError, match="'raw'"):
        session.run(to_outputs=["cleaned"])


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
def test_files_behind_injected_datasets_are_not_touched(open_session, runner):
    session = open_session(
        SHOP,
        catalog=FILES,
        files={
            "data/raw.json": '["file"]',
            "data/cleaned.json": '["old"]',
            "data/left.json": '["old left"]',
            "data/exported.json": '"old export"',
        },
    )
    times = {
        path: path.stat().st_mtime_ns
        for path in (session.project_path / "data").glob("*.json")
    }

    session.run(
        runtime_data={"cleaned": ["mine"], "left": ["mine"], "exported": 1},
        runner=runner(),
    )
    assert data_files(session) == {
        "raw": ["file"],
        "cleaned": ["old"],
        "left": ["old left"],
        "exported": "old export",
    }
    session.run(runtime_data={"left": ["mine"]}, runner=runner())

    assert data_files(session) == {
        "raw": ["file"],
        "cleaned": ["file", "cleaned"],
        "left": ["old left"],
        "right": ["file", "cleaned", "right"],
        "joined": {"left": ["mine"], "right": ["file", "cleaned", "right"]},
        "exported": {
            "left": ["mine"],
            "right": ["file", "cleaned", "right"],
            "exported": True,
        },
    }
    for name in ("raw", "left"):
        path = session.project_path / "data" / f"{name}.json"
        assert path.stat().st_mtime_ns == times[path]


def test_a_dataset_of_a_factory_pattern_is_overridden(open_session):
    session = open_session(
        SHOP,
        catalog="""
            raw: {type: json.JSONDataset, filepath: data/raw.json}
            "{side}ght":
              type: nowhere.NoSuchDataset
            "{any}":
              type: json.JSONDataset
              filepath: data/${runtime_params:folder, files}/{any}.json
        """,
        files={"data/raw.json": "[1]"},
    )

    result = session.run(runtime_data={"right": "mine"})

    assert result.outputs["exported"] == {
        "left": [1, "cleaned", "left"],
        "right": "mine",
        "exported": True,
    }
    written = {path.stem for path in (session.project_path / "data/files").iterdir()}
    assert written == {"cleaned", "left", "joined", "exported"}


def test_a_dataset_that_was_added_to_the_session_is_overridden(shop):
    shop.catalog["raw"] = ["added"]

    mine = shop.run(runtime_data={"raw": ["mine"]})
    added = shop.run()

    assert mine.outputs["exported"]["left"] == ["mine", "cleaned", "left"]
    assert added.outputs["exported"]["left"] == ["added", "cleaned", "left"]


TRANSCODED = """
    import pandas as pd
    from kedro.pipeline import node, pipeline

    def make():
        return pd.DataFrame({"a": [1, 2]}), "other"

    def count(table):
        return len(table)

    def text(table):
        return table

    def register_pipelines():
        write = node(make, None, ["table@pandas", "other"], name="make")
        return {
            "__default__": pipeline([write, node(count, "table@pandas", "count")]),
            "as_text": pipeline([write, node(text, "table@text", "text")]),
            "both": pipeline([
                write,
                node(count, "table@pandas", "count"),
                node(text, "table@text", "text"),
            ]),
            "read_both": pipeline([
                node(count, "table@pandas", "count"),
                node(text, "table@text", "text"),
            ]),
        }
"""
TRANSCODED_CATALOG = """
    table@pandas:
      type: pandas.CSVDataset
      filepath: data/table.csv
      save_args: {index: false}
    table@text:
      type: {package}.text.TextDataset
      filepath: data/table.csv
"""
TEXT_DATASET = {
    "{package}/text.py": """
        from pathlib import Path
        from kedro.io import AbstractDataset

        class TextDataset(AbstractDataset):
            def __init__(self, filepath):
                self.filepath = filepath

            def load(self):
                return Path(self.filepath).read_text()

            def save(self, data):
                Path(self.filepath).write_text(data)

            def _describe(self):
                return {"filepath": self.filepath}
    """
}


@pytest.fixture
def transcoded(open_session):
    return open_session(TRANSCODED, catalog=TRANSCODED_CATALOG, files=TEXT_DATASET)


def test_a_transcoded_dataset_is_overridden_in_the_form_that_is_produced(transcoded):
    result = transcoded.run(runtime_data={"table@pandas": [1, 2, 3]})

    assert dict(result.outputs) == {"count": 3, "other": "other"}
    assert not (transcoded.project_path / "data" / "table.csv").exists()


def test_a_transcoded_dataset_is_overridden_in_the_form_that_is_read(transcoded):
    result = transcoded.run(
        pipeline_names=["as_text"], runtime_data={"table@text": "mine"}
    )

    assert dict(result.outputs) == {"text": "mine", "other": "other"}
    assert not (transcoded.project_path / "data" / "table.csv").exists()


def test_without_injection_a_transcoded_dataset_goes_through_its_file(transcoded):
    result = transcoded.run(pipeline_names=["both"])

    assert dict(result.outputs) == {"count": 2, "text": "a\n1\n2\n", "other": "other"}


def test_all_forms_that_are_read_of_an_overridden_dataset_have_to_be_injected(
    transcoded,
):
    with pytest.raises(KedroSessionError, match="Put 'table@text' into `runtime_data`"):
        transcoded.run(pipeline_names=["both"], runtime_data={"table@pandas": [1]})

    result = transcoded.run(
        pipeline_names=["both"],
        runtime_data={"table@pandas": [1], "table@text": "one"},
    )

    assert dict(result.outputs) == {"count": 1, "text": "one", "other": "other"}


def test_one_form_of_a_transcoded_free_input_can_be_injected(transcoded):
    transcoded.run(pipeline_names=["as_text"])

    result = transcoded.run(
        pipeline_names=["read_both"], runtime_data={"table@pandas": [1, 2, 3]}
    )

    assert dict(result.outputs) == {"count": 3, "text": "a\n1\n2\n"}


def test_namespaced_datasets_are_injected_under_their_full_name(open_session, ran):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        ran = []

        def make(raw):
            ran.append("make")
            return raw

        def use(made):
            return made

        def register_pipelines():
            part = pipeline([node(make, "raw", "made"), node(use, "made", "used")])
            return {"__default__": (
                pipeline(part, namespace="north", inputs="raw")
                + pipeline(part, namespace="south", inputs="raw")
            )}
        """
    )

    result = session.run(runtime_data={"raw": "raw", "north.made": "mine"})

    assert dict(result.outputs) == {"north.used": "mine", "south.used": "raw"}
    assert ran(session) == ["make"]
    with pytest.raises(KedroSessionError, match=r"Did you mean .*'north\.made'"):
        session.run(runtime_data={"raw": 1, "nort.made": "mine"})


class Watched(AbstractDataset):
    """A dataset in memory that knows what was done with it."""

    def __init__(self, data):
        self.data = data
        self.done = []

    def load(self):
        self.done.append("load")
        return self.data

    def save(self, data):
        self.done.append("save")

    def _exists(self):
        return True

    def _release(self):
        self.done.append("release")

    def _describe(self):
        return {}


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
@pytest.mark.parametrize("name", ["raw", "cleaned", "left"])
def test_a_dataset_is_used_as_it_is_and_neither_saved_nor_released(shop, runner, name):
    dataset = Watched(["mine"])

    for _ in range(2):
        shop.run(runtime_data={"raw": [], name: dataset}, runner=runner())

    assert dataset.done == ["load", "load"]


def test_an_injected_memory_dataset_keeps_its_data(shop):
    dataset = MemoryDataset(["mine"])

    shop.run(runtime_data={"raw": [], "left": dataset})

    assert dataset.load() == ["mine"]


def test_an_injected_dataset_that_is_an_output_is_the_result_itself(shop):
    dataset = Watched("mine")

    result = shop.run(runtime_data={"exported": dataset})

    assert result["exported"] is dataset
    assert result.outputs["exported"] == "mine"


def test_an_injected_dataset_that_fails_is_named_with_the_run(shop):
    class Broken(Watched):
        def load(self):
            raise OSError("no connection")

    with pytest.raises(DatasetError, match=r"raw: [\s\S]*run id: order-1"):
        shop.run(runtime_data={"raw": Broken(None)}, run_id="order-1")


SPOIL = """
    from kedro.pipeline import node, pipeline

    def spoil(value):
        if hasattr(value, "columns"):
            value["a"] = -1
        elif hasattr(value, "shape"):
            value[:] = -1
        elif isinstance(value, dict):
            value["a"]["b"] = -1
        elif isinstance(value, list):
            value[0].append(-1)
        return "spoilt"

    def look(first, value):
        return value

    def register_pipelines():
        return {"__default__": pipeline([
            node(spoil, "value", "first"), node(look, ["first", "value"], "seen"),
        ])}
"""


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
@pytest.mark.parametrize(
    "value",
    [
        [[1, 2]],
        {"a": {"b": 1}},
        pd.DataFrame({"a": [1, 2]}),
        np.array([1, 2]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_node_that_mutates_its_input_changes_nothing_for_others(
    open_session, runner, value
):
    session = open_session(SPOIL)
    before = repr(value)

    result = session.run(runtime_data={"value": value}, runner=runner())

    assert repr(value) == before
    assert repr(result.outputs["seen"]) == before


def test_data_that_memory_datasets_do_not_copy_is_passed_as_it_is(open_session):
    class DataFrame:
        """As of a library that ``MemoryDataset`` knows by the name of the class."""

    value = DataFrame()
    session = open_session(SPOIL)

    result = session.run(runtime_data={"value": value})

    assert result.outputs["seen"] is value


def test_nothing_is_written_into_the_dict_of_the_caller(shop):
    given = {"raw": ["mine"], "left": ["mine"]}

    shop.run(runtime_data=given)

    assert given == {"raw": ["mine"], "left": ["mine"]}


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner, ParallelRunner])
@pytest.mark.parametrize("name", ["value", "first"])
def test_none_is_data(open_session, runner, name):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def pass_on(value):
            return 1

        def look(first, value):
            return [first, value]

        def register_pipelines():
            return {"__default__": pipeline([
                node(pass_on, "value", "first"), node(look, ["first", "value"], "seen"),
            ])}
        """
    )

    result = session.run(runtime_data={"value": 2, name: None}, runner=runner())

    assert result.outputs["seen"] == ([1, None] if name == "value" else [None, 2])


def test_none_as_an_output_is_a_result(shop):
    result = shop.run(runtime_data={"exported": None})

    assert dict(result.outputs) == {"exported": None}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (
            {"clened": 1},
            r"'clened' in `runtime_data` is not used .* Did you mean 'cleaned'",
        ),
        (
            {"zzzzzz": 1},
            r"'zzzzzz' in `runtime_data` is not used by the .* pipeline\.$",
        ),
        ({"parameters": {}}, "'parameters' in `runtime_data` is a parameter"),
        (
            {"params:fee": 1},
            r"a parameter. Give parameters in `runtime_params`.*\{'fee': \.\.\.\}",
        ),
        ({1: "mine"}, r"keys of `runtime_data` must be strings, not int \(1\)"),
        (["raw"], "`runtime_data` must be a dictionary, not list"),
    ],
)
def test_keys_that_cannot_be_injected_are_refused(shop, ran, given, error):
    with pytest.raises(KedroSessionError, match=error):
        shop.run(runtime_data=given)

    assert ran(shop) == []


def test_a_dataset_of_the_catalog_that_the_selection_does_not_use_is_refused(
    open_session, ran
):
    session = open_session(SHOP, catalog="elsewhere: {type: MemoryDataset}")

    for name in ("elsewhere", "raw"):
        with pytest.raises(KedroSessionError, match=f"'{name}' .* is not used"):
            session.run(from_nodes=["join"], runtime_data={name: 1})
    assert ran(session) == []


def test_an_empty_dict_injects_nothing(shop):
    shop.catalog["raw"] = ["added"]

    result = shop.run(runtime_data={})

    assert result.outputs["exported"]["left"] == ["added", "cleaned", "left"]


def test_injected_data_is_freed_after_the_run(shop):
    class Payload(list):
        pass

    payload = Payload(["mine"])
    shop.run(runtime_data={"raw": payload})
    freed = weakref.ref(payload)

    del payload

    assert freed() is None


def test_injecting_what_would_be_computed_gives_the_same_results(open_session):
    session = open_session(SHOP, catalog=FILES, files={"data/raw.json": '["file"]'})
    full = dict(session.run().outputs)
    computed = data_files(session)

    for names in (["cleaned"], ["left"], ["right"], ["left", "cleaned"], ["joined"]):
        result = session.run(runtime_data={name: computed[name] for name in names})
        assert dict(result.outputs) == full
