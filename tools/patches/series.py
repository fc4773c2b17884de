"""The series as commits on a fresh tree of the release, and as patches."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

from tools.patches.git import Repository, tracked_files
from tools.patches.manifest import Patch, Series
from tools.releases import ROOT, copy_files, recorded_base, unpacked_sdist


def fresh_tree(series: Series, folder: Path) -> Repository:
    """Make a folder anew that has the release's source distribution as a commit.

    Args:
        series: The series, for the author and date of the commit.
        folder: The folder.
    """
    base = recorded_base()
    copy_files(unpacked_sdist(base), folder)
    repository = Repository(folder, series.author, series.email, series.date)
    repository.begin(f"kedro {base}")
    return repository


def write_series(series: Series, scratch: Path, target: Path) -> list[Path]:
    """Write the patches of the series, in place of those that are there.

    Args:
        series: The series.
        scratch: A folder for the tree that the patches are made from.
        target: The folder for the patches.

    Raises:
        ManifestError: If the manifest does not fit the tree.
    """
    files = tracked_files(ROOT)
    repository = fresh_tree(series, scratch)
    for patch in series.patches:
        lay(series, patch, series.files_of(patch, files), scratch)
        repository.commit(patch.commit_message)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    return repository.write_patches(target)


def lay(series: Series, patch: Patch, files: list[str], folder: Path) -> None:
    """Put the files of a patch into a tree, and edit the release's own there.

    Args:
        series: The series.
        patch: One of its patches.
        files: The files that belong to the patch.
        folder: The tree.

    Raises:
        ManifestError: If an edit does not fit the release.
    """
    for file in files:
        target = series.moved(file)
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / target)
        if target != file and target.endswith(".py"):
            _settle(series, target, folder)
    for edit in patch.edits:
        path = folder / edit.file
        path.write_text(edit.applied(path.read_text("utf-8")), "utf-8")


def _settle(series: Series, target: str, folder: Path) -> None:
    text = (folder / target).read_text("utf-8")
    (folder / target).write_text(series.rewritten(text), "utf-8")
    # Two test modules of one name need packages around them, as kedro runs pytest.
    for parent in list(PurePosixPath(target).parents)[:-1]:
        (folder / parent / "__init__.py").touch()
