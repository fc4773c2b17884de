"""Records the upstream files that modules of this tree stand in for.

To be run, as ``make record``, when the tree owns another set of modules than before,
or when the owned modules were brought up to a new base. The files are read from the
wheel of the release that ``upstream.json`` names as ``base``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "upstream.json"


def download(version: str, folder: str) -> ZipFile:
    """Download the wheel of a kedro release into ``folder``."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    wheel_only = ["--only-binary", "kedro", "--dest", folder]
    subprocess.run([*pip, *wheel_only, f"kedro=={version}"], check=True)
    return ZipFile(next(Path(folder).glob("kedro-*.whl")))


def hash_owned(wheel: ZipFile) -> dict[str, str]:
    """Hash each file of the release that has a module of this tree in its place."""
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "kedro").rglob("*")
        if path.is_file()
    }
    return {
        name: hashlib.sha256(wheel.read(name)).hexdigest()
        for name in sorted(modules.intersection(wheel.namelist()))
    }


def main() -> None:
    """Write the record anew."""
    base = json.loads(RECORD.read_text(encoding="utf-8"))["base"]
    with tempfile.TemporaryDirectory() as folder, download(base, folder) as wheel:
        hashes = hash_owned(wheel)
    record = {"base": base, "sha256": hashes}
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"upstream.json: {len(hashes)} files of kedro {base}")


if __name__ == "__main__":
    main()
