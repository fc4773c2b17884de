"""Records the upstream files that modules of this tree stand in for.

To be run, as ``make record``, when the tree owns another set of modules than before,
or when the owned modules were brought up to a new base. The files are read from the
wheel of the release that ``upstream.json`` names as ``base``.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tools.releases import RECORD, ROOT, recorded_base, unpacked_wheel


def hash_owned(release: Path) -> dict[str, str]:
    """Hash each file of the release that has a module of this tree in its place."""
    modules = (
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "kedro").rglob("*")
        if path.is_file()
    )
    return {
        name: hashlib.sha256((release / name).read_bytes()).hexdigest()
        for name in sorted(modules)
        if (release / name).is_file()
    }


def main() -> None:
    """Write the record anew."""
    base = recorded_base()
    hashes = hash_owned(unpacked_wheel(base))
    record = {"base": base, "sha256": hashes}
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"upstream.json: {len(hashes)} files of kedro {base}")


if __name__ == "__main__":
    main()
