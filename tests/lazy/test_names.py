"""Which entry or pattern a name belongs to: the answers of kedro 1.7.0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession


def memory(told: Any) -> dict[str, Any]:
    return {"type": "MemoryDataset", "metadata": told}


def json_file(name: str) -> dict[str, Any]:
    return {"type": "json.JSONDataset", "filepath": f"data/{name}.json"}


CATALOG = {
    "orders": memory("entry"),
    "table@pandas": memory("pandas entry"),
    "table@spark": memory("spark entry"),
    "shop.orders": memory("namespaced entry"),
    "{name}_raw": memory("raw {name}"),
    "{namespace}.{name}_raw": memory("raw {name} of {namespace}"),
    "shop.{name}_raw": memory("raw {name} of the shop"),
    "{name}@pickle": memory("pickled {name}"),
    "{a}_{b}": memory("{a} and {b}"),
    "part_{a}_{b}": memory("part {a}, {b}"),
    "{namespace}.{name}#csv": memory(
        {"file": "{namespace}/{name}.csv", "nested": ["{name}"]}
    ),
}
CATCH_ALL = {"{anything}": memory("anything: {anything}")}

# What kedro 1.7.0 says, and what it says where there is a pattern for everything.
ANSWERS: dict[str, Any] = {
    "orders": "entry",
    "table@pandas": "pandas entry",
    "table@spark": "spark entry",
    "table@pickle": "pickled table",
    "shop.orders": "namespaced entry",
    "bills_raw": "raw bills",
    "city.bills_raw": "raw bills of city",
    "shop.bills_raw": "raw bills of the shop",
    "shop.inner.bills_raw": "raw inner.bills of the shop",
    "left_right": "left and right",
    "left_middle_right": "left and middle_right",
    "part_1_2": "part 1, 2",
    "part_1": "part and 1",
    "city.bills#csv": {"file": "city/bills.csv", "nested": ["bills"]},
    "a.b.c#csv": {"file": "a/b.c.csv", "nested": ["b.c"]},
}
UNKNOWN = ["table@other", "shop.bills", "plain", "Orders", "_", "with space"]
ORDER = [
    "shop.{name}_raw",
    "{name}@pickle",
    "part_{a}_{b}",
    "{namespace}.{name}#csv",
    "{namespace}.{name}_raw",
    "{name}_raw",
    "{a}_{b}",
]

REGISTRY = """
    from kedro.pipeline import node, pipeline


    def double(data):
        return 2 * data


    def add(left, right):
        return left + right


    def register_pipelines():
        inner = pipeline(
            [
                node(double, "orders", "bills", name="bill"),
                node(double, "bills", "table@pandas", name="write"),
                node(add, ["table@spark", "bills"], "total", name="add"),
            ]
        )
        shop = pipeline(inner, namespace="shop")
        nothing = pipeline([node(double, "number", "doubled")])
        return {"__default__": shop, "nothing": nothing}
"""


@pytest.fixture
def open_session(make_project: Callable[..., Any]) -> Callable[..., KedroSession]:
    def open_session(catalog: dict[str, Any]) -> KedroSession:
        project = make_project(
            {
                "conf/base/catalog.yml": yaml.safe_dump(catalog),
                "conf/base/parameters.yml": "rate: 1",
                "{package}/pipeline_registry.py": REGISTRY,
            }
        )
        (project / "data").mkdir()
        return KedroSession.create(project, save_on_close=False)

    return open_session


def answers_of(catalog: Any) -> dict[str, Any]:
    names = [name for name in (*ANSWERS, *UNKNOWN) if name in catalog]
    return {name: catalog[name].metadata for name in names}


def in_a_run(session: KedroSession) -> Any:
    """What the catalog of a run, seen from a hook, says."""
    said = []

    class Ask:
        @hook_impl
        def before_pipeline_run(self, catalog):
            said.append((answers_of(catalog), catalog.config_resolver.list_patterns()))

    session.hook_manager.register(Ask())
    session.run(pipeline_names=["nothing"], runtime_data={"number": 1})
    return said[0]


def in_the_session(session: KedroSession) -> Any:
    catalog = session.catalog
    return answers_of(catalog), catalog.config_resolver.list_patterns()


@pytest.mark.parametrize("ask", [in_the_session, in_a_run])
class TestAnswers:
    def test_with_patterns(self, open_session, ask):
        answers, patterns = ask(open_session(CATALOG))
        assert answers == ANSWERS
        assert patterns == [*ORDER, "{default}"]

    def test_with_a_pattern_for_everything(self, open_session, ask):
        answers, patterns = ask(open_session({**CATALOG, **CATCH_ALL}))
        anything = {name: f"anything: {name}" for name in UNKNOWN}
        assert answers == {**ANSWERS, **anything}
        assert patterns == [*ORDER, *CATCH_ALL, "{default}"]


class TestRuns:
    @pytest.mark.parametrize(
        ("entries", "saved"),
        [
            (
                {
                    "shop.orders": json_file("orders"),
                    "shop.table@pandas": json_file("table"),
                    "shop.table@spark": json_file("table"),
                },
                ["orders", "table"],
            ),
            (
                {
                    "{namespace}.orders": json_file("{namespace}_orders"),
                    "{namespace}.table@{engine}": json_file("{namespace}_table"),
                },
                ["shop_orders", "shop_table"],
            ),
            (
                {
                    "{namespace}.table@{engine}": json_file("{namespace}_table"),
                    "{anything}": json_file("{anything}"),
                },
                ["shop.bills", "shop.orders", "shop.total", "shop_table"],
            ),
        ],
        ids=["entries", "patterns", "a pattern for everything"],
    )
    def test_namespaced_and_transcoded_names(self, open_session, entries, saved):
        with open_session(entries) as session:
            session.catalog.save("shop.orders", 1)
            for _ in range(2):
                # 2 * (2 * 1) from one form of the table, and 2 * 1.
                assert session.run().outputs["shop.total"] == 6
            files = (session.project_path / "data").glob("*.json")
            assert sorted(path.stem for path in files) == saved

    def test_one_form_of_a_table_can_be_injected(self, open_session):
        with open_session({"{anything}": json_file("{anything}")}) as session:
            result = session.run(
                runtime_data={"shop.orders": 1, "shop.table@spark": 10}
            )
            assert result.outputs["shop.total"] == 12
            assert not (
                session.project_path / "data" / "shop.table@spark.json"
            ).exists()
