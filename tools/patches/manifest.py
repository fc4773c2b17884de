"""What the series consists of: ``series.toml``, and which file goes where."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MANIFEST = Path(__file__).with_name("series.toml")


class ManifestError(Exception):
    """The manifest and the tree do not fit together."""


@dataclass(frozen=True)
class Edit:
    """A few lines of a file of the release, and what stands there afterwards."""

    file: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        """The file's text with the edit.

        Args:
            text: The text without it.

        Raises:
            ManifestError: If the old lines are not there, or more than once.
        """
        if (times := text.count(self.old)) != 1:
            raise ManifestError(
                f"{self.file}: {self.old!r} is there {times} times, and has to be "
                "there once to be edited. Write more of the lines around it into "
                f"{MANIFEST.name}, or those that the release has."
            )
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Group:
    """Files that belong together, by name or by pattern."""

    name: str
    patterns: tuple[str, ...]

    def names(self, file: str) -> bool:
        """Whether the file is listed as it is."""
        return file in self.patterns

    def takes(self, file: str) -> bool:
        """Whether a pattern stands for the file.

        ``*`` stands for any text, with slashes too; a pattern without a slash is for
        the files of the root.
        """
        return any(
            fnmatchcase(file, pattern)
            for pattern in self.patterns
            if "/" in pattern or "/" not in file
        )


@dataclass(frozen=True)
class Patch:
    """One topic of the series."""

    title: str
    message: str
    group: Group
    edits: tuple[Edit, ...]

    @property
    def commit_message(self) -> str:
        """What the commit says."""
        return f"{self.title}\n\n{self.message.strip()}\n"


@dataclass(frozen=True)
class Series:
    """The patches, in order, and what is no part of them."""

    author: str
    email: str
    date: str
    moves: dict[str, str]
    patches: tuple[Patch, ...]
    left_out: tuple[Group, ...]

    def moved(self, file: str) -> str:
        """Where a file of this tree is in kedro's own.

        Args:
            file: The file's path from the root, with slashes.
        """
        top, _, rest = file.partition("/")
        return f"{self.moves[top]}/{rest}" if top in self.moves else file

    def rewritten(self, text: str) -> str:
        """A Python module that imports from where the folders have moved to.

        Args:
            text: The module's text.
        """
        for here, there in self.moves.items():
            text = re.sub(
                rf"^(\s*(?:from|import) ){here}(?=[. ])",
                rf"\1{there}",
                text,
                flags=re.M,
            )
        return text

    def assign(self, files: Iterable[str]) -> dict[str, Group]:
        """Find the group that each file belongs to.

        A group that names a file comes before those with a pattern for it.

        Args:
            files: Paths from the root, with slashes.

        Raises:
            ManifestError: Lists each file that has no group or more than one, each
                name that no file has, and targets that are not distinct.
        """
        files = sorted(files)
        groups = [*(patch.group for patch in self.patches), *self.left_out]
        found = {file: _groups_of(file, groups) for file in files}
        targets = [self.moved(file) for file in files]
        problems = [
            *(_tell(file, own) for file, own in found.items() if len(own) != 1),
            *_idle(groups, files),
            *(f"Two files go to {t}." for t in targets if targets.count(t) > 1),
        ]
        if problems:
            raise ManifestError("\n".join(problems))
        return {file: own[0] for file, own in found.items()}

    def files_of(self, patch: Patch, files: Iterable[str]) -> list[str]:
        """The files of one patch, sorted.

        Args:
            patch: A patch of the series.
            files: All files of the tree.

        Raises:
            ManifestError: As ``assign`` does.
        """
        return [f for f, own in self.assign(files).items() if own is patch.group]


def _groups_of(file: str, groups: list[Group]) -> list[Group]:
    naming = [group for group in groups if group.names(file)]
    return naming or [group for group in groups if group.takes(file)]


def _tell(file: str, own: list[Group]) -> str:
    if not own:
        return (
            f"{file} is in no patch: add it to one of {MANIFEST.name}, or to what is "
            "left out there."
        )
    names = " and ".join(f"'{group.name}'" for group in own)
    return f"{file} is in {names}: name it in the one that it belongs to."


def _idle(groups: list[Group], files: list[str]) -> Iterator[str]:
    for group in groups:
        for pattern in group.patterns:
            if "*" not in pattern and pattern not in files:
                yield f"'{group.name}' lists {pattern}, and there is no such file."


def read_series(path: Path = MANIFEST) -> Series:
    """Read the manifest.

    Args:
        path: The manifest.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return Series(
        author=content["author"],
        email=content["email"],
        date=content["date"],
        moves=content["moves"],
        patches=tuple(_read_patch(entry) for entry in content["patch"]),
        left_out=tuple(
            Group(f"left out: {entry['why']}", tuple(entry["files"]))
            for entry in content["left_out"]
        ),
    )


def _read_patch(entry: dict[str, Any]) -> Patch:
    return Patch(
        title=entry["title"],
        message=entry["message"],
        group=Group(entry["title"], tuple(entry["files"])),
        edits=tuple(Edit(**edit) for edit in entry.get("edit", ())),
    )


def modules(files: Iterable[str]) -> list[str]:
    """The importable modules of kedro among some files.

    Args:
        files: Paths from the root, with slashes.
    """
    paths = (PurePosixPath(file).with_suffix("") for file in files if is_module(file))
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def is_module(file: str) -> bool:
    """Whether a file is a module of kedro."""
    return file.startswith("kedro/") and file.endswith(".py")


def is_test(file: str) -> bool:
    """Whether a file has tests in it."""
    return file.startswith("tests/") and PurePosixPath(file).match("test_*.py")
