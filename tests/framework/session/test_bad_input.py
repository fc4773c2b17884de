"""Bad input raises before anything runs, says what is wrong, and does no harm."""

from __future__ import annotations

import pytest
from pluggy import PluginManager

from kedro.framework.session import KedroSession, KedroSessionError
from kedro.io import DatasetError, DatasetNotFoundError
from kedro.runner import SequentialRunner

PROJECT = """
    from kedro.pipeline import node, pipeline

    ran = []

    def work(orders, fee):
        ran.append(orders)
        return orders + fee

    def register_pipelines():
        return {
            "__default__": pipeline(
                [
                    node(
                        work, ["orders", "params:fee"], "total",
                        name="work", tags="daily",
                    )
                ]
            ),
            "reporting": pipeline([node(work, ["total", "params:fee"], "report")]),
            "spaced": pipeline(
                [node(work, ["orders", "params:fee"], "total")],
                namespace="shop", parameters={"fee"},
            ),
        }
"""

CATALOG = """
    model: {type: json.JSONDataset, filepath: data/model.json, versioned: true}
"""

BAD_ARGUMENTS = {
    "unknown pipeline": (
        {"pipeline_names": ["reportin"]},
        ValueError,
        r"pipeline named 'reportin'[\s\S]*Did you mean[\s\S]*reporting",
    ),
    "one of several pipelines": (
        {"pipeline_names": ["__default__", "no_such"]},
        ValueError,
        "pipeline named 'no_such'",
    ),
    "unknown node": (
        {"node_names": ["wrk"]},
        ValueError,
        r"'wrk'.*Did you mean 'work'\?",
    ),
    "unknown tag": ({"tags": ["no"]}, ValueError, r"contains no nodes[^?]*$"),
    "misspelt tag": (
        {"tags": ["dayly"]},
        ValueError,
        r"contains no nodes.*Did you mean 'daily'\?",
    ),
    "unknown output": (
        {"to_outputs": ["totl"]},
        ValueError,
        r"'totl'.*Did you mean 'total'\?",
    ),
    "names in one string": (
        {"node_names": "work"},
        KedroSessionError,
        r"`node_names` must be a list of names: write \['work'\]",
    ),
    "pipelines in one string": (
        {"pipeline_names": "reporting"},
        KedroSessionError,
        r"`pipeline_names` must be a list of names: write \['reporting'\]",
    ),
    "pipelines in the place of one": (
        {"pipeline_name": ["reporting"]},
        KedroSessionError,
        r"`pipeline_name` must be a string: write pipeline_names=\['reporting'\]",
    ),
    "unknown injected name": (
        {"runtime_data": {"ordrs": 1}},
        KedroSessionError,
        r"'ordrs' in `runtime_data` is not used .*Did you mean 'orders'\?",
    ),
    "injected name without its namespace": (
        {"pipeline_names": ["spaced"], "runtime_data": {"orders": 1}},
        KedroSessionError,
        r"'orders' in `runtime_data` is not used .*Did you mean 'shop\.orders'\?",
    ),
    "injected parameter without its prefix": (
        {"runtime_data": {"orders": 1, "fee": 2}},
        KedroSessionError,
        r"'fee' in `runtime_data` is a parameter.*runtime_params=\{'fee': \.\.\.\}",
    ),
    "parameter with the prefix of nodes": (
        {"runtime_params": {"params:fee.low": 2}},
        KedroSessionError,
        r"without `params:`, as runtime_params=\{'fee': \{'low': \.\.\.\}\}",
    ),
    "injected parameter": (
        {"runtime_data": {"params:fee": 1}},
        KedroSessionError,
        "Give parameters in `runtime_params`",
    ),
    "nested injected parameter": (
        {"runtime_data": {"params:fee.low": 1}},
        KedroSessionError,
        r"'params:fee\.low' in `runtime_data` is a parameter",
    ),
    "injected data of a wrong type": (
        {"runtime_data": [("orders", 1)]},
        KedroSessionError,
        "`runtime_data` must be a dictionary, not list",
    ),
    "parameters of a wrong type": (
        {"runtime_params": "fee:1"},
        KedroSessionError,
        "`runtime_params` must be a dictionary, not str",
    ),
    "run id of a wrong type": (
        {"run_id": 42},
        KedroSessionError,
        "`run_id` must be a string, not int",
    ),
    "unsafe run id": ({"run_id": "../up"}, KedroSessionError, "path separator"),
    "runner class": (
        {"runner": SequentialRunner},
        KedroSessionError,
        r"instance of Runner instead of a class[\s\S]*`\(\)`",
    ),
    "unknown load version": (
        {"load_versions": {"modle": "v1"}},
        DatasetNotFoundError,
        r"keys \[modle\] are not found in the catalog\. Did you mean 'model'\?",
    ),
    "load versions of a wrong type": (
        {"load_versions": "model:v1"},
        KedroSessionError,
        "`load_versions` must be a dictionary, not str",
    ),
    "missing input": (
        {"runtime_data": {}},
        ValueError,
        r"Pipeline input\(s\) \{'orders'\} not found",
    ),
}


