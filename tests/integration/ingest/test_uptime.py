"""Ingest says since when it hears: a row per stretch, none while what is posted cannot be read soon."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tandem.clock import ManualClock
from tandem_ingest.uptime import Uptime
from tests.support.postgres import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


async def stretches(database: Database) -> list[tuple[datetime, datetime]]:
    admin = await database.admin()
    rows = await admin.fetch("select began_at, seen_at from ingest.uptime order by began_at")
    return [(row["began_at"], row["seen_at"]) for row in rows]


async def test_a_process_grows_one_stretch_however_the_clock_is_moved(database: Database):
    clock = ManualClock(NOW)
    uptime = Uptime(dsn=database.dsn, clock=clock)

    await uptime.say(first=True)
    clock.advance(timedelta(days=3))
    await uptime.say()
    await uptime.close()

    assert await stretches(database) == [(NOW, NOW + timedelta(days=3))]


async def test_another_process_is_a_stretch_of_its_own_and_its_end_is_said(database: Database):
    clock, stopping = ManualClock(NOW), asyncio.Event()
    first = Uptime(dsn=database.dsn, clock=clock)
    await first.say()
    await first.close()
    clock.advance(timedelta(hours=1))
    stopping.set()

    await Uptime(dsn=database.dsn, clock=clock).run(stopping)

    later = NOW + timedelta(hours=1)
    assert await stretches(database) == [(NOW, NOW), (later, later)]


async def test_who_cannot_pass_on_what_is_posted_does_not_hear(database: Database):
    clock = ManualClock(NOW)
    uptime = Uptime(dsn=database.dsn, clock=clock, deaf=lambda: "the spool waits for the broker")

    await uptime.say()

    assert await stretches(database) == []


async def test_the_router_reads_it_through_a_view_and_the_console_does_not(database: Database):
    admin = await database.admin()

    allowed = await admin.fetch(
        "select r.role, has_table_privilege(r.role, 'ingest.v_uptime', 'select') as may"
        " from unnest(array['tandem_router', 'tandem_console']) as r(role)"
    )

    assert {row["role"]: row["may"] for row in allowed} == {"tandem_router": True, "tandem_console": False}
