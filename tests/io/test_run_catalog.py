"""The catalog that one run sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from kedro.framework.hooks import hook_impl
from kedro.framework.session import KedroSessionError
from kedro.io import (
    CatalogProtocol,
    DataCatalog,
    DatasetError,
    DatasetNotFoundError,
    MemoryDataset,
    SharedMemoryDataCatalog,
)
from kedro.io.watched_dict import WatchedDict
from kedro.runner import ParallelRunner
from kedro.validation.exceptions import DataValidationError

FILES = {
    "conf/base/catalog.yml": """
        model:
          type: {package}.datasets.RecordedDataset
          filepath: data/${runtime_params:name, model}.json
        releases:
          type: {package}.datasets.RecordedDataset
          filepath: data/releases.json
          versioned: true
        unused:
          type: acme.NotInstalled
        memory:
          type: MemoryDataset
        "{name}_table":
          type: {package}.datasets.RecordedDataset
          filepath: data/{name}.json
    """,
    "conf/base/parameters.yml": "rate: 1",
    "{package}/nodes.py": """
        def look(model, rate):
            return dict(model), rate


        def keep(model):
            return [1]


        def read(memory):
            return memory


        def train(weight):
            return {"weight": weight}


        def refuse(data):
            raise ValueError("not this one")
    """,
    "{package}/pipeline_registry.py": """
        from kedro.pipeline import node, pipeline

        from {package} import nodes


        def register_pipelines():
            return {
                "__default__": pipeline(
                    [node(nodes.look, ["model", "params:rate"], "seen")]
                ),
                "remember": pipeline([node(nodes.keep, "model", "memory")]),
                "recall": pipeline([node(nodes.read, "memory", "recalled")]),
                "train": pipeline([node(nodes.train, "weight", "model")]),
                "look_table": pipeline([node(nodes.read, "eu_table", "seen")]),
                "look_nowhere": pipeline([node(nodes.read, "nowhere", "seen")]),
                "look_and_look_again": pipeline(
                    [
                        node(nodes.read, "eu_table", "looked_at", name="look"),
                        node(nodes.read, "looked_at", "seen", name="look_again"),
                    ]
                ),
            }
    """,
}


@pytest.fixture
def make(recorded_project: Callable[..., Any]) -> Callable[..., Any]:
    def make(**modules: str) -> Any:
        own = {f"{{package}}/{name}.py": text for name, text in modules.items()}
        data = {"model": {"weight": 2}, "other": {"weight": 9}, "eu": {"rows": 3}}
        return recorded_project({**FILES, **own}, **data)

    return make


@pytest.fixture
def project(make: Callable[..., Any]) -> Any:
    return make()


@pytest.fixture
def session(project: Any) -> Iterator[Any]:
    with project.session() as session:
        yield session


def seen(session: Any, **arguments: Any) -> Any:
    return session.run(**arguments).outputs["seen"]


def in_runs(session: Any, look: Callable[..., Any]) -> list[Any]:
    """What ``look`` says of the catalog of each run from now on."""
    said: list[Any] = []

    class Look:
        @hook_impl
        def before_pipeline_run(self, catalog):
            said.append(look(catalog))

    session.hook_manager.register(Look())
    return said


class TestComplete:
    def test_has_all_entries_and_parameters(self, session):
        (names,) = self.after_run(session, sorted)
        assert names == sorted(
            ["model", "releases", "unused", "memory", "parameters", "params:rate"]
        )

    def test_has_all_patterns(self, session):
        (patterns,) = self.after_run(
            session, lambda catalog: catalog.config_resolver.list_patterns()
        )
        assert patterns == ["{name}_table", "{default}"]

    def test_loads_what_the_run_does_not_use(self, session):
        (loaded,) = self.after_run(session, lambda catalog: catalog.load("eu_table"))
        assert loaded == {"rows": 3}

    def test_has_what_was_added_to_the_session_s_catalog(self, session):
        session.catalog["added"] = MemoryDataset("mine")
        (loaded,) = self.after_run(session, lambda catalog: catalog.load("added"))
        assert loaded == "mine"

    def test_resolves_everything_with_the_run_s_runtime_params(self, session):
        (loaded,) = self.after_run(
            session,
            lambda catalog: (catalog.load("model"), catalog.load("params:rate")),
            runtime_params={"name": "other", "rate": 5},
        )
        assert loaded == ({"weight": 9}, 5)

    def test_has_the_class_of_the_session_s_catalog(self, session):
        (cls,) = self.after_run(session, type)
        assert cls is type(session.catalog)

    def test_is_equal_to_the_session_s_as_far_as_nothing_was_built(self, session):
        (size,) = self.after_run(session, len)
        assert size == len(session.catalog)

    def test_has_shared_memory_for_parallel_runs(self, session):
        said = in_runs(
            session, lambda catalog: isinstance(catalog, SharedMemoryDataCatalog)
        )
        session.run(runner=ParallelRunner(max_workers=1))
        session.run()
        assert said == [True, False]

    def after_run(self, session: Any, look: Any, **arguments: Any) -> list[Any]:
        said = in_runs(session, look)
        session.run(**arguments)
        return said


class TestPrivate:
    def change(self, session: Any, change: Callable[..., Any]) -> None:
        """Have the next run change its catalog, and only that one."""
        changes = [change]

        class Change:
            @hook_impl
            def before_pipeline_run(self, catalog):
                if changes:
                    changes.pop()(catalog)

        session.hook_manager.register(Change())

    def test_what_a_hook_adds_is_gone_after_the_run(self, session):
        # The hook that is registered last is called first.
        names = in_runs(session, lambda catalog: "extra" in catalog)
        self.change(session, lambda catalog: catalog.__setitem__("extra", 1))
        session.run()
        session.run()
        assert names == [True, False]
        assert "extra" not in session.catalog

    def test_what_a_hook_replaces_holds_for_the_run_and_is_gone_after(self, session):
        self.change(
            session, lambda catalog: catalog.__setitem__("model", {"weight": 7})
        )
        assert seen(session) == ({"weight": 7}, 1)
        assert seen(session) == ({"weight": 2}, 1)
        assert session.catalog.load("model") == {"weight": 2}

    def test_a_parameter_that_a_hook_replaces_is_gone_after_the_run(self, session):
        self.change(session, lambda catalog: catalog.__setitem__("params:rate", 7))
        assert seen(session) == ({"weight": 2}, 7)
        assert seen(session) == ({"weight": 2}, 1)

    def test_an_entry_that_a_hook_replaces_in_the_configuration_is_gone_after(
        self, session
    ):
        self.change(
            session, lambda catalog: catalog.config_resolver.config.pop("model")
        )
        session.run(runtime_data={"model": {"weight": 1}})
        assert seen(session) == ({"weight": 2}, 1)
        assert "model" in session.catalog

    def test_a_failed_run_leaves_nothing_either(self, session):
        def replace_and_fail(catalog: Any) -> None:
            catalog["model"] = {"weight": 7}
            raise RuntimeError("hook failed")

        self.change(session, replace_and_fail)
        with pytest.raises(RuntimeError, match="hook failed"):
            session.run()
        assert seen(session) == ({"weight": 2}, 1)

    def test_memory_datasets_are_empty_in_each_run(self, session):
        session.run(pipeline_names=["remember"])
        with pytest.raises(DatasetError, match="memory"):
            session.run(pipeline_names=["recall"])
        with pytest.raises(DatasetError, match="memory"):
            session.catalog.load("memory")

    def test_data_in_a_memory_dataset_added_by_hand_is_each_run_s_own(self, session):
        session.catalog["memory"] = MemoryDataset([0])
        session.run(pipeline_names=["remember"])
        result = session.run(pipeline_names=["recall"])
        assert result.outputs["recalled"] == [0]
        assert session.catalog.load("memory") == [0]

    def test_outputs_that_nothing_describes_are_not_in_the_session_s_catalog(
        self, session
    ):
        session.run()
        assert "seen" not in session.catalog
        assert "seen" not in list(session.catalog)

    def test_each_run_builds_its_datasets(self, project, session):
        said = in_runs(session, lambda catalog: catalog["model"])
        session.run()
        session.run()
        assert said[0] is not said[1]
        assert said[0] is not session.catalog["model"]

    def test_one_run_builds_a_dataset_once(self, project, session):
        session.run()
        assert project.happened("build model.json") == 1


class TestReconfigured:
    """Configurations that somebody puts in after runs have used the others."""

    @pytest.fixture
    def entry(self, project) -> dict[str, Any]:
        return {
            "type": f"{project.package}.datasets.RecordedDataset",
            "filepath": str(project.path / "data" / "other.json"),
        }

    def test_an_entry_holds_for_later_runs(self, session, entry):
        look = partial(session.run, pipeline_names=["look_table"])
        assert look().outputs["seen"] == {"rows": 3}
        session.catalog.config_resolver.config["eu_table"] = entry
        assert look().outputs["seen"] == {"weight": 9}
        del session.catalog.config_resolver.config["eu_table"]
        session.reload()
        assert look().outputs["seen"] == {"rows": 3}

    def test_a_dataset_in_memory_gets_an_entry(self, project, session, entry):
        train = partial(session.run, pipeline_names=["look_and_look_again"])
        train()
        session.catalog.config_resolver.config["looked_at"] = entry
        train()
        assert project.read("other.json") == {"rows": 3}

    def test_an_unknown_dataset_gets_an_entry(self, session, entry):
        recall = partial(session.run, pipeline_names=["look_nowhere"])
        with pytest.raises(ValueError, match="nowhere"):
            recall()
        session.catalog.config_resolver.config["nowhere"] = entry
        assert recall().outputs["seen"] == {"weight": 9}
        session.catalog.config_resolver.config.pop("nowhere")
        with pytest.raises(ValueError, match="nowhere"):
            recall()

    def test_an_artifact_is_bypassed_until_it_is_preloaded_again(self, session, entry):
        look = partial(session.run, pipeline_names=["look_table"])
        session.preload(["eu_table"])
        look()
        session.catalog.config_resolver.config["eu_table"] = entry
        assert look().outputs["seen"] == {"weight": 9}
        session.preload(["eu_table"])
        assert look().outputs["seen"] == {"weight": 9}
        assert session.cache_info()[0].hits == 1

    def test_an_entry_that_files_do_not_have_is_worth_preloading(self, session, entry):
        session.catalog.config_resolver.config["nowhere"] = entry
        session.preload(pipeline_names=["look_nowhere"])
        assert [row.name for row in session.cache_info()] == ["nowhere"]

    def test_the_validator_of_an_entry_applies(self, project, session, entry):
        session.run(pipeline_names=["look_table"])
        validator = f"{project.package}.nodes.refuse"
        session.catalog.config_resolver.config["eu_table"] = {
            **entry,
            "validator": validator,
        }
        with pytest.raises(DataValidationError, match="not this one"):
            session.run(pipeline_names=["look_table"])

    def test_what_a_hook_puts_in_does_not_outlive_its_run(self, session, entry):
        class Entries:
            @hook_impl
            def before_pipeline_run(self, catalog):
                for name in ("eu_table", "nowhere"):
                    catalog.config_resolver.config[name] = entry

        hooks = Entries()
        session.run(pipeline_names=["look_table"])
        session.hook_manager.register(hooks)
        for name in ("look_table", "look_nowhere"):
            seen = session.run(pipeline_names=[name]).outputs["seen"]
            assert seen == {"weight": 9}
        session.hook_manager.unregister(hooks)
        seen = session.run(pipeline_names=["look_table"]).outputs["seen"]
        assert seen == {"rows": 3}
        with pytest.raises(ValueError, match="nowhere"):
            session.run(pipeline_names=["look_nowhere"])


def test_a_parameter_that_is_built_while_a_run_begins_is_not_one_put_in(session):
    catalog = session.catalog

    class Busy(WatchedDict):
        """A run begins whenever a dataset has been put in."""

    def noting(name: str) -> Any:
        def change(self, *args):
            result = getattr(WatchedDict, name)(self, *args)
            catalog.added_datasets()
            return result

        return change

    for name in ("__setitem__", "setdefault"):
        setattr(Busy, name, noting(name))
    catalog._datasets = Busy(catalog._datasets)
    assert catalog.load("params:rate") == 1
    assert dict(catalog.added_datasets()) == {}
    result = session.run(runtime_params={"rate": 7})
    assert result.outputs["seen"][1] == 7


class TestLoadVersions:
    def test_of_unknown_datasets_are_refused(self, session):
        with pytest.raises(DatasetNotFoundError, match=r"\[nowhere\]"):
            session.run(load_versions={"nowhere": "v1"})

    def test_of_datasets_added_by_hand_are_known(self, project, session):
        from kedro.io import Version

        for version, weight in (("v1", 1), ("v2", 2)):
            project.write(f"mine.json/{version}/mine.json", {"weight": weight})
        session.catalog["model"] = project.module("datasets").RecordedDataset(
            str(project.path / "data" / "mine.json"), version=Version(None, None)
        )
        assert seen(session) == ({"weight": 2}, 1)
        assert seen(session, load_versions={"model": "v1"}) == ({"weight": 1}, 1)
        assert seen(session) == ({"weight": 2}, 1)


OWN = """
    from kedro.io import DataCatalog

    events = []


    class OwnCatalog(DataCatalog):
        {body}
