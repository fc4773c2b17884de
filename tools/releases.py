"""Releases of kedro, as they are on the package index.

What is downloaded is kept under ``build/releases``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from difflib import get_close_matches
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "upstream.json"
FOLDER = ROOT / "build" / "releases"


class ReleaseError(Exception):
    """There is no such release to be had."""


def recorded_base() -> str:
    """The release that the modules of this tree are written against."""
    base: str = json.loads(RECORD.read_text(encoding="utf-8"))["base"]
    return base


def unpacked_wheel(version: str) -> Path:
    """A folder with the files of a release as its wheel has them.

    Args:
        version: The release, such as ``1.7.0``.

    Raises:
        ReleaseError: If the release cannot be had.
    """
    return _unpacked(version, "wheel", "--only-binary=kedro")


def unpacked_sdist(version: str) -> Path:
    """A folder with the files of a release as its source distribution has them.

    Args:
        version: The release, such as ``1.7.0``.

    Raises:
        ReleaseError: If the release cannot be had.
    """
    return _unpacked(version, "sdist", "--no-binary=kedro")


def _unpacked(version: str, kind: str, which: str) -> Path:
    folder = FOLDER / f"kedro-{version}-{kind}"
    if folder.exists():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        _unpack(_download(version, which, Path(scratch)), Path(scratch) / "files")
        try:
            _top(Path(scratch) / "files").rename(folder)
        except OSError:
            # Another process was faster.
            if not folder.exists():
                raise
    return folder


def _download(version: str, which: str, scratch: Path) -> Path:
    folder = scratch / "download"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", which]
    told = subprocess.run(
        [*pip, f"--dest={folder}", f"kedro=={version}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise ReleaseError(_explain(version, told.stderr))
    return next(folder.iterdir())


def _explain(version: str, message: str) -> str:
    offered = re.search(r"\(from versions: (.*)\)", message)
    if offered is None:
        reasons = [line for line in message.splitlines() if line.startswith("ERROR")]
        return f"kedro {version} cannot be downloaded: {' '.join(reasons[:1])}"
    versions = [name for name in offered[1].split(", ") if name != "none"]
    if not versions:
        return f"The package index has no kedro for this Python: {version} is missing."
    near = get_close_matches(version, versions, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return (
        f"There is no kedro {version} for this Python on the package index. {hint}"
        f"The newest there is {versions[-1]}."
    )


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".whl":
        with ZipFile(archive) as wheel:
            wheel.extractall(folder)
        return
    with tarfile.open(archive) as sdist:
        # A name that leads out of the folder is refused.
        sdist.extraction_filter = getattr(tarfile, "data_filter", None)
        sdist.extractall(folder)


def _top(folder: Path) -> Path:
    """The one folder that a source distribution has all its files in."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 else folder


def copy_files(source: Path, target: Path) -> None:
    """Make a folder anew that has the files of another one."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
