"""A client's first week in observe mode, from alerts to the report that both parties read."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from tandem.cli.agreements import app as agreement_app
from tandem.cli.report import app
from tandem.model.alert import Kind, Severity
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import EXAMPLES, make_system

DISK = "Volume C: on nw-file-02 has 2 % free"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
TICKETS = """Number,Opened At,Short description,Device,Assignee Party,Priority
T-1,2026-11-20 09:05,File server is full,nw-file-02,internal,2 - High
T-2,2026-11-21 03:10,Disk again,NW-FILE-02,Northwind IT,4 - Low
T-3,2026-11-20 12:00,New laptop for Ms Reyes,,internal,4 - Low
T-4,tomorrow,Phones,,internal,1
"""


async def typed(database: Database, program: Any, *words: object) -> Result:
    """A command on the journey's database, in a thread: it is synchronous."""
    env = {"COLUMNS": "200", "TANDEM_DATABASE_URL": database.dsn}
    return await asyncio.to_thread(CliRunner().invoke, program, [str(word) for word in words], env=env)


async def test_the_first_week_says_who_would_have_been_woken_and_where_tickets_say_otherwise(
    database: Database, tmp_path: Path
):
    applied = await typed(database, agreement_app, "apply", EXAMPLES, "--author", "ann", "--note", "first")
    assert applied.exit_code == 0, applied.output
    system = await make_system(database, FRIDAY_NINE, altered("northwind", tenant={"mode": "observe"}))
    try:
        await system.receive(DISK, host="nw-file-02")
        await system.receive("Coffee machine telemetry lost", severity=Severity.MEDIUM)
        await system.clear(DISK, host="nw-file-02")
        await system.fast_forward(hours=18)  # Saturday 03:00 in Newark
        await system.receive(DISK, host="nw-file-02", dedup_key="night", severity=Severity.HIGH)
        await system.receive("Backup job nightly failed", kind=Kind.BACKUP, host="nw-veeam", tenant="cedarline")
        assert [page for _, page in system.phones.got if page.tenant == "northwind"] == []
    finally:
        await system.end()
    tickets = tmp_path / "tickets.csv"
    tickets.write_text(TICKETS, "utf-8")

    words = ("first-week", "--tenant", "northwind", "--from", "2026-11-16", "--to", "2026-11-23", "--tickets", tickets)
    result = await typed(database, app, *words, "--output", "json")
    shown = await typed(database, app, *words)

    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["alerts"] == 3
    assert {(row["owner"], row["function"], row["alerts"]) for row in said["by_owner_and_function"]} == {
        ("internal", "servers", 2),
        ("shared", "unmapped", 1),
    }
    assert [row["title"] for row in said["unmapped"]] == ["Coffee machine telemetry lost"]
    woken = {(page["person"], page["local"]) for page in said["would_have_paged"]}
    assert ("chloe-nguyen", "Fri 2026-11-20 09:00") in woken
    assert ("maya-okafor", "Sat 2026-11-21 02:00") in woken  # in Chicago
    assert {row["night"] for row in said["pages_per_person_and_night"] if row["person"] == "maya-okafor"} >= {
        "2026-11-20"
    }
    theirs = said["tickets"]
    assert (theirs["read"], theirs["matched"], theirs["unreadable"], theirs["differ"]) == (3, 2, 1, 1)
    (differs,) = theirs["differences"]
    assert (differs["ticket"], differs["their_priority"], differs["our_priority"]) == ("T-2", "P4", "P2")
    assert shown.exit_code == 0
    assert "Would have been woken" in shown.stdout
    assert "line 5: 'tomorrow' is not a time" in shown.stderr


async def test_a_period_that_makes_no_sense_and_a_client_nobody_knows_are_refused_in_one_line(database: Database):
    backwards = await typed(
        database, app, "first-week", "--tenant", "northwind", "--from", "2026-11-23", "--to", "2026-11-16"
    )
    nobody = await typed(database, app, "first-week", "--tenant", "nobody")

    assert (backwards.exit_code, nobody.exit_code) == (2, 1)
    assert backwards.stderr == "invalid: --from has to lie before --to, at most 92 days\n"
    assert "nobody" in nobody.stderr
