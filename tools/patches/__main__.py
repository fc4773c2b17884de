"""``make patches``: the fork as a series of patches for kedro's maintainers."""

from __future__ import annotations

import argparse
import sys

from tools.patches.check import check_series
from tools.patches.manifest import ManifestError, read_series
from tools.patches.series import write_series
from tools.releases import ROOT, ReleaseError, recorded_base

TARGET = ROOT / "dist" / "patches"
WORK = ROOT / "build" / "patches"


def main() -> int:
    """Write the patches, and check each of them if that is asked for."""
    options = argparse.ArgumentParser(prog="tools.patches", description=__doc__)
    options.add_argument(
        "--check", action="store_true", help="run the tests of each patch, one by one"
    )
    chosen = options.parse_args()
    try:
        series = read_series()
        written = write_series(series, WORK / "tree", TARGET)
    except (ManifestError, ReleaseError) as error:
        print(error, file=sys.stderr)
        return 2
    for path in written:
        print(path.relative_to(ROOT))
    print(f"For `git am`, in a tree of kedro {recorded_base()}.")
    return int(chosen.check and check_series(series, written, WORK) > 0)


if __name__ == "__main__":
    sys.exit(main())
