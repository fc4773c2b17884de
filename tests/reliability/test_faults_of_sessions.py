"""Projects that break while a session is open, and hooks that stop its first run."""

from __future__ import annotations

import pytest
from yaml.parser import ParserError

from kedro.io import DatasetError

REGISTRY = """
    from kedro.pipeline import node, pipeline

    broken = []

    def add(orders, fee):
        return orders + fee

    def register_pipelines():
        if broken:
            raise ImportError(broken[0])
        return {
            "__default__": pipeline([node(add, ["orders", "params:fee"], "total")]),
        }
"""
FILES = {
    "conf/base/globals.yml": "folder: data",
    "conf/local/credentials.yml": "service: {user: me}",
    "data/orders.json": "20",
    "{package}/settings.py": """
        from {package}.hooks import Stopping

        HOOKS = (Stopping(),)
    """,
    "{package}/hooks.py": """
        from kedro.framework.hooks import hook_impl

        stops, called = {}, []

        def call(name):
            called.append(name)
            if name in stops:
                raise stops[name]

        class Stopping:
            @hook_impl
            def after_context_created(self):
                call("after_context_created")

            @hook_impl
            def after_catalog_created(self):
                call("after_catalog_created")

            @hook_impl
            def on_node_error(self):
                call("on_node_error")

            @hook_impl
            def on_pipeline_error(self):
                call("on_pipeline_error")
    """,
}
CATALOG = "orders: {type: json.JSONDataset, filepath: '${globals:folder}/orders.json'}"


@pytest.fixture
def session(open_session):
    return open_session(REGISTRY, catalog=CATALOG, parameters="fee: 1", files=FILES)


def total(session) -> int:
    return session.run(run_id="same").outputs["total"]


@pytest.mark.parametrize(
    "name",
    [
        "base/globals.yml",
        "base/catalog.yml",
        "base/parameters.yml",
        "local/credentials.yml",
    ],
)
def test_a_broken_file_at_reload(session, leaves_nothing, name):
    file = session.project_path / "conf" / name
    whole = file.read_text()
    assert total(session) == 21
    for text in ("a: [", "a: {b: ]}", "\t- x: {"):
        file.write_text(text)
        with leaves_nothing(session), pytest.raises(ParserError, match=file.name):
            session.reload()
        assert total(session) == 21

    file.write_text(whole)
    (session.project_path / "data" / "orders.json").write_text("30")
    session.reload()
    assert total(session) == 31


def test_a_global_that_is_gone_at_reload(session, leaves_nothing):
    file = session.project_path / "conf" / "base" / "globals.yml"
    file.write_text("other: data")
    session.reload()
    message = r"'orders'[\s\S]*'folder' not found[\s\S]*run id: same"
    with leaves_nothing(session), pytest.raises(DatasetError, match=message):
        total(session)
    assert session.run(runtime_data={"orders": 1}).outputs["total"] == 2

    file.write_text("folder: data")
    session.reload()
    assert total(session) == 21


def test_pipelines_that_cannot_be_registered_after_a_reload(
    session, module_of, leaves_nothing
):
    assert total(session) == 21
    module_of(session).broken.append("no such module")
    session.reload()
    for _ in range(2):
        with (
            leaves_nothing(session),
            pytest.raises(ImportError, match="no such module"),
        ):
            total(session)

    module_of(session).broken.clear()
    assert total(session) == 21


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("hook", ["after_context_created", "after_catalog_created"])
def test_a_hook_that_stops_what_is_made_once(
    session, module_of, leaves_nothing, hook, stop
):
    hooks = module_of(session, "hooks")
    for _ in range(2):
        hooks.called.clear()
        hooks.stops[hook] = stop("stop here")
        with leaves_nothing(session), pytest.raises(stop, match="stop here"):
            total(session)
        hooks.stops.clear()
        assert total(session) == 21
        assert hooks.called.count(hook) == 2
        assert total(session) == 21
        assert hooks.called.count(hook) == 2
        session.reload()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("hook", ["on_node_error", "on_pipeline_error"])
def test_a_hook_that_stops_at_an_error(session, module_of, leaves_nothing, hook, stop):
    hooks = module_of(session, "hooks")
    hooks.stops[hook] = stop("stop here")
    for _ in range(2):
        with leaves_nothing(session), pytest.raises(stop, match="stop here"):
            session.run(run_id="same", runtime_params={"fee": "not a number"})
        assert total(session) == 21
