"""Lays the modules of this tree over the kedro release that they patch.

The tree holds only the modules that the fork changes or adds. Every other file of the
package is taken from that release, as it is installed in the build environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

Files = dict[str, Path]


class PatchTreeHook(BuildHookInterface[BuilderConfig]):
    """Completes a wheel, or the folder that an editable install points to."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Gather the files of the release and of the tree, and put both together."""
        root = Path(self.root)
        record = json.loads((root / "upstream.json").read_text(encoding="utf-8"))
        try:
            base = release_files(record["base"])
            tree = tree_files(root)
            check_record(record["sha256"], base, tree)
        except BuildError as error:
            self.app.abort(str(error))
        if version == "editable":
            merge(base, tree, root / "build" / "editable")
        else:
            files = base | tree
            build_data["force_include"] = {str(files[name]): name for name in files}


class BuildError(Exception):
    """The tree and the release do not fit together."""


def release_files(wanted: str) -> Files:
    """Find the files of the release in the build environment, by name."""
    pin = f"kedro=={wanted}"
    try:
        release = distribution("kedro")
    except PackageNotFoundError:
        raise BuildError(
            f"kedro is not installed in the build environment: install {pin} there, "
            "or build with isolation."
        ) from None
    if release.version != wanted:
        raise BuildError(
            f"The build environment has kedro {release.version}, but upstream.json "
            f"names {wanted} as the base: install {pin} there. To move the base, "
            "change upstream.json and build-system.requires of pyproject.toml alike."
        )
    return {
        file.as_posix(): Path(str(file.locate()))
        for file in release.files or ()
        if file.parts[0] == "kedro" and file.suffix != ".pyc"
    }


def tree_files(root: Path) -> Files:
    """Find the files of this tree, by name."""
    return {
        path.relative_to(root).as_posix(): path
        for path in sorted((root / "kedro").rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


def check_record(hashes: dict[str, str], base: Files, tree: Files) -> None:
    """Raise one error that lists all that keeps the tree from fitting the release."""
    if problems := list(find_problems(hashes, base, tree)):
        raise BuildError("\n".join(problems))


def find_problems(hashes: dict[str, str], base: Files, tree: Files) -> Iterator[str]:
    """Say of each file that does not fit what is wrong and what to do."""
    if "kedro/__init__.py" in tree:
        yield (
            "kedro/__init__.py makes a checkout shadow the installed package: "
            "remove it, and keep upstream's."
        )
    for name, recorded in hashes.items():
        if name not in base:
            yield (
                f"{name} is recorded in upstream.json, but the release has no such "
                "file: it was deleted or renamed upstream. Move the change to where it "
                "belongs now, then run `make record`."
            )
        elif name not in tree:
            yield (
                f"{name} is recorded in upstream.json, but this tree has no such file: "
                "restore it, or run `make record` to take upstream's again."
            )
        elif hashlib.sha256(base[name].read_bytes()).hexdigest() != recorded:
            yield (
                f"{name} was written against another version of upstream's file than "
                "the release has: bring upstream's change over, then run `make record`."
            )
    for name in sorted(tree.keys() & base.keys() - hashes.keys()):
        yield (
            f"{name} stands in for a file of the release, but upstream.json has no "
            "hash of that file: run `make record`, or rename the module if it is new."
        )


def merge(base: Files, tree: Files, folder: Path) -> None:
    """Make ``folder`` anew from copies of the release and links to the tree."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, path in (base | tree).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name in tree:
            target.symlink_to(os.path.relpath(path, target.parent))
        else:
            shutil.copy2(path, target)
