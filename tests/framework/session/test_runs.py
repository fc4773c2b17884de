"""Runs of one session follow each other, nest and overlap, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median

import pytest

from kedro.framework.session import KedroSession, KedroSessionError
from kedro.io import AbstractDataset, DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner, ThreadRunner

ORDERS = """
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    def add(orders, fee):
        if "broken" in orders:
            raise RuntimeError("broken order")
        return [order + fee for order in orders]

    def report(totals):
        run = current_run()
        return {"totals": totals, "run_id": run.run_id, "params": run.runtime_params}

    def register_pipelines():
        orders = pipeline([
            node(add, ["orders", "params:fee"], "totals", name="add"),
            node(report, "totals", "report", name="report"),
        ])
        leftovers = pipeline([node(report, "totals", "late_report", name="late")])
        return {"__default__": orders, "leftovers": leftovers}
"""

# All runs have loaded their inputs before any of them computes, and all have
# computed before any saves.
MEETING = """
    import threading
    from kedro.framework.session import current_run
    from kedro.pipeline import node, pipeline

    meeting = threading.Barrier(8, timeout=30)

    def first(orders, fee):
        meeting.wait()
        if "broken" in orders:
            meeting.wait()
            raise RuntimeError(f"broken order in {current_run().run_id}")
        totals = [order + fee for order in orders]
        meeting.wait()
        return totals

    def second(totals, everything):
        run = current_run()
        return {
            "totals": totals,
            "run_id": run.run_id,
            "fee": everything["fee"],
            "params": run.runtime_params,
        }

    def register_pipelines():
        return {"__default__": pipeline([
            node(first, ["orders", "params:fee"], "totals", name="first"),
            node(second, ["totals", "parameters"], "report", name="second"),
        ])}
