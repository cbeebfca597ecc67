"""Explain everything, including nothing: for every alert that came in the database says what was decided and why."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from tandem.cli.program import command_line
from tandem.db.pool import engine
from tandem.model.alert import Alert, Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem_console.alert import explained
from tandem_console.store.alerts import traced
from tandem_router import explain as dry_run
from tests.support.postgres import Database
from tests.support.system import System, make_system
from tests.support.windows import agreements, weekly

DISK = "Volume C: on nw-file-02 has 2 % free"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture
async def console(database: Database) -> Any:
    made = engine(database.dsn, "tandem_console", pooled=False)
    yield made
    await made.dispose()


async def said(console: AsyncEngine, alert_id: UUID, tenant: str = "northwind") -> dict[str, Any]:
    found = await traced(console, [tenant], alert_id)
    assert found is not None
    return explained(found)


def lines_of(explanation: dict[str, Any], name: str) -> list[str]:
    """The lines of one step."""
    found, inside = [], False
    for line in explanation["lines"]:
        head = line[:15].strip()
        inside = head == name if head else inside
        if inside:
            found.append(line[15:])
    return found


async def test_an_alert_that_opened_an_incident_says_who_was_paged_and_which_clocks_run(
    system: System, console: AsyncEngine
):
    alert = await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(minutes=11)

    found = await said(console, alert.alert_id)

    assert lines_of(found, "outcome") == ["it opened incident #1"]
    assert lines_of(found, "escalation")[0] == "at once: chloe-nguyen (internal) by webhook, page, delivered"
    assert any("after 10 min" in line for line in lines_of(found, "escalation"))
    assert "response of internal: 60 min, due 2026-11-20T15:00:00Z" in lines_of(found, "clock")


async def test_the_sentence_and_the_decisions_steps_are_those_of_the_dry_run(system: System, console: AsyncEngine):
    alert = await system.receive(DISK, host="nw-file-02")
    northwind = system.agreements.active("northwind")
    assert northwind is not None
    body = {"title": DISK, "host": "nw-file-02", "vendor": "generic", "kind": "monitoring"}

    sentence, _ = dry_run.explain(northwind, body, FRIDAY_NINE)
    found = await said(console, alert.alert_id)

    assert found["sentence"] == sentence
    assert lines_of(found, "mapping") == [
        "generic says no severity: severity unknown, at least P3 by kinds.monitoring.unknown"
    ]


async def test_a_held_alert_says_what_holds_it_and_at_last_what_became_of_it(database: Database, console: AsyncEngine):
    system = await make_system(database, FRIDAY_NINE, agreements(maintenance=[weekly("fri", "08:00", "10:00")]))
    held = await system.receive(DISK, host="nw-file-02", severity=Severity.HIGH)
    again = await system.receive(DISK, host="nw-file-02", severity=Severity.HIGH)
    cleared = await system.receive("Volume D: on nw-file-02 has 9 % free", host="nw-file-02")

    waiting = await said(console, held.alert_id)
    await system.clear("Volume D: on nw-file-02 has 9 % free", host="nw-file-02")
    await system.fast_forward(hours=2)
    released = [await said(console, each.alert_id) for each in (held, again)]
    over = await said(console, cleared.alert_id)

    assert waiting["outcome"] == "held"
    assert waiting["sentence"].startswith("Held until 2026-11-20 15:00 UTC by ")
    assert lines_of(waiting, "held")[1] == "it waits until 2026-11-20 15:00 UTC"
    for each in released:
        assert lines_of(each, "held")[1] == "released 2026-11-20 15:00 UTC as incident #1: it still fired"
    assert lines_of(over, "held")[1] == "cleared meanwhile, 2026-11-20 14:00 UTC: it opened nothing"
    await system.stop()


async def test_repeats_clears_and_clears_that_nobody_waited_for_say_so(system: System, console: AsyncEngine):
    stray = await system.clear("nothing ever fired", host="nw-file-02")
    await system.receive(DISK, host="nw-file-02")
    repeat = await system.receive(DISK, host="nw-file-02")
    clear = await system.clear(DISK, host="nw-file-02")

    found = [(await said(console, each.alert_id)) for each in (stray, repeat, clear)]

    assert [lines_of(each, "outcome")[0] for each in found] == [
        "nobody waited for this clear: no incident had its condition",
        "incident #1 had it already: counted, and nobody is paged again",
        "it cleared a condition of incident #1",
    ]


async def test_what_was_merged_says_into_what(system: System, console: AsyncEngine):
    first = await system.receive(DISK, host="nw-file-02")
    second = await system.receive("Volume C: on nw-dc1 has 1 % free", host="nw-dc1")
    rows = {row["title"]: row["id"] for row in await system.incidents()}
    await system.command(
        CommandKind.MERGE,
        Party.INTERNAL,
        "chloe-nguyen",
        incident_id=rows[second.title],
        other_incident=rows[first.title],
    )

    found = await said(console, second.alert_id)

    assert f"#2 was merged into incident {rows[first.title]}" in lines_of(found, "outcome")


async def test_a_body_that_could_not_be_read_says_why(system: System, console: AsyncEngine):
    alert = await system.receive("Unreadable alert from rmm", quarantined="not JSON at byte 4")

    found = await said(console, alert.alert_id)

    assert lines_of(found, "outcome")[1] == "its body could not be read, so it is a plain alert: not JSON at byte 4"


async def test_an_alert_that_no_service_could_handle_says_who_put_it_aside(system: System, console: AsyncEngine):
    alert = await system.receive(DISK, tenant="nobody-knows")

    found = await said(console, alert.alert_id, "nobody-knows")

    assert found["outcome"] == "put_aside"
    assert "no active agreement" in found["sentence"]
    assert await traced(console, ["northwind"], alert.alert_id) is None


async def test_nobody_reads_the_alerts_of_another_client(system: System, console: AsyncEngine):
    alert = await system.receive(DISK, host="nw-file-02")

    assert await traced(console, ["harborlight"], alert.alert_id) is None
    assert await traced(console, [], alert.alert_id) is None


async def invoke(system: System, alert_id: object, *more: str) -> Any:
    """``tandem explain`` on the system's database."""
    env = {"TANDEM_DATABASE_URL": system.database.dsn}
    return await asyncio.to_thread(
        CliRunner().invoke, command_line(["explain"]), ["explain", str(alert_id), *more], env=env
    )


async def test_the_command_prints_it_from_the_database(system: System):
    alert: Alert = await system.receive(DISK, host="nw-file-02")

    table = await invoke(system, alert.alert_id)
    as_json = await invoke(system, alert.alert_id, "--output", "json")

    assert table.exit_code == 0, table.output
    assert "outcome        it opened incident #1" in table.stdout
    assert "agreement      version 1 of northwind" in table.stdout
    assert json.loads(as_json.stdout)["alert_id"] == str(alert.alert_id)


async def test_the_command_knows_what_was_put_aside_and_says_no_to_what_never_came(system: System):
    alert = await system.receive(DISK, tenant="nobody-knows")

    aside = await invoke(system, alert.alert_id)
    unknown = await invoke(system, UUID(int=7))
    nonsense = await invoke(system, "yesterday")

    assert (aside.exit_code, unknown.exit_code, nonsense.exit_code) == (0, 1, 2), aside.output
    assert "router put it aside" in aside.stdout
    assert "is counted and never stored" in unknown.stderr
