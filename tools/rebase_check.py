"""``make rebase-check BASE=1.x.y``: what moving to another release of kedro takes.

Says which modules of this tree stand in for a file that is another one in that
release, and shows what kedro changed there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from email.parser import HeaderParser
from enum import Enum
from pathlib import Path

from tools.releases import RECORD, ROOT, ReleaseError, unpacked_wheel

# Half of a file's lines have to be there for it to count as moved.
SIMILARITY = "--find-renames=50%"


class Fate(Enum):
    """What became of a file between two releases."""

    SAME = "same"
    CHANGED = "changed"
    MOVED = "moved"
    GONE = "gone"
    TAKEN = "taken"


@dataclass(frozen=True)
class Finding:
    """One module of this tree, and what the other release has for it."""

    name: str
    fate: Fate
    there: str
    diff: str = ""

    def __str__(self) -> str:
        """One line on it."""
        hints = {
            Fate.MOVED: f"to {self.there}",
            Fate.GONE: "the release has no such file, nor one like it",
            Fate.TAKEN: "the release has a file where this tree has one of its own",
        }
        hint = hints.get(self.fate)
        return f"{self.fate.value:8} {self.name}" + (f": {hint}" if hint else "")


def compare(old: Path, new: Path, owned: list[str], added: list[str]) -> list[Finding]:
    """Look for each module of this tree in another release.

    Args:
        old: A folder with the files of the release that the tree is written against.
        new: A folder with those of the other one.
        owned: The modules that stand in for a file of the release.
        added: The modules that the tree has beside them.
    """
    places = moves(old, new)
    found = [_find(name, places.get(name, name), old, new) for name in owned]
    taken = [Finding(name, Fate.TAKEN, name) for name in added if (new / name).exists()]
    return found + taken


def _find(name: str, there: str, old: Path, new: Path) -> Finding:
    if not (new / there).exists():
        return Finding(name, Fate.GONE, "")
    diff = difference(old / name, new / there, name, there)
    if there != name:
        return Finding(name, Fate.MOVED, there, diff)
    return Finding(name, Fate.CHANGED if diff else Fate.SAME, there, diff)


def moves(old: Path, new: Path) -> dict[str, str]:
    """Files of kedro that another release has elsewhere, as Git finds them.

    Args:
        old: A folder with the files of a release.
        new: A folder with those of the other one.
    """
    git = ["git", "diff", "--no-index", "--name-status", "-z", "--diff-filter=R"]
    told = subprocess.run(
        [*git, SIMILARITY, str(old / "kedro"), str(new / "kedro")],
        capture_output=True,
        text=True,
        check=False,
    )
    # 1 says that the folders differ.
    if told.returncode not in (0, 1):
        raise subprocess.CalledProcessError(
            told.returncode, told.args, told.stdout, told.stderr
        )
    parts = told.stdout.split("\0")[:-1]
    return {
        Path(source).relative_to(old).as_posix(): Path(target)
        .relative_to(new)
        .as_posix()
        for source, target in zip(parts[1::3], parts[2::3], strict=True)
    }


def difference(old: Path, new: Path, name: str, there: str) -> str:
    """The unified diff of two files; empty if they are the same."""
    before, after = (path.read_text("utf-8").splitlines(True) for path in (old, new))
    return "".join(unified_diff(before, after, f"a/{name}", f"b/{there}"))


def requirements(folder: Path) -> set[str]:
    """What a release requires, without its extras."""
    text = next(folder.glob("kedro-*.dist-info/METADATA")).read_text("utf-8")
    required = HeaderParser().parsestr(text).get_all("Requires-Dist", [])
    return {line for line in required if "extra ==" not in line}


def report(base: str, other: str, findings: list[Finding]) -> Iterator[str]:
    """Lines for the reader: what to look at, then the differences.

    Args:
        base: The release that the tree is written against.
        other: The other release.
        findings: What ``compare`` has found.
    """
    counts = {fate: sum(f.fate is fate for f in findings) for fate in Fate}
    owned = len(findings) - counts.pop(Fate.TAKEN)
    told = ", ".join(f"{n} {fate.value}" for fate, n in counts.items() if n)
    yield f"Of {owned} files of kedro {base} that this tree stands in for, {other} has:"
    yield f"{told}."
    differing = [finding for finding in findings if finding.fate is not Fate.SAME]
    for finding in differing:
        yield str(finding)
    for finding in differing:
        if finding.diff:
            yield ""
            yield finding.diff.rstrip("\n")


def report_requirements(old: Path, new: Path) -> Iterator[str]:
    """Lines on what the other release requires otherwise; pyproject.toml follows it."""
    before, after = requirements(old), requirements(new)
    if before != after:
        yield ""
        yield "Requirements that are others:"
        yield from (f"- {line}" for line in sorted(before - after))
        yield from (f"+ {line}" for line in sorted(after - before))


def main() -> int:
    """Compare with the release that the command line names."""
    options = argparse.ArgumentParser(prog="tools.rebase_check", description=__doc__)
    options.add_argument("release", help="a release of kedro, such as 1.7.0")
    other = options.parse_args().release
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    base, owned = record["base"], list(record["sha256"])
    files = (path for path in (ROOT / "kedro").rglob("*.py") if path.is_file())
    added = sorted({path.relative_to(ROOT).as_posix() for path in files} - {*owned})
    try:
        old, new = unpacked_wheel(base), unpacked_wheel(other)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 2
    print(*report(base, other, compare(old, new, owned, added)), sep="\n")
    for line in report_requirements(old, new):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
