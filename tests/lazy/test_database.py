"""Connections to a PostgreSQL server, as the server counts them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest

from kedro.framework.session import KedroSession, KedroSessionError
from kedro.io import DatasetError, MemoryDataset
from kedro.runner import ParallelRunner, ThreadRunner

ORDERS = pd.DataFrame({"id": [1, 2, 3]})

FILES = {
    "conf/base/catalog.yml": """
        orders:
          type: pandas.SQLTableDataset
          table_name: ${globals:table}
          credentials: warehouse
        latest_order:
          type: pandas.SQLQueryDataset
          sql: SELECT max(id) AS id FROM ${globals:table}
          credentials: warehouse
        "{name}_orders":
          type: pandas.SQLTableDataset
          table_name: ${globals:table}_{name}
          credentials: warehouse
          save_args:
            if_exists: replace
    """,
    "conf/base/parameters.yml": "customer_id: 1",
    "conf/base/globals.yml": "table: {table}",
    "conf/base/credentials.yml": """
        warehouse:
          con: {url}
    """,
    "{package}/nodes.py": """
        def count(orders):
            return len(orders)


        def latest(order):
            return int(order["id"].iloc[0])


        def double(number):
            return 2 * number


        def copy(orders):
            return orders
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            count = pipeline([node(nodes.count, "orders", "number")])
            return {
                "__default__": count,
                "count": count,
                "latest": pipeline([node(nodes.latest, "latest_order", "number")]),
                "double": pipeline([node(nodes.double, "two", "number")]),
                "copy": pipeline([node(nodes.copy, "orders", "copied_orders")]),
                "fan_out": pipeline(
                    [
                        node(nodes.count, "orders", f"number_{n}", name=f"count_{n}")
                        for n in range(8)
                    ]
                ),
            }
    """,
}


@pytest.fixture
def session(
    make_project: Callable[..., Any], database: Any, caplog: pytest.LogCaptureFixture
) -> Iterator[KedroSession]:
    files = {
        name: text.replace("{table}", database.table).replace("{url}", database.url)
        for name, text in FILES.items()
    }
    path = make_project(files)
    caplog.set_level(logging.WARNING, logger="kedro")
    with KedroSession.create(path, save_on_close=False) as session:
        yield session


def count(session: KedroSession, **arguments: Any) -> int:
    result = session.run(pipeline_names=["count"], **arguments)
    return int(result.outputs["number"])


class TestNothingIsOpened:
    def test_by_creating_session_context_and_catalog(self, session, database):
        assert session.context.catalog is session.catalog
        assert database.opened == 0

    def test_by_looking_at_the_catalog(self, session, database):
        catalog = session.catalog
        assert "SQLTableDataset" in repr(catalog)
        assert {"orders", "latest_order"} <= {*catalog.keys()}
        assert len(catalog) == len(list(catalog))
        assert "orders" in catalog
        assert "new_orders" in catalog
        assert catalog.filter(name_regex="order") == ["orders", "latest_order"]
        assert catalog.filter(type_regex="SQLQuery") == ["latest_order"]
        assert catalog.get_type("orders").endswith("SQLTableDataset")
        assert catalog.to_config()[0]["orders"]["table_name"] == database.table
        assert database.opened == 0

    def test_by_a_run_of_another_pipeline(self, session, database):
        result = session.run(pipeline_names=["double"], runtime_data={"two": 2})
        assert result.outputs["number"] == 4
        assert database.opened == 0

    def test_by_a_run_with_the_table_injected(self, session, database):
        assert count(session, runtime_data={"orders": ORDERS.head(2)}) == 2
        assert database.opened == 0

    def test_by_a_run_with_what_would_be_saved_injected(self, session, database):
        given = {"orders": ORDERS, "copied_orders": ORDERS.head(1)}
        session.run(pipeline_names=["copy"], runtime_data=given)
        assert database.opened == 0

    def test_by_a_run_that_is_refused(self, session, database):
        with pytest.raises(KedroSessionError, match="'order' in `runtime_data`"):
            count(session, runtime_data={"order": ORDERS})
        assert database.opened == 0


class TestOneIsOpened:
    def test_by_the_first_load(self, session, database):
        assert count(session) == 3
        assert (database.opened, database.open) == (1, 1)

    def test_by_the_first_save(self, session, database):
        given = {"orders": ORDERS.head(2)}
        session.run(pipeline_names=["copy"], runtime_data=given)
        assert database.opened == 1
        assert database.execute(f"SELECT id FROM {database.table}_copied") == [
            (1,),
            (2,),
        ]

    def test_by_the_first_existence_check(self, session, database):
        assert session.catalog.exists("orders")
        assert database.opened == 1

    def test_by_preloading(self, session, database):
        session.preload(["orders"])
        assert database.opened == 1
        assert [count(session), count(session)] == [3, 3]
        assert database.opened == 1

    def test_by_a_thousand_runs(self, session, database):
        for _ in range(1000):
            result = session.run(pipeline_names=["latest"])
            assert result.outputs["number"] == 3
        assert (database.opened, database.open) == (1, 1)

    def test_by_runs_with_parameters_of_their_own(self, session, database):
        for number in range(20):
            count(session, runtime_params={"customer_id": number})
        assert database.opened == 1

    def test_by_runs_of_two_sessions(self, session, database):
        count(session)
        session.reload()
        count(session)
        with KedroSession.create(session.project_path) as other:
            count(other)
        assert database.opened == 1

    def test_by_each_dataset_class(self, session, database):
        for _ in range(20):
            count(session)
            latest = session.run(pipeline_names=["latest"])
            assert latest.outputs["number"] == 3
        assert database.opened == 2


class TestAtTheSameTime:
    """The engine's pool opens as many as are in use at the same time."""

    def test_runs_share_a_pool(self, session, database):
        count(session)
        with ThreadPoolExecutor(4) as pool:
            counts = list(pool.map(lambda _: count(session), range(100)))
        assert counts == [3] * 100
        assert database.opened <= 4

    def test_runs_that_find_an_artifact_open_none(self, session, database):
        session.preload(["orders"])
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda _: count(session), range(50))) == {3}
        assert database.opened == 1

    def test_nodes_of_a_thread_runner_share_a_pool(self, session, database):
        count(session)
        result = session.run(pipeline_names=["fan_out"], runner=ThreadRunner(4))
        assert {result.outputs[f"number_{n}"] for n in range(8)} == {3}
        assert database.opened <= 4

    def test_forked_workers_do_not_share_the_connection_of_their_parent(
        self, session, database, monkeypatch
    ):
        monkeypatch.setenv("KEDRO_MP_CONTEXT", "fork")
        count(session)
        runner = ParallelRunner(max_workers=3)
        result = session.run(pipeline_names=["fan_out"], runner=runner)
        assert {result.outputs[f"number_{n}"] for n in range(8)} == {3}
        assert 2 <= database.opened <= 4

        assert count(session) == 3
        assert 2 <= database.opened <= 4


