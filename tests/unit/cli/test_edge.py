"""What every command prints: tables from which nothing is left out, and JSON for programs."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import socket
from datetime import UTC, datetime

import pytest
from aiokafka.errors import KafkaConnectionError

from tandem.cli.edge import Output, run, show

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


async def _abandon(fault: Exception) -> None:
    """A future that fails when nobody waits for it any more."""
    future = asyncio.get_running_loop().create_future()
    future.set_exception(fault)
    del future
    gc.collect()


@pytest.mark.parametrize(
    "fault", [socket.gaierror(-2, "Name or service not known"), KafkaConnectionError("Connection closed")]
)
def test_an_answer_that_does_not_come_for_somebody_who_gave_up_waiting_is_no_fault_in_the_log(
    caplog: pytest.LogCaptureFixture, fault: Exception
):
    with caplog.at_level(logging.DEBUG, "asyncio"):
        run(lambda: _abandon(fault))

    assert caplog.records == []


def test_any_other_fault_that_nobody_waits_for_is_logged(caplog: pytest.LogCaptureFixture):
    run(lambda: _abandon(OSError("disk on fire")))

    assert "Future exception was never retrieved" in caplog.text
