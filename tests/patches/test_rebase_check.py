"""What another release of kedro has for the modules of this tree."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.rebase_check import Fate, compare, report, report_requirements
from tools.releases import (
    RECORD,
    ROOT,
    ReleaseError,
    recorded_base,
    unpacked_sdist,
    unpacked_wheel,
)

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))["sha256"]


@pytest.fixture
def base() -> Path:
    return unpacked_wheel(recorded_base())


@pytest.fixture
def another(base: Path, tmp_path: Path) -> Path:
    """A copy of the release that a test may change."""
    shutil.copytree(base, tmp_path / "another")
    return tmp_path / "another"


def fates(old: Path, new: Path, *added: str) -> dict[str, Fate]:
    found = compare(old, new, list(RECORDED), list(added))
    return {finding.name: finding.fate for finding in found}


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.rebase_check", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("release", ["1.6.0", "1.5.0", "1.0.0"])
def test_finds_what_real_releases_have_otherwise(base: Path, release: str) -> None:
    other = unpacked_wheel(release)
    found = fates(base, other)

    def expected(name: str) -> Fate:
        if not (other / name).exists():
            return Fate.GONE
        digest = hashlib.sha256((other / name).read_bytes()).hexdigest()
        return Fate.SAME if digest == RECORDED[name] else Fate.CHANGED

    assert found == {name: expected(name) for name in RECORDED}
    assert Fate.CHANGED in found.values()


def test_finds_modules_that_came_after_a_release(base: Path) -> None:
    found = fates(base, unpacked_wheel("1.0.0"))
    assert found["kedro/framework/session/service_session.py"] is Fate.GONE


def test_finds_nothing_in_the_release_itself(base: Path) -> None:
    assert set(fates(base, base).values()) == {Fate.SAME}
    assert not list(report_requirements(base, base))


def test_finds_a_module_that_was_moved_and_what_changed(
    base: Path, another: Path
) -> None:
    module = another / "kedro" / "io" / "core.py"
    module.write_text(module.read_text("utf-8") + "\nlater = True\n", "utf-8")
    module.rename(another / "kedro" / "io" / "base.py")
    findings = compare(base, another, list(RECORDED), [])
    [moved] = [finding for finding in findings if finding.fate is Fate.MOVED]
    assert str(moved) == "moved    kedro/io/core.py: to kedro/io/base.py"
    assert "--- a/kedro/io/core.py\n+++ b/kedro/io/base.py\n" in moved.diff
    assert "+later = True\n" in moved.diff


def test_finds_a_new_file_where_the_tree_has_one_of_its_own(
    base: Path, another: Path
) -> None:
    (another / "kedro" / "io" / "versions.py").touch()
    own = "kedro/io/versions.py"
    assert fates(base, another, own, "kedro/io/recipe.py")[own] is Fate.TAKEN
    assert own not in fates(base, base, own)


def test_tells_of_other_requirements(base: Path, another: Path) -> None:
    [metadata] = another.glob("kedro-*.dist-info/METADATA")
    text = metadata.read_text("utf-8")
    metadata.write_text(text.replace("omegaconf>=2.1.1", "omegaconf>=2.3"), "utf-8")
    told = list(report_requirements(base, another))
    assert told[-2:] == ["- omegaconf>=2.1.1", "+ omegaconf>=2.3"]


def test_report_ends_with_the_differences(base: Path, another: Path) -> None:
    module = another / "kedro" / "logging.py"
    module.write_text(module.read_text("utf-8") + "later = True\n", "utf-8")
    findings = compare(base, another, list(RECORDED), [])
    lines = "\n".join(report("1.7.0", "1.7.9", findings)).splitlines()
    assert lines[1] == f"{len(RECORDED) - 1} same, 1 changed."
    assert lines[2] == "changed  kedro/logging.py"
    assert lines[-1] == "+later = True"


def test_command_shows_changes_of_a_real_release() -> None:
    done = check("1.6.0")
    assert done.returncode == 0
    assert "changed  kedro/config/omegaconf_config.py\n" in done.stdout
    assert "\n--- a/kedro/config/omegaconf_config.py\n" in done.stdout


@pytest.mark.parametrize("release", ["1.7.99", "nonsense"])
def test_an_unknown_release_is_an_error(release: str) -> None:
    done = check(release)
    assert done.returncode
    assert not done.stdout
    assert f"kedro {release}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_release_is_told_with_those_that_are_near() -> None:
    with pytest.raises(ReleaseError, match=r"Did you mean .*1\.7\.0"):
        unpacked_wheel("1.7.01.0")


def test_a_source_distribution_has_the_same_package(base: Path) -> None:
    sdist = unpacked_sdist(recorded_base())
    assert (sdist / "pyproject.toml").exists()
    for name in RECORDED:
        assert (sdist / name).read_bytes() == (base / name).read_bytes()
