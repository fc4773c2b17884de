"""The document: targets and what was measured, seconds, machine, how to repeat it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.figures import Row, Spread, show_seconds
from benchmarks.scenarios import Findings

# Some of it goes to files and to the system even where nothing else runs.
ALONE = 0.9

_PAGE = Path(__file__).with_name("page.md")


def write(findings: Findings) -> str:
    """Write the page."""
    return _PAGE.read_text().format(
        targets=targets_table(findings.rows),
        seconds=seconds_table(findings.seconds),
        machine=machine(findings.versions),
        share=show_share(findings.share),
    )


def show_share(share: float) -> str:
    """Say whether the machine was left alone."""
    told = f"In warm runs, each had a processor for at least {share:.0%} of its time."
    if share >= ALONE:
        return told
    return f"{told} **So other work disturbed them, and flatters the fork.**"


def targets_table(rows: Iterable[Row]) -> str:
    """What was wanted beside what was found."""
    cells = [(row.title, row.measured, row.must, row.aim, row.verdict) for row in rows]
    return table(("", "measured", "must", "aim", "verdict"), cells)


def seconds_table(seconds: Mapping[str, Spread]) -> str:
    """The times behind the ratios."""
    cells = [
        (
            name,
            show_seconds(spread.median),
            f"{show_seconds(spread.low)} to {show_seconds(spread.high)}",
        )
        for name, spread in seconds.items()
    ]
    return table(("one run of", "median", "eight of ten rounds"), cells)


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(versions: Mapping[str, str]) -> str:
    """What the seconds depend on."""
    facts = {
        "CPUs": str(os.cpu_count()),
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": platform.python_version(),
        **versions,
    }
    return "\n".join(f"- {name} {value}" for name, value in facts.items())