"""


def test_runs_that_follow_each_other_have_their_own_data_and_parameters(open_session):
    session = open_session(ORDERS, parameters="fee: 1")

    reports = [
        session.run(
            runtime_data={"orders": [n]}, runtime_params={"fee": n}, run_id=f"run-{n}"
        ).outputs["report"]
        for n in (10, 20, 30)
    ]

    assert reports == [
        {"totals": [20], "run_id": "run-10", "params": {"fee": 10}},
        {"totals": [40], "run_id": "run-20", "params": {"fee": 20}},
        {"totals": [60], "run_id": "run-30", "params": {"fee": 30}},
    ]


def test_a_run_without_parameters_of_its_own_gets_the_configured_ones(open_session):
    session = open_session(ORDERS, parameters="fee: 1")

    session.run(runtime_data={"orders": [1]}, runtime_params={"fee": 100})
    result = session.run(runtime_data={"orders": [1]})

    assert result.outputs["report"]["totals"] == [2]
    assert result.outputs["report"]["params"] == {}


def test_memory_datasets_of_a_run_are_not_there_for_the_next(open_session):
    session = open_session(ORDERS, parameters="fee: 1")
    session.run(runtime_data={"orders": [1]}, to_outputs=["totals"])

    with pytest.raises(ValueError, match=r"\{'totals'\} not found"):
        session.run(pipeline_names=["leftovers"])


def test_injected_data_of_a_run_is_not_there_for_the_next(open_session):
    session = open_session(ORDERS, parameters="fee: 1")
    session.run(runtime_data={"orders": [1]})

    with pytest.raises(ValueError, match=r"\{'orders'\} not found"):
        session.run()


def test_a_run_does_not_write_into_a_memory_dataset_of_the_session(open_session):
    session = open_session(ORDERS, parameters="fee: 1")
    session.catalog["orders"] = [1]
    session.catalog["totals"] = MemoryDataset(["untouched"])

    first, second = session.run(), session.run()

    assert first.outputs["report"]["totals"] == [2]
    assert second.outputs["report"]["totals"] == [2]
    assert session.catalog.load("totals") == ["untouched"]
    assert session.catalog.load("orders") == [1]


def test_a_memory_dataset_in_the_catalog_is_empty_at_the_start_of_each_run(
    open_session,
):
    session = open_session(
        ORDERS, parameters="fee: 1", catalog="totals: {type: MemoryDataset}"
    )
    session.run(runtime_data={"orders": [1]})

    with pytest.raises(DatasetError, match="has not been saved yet"):
        session.run(pipeline_names=["leftovers"])


def test_what_a_run_adds_to_its_catalog_stays_in_the_run(open_session, module_of):
    session = open_session(
        ORDERS,
        parameters="fee: 1",
        files={
            "{package}/hooks.py": """
                from kedro.framework.hooks import hook_impl

                seen = []

                class AddOrders:
                    @hook_impl
                    def before_pipeline_run(self, catalog):
                        seen.append("added" in catalog)
                        catalog["added"] = 1
            """,
            "{package}/settings.py": """
                from {package}.hooks import AddOrders
                HOOKS = (AddOrders(),)
            """,
        },
    )

    session.run(runtime_data={"orders": [1]})
    session.run(runtime_data={"orders": [1]})

    assert module_of(session, "hooks").seen == [False, False]
    assert "added" not in session.catalog


def test_a_node_can_run_the_session_that_it_runs_in(open_session):
    session = open_session(
        """
        from kedro.framework.session import current_run
        from kedro.io import MemoryDataset
        from kedro.pipeline import node, pipeline

        def factorial(session, number, depth):
            before = current_run()
            if number == 1:
                return {"value": 1, "depths": [depth], "ids": [before.run_id]}
            inner = session.run(
                runtime_data={
                    "session": MemoryDataset(session, copy_mode="assign"),
                    "number": number - 1,
                },
                runtime_params={"depth": depth + 1},
                run_id=f"factorial-{number - 1}",
            ).outputs["result"]
            assert current_run() is before
            return {
                "value": number * inner["value"],
                "depths": [depth, *inner["depths"]],
                "ids": [before.run_id, *inner["ids"]],
            }

        def finish(result):
            return {**result, "finished_by": current_run().run_id}

        def register_pipelines():
            return {"__default__": pipeline([
                node(factorial, ["session", "number", "params:depth"], "raw"),
                node(finish, "raw", "result"),
            ])}
        """,
        parameters="depth: 0",
    )

    result = session.run(
        runtime_data={
            "session": MemoryDataset(session, copy_mode="assign"),
            "number": 4,
        },
        run_id="factorial-4",
    )

    assert result.outputs["result"] == {
        "value": 24,
        "depths": [0, 1, 2, 3],
        "ids": ["factorial-4", "factorial-3", "factorial-2", "factorial-1"],
        "finished_by": "factorial-4",
    }


def test_a_nested_run_that_fails_leaves_the_outer_run_as_it_was(open_session):
    session = open_session(
        """
        from kedro.framework.session import current_run
        from kedro.pipeline import node, pipeline

        def outer(session, kept):
            try:
                session.run(pipeline_names=["inner"], runtime_data={"kept": "inner"})
            except ZeroDivisionError:
                return current_run().run_id

        def inner(kept):
            return 1 / 0

        def show(kept, caught):
            return kept, caught

        def register_pipelines():
            return {
                "__default__": pipeline([
                    node(outer, ["session", "kept"], "caught"),
                    node(show, ["kept", "caught"], "shown"),
                ]),
                "inner": pipeline([node(inner, "kept", "shown")]),
            }
        """
    )

    result = session.run(
        runtime_data={
            "session": MemoryDataset(session, copy_mode="assign"),
            "kept": "outer",
        },
        run_id="outer",
    )

    assert result.outputs["shown"] == ("outer", "outer")


def run_number(session: KedroSession, n: int, **more):
    return session.run(
        runtime_data={"orders": ["broken"] if n in (2, 5) else [n]},
        runtime_params={"fee": 10 * n, "only": {f"for-{n}": n}},
        run_id=f"run-{n}",
        **more,
    )


def assert_own_result(outcome, n: int) -> None:
    if n in (2, 5):
        assert isinstance(outcome, RuntimeError)
        assert str(outcome) == f"broken order in run-{n}"
        return
    assert outcome.run_id == f"run-{n}"
    assert outcome.outputs["report"] == {
        "totals": [11 * n],
        "run_id": f"run-{n}",
        "fee": 10 * n,
        "params": {"fee": 10 * n, "only": {f"for-{n}": n}},
    }


@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
@pytest.mark.parametrize("is_warm", [False, True])
def test_runs_that_overlap_in_threads_do_not_see_each_other(
    open_session, module_of, at_once, runner, is_warm
):
    session = open_session(MEETING, parameters="fee: 1")
    if is_warm:
        meeting = module_of(session).meeting
        at_once(*[partial(run_number, session, n) for n in range(meeting.parties)])

    outcomes = at_once(
        *[partial(run_number, session, n, runner=runner()) for n in range(8)]
    )

    for n, outcome in enumerate(outcomes):
        assert_own_result(outcome, n)


def test_runs_that_overlap_in_asyncio_tasks_do_not_see_each_other(open_session):
    session = open_session(MEETING, parameters="fee: 1")

    async def run_all():
        # The default pool of a machine with few processors has fewer threads.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(8))
        return await asyncio.gather(
            *[asyncio.to_thread(run_number, session, n) for n in range(8)],
            return_exceptions=True,
        )

    for n, outcome in enumerate(asyncio.run(run_all())):
        assert_own_result(outcome, n)


def test_overlapping_runs_of_different_pipelines_do_not_see_each_other(
    open_session, at_once
):
    session = open_session(
        """
        import threading
        from kedro.pipeline import node, pipeline

        meeting = threading.Barrier(2, timeout=30)

        def tell(word):
            meeting.wait()
            return word

        def repeat(told):
            meeting.wait()
            return told * 2

        def register_pipelines():
            return {
                name: pipeline([
                    node(tell, f"params:{name}", "told"),
                    node(repeat, "told", "repeated"),
                ])
                for name in ("tick", "tock")
            }
        """,
        parameters="""
            tick: tick
            tock: tock
        """,
    )

    tick, tock = at_once(
        partial(session.run, pipeline_names=["tick"]),
        partial(session.run, pipeline_names=["tock"]),
    )

    assert tick.outputs["repeated"] == "ticktick"
    assert tock.outputs["repeated"] == "tocktock"


def count_alive(*classes: type) -> int:
    gc.collect()
    # By `type`, as proxies may do anything when they are asked for their class.
    return sum(issubclass(type(found), classes) for found in gc.get_objects())


def test_any_number_of_runs_leaves_no_objects_behind(open_session):
    session = open_session(ORDERS, parameters="fee: 1")

    def run_in_all_ways(n: int) -> None:
        session.run(runtime_data={"orders": [n]}, runtime_params={"fee": n})
        session.run(runtime_data={"totals": [n]}, runtime_params={"new": {"n": n}})
        with pytest.raises(RuntimeError, match="broken order"):
            session.run(runtime_data={"orders": ["broken"]}, run_id=f"failed-{n}")
        with pytest.raises(KedroSessionError):
            session.run(runtime_data={"no_such": n})
        with pytest.raises(ValueError, match="not found"):
            session.run()

    for n in range(2):
        run_in_all_ways(n)

    def grown_by(*classes: type) -> int:
        before = count_alive(*classes)
        for n in range(50):
            run_in_all_ways(n)
        return count_alive(*classes) - before

    # What other tests of this process left may end beside one of the three.
    datasets = [grown_by(AbstractDataset, DataCatalog) for _ in range(3)]
    assert median(datasets) == 0
    # Far below one object for each of the 250 runs.
    assert median(grown_by(object) for _ in range(3)) < 50


def test_data_of_a_run_is_freed_with_its_result(open_session, module_of):
    session = open_session(
        """
        import weakref
        from kedro.pipeline import node, pipeline

        class Payload:
            pass

        def make():
            return Payload()

        def pass_on(payload):
            return payload

        def register_pipelines():
            return {"__default__": pipeline([
                node(make, None, "between"),
                node(pass_on, "between", "output"),
            ])}
        """,
        catalog="""
            "{any}":
              type: MemoryDataset
              copy_mode: assign
        """,
    )
    result = session.run()
    payload = weakref.ref(result.outputs["output"])
    injected = module_of(session).Payload()
    other = session.run(runtime_data={"between": MemoryDataset(injected, "assign")})
    injected_ref = weakref.ref(injected)
    assert payload() is not None
    assert other.outputs["output"] is injected

    # At once, without waiting for the garbage collector.
    del result, other, injected

    assert payload() is None
    assert injected_ref() is None


def test_data_of_a_failed_run_is_freed_with_its_error(open_session, module_of):
    session = open_session(ORDERS, parameters="fee: 1")
    with pytest.raises(RuntimeError):
        session.run(runtime_data={"orders": ["broken"]})

    class Payload(list):
        pass

    payload = Payload(["broken"])
    with pytest.raises(RuntimeError) as caught:
        session.run(runtime_data={"orders": payload})
    freed = weakref.ref(payload)

    del caught, payload
    gc.collect()

    assert freed() is None


@pytest.mark.parametrize(
    "error", ["RuntimeError", "KeyboardInterrupt", "SystemExit", "GeneratorExit"]
)
@pytest.mark.parametrize("runner", [SequentialRunner, ThreadRunner])
def test_the_session_is_usable_after_a_run_was_broken_off(open_session, error, runner):
    session = open_session(
        f"""
        from kedro.pipeline import node, pipeline

        def work(fails):
            if fails:
                raise {error}("stop")
            return "done"

        def register_pipelines():
            return {{"__default__": pipeline([node(work, "fails", "state")])}}
        """
    )
    for _ in range(2):
        with pytest.raises(BaseException, match="stop") as caught:
            session.run(runtime_data={"fails": True}, run_id="same", runner=runner())
        assert type(caught.value).__name__ == error

    result = session.run(runtime_data={"fails": False}, run_id="same", runner=runner())

    assert result.outputs["state"] == "done"


def test_a_failing_run_does_not_disturb_one_that_overlaps(
    open_session, module_of, at_once
):
    session = open_session(
        """
        import threading
        from kedro.pipeline import node, pipeline

        meeting = threading.Barrier(2, timeout=30)
        failed = threading.Event()

        def work(fails):
            meeting.wait()
            if fails:
                raise KeyError("lost")
            assert failed.wait(30)
            return "done"

        def finish(state):
            return state.upper()

        def register_pipelines():
            return {"__default__": pipeline([
                node(work, "fails", "state"), node(finish, "state", "final"),
            ])}
        """
    )
    project = module_of(session)

    def fail():
        try:
            session.run(runtime_data={"fails": True})
        finally:
            project.failed.set()

    error, result = at_once(fail, lambda: session.run(runtime_data={"fails": False}))

    assert isinstance(error, KeyError)
    assert result.outputs["final"] == "DONE"


WORDS = """
    from kedro.pipeline import node, pipeline

    def greet(word, name):
        return f"{word} {name}"

    def register_pipelines():
        return {"__default__": pipeline(
            [node(greet, ["params:word", "name"], "greeting")]
        )}
