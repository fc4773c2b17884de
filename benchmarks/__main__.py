"""``make bench``: the fork beside its peers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.environments import FOLDER, ROOT, prepare_all
from benchmarks.figures import Row
from benchmarks.race import PeerFailedError
from benchmarks.report import show_share, write
from benchmarks.scenarios import FULL, QUICK, measure_all


def main() -> int:
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="measure little")
    options.add_argument("--strict", action="store_true", help="fail on a missed must")
    chosen = options.parse_args()
    try:
        findings = measure_all(prepare_all(), QUICK if chosen.quick else FULL)
    except PeerFailedError as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 2
    # What is kept and shown to others is not made of a few rounds.
    folder = FOLDER / "quick" if chosen.quick else ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.svg").write_text(draw(findings.seconds))
    (folder / "benchmarks.md").write_text(write(findings))
    tell(findings.rows, folder)
    print(show_share(findings.share))
    return int(chosen.strict and any(row.missed for row in findings.rows))


def tell(rows: list[Row], folder: Path) -> None:
    for row in rows:
        wanted = f" [{row.must}]" if row.must else ""
        print(f"{row.verdict.strip('*'):14} {row.title}: {row.measured}{wanted}")
    missed = sum(row.missed for row in rows)
    judged = sum(bool(row.verdict) for row in rows)
    print(f"{judged - missed} of {judged} met; see {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