class TestTheServerIsDown:
    def test_runs_that_do_not_need_it_work(self, session, database):
        count(session)
        database.stop()
        assert count(session, runtime_data={"orders": ORDERS.head(2)}) == 2
        result = session.run(pipeline_names=["double"], runtime_data={"two": 2})
        assert result.outputs["number"] == 4

    def test_runs_that_find_an_artifact_work(self, session, database):
        session.preload(["orders"])
        database.stop()
        assert count(session) == 3

    @pytest.mark.parametrize("used_before", [True, False])
    def test_runs_that_need_it_fail_and_say_what_failed(
        self, session, database, used_before
    ):
        if used_before:
            count(session)
        database.stop()
        with pytest.raises(DatasetError) as caught:
            count(session, run_id="night-1")
        assert "orders" in str(caught.value)
        assert "(run id: night-1)" in str(caught.value)

    def test_it_need_not_be_up_for_a_session_to_begin(self, session, database):
        database.stop()
        assert "orders" in session.catalog
        database.start()
        assert count(session) == 3

    def test_later_runs_work_again(self, session, database):
        count(session)
        database.stop()
        with pytest.raises(DatasetError):
            count(session)
        database.start()
        assert [count(session), count(session)] == [3, 3]
        assert (database.opened, database.open) == (2, 1)

    def test_a_pool_that_asks_first_does_not_notice_a_restart(self, session, database):
        # The dataset class hands on to the engine what stands beside the address.
        credentials = session.project_path / "conf" / "local" / "credentials.yml"
        credentials.write_text(
            f"warehouse: {{con: '{database.url}', pool_pre_ping: true}}"
        )
        count(session)
        database.stop()
        database.start()
        assert count(session) == 3
        assert database.opened == 2

    def test_a_pool_that_does_not_ask_notices_a_restart_once(self, session, database):
        count(session)
        database.stop()
        database.start()
        with pytest.raises(DatasetError, match=r"orders[\s\S]*run id: night-1"):
            count(session, run_id="night-1")
        assert count(session, run_id="night-1") == 3

    @pytest.mark.parametrize("runner", [None, ThreadRunner()])
    def test_it_stops_in_the_middle_of_a_run(self, session, database, runner):
        class Stopping(pd.DataFrame):
            """Data that is looked at after the run was checked, and before a save."""

            def to_sql(self, *arguments: Any, **options: Any) -> Any:
                database.stop()
                return super().to_sql(*arguments, **options)

        def copy(orders: pd.DataFrame) -> None:
            session.run(
                pipeline_names=["copy"],
                runtime_data={"orders": MemoryDataset(orders, copy_mode="assign")},
                run_id="night-1",
                runner=runner,
            )

        copy(ORDERS)
        with pytest.raises(DatasetError, match=r"copied_orders[\s\S]*run id: night-1"):
            copy(Stopping(ORDERS.head(1)))
        database.start()
        # The transaction was never committed.
        assert len(session.catalog.load("copied_orders")) == 3
        copy(ORDERS.head(2))
        assert len(session.catalog.load("copied_orders")) == 2

    def test_an_artifact_that_cannot_be_loaded_again_is_kept(self, session, database):
        session.preload(["orders"])
        database.stop()
        with pytest.raises(DatasetError, match="orders"):
            session.preload(["orders"])
        assert count(session) == 3
