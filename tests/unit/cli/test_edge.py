"""What every command prints: tables from which nothing is left out, and JSON for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tandem.cli.edge import Output, show

AT = datetime(2026, 11, 20, 21, 8, 6, 513852, tzinfo=UTC)
ROW = {"name": "a" * 120, "note": None, "at": AT}


def test_a_table_in_a_pipe_holds_every_cell_whole(capsys: pytest.CaptureFixture[str]):
    show([ROW], Output.TABLE)

    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "note", "at"]
    assert line.split() == ["a" * 120, "2026-11-20", "21:08:06Z"]


def test_on_a_narrow_terminal_a_cell_goes_on_below_and_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")

    show([ROW], Output.TABLE)

    printed = capsys.readouterr().out
    assert printed.count("a") >= 120
    assert "\N{HORIZONTAL ELLIPSIS}" not in printed


def test_programs_get_the_whole_instant(capsys: pytest.CaptureFixture[str]):
    show([ROW], Output.JSON)

    assert json.loads(capsys.readouterr().out) == [{**ROW, "at": str(AT)}]
