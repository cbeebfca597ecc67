"""The relay of the outbox on Kafka: killed at its points, and with a backlog before it (F1, F16)."""

from __future__ import annotations

import random
from datetime import timedelta

import asyncpg
import pytest

from tandem.bus.outbox import put_outbox
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.clock import SystemClock
from tandem.db.pool import connect
from tandem.db.write import Writes
from tandem.killpoint import RELAY_POINTS
from tests.support.effort import amount, measured, rounds
from tests.support.fleet import Fleet
from tests.support.installation import Installation

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 10
BACKLOG = amount(5_000, 25_000)
"""In front of a fresh alert's facts, and as many behind them; the full figure is F16's."""
BATCH = 500
LATE = timedelta(seconds=90)
"""A P1's response is due in minutes; what it took is printed."""


@pytest.mark.parametrize("point", RELAY_POINTS)
async def test_a_relay_killed_at_a_named_point_loses_nothing_and_doubles_nothing(
    kafka_fleet: Installation[Fleet], chance: random.Random, point: str
):
    """Every process but ingest may relay, and who has the shards keeps them: so the one that dies runs alone."""
    fleet = kafka_fleet.supervisor
    others = [name for name, member in fleet.members.items() if member.service != "ingest" and name != "router-1"]

    async def walk() -> None:
        for _ in range(rounds(1, 20)):
            for name in others:
                await fleet.members[name].stop()
            await fleet.at_killpoint("router-1", f"{point}:{chance.randint(1, 5)}")
            await fleet.restart("router-1", *others)

    await kafka_fleet.under_load(walk(), per_second=PER_SECOND)


async def test_a_fresh_alert_is_paged_while_a_backlog_before_and_behind_it_drains(kafka_fleet: Installation[Fleet]):
    fleet, dsn = kafka_fleet, kafka_fleet.supervisor.dsn
    connection = await connect(dsn, "tandem_router")
    try:
        await fill(connection, BACKLOG)
        post = await fleet.deliver(fleet.alert(severity="critical"))
        before = await connection.fetchval("select count(*) from bus.outbox")
        await fill(connection, BACKLOG)
        late = await fleet.paged(post, within_s=LATE.total_seconds())
        left = await connection.fetchval("select count(*) from bus.outbox")
        await fleet.stands()
        assert await connection.fetchval("select count(*) from bus.outbox_parked") == 0
    finally:
        await connection.close()

    kib = {name: member.holds()["kib"] for name, member in fleet.supervisor.members.items()}
    measured(
        f"F16 outbox of {BACKLOG}",
        waited_at_its_post=before,
        alert_to_page_s=late,
        left_when_paged=left,
        most_mib=max(kib.values()) / 1024,
    )


async def fill(connection: asyncpg.Connection[asyncpg.Record], records: int) -> None:
    """Publish records that nobody reads, over all shards and at once: what trickles in is gone before it is a backlog."""
    async with connection.transaction():
        for start in range(0, records, BATCH):
            writes = Writes()
            made = [Record("tandem.routed.msp.backlog", f"acme/{n}", b"{}" * 200) for n in range(start, start + BATCH)]
            put_outbox(writes, made, SystemClock().now())
            await run(connection, writes)