"""
SETTINGS = """
    from {package}.catalog import OwnCatalog

    DATA_CATALOG_CLASS = OwnCatalog
"""
ALL_PARAMS = [None, {"rate": 5}, {"name": "other"}]


class TestCatalogClassOfTheProject:
    def project(self, make: Callable[..., Any], body: str) -> Any:
        indented = body.replace("\n", "\n" + " " * 8)
        return make(settings=SETTINGS, catalog=OWN.replace("{body}", indented))

    def events(self, project: Any) -> list[Any]:
        return project.module("catalog").events

    def test_is_the_class_of_all_catalogs(self, make):
        project = self.project(make, "pass")
        with project.session() as session:
            said = in_runs(
                session,
                lambda catalog: isinstance(
                    catalog, project.module("catalog").OwnCatalog
                ),
            )
            session.run()
            session.run(runtime_params={"rate": 2})
            assert said == [True, True]
            assert isinstance(session.catalog, project.module("catalog").OwnCatalog)

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_load_has_its_say(self, make, runtime_params):
        project = self.project(
            make,
            "def load(self, name, version=None):\n"
            "    events.append(name)\n"
            "    data = super().load(name, version)\n"
            "    return {'weight': -data['weight']} if name == 'model' else data",
        )
        with project.session() as session:
            for _ in range(2):
                (model, _rate) = seen(session, runtime_params=runtime_params)
                assert model["weight"] < 0
        assert self.events(project).count("model") == 2

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_save_has_its_say(self, make, runtime_params):
        project = self.project(
            make,
            "def save(self, name, data):\n"
            "    events.append(name)\n"
            "    super().save(name, {'weight': 10 * data['weight']})",
        )
        with project.session() as session:
            session.run(
                pipeline_names=["train"],
                runtime_data={"weight": 5},
                runtime_params=runtime_params,
            )
        name = (runtime_params or {}).get("name", "model")
        assert project.read(f"{name}.json") == {"weight": 50}
        assert self.events(project) == ["model"]

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_a_save_past_the_others_drops_the_artifact(self, make, runtime_params):
        project = self.project(
            make,
            "def save(self, name, data):\n"
            "    if name == 'model':\n"
            "        data = {'weight': 10 * data['weight']}\n"
            "    self[name].save(data)",
        )
        with project.session() as session:
            session.preload(["model"])
            session.run(
                pipeline_names=["train"],
                runtime_data={"weight": 5},
                runtime_params={**(runtime_params or {}), "name": "model"},
            )
            assert seen(session) == ({"weight": 50}, 1)
            assert seen(session) == ({"weight": 50}, 1)
        assert project.happened("load model.json") == 2

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_get_has_its_say(self, make, runtime_params):
        project = self.project(
            make,
            "def get(self, key, fallback_to_runtime_pattern=False, version=None):\n"
            "    if key == 'model':\n"
            "        from kedro.io import MemoryDataset\n"
            "        return MemoryDataset({'weight': 33})\n"
            "    return super().get(key, fallback_to_runtime_pattern, version)",
        )
        with project.session() as session:
            for _ in range(2):
                model, _rate = seen(session, runtime_params=runtime_params)
                assert model == {"weight": 33}
        assert project.events() == []

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_what_init_sets_is_there(self, make, runtime_params):
        project = self.project(
            make,
            "def __init__(self, *args, **kwargs):\n"
            "    super().__init__(*args, **kwargs)\n"
            "    self.factor = 3\n\n"
            "def load(self, name, version=None):\n"
            "    data = super().load(name, version)\n"
            "    return data * self.factor if name == 'params:rate' else data",
        )
        with project.session() as session:
            rate = (runtime_params or {}).get("rate", 1)
            for _ in range(2):
                assert seen(session, runtime_params=runtime_params)[1] == 3 * rate

    FROM_CONFIG = (
        "@classmethod\n"
        "def from_config(cls, catalog, *args, **kwargs):\n"
        "    for name, entry in catalog.items():\n"
        "        if name == 'model':\n"
        "            entry['filepath'] = entry['filepath'].replace('model', 'eu')\n"
        "    catalog.pop('unused')\n"
        "    made = super().from_config(catalog, *args, **kwargs)\n"
        "    made['memory'] = [catalog['model']['filepath'].rpartition('/')[2]]\n"
        "    return made"
    )

    @pytest.mark.parametrize(
        ("runtime_params", "model", "memory"),
        [
            (None, {"rows": 3}, ["eu.json"]),
            ({"rate": 5}, {"rows": 3}, ["eu.json"]),
            ({"name": "other"}, {"weight": 9}, ["other.json"]),
        ],
    )
    def test_from_config_has_its_say(self, make, runtime_params, model, memory):
        project = self.project(make, self.FROM_CONFIG)
        with project.session() as session:
            for _ in range(2):
                assert seen(session, runtime_params=runtime_params)[0] == model
                result = session.run(
                    pipeline_names=["recall"], runtime_params=runtime_params
                )
                assert result.outputs["recalled"] == memory

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_what_is_added_by_hand_is_there_beside_an_own_from_config(
        self, make, runtime_params
    ):
        project = self.project(make, self.FROM_CONFIG)
        with project.session() as session:
            session.catalog["model"] = {"weight": 1}
            assert seen(session, runtime_params=runtime_params)[0] == {"weight": 1}
            assert seen(session, runtime_params=runtime_params)[0] == {"weight": 1}

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_an_own_from_config_has_artifacts(self, make, runtime_params):
        project = self.project(make, self.FROM_CONFIG)
        with project.session(runtime_params=runtime_params) as session:
            session.preload(["model"])
            name = "other" if runtime_params == {"name": "other"} else "eu"
            for rate in (1, 2):
                seen(session, runtime_params={"rate": rate})
            assert project.happened(f"load {name}.json") == 1

            session.run(
                pipeline_names=["train"],
                runtime_data={"weight": 5},
                runtime_params={"rate": 3},
            )
            assert seen(session)[0] == {"weight": 5}

    def test_an_own_from_config_bypasses_artifacts_that_are_others(self, make):
        project = self.project(make, self.FROM_CONFIG)
        with project.session() as session:
            session.preload(["model"])
            other = seen(session, runtime_params={"name": "other"})
            assert other[0] == {"weight": 9}
            assert seen(session)[0] == {"rows": 3}
            assert project.happened("load eu.json") == 1


# Nothing but what the protocol asks for.
PROTOCOL = """
    from kedro.io import AbstractDataset, DatasetNotFoundError, MemoryDataset

    events = []


    class PlainCatalog:
        def __init__(self, datasets=None):
            self._datasets = datasets or {}

        @classmethod
        def from_config(
            cls, catalog, credentials=None, load_versions=None, save_version=None
        ):
            events.append("from_config")
            return cls(
                {
                    name: AbstractDataset.from_config(
                        name, config, (load_versions or {}).get(name), save_version
                    )
                    for name, config in catalog.items()
                    if "{" not in name and name != "unused"
                }
            )

        def __repr__(self):
            return repr(self._datasets)

        def __contains__(self, name):
            return name in self._datasets

        def __iter__(self):
            return iter(self._datasets)

        def __getitem__(self, name):
            return self._datasets[name]

        def __setitem__(self, name, value):
            if not isinstance(value, AbstractDataset):
                value = MemoryDataset(value)
            self._datasets[name] = value

        def keys(self):
            return list(self._datasets)

        def values(self):
            return list(self._datasets.values())

        def items(self):
            return list(self._datasets.items())

        def get(self, key, fallback_to_runtime_pattern=False):
            if key not in self._datasets and fallback_to_runtime_pattern:
                self._datasets[key] = MemoryDataset()
            return self._datasets.get(key)

        def save(self, name, data):
            self._datasets[name].save(data)

        def load(self, name, version=None):
            events.append(f"load {name}")
            if name not in self._datasets:
                raise DatasetNotFoundError(name)
            return self._datasets[name].load()

        def release(self, name):
            self._datasets[name].release()

        def confirm(self, name):
            self._datasets[name].confirm()

        def exists(self, name):
            return self._datasets[name].exists()
