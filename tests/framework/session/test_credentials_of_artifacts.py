"""Artifacts of datasets whose credentials come, in part, from runtime parameters."""

from __future__ import annotations

import pytest

from kedro.io import DatasetError

FILES = {
    "conf/base/credentials.yml": """
        tenant: {user: "${runtime_params:user, nobody}"}
        fixed: {user: everybody}
        private: {user: "${runtime_params:user}"}
    """,
    "{package}/datasets.py": """
        from kedro.io import AbstractDataset

        loads = []

        class Orders(AbstractDataset):
            def __init__(self, credentials=None, inner=None):
                self._user = (credentials or inner["credentials"])["user"]

            def load(self):
                loads.append(self._user)
                return f"orders of {self._user}"

            def save(self, data):
                pass

            def _describe(self):
                return {}
    """,
}
CATALOG = """
    _orders: &orders {type: "{package}.datasets.Orders"}
    orders: {<<: *orders, credentials: tenant}
    inside: {<<: *orders, inner: {credentials: tenant}}
    "{name}_of_all": {<<: *orders, credentials: tenant}
    shared: {<<: *orders, credentials: fixed}
    private: {<<: *orders, credentials: private}
"""
NAMES = ["orders", "inside", "eu_of_all", "shared"]
REGISTRY = f"""
    from kedro.pipeline import node, pipeline

    def read(*orders):
        return list(orders)

    def register_pipelines():
        return {{
            "__default__": pipeline([node(read, {NAMES}, "read")]),
            "private": pipeline([node(read, "private", "read")]),
        }}
"""


@pytest.fixture
def session(open_session):
    return open_session(REGISTRY, catalog=CATALOG, files=FILES)


def read(session, **params):
    return session.run(runtime_params=params).outputs["read"]


def test_a_run_with_credentials_of_its_own_does_not_read_what_others_got(
    session, module_of
):
    loads = module_of(session, "datasets").loads
    session.preload(NAMES)
    for _ in range(2):
        loads.clear()
        assert read(session) == [*["orders of nobody"] * 3, "orders of everybody"]
        assert read(session, other=1)[0] == "orders of nobody"
        assert loads == []
        found = read(session, user="me")
        assert found == [*["orders of me"] * 3, "orders of everybody"]
        assert loads == ["me"] * 3


def test_what_depends_on_a_run_is_not_preloaded_of_itself(session):
    session.preload()
    assert [row.name for row in session.cache_info()] == ["shared"]
    session.preload(pipeline_names=["private"])
    assert [row.name for row in session.cache_info()] == ["shared"]


def test_credentials_that_a_run_does_not_give_are_an_error_that_names_the_dataset(
    session,
):
    with pytest.raises(DatasetError, match=r"'?private'?[\s\S]*'user' not found"):
        session.preload(["private"])
    result = session.run(pipeline_names=["private"], runtime_params={"user": "me"})
    assert result.outputs["read"] == ["orders of me"]
