"""Which file of the tree goes into which patch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tools.patches.manifest import (
    Edit,
    Group,
    ManifestError,
    Patch,
    Series,
    is_test,
    modules,
)


def patch(name: str, *patterns: str) -> Patch:
    return Patch(name, "", Group(name, patterns), ())


def make_series(series: Series, *patches: Patch, left_out: str = "other/*") -> Series:
    group = Group("left out", (left_out,))
    return replace(series, patches=patches, left_out=(group,))


class TestThisTree:
    def test_has_each_file_in_one_place(self, series, files) -> None:
        assert series.assign(files).keys() == {*files}

    def test_has_each_module_and_its_tests_in_patches(self, series, files) -> None:
        placed = [f for patch in series.patches for f in series.files_of(patch, files)]
        assert len(placed) == len({*placed})
        assert {f for f in files if f.startswith("kedro/")} <= {*placed}
        own_tests = ("build", "benchmarks", "compat", "docs", "examples", "patches")
        about_the_fork = tuple(f"tests/{name}/" for name in own_tests)
        tests = {f for f in files if is_test(f) and not f.startswith(about_the_fork)}
        assert tests <= {*placed}

    def test_has_patches_with_something_in_them(self, series, files) -> None:
        for patch in series.patches:
            assert series.files_of(patch, files), patch.title

    @pytest.mark.parametrize(
        ("file", "neighbour"),
        [
            ("kedro/io/passing.py", "kedro/io/run_catalog.py"),
            ("kedro/config/passing.py", "kedro/config/omegaconf_config.py"),
            (
                "kedro/framework/session/passing.py",
                "kedro/framework/session/session.py",
            ),
            ("tests/io/test_passing.py", "tests/io/test_data_catalog.py"),
            ("docs/passing.md", "docs/plugins.md"),
        ],
    )
    def test_takes_a_new_file_in(self, series, files, file, neighbour) -> None:
        own = series.assign([*files, file])
        assert own[file] is own[neighbour]

    def test_names_a_file_that_has_no_place(self, series, files) -> None:
        with pytest.raises(ManifestError) as caught:
            series.assign([*files, "kedro/server/passing.py", "tests/new/test_a.py"])
        first, second = str(caught.value).splitlines()
        assert first.startswith("kedro/server/passing.py is in no patch: add it")
        assert second.startswith("tests/new/test_a.py is in no patch")


class TestAssign:
    def test_a_name_comes_before_a_pattern(self, series) -> None:
        own = patch("own", "kedro/a.py")
        found = make_series(series, patch("rest", "kedro/*"), own).assign(
            ["kedro/a.py", "kedro/deep/b.py"]
        )
        assert [group.name for group in found.values()] == ["own", "rest"]

    def test_two_patterns_for_a_file_are_an_error(self, series) -> None:
        both = make_series(series, patch("one", "kedro/*"), patch("two", "*/a.py"))
        with pytest.raises(ManifestError, match=r"kedro/a\.py is in 'one' and 'two'"):
            both.assign(["kedro/a.py"])

    def test_a_file_named_twice_is_an_error(self, series) -> None:
        both = make_series(series, patch("one", "a/b.py"), patch("two", "a/b.py"))
        with pytest.raises(ManifestError, match="name it in the one"):
            both.assign(["a/b.py"])

    def test_a_name_without_a_file_is_an_error(self, series) -> None:
        with pytest.raises(ManifestError, match=r"'one' lists a/b\.py, and"):
            make_series(series, patch("one", "a/b.py", "a/*")).assign(["a/c.py"])

    def test_a_pattern_without_a_slash_is_for_the_root(self, series) -> None:
        rooted = make_series(series, patch("docs", "docs/*"), left_out="*")
        found = rooted.assign(["README.md", "docs/a.md"])
        assert [group.name for group in found.values()] == ["left out", "docs"]

    def test_two_files_for_one_place_are_an_error(self, series) -> None:
        one = replace(make_series(series, patch("one", "*/*")), moves={"a": "b"})
        with pytest.raises(ManifestError, match=r"Two files go to b/c\.py"):
            one.assign(["a/c.py", "b/c.py"])


class TestEdit:
    def test_replaces_lines_that_are_there_once(self) -> None:
        assert Edit("f", "b\n", "c\nd\n").applied("a\nb\n") == "a\nc\nd\n"

    @pytest.mark.parametrize(("text", "times"), [("a\n", 0), ("b\nb\n", 2)])
    def test_tells_of_lines_that_are_not(self, text, times) -> None:
        with pytest.raises(ManifestError, match=f"f: .* is there {times} times"):
            Edit("f", "b\n", "c\n").applied(text)


def test_moved_modules_import_from_where_they_are(series) -> None:
    moved = replace(series, moves={"tests": "there"})
    text = (
        "from tests.a import b\n    import tests.c\nfrom tests_of import d\ntests.e\n"
    )
    assert moved.rewritten(text) == (
        "from there.a import b\n    import there.c\nfrom tests_of import d\ntests.e\n"
    )


def test_modules_are_those_that_can_be_imported() -> None:
    files = ["kedro/a/__init__.py", "kedro/a/b.py", "kedro/a/c.yml", "tests/d.py"]
    assert modules(files) == ["kedro.a", "kedro.a.b"]
