"""What ``make compat`` prints, and when it fails."""

from __future__ import annotations

from collections import Counter

import pytest

from compat import __main__ as compat
from compat import report


def test_each_finding_is_a_plain_line(capsys, monkeypatch):
    import sys

    monkeypatch.setattr(report, "_lines", sys.stdout)
    report.show("one and one is two", 1 + 1 == 2, 1 + 1)
    report.show("one and one is three", 1 + 1 == 3, 1 + 1)
    report.show_own_fault("it is late", True)
    report.show_own_fault("it is early", False, "it is on time")
    assert capsys.readouterr().out.splitlines() == [
        "  shown     one and one is two",
        "  FAILED    one and one is three; found: 2",
        "  own side  it is late",
        "  CHANGED   it is early; not so any more, found: it is on time",
    ]


@pytest.mark.parametrize(
    ("kind", "code"), [("shown", 0), ("own side", 0), ("FAILED", 1), ("CHANGED", 1)]
)
def test_failures_and_changes_make_it_fail(tmp_path, monkeypatch, capsys, kind, code):
    refused = tmp_path / "refused.txt"
    refused.write_text("example.invalid\nexample.invalid\n")
    monkeypatch.setattr(compat, "REFUSED", refused)
    assert compat.summarize(Counter({"shown": 2, kind: 3})) == code
    assert "Refused: 2 requests to example.invalid" in capsys.readouterr().out


def test_nothing_of_the_developer_s_decides(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "elsewhere")
    monkeypatch.setenv("KEDRO_ENV", "prod")
    monkeypatch.setenv("DO_NOT_TRACK", "")
    variables = compat.quiet_variables()
    assert not {"MLFLOW_TRACKING_URI", "KEDRO_ENV"} & variables.keys()
    assert variables["DO_NOT_TRACK"] == "1"
    assert variables["MLFLOW_DISABLE_TELEMETRY"] == "true"
