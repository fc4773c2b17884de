"""What a check prints: one plain line for each thing that it shows."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

SHOWN, OWN_SIDE, FAILED, CHANGED = "shown", "own side", "FAILED", "CHANGED"

_lines = sys.stdout


def keep_apart() -> None:
    """Send only these lines to standard output.

    What Kedro and plugins print there goes to standard error instead.
    """
    global _lines  # noqa: PLW0603
    _lines = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)


def begin(*packages: str) -> None:
    """Start a report on packages, the first of which is the plugin."""
    print(", ".join(f"{name} {version(name)}" for name in packages), file=_lines)


def show(what: str, holds: bool, found: object = "") -> None:
    """Say that something holds, or that it does not and what was found."""
    if holds:
        _print(SHOWN, what)
    else:
        _print(FAILED, f"{what}; found: {found}")


def show_own_fault(what: str, is_so: bool, found: object = "") -> None:
    """Say what the plugin does that is wrong on its own side.

    When it does so no longer, that is told too, for ``docs/plugins.md`` to be brought
    up to date.
    """
    if is_so:
        _print(OWN_SIDE, what)
    else:
        _print(CHANGED, f"{what}; not so any more, found: {found}")


def _print(kind: str, text: str) -> None:
    print(f"  {kind:8}  {text}", file=_lines)