"""
PLAIN_SETTINGS = """
    from {package}.catalog import PlainCatalog

    DATA_CATALOG_CLASS = PlainCatalog
"""


class TestCatalogClassThatOnlyFollowsTheProtocol:
    @pytest.fixture
    def project(self, make: Callable[..., Any]) -> Any:
        return make(settings=PLAIN_SETTINGS, catalog=PROTOCOL)

    def test_is_no_data_catalog(self, session):
        assert isinstance(session.catalog, CatalogProtocol)
        assert not isinstance(session.catalog, DataCatalog)

    def test_runs(self, session):
        assert [seen(session), seen(session)] == [({"weight": 2}, 1)] * 2

    def test_runs_with_runtime_params(self, session):
        other = seen(session, runtime_params={"name": "other", "rate": 5})
        assert other == ({"weight": 9}, 5)
        assert seen(session) == ({"weight": 2}, 1)

    def test_its_load_has_its_say(self, project, session):
        session.run()
        assert "load model" in project.module("catalog").events

    def test_its_runs_are_private(self, session):
        session.run(pipeline_names=["remember"])
        with pytest.raises(DatasetError):
            session.run(pipeline_names=["recall"])
        assert "seen" not in session.catalog

    def test_takes_injected_data(self, project, session):
        injected = seen(session, runtime_data={"model": {"weight": 1}})
        assert injected == ({"weight": 1}, 1)
        assert seen(session) == ({"weight": 2}, 1)
        assert project.happened("load model.json") == 1

    def test_takes_load_versions(self, project, session):
        for version in ("v1", "v2"):
            project.write(f"releases.json/{version}/releases.json", {"v": version})
        said = in_runs(session, lambda catalog: catalog.load("releases"))
        session.run()
        session.run(load_versions={"releases": "v1"})
        assert said == [{"v": "v2"}, {"v": "v1"}]

    @pytest.mark.parametrize("runtime_params", ALL_PARAMS)
    def test_has_what_was_added_by_hand(self, session, runtime_params):
        session.catalog["model"] = {"weight": 1}
        for _ in range(2):
            model, _rate = seen(session, runtime_params=runtime_params)
            assert model == {"weight": 1}

    def test_has_artifacts(self, project, session):
        session.preload(["model"])
        assert [seen(session), seen(session)] == [({"weight": 2}, 1)] * 2
        assert project.happened("load model.json") == 1

    def test_bypasses_artifacts_that_are_others(self, project, session):
        session.preload(["model"])
        assert seen(session, runtime_params={"rate": 5}) == ({"weight": 2}, 5)
        assert seen(session, runtime_params={"name": "other"}) == ({"weight": 9}, 1)
        assert project.happened("load model.json") == 1

    def test_picks_artifacts_without_runtime_params(self, session):
        session.preload()
        assert session.cache_info() == []

    def test_saves_to_artifacts(self, project, session):
        session.preload(["model"])
        session.run(pipeline_names=["train"], runtime_data={"weight": 5})
        assert [seen(session), seen(session)] == [({"weight": 5}, 1)] * 2
        assert project.happened("load model.json") == 2

    def test_unknown_artifacts_are_refused(self, session):
        with pytest.raises(KedroSessionError, match="'model'"):
            session.preload(["modle"])

    def test_hooks_that_change_it_hold_for_all_runs(self, make):
        project = make(
            catalog=PROTOCOL,
            settings=PLAIN_SETTINGS
            + """
    from kedro.framework.hooks import hook_impl


    class ChangeCatalog:
        @hook_impl
        def after_catalog_created(self, catalog):
            catalog["model"] = {"weight": 4}


    HOOKS = (ChangeCatalog(),)
""",
        )
        with project.session() as session:
            assert seen(session) == ({"weight": 4}, 1)
            assert seen(session, runtime_params={"rate": 5}) == ({"weight": 4}, 5)
