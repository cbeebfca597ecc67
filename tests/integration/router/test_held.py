"""What is held, on a real database: one row per condition, its timer, who may read it, and the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
import typer
from typer.testing import CliRunner

from tandem.bus.plan import DueTimer, Inbox
from tandem.bus.postgres import run
from tandem.cli.suppressions import suppressions
from tandem.db.timers import claim_due
from tandem.errors import Unavailable
from tandem.model.alert import Severity
from tandem_router.service import Router
from tests.unit.router.test_suppress import window, with_sections
from tests.unit.router.world import NOON, Book, alert, clear

HOUR = timedelta(hours=1)


class Station:
    """A replica of the router: one transaction per batch, as the runner commits it."""

    def __init__(self, pool: Any, router: Router) -> None:
        self.pool = pool
        self.router = router

    async def take(self, *payloads: Any, now: datetime = NOON, timers: bool = False) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            due = await claim_due(connection, "router", now, 100) if timers else []
            inbox = Inbox(list(payloads), [DueTimer(t.tenant, t.key, t.kind, t.due_at) for t in due])
            plan = self.router.plan(inbox, await self.router.load(connection, inbox, now), now)
            await run(connection, plan.writes)


@pytest.fixture
async def stations(database) -> list[Station]:
    book = Book(with_sections(window()))
    return [Station(await database.pool("tandem_router"), Router(agreements=book)) for _ in range(2)]


@pytest.fixture
async def admin(database):
    return await database.admin()


async def test_a_hold_is_a_row_with_a_timer_at_its_end(stations, admin):
    await stations[0].take(alert("Disk full on fs1", severity=Severity.HIGH, raw=b"secret"))

    row = await admin.fetchrow("select * from router.held")
    timer = await admin.fetchrow("select * from router.timer where kind = 'held'")
    assert (row["tenant"], row["condition"], row["kind"], row["by_id"], row["count"], row["worst"], row["priority"]) == (
        "acme", "rmm/Disk full on fs1", "window", "lunch", 1, "high", "P2",
    )  # fmt: skip
    assert (timer["key"], timer["due_at"]) == (str(row["id"]), NOON + HOUR)
    assert "secret" not in json.dumps(row["state"])
    assert await admin.fetchval("select incident_id from router.alert") is None


async def test_two_replicas_cannot_hold_one_condition_twice(stations, admin):
    first, second = alert("Disk full on fs1"), alert("Disk full on fs1")

    async def take(station: Station, one: Any) -> None:
        for _ in range(3):
            with contextlib.suppress(Unavailable):
                await station.take(one)
                return

    await asyncio.gather(take(stations[0], first), take(stations[1], second))

    assert [row["count"] for row in await admin.fetch("select count from router.held")] == [2]
    assert await admin.fetchval("select count(*) from router.timer where kind = 'held'") == 1


async def test_the_end_is_worked_on_once_and_the_alerts_find_their_incident(stations, admin):
    await stations[0].take(alert("Disk full on fs1"))
    await stations[0].take(alert("Disk full on fs1", NOON + timedelta(minutes=5)), now=NOON + timedelta(minutes=5))

    for station in (*stations, stations[0]):
        await station.take(now=NOON + HOUR, timers=True)

    incident = await admin.fetchrow("select * from router.incidents")
    assert incident["detected_at"] == NOON + HOUR
    assert await admin.fetchval("select count(*) from router.incident") == 1
    assert {row["incident_id"] for row in await admin.fetch("select incident_id from router.alert")} == {incident["id"]}
    assert {row["incident_id"] for row in await admin.fetch("select incident_id from router.decision")} == {
        incident["id"]
    }
    outcome = await admin.fetchrow("select outcome, incident_id, outcome_at from router.held")
    assert tuple(outcome) == ("released", incident["id"], NOON + HOUR)
    assert await admin.fetchval("select count(*) from router.timer where kind = 'held'") == 0


async def test_a_hold_whose_timer_was_lost_is_looked_at_when_a_process_starts(stations, admin):
    await stations[0].take(alert("Disk full on fs1"))
    await admin.execute("delete from router.timer where kind = 'held'")

    await stations[1].router.arm(admin, [], NOON + 2 * HOUR)
    await stations[1].take(now=NOON + 2 * HOUR, timers=True)

    assert await admin.fetchval("select outcome from router.held") == "released"
    assert await admin.fetchval("select detected_at from router.incidents") == NOON + HOUR


async def test_the_console_reads_its_own_tenants_only_and_nothing_else_of_a_decision_changes(stations, database):
    await stations[0].take(alert("Disk full on fs1"))
    console = await database.pool("tandem_console")
    router = await database.pool("tandem_router")

    async def seen(tenants: str) -> list[int]:
        async with console.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('app.tenants', $1, true)", tenants)
            views = ("held_alerts", "suppression_ledger", "suppressions")
            return [len(await connection.fetch(f"select * from router.{view}")) for view in views]

    assert await seen("acme") == [1, 1, 0]
    assert await seen("globex") == [0, 0, 0]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await router.execute("update router.decision set trace = '{}'")


async def test_the_report_says_what_was_held_by_what_and_what_became_of_it(stations, database):
    kept, gone = alert("Disk full on fs1", severity=Severity.HIGH), alert("space low on fs1")
    await stations[0].take(kept, gone, alert("space low on fs1"))
    await stations[0].take(clear(gone, NOON + timedelta(minutes=1)), now=NOON + timedelta(minutes=1))
    await stations[0].take(now=NOON + HOUR, timers=True)
    app = typer.Typer()
    app.command()(suppressions)
    period = ["--from", (NOON - HOUR).isoformat(), "--to", (NOON + HOUR).isoformat(), "--output", "json"]

    done = await asyncio.to_thread(
        CliRunner().invoke, app, period, env={"TANDEM_DATABASE_URL": database.dsn, "COLUMNS": "200"}
    )

    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)
    assert (row["suppressed_by"], row["because"]) == ("window lunch", "window lunch (Patches, ann)")
    assert (row["conditions"], row["alerts"], row["worst"], row["worst_priority"]) == (2, 3, "high", "P2")
    assert (row["released"], row["cleared_meanwhile"], row["merged"], row["held_on"], row["waiting"]) == (1, 1, 0, 0, 0)
