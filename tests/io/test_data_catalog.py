"""``DataCatalog`` on its own, as in notebooks and scripts."""

from __future__ import annotations

import logging
import pickle
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.pickle import PickleDataset

from kedro.io import (
    AbstractDataset,
    CachedDataset,
    DataCatalog,
    DatasetError,
    DatasetNotFoundError,
    MemoryDataset,
    SharedMemoryDataCatalog,
    SharedMemoryDataset,
    Version,
)
from kedro.io.core import VersionAlreadyExistsError
from kedro.validation.exceptions import (
    DataValidationError,
    ValidationConfigurationError,
)

CSV = "kedro_datasets.pandas.csv_dataset.CSVDataset"
PICKLE = "kedro_datasets.pickle.pickle_dataset.PickleDataset"
MEMORY = "kedro.io.memory_dataset.MemoryDataset"


class Confirmed(AbstractDataset[Any, Any]):
    """A dataset that counts what is done with it."""

    def __init__(self, data: Any = None) -> None:
        self.data = data
        self.confirmed = 0
        self.released = 0

    def load(self) -> Any:
        return self.data

    def save(self, data: Any) -> None:
        self.data = data

    def _exists(self) -> bool:
        return self.data is not None

    def _release(self) -> None:
        self.released += 1

    def confirm(self) -> None:
        self.confirmed += 1

    def _describe(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return {
        "cars": {
            "type": "pandas.CSVDataset",
            "filepath": (tmp_path / "cars.csv").as_posix(),
            "save_args": {"index": False},
        },
        "model": {
            "type": "pickle.PickleDataset",
            "filepath": (tmp_path / "model.pkl").as_posix(),
            "versioned": True,
        },
        "{name}_table": {
            "type": "pandas.CSVDataset",
            "filepath": (tmp_path / "{name}.csv").as_posix(),
        },
        "raw_{name}_table": {
            "type": "pickle.PickleDataset",
            "filepath": (tmp_path / "raw_{name}.pkl").as_posix(),
        },
    }


@pytest.fixture
def catalog(config: dict[str, Any]) -> DataCatalog:
    return DataCatalog.from_config(config)


class TestFromConfig:
    def test_makes_datasets(self, catalog):
        assert isinstance(catalog["cars"], CSVDataset)
        assert isinstance(catalog["model"], PickleDataset)

    def test_of_nothing_is_empty(self):
        for empty in (None, {}):
            assert len(DataCatalog.from_config(empty)) == 0

    def test_does_not_change_what_it_is_given(self, config):
        before = pickle.dumps(config)
        catalog = DataCatalog.from_config(config)
        catalog["cars"], catalog["eu_table"]
        assert pickle.dumps(config) == before

    def test_imports_and_builds_nothing(self):
        config = {"broken": {"type": "acme.Nowhere"}}
        catalog = DataCatalog.from_config(config)
        assert "broken" in catalog
        with pytest.raises(DatasetError, match="acme"):
            catalog["broken"]

    def test_asks_for_datasets_who_was_there_when_it_was_made(self, config):
        # As with `kedro viz --lite`, which is gone when the catalog is looked at.
        class Lite(AbstractDataset[Any, Any]):
            @classmethod
            def from_config(cls, name, config, *versions):
                try:
                    return AbstractDataset.from_config(name, config, *versions)
                except DatasetError:
                    return Confirmed(name)

        config = {**config, "{name}_plan": {"type": "acme.Nowhere"}}
        config["broken"] = {"type": "acme.Nowhere"}
        with patch("kedro.io.data_catalog.AbstractDataset", Lite):
            catalog = DataCatalog.from_config(config, save_version="v1")
        assert catalog.load("broken") == "broken"
        assert catalog.load("our_plan") == "our_plan"
        assert isinstance(catalog["cars"], CSVDataset)
        assert catalog["model"]._version == Version(None, "v1")
        with pytest.raises(DatasetError, match="acme"):
            DataCatalog.from_config(config)["broken"]

    def test_knows_an_entry_that_is_put_in_after_it_was_asked_for(self):
        catalog = DataCatalog.from_config({})
        assert "late" not in catalog
        catalog.config_resolver.config["late"] = {"type": MEMORY}
        assert "late" in catalog
        del catalog.config_resolver.config["late"]
        assert "late" not in catalog

    def test_refuses_an_entry_without_type_at_once(self):
        with pytest.raises(DatasetError, match="'type' is missing"):
            DataCatalog.from_config({"cars": {"filepath": "cars.csv"}})

    @pytest.mark.parametrize("entry", ["cars.csv", 5, ["a"]])
    def test_refuses_what_is_no_entry_at_once(self, entry):
        with pytest.raises(DatasetError, match="not a valid dataset configuration"):
            DataCatalog.from_config({"cars": entry})

    def test_refuses_missing_credentials_at_once(self, config):
        config["cars"]["credentials"] = "nowhere"
        with pytest.raises(KeyError, match="Unable to find credentials 'nowhere'"):
            DataCatalog.from_config(config, {"key": {}})

    def test_refuses_two_catch_all_patterns_at_once(self):
        entry = {"type": "MemoryDataset"}
        with pytest.raises(DatasetError, match="Multiple catch-all patterns"):
            DataCatalog.from_config({"{one}": entry, "{two}": entry})

    def test_refuses_placeholders_that_a_pattern_does_not_have_at_once(self):
        entry = {"type": "pandas.CSVDataset", "filepath": "{nam}.csv"}
        with pytest.raises(DatasetError, match="should present in the dataset pattern"):
            DataCatalog.from_config({"{name}_table": entry})

    def test_refuses_a_malformed_validator_at_once(self, config):
        config["cars"]["validator"] = {"klass": "acme.check"}
        with pytest.raises(ValidationConfigurationError, match="unknown key"):
            DataCatalog.from_config(config)

    def test_refuses_arguments_that_the_class_does_not_have_at_first_use(self, config):
        config["cars"]["nonsense"] = 5
        catalog = DataCatalog.from_config(config)
        with pytest.raises(DatasetError, match="must only contain arguments valid"):
            catalog["cars"]

    @pytest.mark.parametrize("path", [".CSVDataset", "pandas.CSVDataset."])
    def test_refuses_relative_class_paths_at_first_use(self, config, path):
        config["cars"]["type"] = path
        with pytest.raises(DatasetError, match="does not support relative paths"):
            DataCatalog.from_config(config)["cars"]

    def test_puts_in_credentials_at_every_depth(self, tmp_path):
        catalog = DataCatalog.from_config(
            {
                "cars": {
                    "type": "CachedDataset",
                    "dataset": {
                        "type": "pandas.CSVDataset",
                        "filepath": (tmp_path / "cars.csv").as_posix(),
                        "credentials": "key",
                    },
                }
            },
            {"key": {"auto_mkdir": True}},
        )
        cached = catalog["cars"]
        assert isinstance(cached, CachedDataset)
        assert cached._dataset._init_args["credentials"] == {"auto_mkdir": True}

    def test_takes_classes_for_types(self):
        catalog = DataCatalog.from_config({"mine": {"type": Confirmed, "data": 5}})
        assert catalog.load("mine") == 5

    def test_versions(self, config):
        catalog = DataCatalog.from_config(
            config, load_versions={"model": "v1"}, save_version="v2"
        )
        assert catalog["model"]._version == Version("v1", "v2")

    def test_one_save_version_for_all_if_none_is_given(self, config):
        config["more"] = {**config["model"]}
        catalog = DataCatalog.from_config(config)
        version = catalog["model"]._version
        assert version.load is None
        assert version.save
        assert catalog["more"]._version == version

    def test_refuses_load_versions_of_unknown_datasets(self, config):
        with pytest.raises(DatasetNotFoundError, match=r"\[nobody, nowhere\]"):
            DataCatalog.from_config(
                config, load_versions={"nowhere": "v1", "model": "v1", "nobody": "v1"}
            )

    def test_takes_load_versions_of_names_that_match_a_pattern(self, config):
        config["{name}_table"]["versioned"] = True
        catalog = DataCatalog.from_config(config, load_versions={"eu_table": "v1"})
        assert catalog["eu_table"]._version.load == "v1"


class TestPatterns:
    def test_make_datasets_of_matching_names(self, catalog, tmp_path):
        dataset = catalog["eu_table"]
        assert isinstance(dataset, CSVDataset)
        assert dataset._filepath.as_posix() == (tmp_path / "eu.csv").as_posix()

    def test_the_most_specific_wins(self, catalog):
        assert isinstance(catalog["raw_eu_table"], PickleDataset)

    def test_matching_names_are_in_the_catalog_and_listed_once_used(self, catalog):
        assert "eu_table" in catalog
        assert "eu_table" not in list(catalog)
        catalog["eu_table"]
        assert "eu_table" in list(catalog)

    def test_an_entry_wins_over_a_pattern(self, config):
        config["eu_table"] = {"type": "MemoryDataset"}
        assert isinstance(DataCatalog.from_config(config)["eu_table"], MemoryDataset)

    def test_a_catch_all_takes_every_name(self, config):
        config["{anything}"] = {"type": "MemoryDataset"}
        catalog = DataCatalog.from_config(config)
        assert "nowhere" in catalog
        assert isinstance(catalog["nowhere"], MemoryDataset)
        assert isinstance(catalog["eu_table"], CSVDataset)

    def test_names_that_match_none_are_in_memory_only_if_asked_for(self, catalog):
        assert catalog.get("nowhere") is None
        dataset = catalog.get("nowhere", fallback_to_runtime_pattern=True)
        assert isinstance(dataset, MemoryDataset)
        assert catalog["nowhere"] is dataset

    def test_are_listed_in_the_order_of_matching(self, catalog):
        assert catalog.config_resolver.list_patterns() == [
            "raw_{name}_table",
            "{name}_table",
            "{default}",
        ]


class TestMapping:
    def test_lists_what_is_registered(self, catalog):
        catalog["mine"] = 5
        names = ["cars", "model", "mine"]
        assert catalog.keys() == names
        assert list(catalog) == names
        assert len(catalog) == 3
        assert {name: type(dataset) for name, dataset in catalog.items()} == {
            "cars": CSVDataset,
            "model": PickleDataset,
            "mine": MemoryDataset,
        }
        assert len(catalog.values()) == 3

    def test_gives_the_same_dataset_each_time(self, catalog):
        assert catalog["cars"] is catalog["cars"] is catalog.get("cars")

    def test_an_unknown_name(self, catalog):
        assert "nowhere" not in catalog
        assert catalog.get("nowhere") is None
        with pytest.raises(DatasetNotFoundError, match="'nowhere' not found"):
            catalog["nowhere"]

    def test_takes_datasets_and_data(self):
        catalog = DataCatalog({"mine": MemoryDataset(5)})
        catalog["data"] = [1]
        catalog["dataset"] = Confirmed("x")
        assert catalog.load("mine") == 5
        assert isinstance(catalog["data"], MemoryDataset)
        assert catalog.load("data") == [1]
        assert catalog.load("dataset") == "x"

    def test_none_is_data(self):
        catalog = DataCatalog()
        catalog["nothing"] = None
        assert catalog.load("nothing") is None

    def test_replacing_is_noted(self, catalog, caplog):
        catalog["cars"] = 5
        assert "Replacing dataset 'cars'" in caplog.text
        assert catalog.load("cars") == 5
        assert catalog.keys() == ["model", "cars"]

    def test_a_given_dataset_wins_over_an_entry(self, config, caplog):
        resolver = DataCatalog.from_config(config).config_resolver
        catalog = DataCatalog({"cars": MemoryDataset(5)}, config_resolver=resolver)
        assert catalog.load("cars") == 5
        assert "Cannot register dataset 'cars'" in caplog.text

    def test_equal_are_catalogs_of_equal_datasets(self):
        datasets = {"mine": MemoryDataset(5)}
        assert DataCatalog(dict(datasets)) == DataCatalog(dict(datasets))
        assert DataCatalog(dict(datasets)) != DataCatalog()

    def test_refuses_a_second_save_version(self, tmp_path):
        path = str(tmp_path / "model.pkl")
        catalog = DataCatalog(
            {"one": PickleDataset(filepath=path, version=Version(None, "v1"))}
        )
        with pytest.raises(VersionAlreadyExistsError, match="`two` with `v2`"):
            catalog["two"] = PickleDataset(filepath=path, version=Version(None, "v2"))

    def test_completes_names_in_notebooks(self, catalog):
        assert catalog._ipython_key_completions_() == ["cars", "model"]


class TestGet:
    def test_at_a_version_leaves_the_dataset_as_it_is(self, catalog):
        dataset = catalog.get("model", version=Version("v1", None))
        assert dataset._version.load == "v1"
        assert dataset is not catalog["model"]
        assert catalog["model"]._version.load is None

    def test_at_a_version_of_what_has_none(self, catalog):
        catalog["mine"] = 5
        assert catalog.get("mine", version=Version("v1", None)) is catalog["mine"]


class TestLoadAndSave:
    def test_files(self, catalog, tmp_path):
        cars = pd.DataFrame({"wheels": [4, 3]})
        catalog.save("cars", cars)
        assert (tmp_path / "cars.csv").read_text() == "wheels\n4\n3\n"
        pd.testing.assert_frame_equal(catalog.load("cars"), cars)

    def test_versions(self, config):
        for version in ("v1", "v2"):
            catalog = DataCatalog.from_config(config, save_version=version)
            catalog.save("model", f"of {version}")
            assert catalog.load("model") == f"of {version}"
        assert catalog.load("model", version="v1") == "of v1"
        assert catalog.load("model") == "of v2"

    def test_unknown_names(self, catalog):
        with pytest.raises(DatasetNotFoundError, match="nowhere"):
            catalog.load("nowhere")
        with pytest.raises(DatasetNotFoundError, match="nowhere"):
            catalog.save("nowhere", 5)

    def test_what_is_not_there_names_the_dataset(self, catalog):
        with pytest.raises(DatasetError, match="cars"):
            catalog.load("cars")

    def test_none_cannot_be_saved(self, catalog):
        with pytest.raises(DatasetError, match="None"):
            catalog.save("cars", None)

    def test_is_logged(self, caplog):
        caplog.set_level(logging.INFO, "kedro")
        catalog = DataCatalog({"mine": MemoryDataset(5)})
        catalog.load("mine")
        catalog.save("mine", 6)
        assert caplog.messages == [
            "Loading data from mine (MemoryDataset)...",
            "Saving data to mine (MemoryDataset)...",
        ]

    def test_exists(self, catalog):
        assert not catalog.exists("cars")
        catalog.save("cars", pd.DataFrame({"wheels": [4]}))
        assert catalog.exists("cars")
        assert not catalog.exists("nowhere")

    def test_release(self):
        catalog = DataCatalog({"mine": Confirmed(5)})
        catalog.release("mine")
        assert catalog["mine"].released == 1
        with pytest.raises(DatasetNotFoundError):
            catalog.release("nowhere")

    def test_confirm(self):
        catalog = DataCatalog({"mine": Confirmed(5), "other": MemoryDataset(5)})
        catalog.confirm("mine")
        assert catalog["mine"].confirmed == 1
        with pytest.raises(DatasetError, match="'other' does not have 'confirm'"):
            catalog.confirm("other")
        with pytest.raises(DatasetNotFoundError):
            catalog.confirm("nowhere")


class TestFilter:
    @pytest.fixture
    def catalog(self, catalog: DataCatalog) -> DataCatalog:
        catalog["mine"] = 5
        return catalog

    def test_by_name(self, catalog):
        assert catalog.filter() == ["cars", "model", "mine"]
        assert catalog.filter("^m") == ["model", "mine"]
        assert catalog.filter(re.compile("^M", re.IGNORECASE)) == ["model", "mine"]

    def test_by_type(self, catalog):
        assert catalog.filter(type_regex="CSV") == ["cars"]
        assert catalog.filter(by_type=CSVDataset) == ["cars"]
        assert catalog.filter(by_type=[CSVDataset, MemoryDataset]) == ["cars", "mine"]

    def test_by_both(self, catalog):
        assert catalog.filter("^m", type_regex="pickle") == ["model"]
        assert catalog.filter("^m", by_type=CSVDataset) == []


class TestGetType:
    def test_is_found_without_building(self, catalog):
        assert catalog.get_type("cars") == CSV
        assert catalog.get_type("eu_table") == CSV
        assert catalog.get_type("raw_eu_table") == PICKLE
        assert "eu_table" not in list(catalog)

    def test_of_datasets(self, catalog):
        catalog["mine"] = 5
        catalog["cars"]
        assert catalog.get_type("mine") == MEMORY
        assert catalog.get_type("cars") == CSV

    def test_of_nothing(self, catalog):
        assert catalog.get_type("nowhere") is None


class TestRepr:
    def test_names_types(self, catalog):
        catalog["mine"] = 5
        lines = str(catalog).splitlines()
        assert lines[0] == f"'cars': {CSV}"
        assert lines[1] == f"'model': {PICKLE}"
        assert lines[2] == f"'mine': {MEMORY}(data='<int>')"

    def test_shows_built_datasets(self, catalog):
        catalog["cars"]
        assert any(
            line.startswith(f"'cars': {CSV}(filepath=")
            for line in str(catalog).splitlines()
        )


class TestToConfig:
    def test_comes_back(self, config):
        config["cars"]["credentials"] = "key"
        catalog = DataCatalog.from_config(
            config, {"key": {"auto_mkdir": True}}, {"model": "v1"}, "v2"
        )
        catalog["mine"] = 5
        catalog["cars"]
        again = DataCatalog.from_config(*catalog.to_config())

        assert sorted(again.keys()) == ["cars", "model"]
        assert again["model"]._version == Version("v1", "v2")
        assert again["cars"]._init_args["credentials"] == {"auto_mkdir": True}
        assert again["cars"]._filepath == catalog["cars"]._filepath

    def test_holds_what_is_needed(self, config, tmp_path):
        config["cars"]["credentials"] = "key"
        config["cars"]["validator"] = "acme.check"
        catalog = DataCatalog.from_config(
            config, {"key": {"auto_mkdir": True}}, {"model": "v1"}, "v2"
        )
        entries, credentials, load_versions, save_version = catalog.to_config()
        assert entries["cars"] == {
            "type": "pandas.CSVDataset",
            "filepath": (tmp_path / "cars.csv").as_posix(),
            "save_args": {"index": False},
            "credentials": "cars_credentials",
            "validator": "acme.check",
        }
        assert credentials == {"cars_credentials": {"auto_mkdir": True}}
        assert load_versions == {"cars": None, "model": "v1"}
        assert save_version == "v2"


class Doubled:
    """Validates numbers, and gives back their double."""

    calls = 0

    def validate(self, data: Any) -> Any:
        Doubled.calls += 1
        if data < 0:
            raise ValueError("negative")
        return 2 * data


@pytest.fixture
def validated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a catalog with one validated dataset, ``number``."""
    import sys
    import types

    module = types.ModuleType("validators_of_this_test")
    module.Doubled = Doubled
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(Doubled, "calls", 0)

    def make(**options: Any) -> DataCatalog:
        path = f"{module.__name__}.Doubled"
        return DataCatalog.from_config(
            {
                "number": {
                    "type": "pickle.PickleDataset",
                    "filepath": (tmp_path / "number.pkl").as_posix(),
                    "validator": {"class": path, **options},
                }
            }
        )

    return make


class TestValidators:
    def test_apply_to_saves_and_loads(self, validated):
        catalog = validated()
        catalog.save("number", 1)
        assert catalog["number"].load() == 2
        assert catalog.load("number") == 4
        assert Doubled.calls == 2

    def test_apply_where_they_are_to(self, validated):
        catalog = validated(on="save")
        catalog.save("number", 1)
        assert catalog.load("number") == 2
        assert Doubled.calls == 1

    def test_refuse_and_say_what(self, validated):
        catalog = validated()
        with pytest.raises(DataValidationError, match="negative") as caught:
            catalog.save("number", -1)
        assert caught.value.dataset_name == "number"
        assert caught.value.mode == "save"
        assert not catalog.exists("number")

    def test_only_warn_if_told_so(self, validated, caplog):
        catalog = validated(severity="warn")
        catalog.save("number", -1)
        assert catalog["number"].load() == -1
        assert "negative" in caplog.text

    def test_are_switched_off_one_by_one(self, validated):
        catalog = validated(enabled=False)
        catalog.save("number", -1)
        assert catalog.load("number") == -1

    def test_are_switched_off_together(self, validated):
        catalog = validated()
        catalog.validation_enabled = False
        catalog.save("number", -1)
        assert catalog.load("number") == -1

    @pytest.mark.parametrize(("switch", "calls"), [("0", 0), ("1", 1)])
    def test_the_environment_decides(self, validated, monkeypatch, switch, calls):
        catalog = validated()
        catalog.validation_enabled = switch == "0"
        monkeypatch.setenv("KEDRO_DATASET_VALIDATION", switch)
        catalog.save("number", 1)
        assert Doubled.calls == calls

    def test_skip_what_was_validated_when_it_was_saved(self, validated):
        catalog = validated(skip_load_after_save=True)
        catalog.save("number", 1)
        assert catalog.load("number") == 2
        catalog.release("number")
        assert catalog.load("number") == 4

    def test_go_with_the_dataset_when_it_is_replaced(self, validated):
        catalog = validated()
        catalog["number"] = MemoryDataset(-1)
        assert catalog.load("number") == -1
        assert catalog.validators == {}

    def test_are_listed(self, validated):
        catalog = validated(on=["load"])
        path = "validators_of_this_test.Doubled"
        assert catalog.validators == {"number": {"class": path, "on": ["load"]}}
        assert catalog.validator_specs["number"].class_path == path

    def test_do_not_reach_the_dataset(self, validated):
        assert isinstance(validated()["number"], PickleDataset)

    def test_do_not_stop_pickling(self, validated):
        catalog = validated()
        catalog.save("number", 1)
        again = pickle.loads(pickle.dumps(catalog))
        assert again.load("number") == 4


class TestPickling:
    def test_a_catalog_comes_back(self, catalog):
        catalog["mine"] = 5
        again = pickle.loads(pickle.dumps(catalog))
        assert sorted(again.keys()) == ["cars", "mine", "model"]
        assert again.load("mine") == 5
        assert isinstance(again["eu_table"], CSVDataset)


class TestSharedMemoryDataCatalog:
    def test_unknown_names_are_in_shared_memory(self, config):
        catalog = SharedMemoryDataCatalog.from_config(config)
        dataset = catalog.get("nowhere", fallback_to_runtime_pattern=True)
        assert isinstance(dataset, SharedMemoryDataset)

    def test_names_what_cannot_travel(self):
        catalog = SharedMemoryDataCatalog({"stuck": Confirmed(lambda: None)})
        with pytest.raises(AttributeError, match=r"\['stuck'\]"):
            catalog.validate_catalog()
