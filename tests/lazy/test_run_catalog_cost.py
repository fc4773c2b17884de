"""A run's catalog costs what the run uses, however much the project has."""

from __future__ import annotations

import gc
import itertools
import logging
import statistics
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from omegaconf import OmegaConf

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSession

FEW, MANY = 10, 10_000

FILES = {
    "conf/base/catalog.yml": """
        _file: &file
          type: {package}.datasets.RecordedDataset
        model:
          <<: *file
          filepath: data/${noted:model}.json
        "{name}_table":
          <<: *file
          filepath: data/${noted:pattern}_{name}.json
    """,
    "conf/base/parameters.yml": "rate: 1",
    "{package}/settings.py": """
        resolved = []


        def noted(name):
            resolved.append(name)
            return name


        CONFIG_LOADER_ARGS = {"custom_resolvers": {"noted": noted}}
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline


        def take(model, rate):
            return [model["weight"], rate]


        def register_pipelines():
            one = node(take, ["model", "params:rate"], "taken", name="take")
            return {"__default__": pipeline([one])}
    """,
}


@pytest.fixture
def open_session(recorded_project: Callable[..., Any]) -> Callable[[int], KedroSession]:
    """A session of a project with so many entries that nobody uses."""

    def open_session(entries: int) -> KedroSession:
        files = dict(FILES)
        # OmegaConf takes files of 10 000 values at the most.
        for first in range(0, entries, 1000):
            numbers = range(first, min(first + 1000, entries))
            files[f"conf/base/catalog_{first}.yml"] = "".join(
                f"unused_{n}:\n"
                f"  type: not_installed.Dataset\n"
                f"  filepath: data/${{noted:unused_{n}}}.json\n"
                for n in numbers
            )
            files[f"conf/base/parameters_{first}.yml"] = "".join(
                f"unused_{n}: ${{noted:parameter}}\n" for n in numbers
            )
        project = recorded_project(files, model={"weight": 2})
        return project.session(save_on_close=False)

    return open_session


class Watch:
    """A hook that keeps the catalogs of runs, and does something with each."""

    def __init__(self, look: Callable[[Any], Any] = lambda catalog: None) -> None:
        self.catalogs: list[Any] = []
        self.seen: list[Any] = []
        self._look = look

    @hook_impl
    def before_pipeline_run(self, catalog: Any) -> None:
        self.catalogs.append(catalog)
        self.seen.append(self._look(catalog))


def resolved(session: KedroSession) -> Counter[str]:
    return Counter(sys.modules[f"{session.package_name}.settings"].resolved)


def calls_of(run: Callable[[], Any]) -> int:
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        # The time is formatted anew when a second has passed.
        calls += event == "call" and frame.f_code.co_name != "_timestamp"

    gc.collect()
    gc.disable()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def objects_of(run: Callable[[], Any]) -> float:
    """How many objects there are more after a run whose catalog is kept."""

    def measured() -> int:
        gc.collect()
        before = len(gc.get_objects())
        run()
        gc.collect()
        return len(gc.get_objects()) - before

    # What other tests of this process left may end beside one of the runs.
    return statistics.median(measured() for _ in range(5))


@pytest.fixture
def resolver_of_somebody_else() -> Iterator[None]:
    OmegaConf.register_new_resolver("somebody_else", lambda value: value)
    yield
    OmegaConf.clear_resolver("somebody_else")


@pytest.mark.filterwarnings("ignore:register_new_resolver")
@pytest.mark.usefixtures("resolver_of_somebody_else")
def test_a_warm_run_costs_the_same_for_few_entries_and_for_many(open_session, caplog):
    def costs(entries: int) -> dict[str, float]:
        with open_session(entries) as session:
            # How a line is broken depends on what the clock says.
            caplog.set_level(logging.WARNING, logger="kedro")
            session.hook_manager.register(Watch())

            def run_with_its_own() -> Any:
                return session.run(runtime_params={"rate": next(rates)})

            rates = itertools.count()
            for warm_up in (session.run, run_with_its_own) * 2:
                warm_up()
            return {
                "calls": calls_of(session.run),
                "objects": objects_of(session.run),
                "calls, with its own parameters": calls_of(run_with_its_own),
                "objects, with its own parameters": objects_of(run_with_its_own),
            }

    assert costs(FEW) == costs(MANY)


def test_only_what_a_run_uses_is_resolved(open_session):
    with open_session(FEW) as session:
        for _ in range(3):
            assert session.run().outputs["taken"] == [2, 1]
        assert resolved(session).keys() == {"model"}


def test_making_and_listing_the_catalog_resolves_none_of_its_entries(open_session):
    with open_session(FEW) as session:
        assert len(session.catalog.filter(name_regex="^unused_")) == FEW
        assert "unused_3" in session.catalog
        # Names such as `params:model.rate` are known once `model` is resolved.
        assert resolved(session).keys() <= {"parameter"}


def test_every_entry_pattern_and_parameter_is_there_in_a_run(open_session):
    def look(catalog: Any) -> Any:
        names = [*catalog, "eu_table", "nobody"]
        return {name: name in catalog for name in names if "params:" not in name}

    watch = Watch(look)
    with open_session(FEW) as session:
        session.hook_manager.register(watch)
        session.run()
    expected = {"model", "eu_table", "parameters", *(f"unused_{n}" for n in range(FEW))}
    (seen,) = watch.seen
    assert {name for name, is_known in seen.items() if is_known} == expected
    assert not seen["nobody"]


def test_it_is_dropped_with_the_run(open_session):
    watch = Watch()
    with open_session(FEW) as session:
        session.hook_manager.register(watch)
        result = session.run()
        catalog = weakref.ref(watch.catalogs.pop())
        gc.collect()
        assert catalog() is None
        assert result.outputs["taken"] == [2, 1]


def test_it_is_dropped_with_a_run_that_failed(open_session):
    def spoil(catalog: Any) -> None:
        catalog["model"] = {}

    watch = Watch(spoil)
    with open_session(FEW) as session:
        session.hook_manager.register(watch)
        with pytest.raises(KeyError, match="weight"):
            session.run()
        catalog = weakref.ref(watch.catalogs.pop())
        gc.collect()
        assert catalog() is None