@pytest.fixture
def session(open_session):
    return open_session(PROJECT, catalog=CATALOG, parameters="fee: 1")


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_before_anything_runs(session, module_of, name):
    arguments, error, message = BAD_ARGUMENTS[name]

    for _ in range(2):
        with pytest.raises(error, match=message):
            session.run(**{"runtime_data": {"orders": 1}, **arguments})

    assert module_of(session).ran == []
    assert session.run(runtime_data={"orders": 1}).outputs["total"] == 2


def test_all_kinds_of_bad_input_one_after_the_other_leave_the_session_usable(session):
    for arguments, error, message in BAD_ARGUMENTS.values():
        with pytest.raises(error, match=message):
            session.run(**{"runtime_data": {"orders": 1}, **arguments})
        result = session.run(runtime_data={"orders": 1}, run_id="good")
        assert result.outputs["total"] == 2


def test_runtime_arguments_are_keyword_only(session):
    thirteen = [None] * 12 + [{"fee": 1}]

    with pytest.raises(TypeError, match="positional arguments"):
        session.run(*thirteen)


def test_an_unknown_argument_is_a_type_error(session):
    with pytest.raises(TypeError, match="runtime_dta"):
        session.run(runtime_dta={"orders": 1})


def test_a_deprecated_pipeline_name_still_works(session):
    result = session.run("reporting", runtime_data={"total": 1})

    assert dict(result.outputs) == {"report": 2}


def test_names_of_several_pipelines_are_run_as_one(session):
    result = session.run(
        pipeline_names=["reporting", "__default__"], runtime_data={"orders": 1}
    )

    assert dict(result.outputs) == {"report": 3}


def test_the_error_of_a_dataset_names_it_and_the_run(open_session):
    session = open_session(
        PROJECT,
        parameters="fee: 1",
        catalog="orders: {type: json.JSONDataset, filepath: data/orders.json}",
    )

    for run_id in ("order-1", "order-2"):
        with pytest.raises(DatasetError, match=rf"orders[\s\S]*run id: {run_id}"):
            session.run(run_id=run_id)


def test_the_error_of_a_save_names_dataset_and_run(open_session):
    session = open_session(
        PROJECT,
        parameters="fee: 1",
        catalog="total: {type: json.JSONDataset, filepath: data/total.json}",
    )

    with pytest.raises(DatasetError, match=r"total: [\s\S]*run id: order-1"):
        session.run(
            run_id="order-1",
            runtime_data={"orders": 1j},
        )


def test_an_error_of_a_node_is_raised_as_it_is(session):
    class Unaddable:
        pass

    with pytest.raises(TypeError, match="unsupported operand"):
        session.run(runtime_data={"orders": Unaddable()})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"runtime_params": [1]}, KedroSessionError, "must be a dictionary, not list"),
        ({"session_id": ""}, KedroSessionError, "`session_id` must be a non-empty"),
        ({"session_id": 7}, KedroSessionError, "`session_id` must be a non-empty"),
        (
            {"hook_manager": [1]},
            KedroSessionError,
            r"`PluginManager.*not list",
        ),
        (
            {"hook_manager": PluginManager("other")},
            KedroSessionError,
            r"PluginManager\('kedro'\)` of pluggy, not PluginManager\('other'\)",
        ),
    ],
)
def test_create_refuses_bad_arguments(session, arguments, error, message):
    with pytest.raises(error, match=message):
        KedroSession.create(session.project_path, **arguments)


@pytest.mark.parametrize("act", ["run", "preload", "reload"])
def test_a_closed_session_says_so(session, act):
    session.close()

    with pytest.raises(KedroSessionError, match="is closed\\. Create a new one"):
        getattr(session, act)()
    with pytest.raises(KedroSessionError, match=session.session_id):
        getattr(session, act)()


def test_a_run_that_is_under_way_when_the_session_is_closed_ends_as_usual(
    open_session,
):
    from kedro.io import MemoryDataset

    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def close(session):
            session.close()
            return 1

        def add(number):
            return number + 1

        def register_pipelines():
            return {"__default__": pipeline([
                node(close, "session", "one"), node(add, "one", "two"),
            ])}
        """
    )

    result = session.run(
        runtime_data={"session": MemoryDataset(session, copy_mode="assign")}
    )

    assert session.closed
    assert result.outputs["two"] == 2
