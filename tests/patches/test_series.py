"""The patches apply to kedro 1.7.0, each leaves a tree that works, and they end here.

``make patches CHECK=1`` runs the tests of each patch where it applies, too.
"""

from __future__ import annotations

import ast
import email
import os
import subprocess
import sys
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest

from tools.patches.git import Repository
from tools.patches.manifest import ManifestError, modules
from tools.patches.series import fresh_tree, write_series
from tools.releases import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OLD_PROJECT = Path(__file__).with_name("old_project.py")
EDITED = {"pyproject.toml"}


@pytest.fixture(scope="module")
def messages(written) -> list[Message]:
    return [email.message_from_bytes(path.read_bytes()) for path in written.patches]


@pytest.fixture(scope="module")
def applied(written, tmp_path_factory) -> Repository:
    """A tree of kedro 1.7.0 with all patches, from one call of ``git am``."""
    tree = fresh_tree(written.series, tmp_path_factory.mktemp("applied") / "tree")
    tree.call("am", "--quiet", *map(str, written.patches))
    return tree


def run(tree: Path, *command: str | Path) -> str:
    """Run Python with the kedro of a tree, and give what it prints."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_each_patch_says_what_it_is_and_why(written, messages) -> None:
    total = len(written.series.patches)
    assert len(messages) == total
    for number, (patch, message) in enumerate(
        zip(written.series.patches, messages, strict=True), start=1
    ):
        subject = message["Subject"].replace("\n", "")
        assert subject == f"[PATCH {number:02}/{total}] {patch.title}"
        assert message["From"] == "Kedro contributors <contributors@kedro.invalid>"
        text, _, _ = message.get_payload().partition("\n---\n")
        assert text.strip() == patch.message.strip()
        assert max(map(len, text.splitlines())) <= 75


def test_the_same_tree_makes_the_same_bytes(written, tmp_path) -> None:
    again = write_series(written.series, tmp_path / "tree", tmp_path / "patches")
    assert [path.name for path in again] == [path.name for path in written.patches]
    for first, second in zip(written.patches, again, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_each_state_imports_and_runs_projects_of_the_release(written, tmp_path) -> None:
    tree = fresh_tree(written.series, tmp_path / "tree")
    for number, (patch, path) in enumerate(
        zip(written.series.patches, written.patches, strict=True)
    ):
        tree.apply(path)
        own = modules(written.series.files_of(patch, written.files))
        project = tmp_path / f"project-{number}"
        printed = run(tree.folder, OLD_PROJECT, project, *own).splitlines()
        assert printed[0] == str(tree.folder / "kedro"), patch.title
        assert printed[-1] == "[9, 'HELLO you', 9, 'HELLO you']", patch.title


def test_the_end_is_what_the_wheel_has(
    applied: Repository, installed: Callable[..., Path], tmp_path: Path
) -> None:
    release = installed("kedro==1.7.0", "--no-deps")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(release)},
        check=True,
    )
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = (name for name in wheel.namelist() if name.startswith("kedro/"))
        expected = {name: wheel.read(name) for name in names}
    found = {
        path.relative_to(applied.folder).as_posix(): path.read_bytes()
        for path in (applied.folder / "kedro").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert found.keys() == expected.keys()
    assert found == expected


def test_the_end_requires_what_the_fork_requires(applied: Repository) -> None:
    def required(folder: Path) -> set[str]:
        text = (folder / "pyproject.toml").read_text("utf-8")
        listed = tomllib.loads(text)["project"]["dependencies"]
        return {"".join(line.split()) for line in listed}

    assert required(applied.folder) == required(ROOT)


def test_nothing_of_the_release_is_touched_without_being_named(
    applied: Repository, written
) -> None:
    first = applied.call("rev-list", "--max-parents=0", "HEAD").strip()
    listed = applied.call(
        "diff", "--no-renames", "--name-only", "--diff-filter=MD", first, "HEAD"
    )
    changed = set(listed.split())
    placed = {
        written.series.moved(file)
        for patch in written.series.patches
        for file in written.series.files_of(patch, written.files)
    }
    assert changed <= placed | EDITED
    assert not any(name.startswith("tests/") for name in changed)


def test_the_end_keeps_to_the_layers_of_kedro(applied: Repository) -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"],
        cwd=applied.folder,
        env={**os.environ, "PYTHONPATH": str(applied.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_tests_are_found_at_their_new_place(applied: Repository) -> None:
    pytest_here = ("-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider")
    printed = run(
        applied.folder, *pytest_here, "--collect-only", "-q", "tests_reentrant"
    )
    for name in ("config", "framework/session", "io", "lazy", "pipeline"):
        assert f"tests_reentrant/{name}/test_" in printed


def test_programs_of_the_tests_import_nothing_that_stays_here(applied) -> None:
    stays = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"kedro"}
    stays |= {path.stem for path in ROOT.glob("*.py")} | {"tests"}
    for path in applied.folder.glob("tests_reentrant/**/*.py"):
        imported = {
            name.split(".")[0]
            for statement in ast.walk(ast.parse(path.read_text("utf-8")))
            for name in names_imported(statement)
        }
        assert imported & stays == set(), path


def names_imported(statement: ast.AST) -> list[str]:
    if isinstance(statement, ast.ImportFrom):
        return [statement.module or ""]
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return []


def test_an_edit_that_does_not_fit_is_an_error(applied: Repository, written) -> None:
    """The series has been applied already: the lines are others."""
    patch = written.series.patches[0]
    text = (applied.folder / "pyproject.toml").read_text("utf-8")
    with pytest.raises(ManifestError, match="has to be there once"):
        patch.edits[1].applied(text)
