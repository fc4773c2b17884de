"""Hooks fire once per session or once per run, and know the run."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial

import pytest

from kedro import __version__
from kedro.framework.session import KedroServiceSession, RunContext, current_run
from kedro.io import MemoryDataset
from kedro.runner import SequentialRunner, ThreadRunner

PIPELINES = """
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    def double(number):
        return number * 2

    def fail(number):
        raise ValueError(f"no {number}")

    def meet(meeting, number):
        meeting.wait()
        return current_run()

    def register_pipelines():
        return {
            "__default__": pipeline([
                node(double, "number", "doubled", name="double", tags="some"),
                node(double, "doubled", "result", name="again"),
            ]),
            "failing": pipeline([node(fail, "number", "result", name="fail")]),
            "meeting": pipeline([
                node(meet, ["meeting", "number"], f"seen_{n}", name=f"meet_{n}")
                for n in range(3)
            ]),
        }
"""

# Writes down each call of each hook, and the run that is current there.
WATCH = {
    "{package}/hooks.py": """
        from kedro.framework.hooks import hook_impl
        from kedro.framework.session import current_run

        calls = []

        def watch(name, arguments):
            def call(self, **given):
                calls.append((name, given, current_run()))
            scope = {"call": call}
            given = ", ".join(f"{a}={a}" for a in arguments)
            exec(
                f"def {name}(self, {', '.join(arguments)}): call(self, {given})", scope
            )
            return hook_impl(scope[name])

        class Watch:
            pass

        HOOKS = {
            "after_context_created": ["context"],
            "after_catalog_created": [
                "catalog", "conf_catalog", "conf_creds", "parameters",
                "save_version", "load_versions",
            ],
            "before_pipeline_run": ["run_params", "pipeline", "catalog"],
            "after_pipeline_run": ["run_params", "run_result", "pipeline", "catalog"],
            "on_pipeline_error": ["error", "run_params", "pipeline", "catalog"],
            "before_node_run": ["node", "catalog", "inputs", "is_async", "run_id"],
            "after_node_run": [
                "node", "catalog", "inputs", "outputs", "is_async", "run_id",
            ],
            "on_node_error": [
                "error", "node", "catalog", "inputs", "is_async", "run_id",
            ],
            "before_dataset_loaded": ["dataset_name", "node"],
            "after_dataset_loaded": ["dataset_name", "data", "node"],
            "before_dataset_saved": ["dataset_name", "data", "node"],
            "after_dataset_saved": ["dataset_name", "data", "node"],
        }
        for name, arguments in HOOKS.items():
            setattr(Watch, name, watch(name, arguments))
    """,
    "{package}/settings.py": """
        from {package}.hooks import Watch
        HOOKS = (Watch(),)
    """,
}

PER_SESSION = ["after_context_created", "after_catalog_created"]


@pytest.fixture
def open_watched(open_session):
    return partial(
        open_session, PIPELINES, files=WATCH, parameters="factor: ${runtime_params:f,1}"
    )


@pytest.fixture
def session(open_watched):
    return open_watched()


@pytest.fixture
def calls(session, module_of):
    """Calls of hooks: name, arguments and current run."""
    return module_of(session, "hooks").calls


def of(calls, *names):
    return [given for name, given, _ in calls if name in names]


def test_creating_a_session_calls_no_hook(session, calls):
    assert calls == []


def test_context_and_catalog_are_created_once_for_all_runs(session, calls):
    for number in range(3):
        session.run(runtime_data={"number": number})
    session.context, session.catalog, session.load_context()

    names = [name for name, _, _ in calls]
    assert [name for name in names if name in PER_SESSION] == PER_SESSION
    assert names[:2] == PER_SESSION
    [context] = of(calls, "after_context_created")
    assert context["context"] is session.context
    [catalog] = of(calls, "after_catalog_created")
    assert catalog["catalog"] is session.catalog
    assert catalog["parameters"]["params:factor"] == 1
    assert dict(catalog["conf_catalog"]) == dict(catalog["conf_creds"]) == {}


@pytest.mark.parametrize("first_use", ["context", "catalog", "parameters", "preload"])
def test_they_are_created_on_first_use_whatever_that_is(session, calls, first_use):
    if first_use == "preload":
        session.preload([])
    else:
        getattr(session, first_use)
    session.run(runtime_data={"number": 1})

    names = [name for name, _, _ in calls if name in PER_SESSION]
    assert names == PER_SESSION


def test_they_are_created_again_after_reload(session, calls):
    session.run(runtime_data={"number": 1})
    session.reload()
    assert len(of(calls, *PER_SESSION)) == 2
    for number in range(2):
        session.run(runtime_data={"number": number})

    names = [name for name, _, _ in calls if name in PER_SESSION]
    assert names == PER_SESSION * 2


def test_first_runs_that_overlap_create_them_once(session, calls, at_once):
    at_once(
        *[partial(session.run, runtime_data={"number": number}) for number in range(8)]
    )

    names = Counter(name for name, _, _ in calls)
    assert names["after_context_created"] == names["after_catalog_created"] == 1
    assert names["before_pipeline_run"] == names["after_pipeline_run"] == 8


def test_a_run_waits_for_the_hooks_of_the_context_and_catalog(
    open_session, module_of, at_once
):
    session = open_session(
        PIPELINES,
        files={
            "{package}/hooks.py": """
                import time
                from kedro.framework.hooks import hook_impl

                calls = []

                class Slow:
                    @hook_impl
                    def after_context_created(self, context):
                        time.sleep(0.1)
                        calls.append("context")

                    @hook_impl
                    def after_catalog_created(self, catalog):
                        time.sleep(0.1)
                        calls.append("catalog")

                    @hook_impl
                    def before_pipeline_run(self):
                        calls.append("run")
            """,
            "{package}/settings.py": """
                from {package}.hooks import Slow
                HOOKS = (Slow(),)
            """,
        },
    )

    calls = module_of(session, "hooks").calls

    def use(accessor):
        getattr(session, accessor)
        calls.append(f"{accessor} used")

    at_once(
        *[partial(session.run, runtime_data={"number": number}) for number in range(4)],
        *[partial(use, "context") for _ in range(4)],
        *[partial(use, "catalog") for _ in range(4)],
    )

    assert calls[0] == "context"
    by_catalog = calls[calls.index("catalog") + 1 :]
    assert Counter(by_catalog) >= Counter({"run": 4, "catalog used": 4})
    assert Counter(calls) == {
        "context": 1,
        "catalog": 1,
        "run": 4,
        "context used": 4,
        "catalog used": 4,
    }


def test_what_a_hook_adds_to_the_session_catalog_reaches_all_runs(
    open_session,
):
    session = open_session(
        PIPELINES,
        files={
            "{package}/hooks.py": """
                from kedro.framework.hooks import hook_impl

                class AddNumber:
                    @hook_impl
                    def after_catalog_created(self, catalog):
                        catalog["number"] = 21
            """,
            "{package}/settings.py": """
                from {package}.hooks import AddNumber
                HOOKS = (AddNumber(),)
            """,
        },
    )

    assert [session.run().outputs["result"] for _ in range(3)] == [84] * 3


def test_the_hooks_of_a_run_fire_once_and_in_order(session, calls):
    for number in (1, 2):
        calls.clear()
        session.run(runtime_data={"number": number})
        names = [name for name, _, _ in calls if name not in PER_SESSION]
        one_node = [
            "before_dataset_loaded",
            "after_dataset_loaded",
            "before_node_run",
            "after_node_run",
            "before_dataset_saved",
            "after_dataset_saved",
        ]
        assert names == [
            "before_pipeline_run",
            *one_node,
            *one_node,
            "after_pipeline_run",
        ]


def test_pipeline_hooks_get_the_run_and_its_catalog(session, calls):
    result = session.run(
        runtime_data={"number": 5},
        runtime_params={"f": 3},
        run_id="order-1",
        tags=["some"],
        pipeline_names=["__default__"],
    )

    [before] = of(calls, "before_pipeline_run")
    [after] = of(calls, "after_pipeline_run")
    assert before["run_params"] == {
        "run_id": "order-1",
        "session_id": session.session_id,
        "project_path": session.project_path.as_posix(),
        "env": None,
        "kedro_version": __version__,
        "tags": ["some"],
        "from_nodes": None,
        "to_nodes": None,
        "node_names": None,
        "from_inputs": None,
        "to_outputs": None,
        "load_versions": None,
        "runtime_params": {"f": 3},
        "pipeline_names": ["__default__"],
        "namespaces": None,
        "runner": "None",
        "only_missing_outputs": False,
    }
    assert after["run_params"] == before["run_params"]
    assert after["catalog"] is before["catalog"]
    assert before["catalog"] is not session.catalog
    assert before["catalog"].load("number") == 5
    assert before["catalog"].load("params:factor") == 3
    assert [n.name for n in before["pipeline"].nodes] == ["double"]
    assert after["run_result"].keys() == result.keys() == {"doubled"}
    assert of(calls, "on_pipeline_error") == []


def test_each_run_has_a_catalog_of_its_own(session, calls):
    for number in range(3):
        session.run(runtime_data={"number": number}, runtime_params={"f": number})

    catalogs = [given["catalog"] for given in of(calls, "after_pipeline_run")]
    assert [catalog.load("number") for catalog in catalogs] == [0, 1, 2]
    assert [catalog.load("params:factor") for catalog in catalogs] == [0, 1, 2]
    assert [catalog.load("result") for catalog in catalogs] == [0, 4, 8]


def test_what_is_not_executed_is_not_in_the_pipeline_of_the_hooks(session, calls):
    session.run(runtime_data={"doubled": 2})

    [before] = of(calls, "before_pipeline_run")
    assert [n.name for n in before["pipeline"].nodes] == ["again"]


def test_on_pipeline_error_fires_once_for_a_failing_run(session, calls):
    for number in (1, 2):
        calls.clear()
        with pytest.raises(ValueError, match=f"no {number}") as caught:
            session.run(
                pipeline_names=["failing"],
                runtime_data={"number": number},
                run_id=f"order-{number}",
            )
        [failed] = of(calls, "on_pipeline_error")
        assert failed["error"] is caught.value
        assert failed["run_params"]["run_id"] == f"order-{number}"
        assert failed["catalog"].load("number") == number
        [node_failed] = of(calls, "on_node_error")
        assert node_failed["error"] is caught.value
        assert node_failed["run_id"] == f"order-{number}"
        assert node_failed["inputs"] == {"number": number}
        assert of(calls, "after_pipeline_run") == []


def test_bad_input_calls_no_hook_of_a_run(session, calls):
    for arguments in (
        {"runtime_data": {"no": 1}},
        {"run_id": "a/b"},
        {"pipeline_names": ["no"]},
        {"runtime_params": []},
    ):
        with pytest.raises(Exception, match=r"no|a/b|runtime_params"):
            session.run(**arguments)

    assert of(calls, "before_pipeline_run", "on_pipeline_error") == []


def test_hooks_of_overlapping_runs_get_their_own_run(session, calls, at_once):
    meeting = MemoryDataset(threading.Barrier(8 * 3, timeout=30), copy_mode="assign")

    at_once(
        *[
            partial(
                session.run,
                pipeline_names=["meeting"],
                runtime_data={"number": number, "meeting": meeting},
                runtime_params={"f": number},
                run_id=f"order-{number}",
                runner=ThreadRunner(max_workers=3),
            )
            for number in range(8)
        ]
    )

    afters = of(calls, "after_pipeline_run")
    assert len(afters) == 8
    for given in afters:
        number = given["catalog"].load("number")
        assert given["run_params"]["run_id"] == f"order-{number}"
        assert given["run_params"]["runtime_params"] == {"f": number}
        assert given["catalog"].load("params:factor") == number
    assert all(
        given["run_id"] == f"order-{given['inputs']['number']}"
        for given in of(calls, "before_node_run", "after_node_run")
    )
    assert len(of(calls, "before_node_run")) == 24


@pytest.mark.parametrize(
    "runner",
    [SequentialRunner, ThreadRunner, partial(SequentialRunner, is_async=True)],
    ids=["sequential", "thread", "async"],
)
@pytest.mark.parametrize("pipeline", ["__default__", "failing"])
def test_the_current_run_is_known_in_all_hooks_of_a_run(
    session, calls, runner, pipeline
):
    assert "params:factor" in session.catalog
    calls.clear()
    try:
        session.run(
            pipeline_names=[pipeline],
            runtime_data={"number": 1},
            runtime_params={"f": 2},
            run_id="order-1",
            runner=runner(),
        )
    except ValueError:
        assert pipeline == "failing"

    assert len(calls) == {"__default__": 14, "failing": 6}[pipeline]
    assert {run.run_id for _, _, run in calls} == {"order-1"}
    assert calls[0][2] == RunContext(
        run_id="order-1",
        session_id=session.session_id,
        runtime_params={"f": 2},
        pipeline_names=(pipeline,),
    )


def test_the_current_run_is_known_in_nodes_and_worker_threads(session):
    meeting = MemoryDataset(threading.Barrier(3, timeout=30), copy_mode="assign")

    result = session.run(
        pipeline_names=["meeting"],
        runtime_data={"number": 1, "meeting": meeting},
        run_id="order-1",
        runner=ThreadRunner(max_workers=3),
    )

    assert len(result.outputs) == 3
    assert {run.run_id for run in result.outputs.values()} == {"order-1"}


@pytest.mark.parametrize("is_async", [False, True])
def test_the_current_run_is_known_in_datasets(open_session, is_async):
    session = open_session(
        """
        from kedro.pipeline import node, pipeline

        def register_pipelines():
            return {"__default__": pipeline([node(lambda x: x, "in", "out")])}
        """,
        catalog="""
            in: {type: "{package}.data.WhoRuns"}
            out: {type: "{package}.data.WhoRuns"}
        """,
        files={
            "{package}/data.py": """
                from kedro.framework.session import current_run
                from kedro.io import AbstractDataset

                class WhoRuns(AbstractDataset):
                    saved = []

                    def load(self):
                        return current_run().run_id

                    def save(self, data):
                        self.saved.append((data, current_run().run_id))

                    def _describe(self):
                        return {}
            """
        },
    )

    for run_id in ("a", "b"):
        result = session.run(run_id=run_id, runner=SequentialRunner(is_async=is_async))

    assert type(result["out"]).saved == [("a", "a"), ("b", "b")]


def test_there_is_no_current_run_outside_of_one(session):
    assert current_run() is None
    session.run(runtime_data={"number": 1})
    assert current_run() is None
    with pytest.raises(ValueError, match="no 1"):
        session.run(pipeline_names=["failing"], runtime_data={"number": 1})
    assert current_run() is None
    with pytest.raises(ValueError, match="named 'nope'"):
        session.run(pipeline_names=["nope"])
    assert current_run() is None


def test_hooks_of_a_nested_run_are_those_of_the_inner_run(open_session, module_of):
    session = open_session(
        """
        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline

        def outer(session):
            result = session.run(
                pipeline_names=["inner"], runtime_data={"number": 1}, run_id="inner"
            )
            return [current_run().run_id, result.outputs["seen"]]

        def inner(number):
            return current_run().run_id

        def register_pipelines():
            return {
                "__default__": pipeline([node(outer, "session", "seen")]),
                "inner": pipeline([node(inner, "number", "seen")]),
            }
        """,
        files=WATCH,
    )

    result = session.run(
        runtime_data={"session": MemoryDataset(session, copy_mode="assign")},
        run_id="outer",
    )

    assert result.outputs["seen"] == ["outer", "inner"]
    told = [
        (given["run_params"]["run_id"], run.run_id)
        for name, given, run in module_of(session, "hooks").calls
        if name in ("before_pipeline_run", "after_pipeline_run")
    ]
    ids = ["outer", "inner", "inner", "outer"]
    assert told == list(zip(ids, ids, strict=True))


def test_inputs_that_a_hook_replaces_hold_for_one_run(open_session):
    session = open_session(
        PIPELINES,
        files={
            "{package}/hooks.py": """
                from kedro.framework.hooks import hook_impl
                from kedro.framework.session import current_run

                class Replace:
                    @hook_impl
                    def before_node_run(self, node):
                        if current_run().run_id == "replaced" and node.name == "double":
                            return {"number": 100}
            """,
            "{package}/settings.py": """
                from {package}.hooks import Replace
                HOOKS = (Replace(),)
            """,
        },
    )

    results = [
        session.run(runtime_data={"number": 1}, run_id=run_id).outputs["result"]
        for run_id in ("first", "replaced", "last")
    ]

    assert results == [4, 400, 4]


def test_a_hook_that_fails_leaves_the_session_usable(open_session, module_of):
    session = open_session(
        PIPELINES,
        files={
            "{package}/hooks.py": """
                from kedro.framework.hooks import hook_impl

                class Fail:
                    failing = set()

                    @hook_impl
                    def after_context_created(self):
                        self.fail("context")

                    @hook_impl
                    def after_catalog_created(self):
                        self.fail("catalog")

                    @hook_impl
                    def before_pipeline_run(self):
                        self.fail("before")

                    @hook_impl
                    def after_pipeline_run(self):
                        self.fail("after")

                    def fail(self, where):
                        if where in self.failing:
                            raise OSError(f"failed {where}")
            """,
            "{package}/settings.py": """
                from {package}.hooks import Fail
                HOOKS = (Fail(),)
            """,
        },
    )
    failing = module_of(session, "hooks").Fail.failing

    for where in ("context", "catalog", "before", "after"):
        failing.add(where)
        with pytest.raises(OSError, match=f"failed {where}"):
            session.run(runtime_data={"number": 1}, run_id="same")
        failing.clear()
    result = session.run(runtime_data={"number": 1}, run_id="same")
    assert result.outputs["result"] == 4


def test_a_failing_hook_of_the_context_or_catalog_is_called_again_by_the_next_run(
    open_session, module_of
):
    session = open_session(
        PIPELINES,
        files={
            "{package}/hooks.py": """
                from kedro.framework.hooks import hook_impl

                calls = []

                class FailFirst:
                    @hook_impl
                    def after_context_created(self):
                        self.fail("context")

                    @hook_impl
                    def after_catalog_created(self):
                        self.fail("catalog")

                    def fail(self, where):
                        calls.append(where)
                        if calls.count(where) == 1:
                            raise OSError(where)
            """,
            "{package}/settings.py": """
                from {package}.hooks import FailFirst
                HOOKS = (FailFirst(),)
            """,
        },
    )

    for where in ("context", "catalog"):
        with pytest.raises(OSError, match=where):
            session.run(runtime_data={"number": 1})
    for _ in range(2):
        session.run(runtime_data={"number": 1})

    calls = module_of(session, "hooks").calls
    assert calls == ["context", "context", "catalog", "catalog"]


def test_a_service_session_calls_hooks_in_the_same_way(open_watched, module_of):
    session = open_watched(session_class=KedroServiceSession, session_id="service")

    session.run("order-1", runtime_data={"number": 1})
    session.run("order-2", runtime_data={"number": 1}, runtime_params={"f": 2})

    calls = module_of(session, "hooks").calls
    assert len(of(calls, *PER_SESSION)) == 2
    told = [given["run_params"] for given in of(calls, "before_pipeline_run")]
    assert [params["run_id"] for params in told] == ["order-1", "order-2"]
    assert {params["session_id"] for params in told} == {"service"}
    assert [params["runtime_params"] for params in told] == [{}, {"f": 2}]
