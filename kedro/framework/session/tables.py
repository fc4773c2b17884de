"""How results, sessions and caches show in notebooks and in terminals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .session import KedroSession

_MOST_NAMES = 5
_MOST_ROWS = 50
_WHOLE_SECONDS = 100


class Cell(NamedTuple):
    """What a table shows in one place.

    Attributes:
        text: What is seen.
        title: What a notebook tells besides when the pointer rests there.
    """

    text: str
    title: str = ""


def html_table(
    rows: Collection[Sequence[Cell]], *, head: Sequence[str] = (), caption: str = ""
) -> str:
    """A table for notebooks; escapes all that it is given.

    Args:
        rows: Cells, row by row; of many, the first are shown.
        head: Names of the columns. Without them, the first cell of each row names it.
        caption: What stands above the table.
    """
    parts = [f"<caption>{escape(caption)}</caption>"] if caption else []
    if head:
        names = "".join(f"<th>{escape(name)}</th>" for name in head)
        parts.append(f"<tr>{names}</tr>")
    for row in islice(rows, _MOST_ROWS):
        tags = ["td" if head or number else "th" for number in range(len(row))]
        cells = "".join(map(_html_cell, tags, row))
        parts.append(f"<tr>{cells}</tr>")
    if len(rows) > _MOST_ROWS:
        parts.append(f"<tr><td>and {len(rows) - _MOST_ROWS} more</td></tr>")
    return f"<table>{''.join(parts)}</table>"


def text_table(rows: Collection[Sequence[Cell]], *, head: Sequence[str]) -> str:
    """A table for terminals, its columns aligned.

    Args:
        rows: Cells, row by row.
        head: Names of the columns.
    """
    lines = [list(head), *([cell.text for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        " | ".join(map(str.ljust, line, widths)).rstrip() for line in lines
    )


def some_of(names: Collection[str]) -> str:
    """The first of some names, and how many more there are."""
    shown = ", ".join(islice(names, _MOST_NAMES))
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def seconds(duration: float) -> str:
    """A number of seconds, with as many digits as are worth reading."""
    return f"{duration:.0f}" if duration >= _WHOLE_SECONDS else f"{duration:.3g}"


def session_table(session: KedroSession) -> str:
    """What a session is, and what it has loaded so far, for notebooks.

    Args:
        session: The session. It loads nothing for this.
    """
    state = session._state
    path = session.project_path
    return html_table(
        [
            (Cell("session_id"), Cell(session.session_id)),
            (Cell("project"), Cell(path.name, str(path))),
            (Cell("env"), Cell(session.env or "default")),
            (Cell("state"), Cell("closed" if session.closed else "open")),
            (Cell("pipelines loaded"), _counted(state.pipelines._loaded)),
            (Cell("artifacts"), _counted(state.artifacts.artifacts)),
        ],
        caption=type(session).__name__,
    )


def _counted(names: Collection[str]) -> Cell:
    return Cell(f"{len(names)}: {some_of(names)}" if names else "0")


def _html_cell(tag: str, cell: Cell) -> str:
    title = f' title="{escape(cell.title)}"' if cell.title else ""
    return f"<{tag}{title}>{escape(cell.text)}</{tag}>"
