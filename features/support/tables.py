"""Tables and texts of the features, as values."""

from __future__ import annotations

from typing import Any

import pandas as pd
import yaml
from behave.model import Table


def value(cell: str) -> Any:
    """The value that a cell, or any piece of YAML, stands for."""
    return yaml.safe_load(cell)


def names(cell: str) -> list[str]:
    """The names in a cell, separated by commas."""
    return [name.strip() for name in cell.split(",") if name.strip()]


def frame(table: Table) -> pd.DataFrame:
    """The rows of a table."""
    return pd.DataFrame(
        [[value(cell) for cell in row.cells] for row in table], columns=table.headings
    )


def arguments(text: str) -> dict[str, Any]:
    """Arguments of ``session.run`` from YAML; in ``runtime_data`` rows are a table."""
    given: dict[str, Any] = value(text)
    data = given.get("runtime_data")
    if isinstance(data, dict):
        given["runtime_data"] = {key: _with_rows(rows) for key, rows in data.items()}
    return given


def _with_rows(rows: Any) -> Any:
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        return pd.DataFrame(rows)
    return rows