"""


def test_sessions_of_two_projects_live_in_one_process(open_session):
    hello = open_session(WORDS, parameters="word: Hello", folder="hello")
    bye = open_session(
        WORDS.replace("{name}", "{name}!"), parameters="word: Bye", folder="bye"
    )

    greetings = [
        session.run(runtime_data={"name": n}).outputs["greeting"]
        for n in ("Ann", "Bob")
        for session in (hello, bye)
    ]

    assert greetings == ["Hello Ann", "Bye Ann!", "Hello Bob", "Bye Bob!"]
    assert hello.package_name != bye.package_name


def test_sessions_of_two_projects_run_at_the_same_time(open_session, at_once):
    greet_together = """
        from kedro.pipeline import node, pipeline

        def greet(word, settings, meeting):
            meeting.wait()
            return f"{word} from {settings['place']}"

        def register_pipelines():
            return {"__default__": pipeline(
                [node(greet, ["params:word", "settings", "meeting"], "greeting")]
            )}
    """
    catalog = """
        settings:
          type: json.JSONDataset
          filepath: data/settings.json
    """
    sessions = [
        open_session(
            greet_together,
            parameters="word: ${runtime_params:word, " + word + "}",
            catalog=catalog,
            files={"data/settings.json": f'{{"place": "{word}land"}}'},
            folder=word,
        )
        for word in ("here", "there")
    ]
    meeting = MemoryDataset(threading.Barrier(8, timeout=30), copy_mode="assign")

    outcomes = at_once(
        *[
            partial(session.run, runtime_data={"meeting": meeting})
            for session in sessions * 4
        ]
    )

    assert [outcome.outputs["greeting"] for outcome in outcomes] == [
        "here from hereland",
        "there from thereland",
    ] * 4


def test_two_sessions_of_one_project_are_independent(open_session):
    first = open_session(WORDS, parameters="word: Hello")
    second = KedroSession.create(
        first.project_path, save_on_close=False, runtime_params={"word": "Hi"}
    )
    first.catalog["name"] = "Ann"
    second.catalog["name"] = "Bob"

    assert first.run().outputs["greeting"] == "Hello Ann"
    assert second.run().outputs["greeting"] == "Hi Bob"
    first.close()
    assert second.run().outputs["greeting"] == "Hi Bob"
