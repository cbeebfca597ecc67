"""What only the PostgreSQL bus promises: one member holds every partition, and no service owns the log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.clock import SystemClock, monotonic
from tests.support.postgres import Database

TOPIC = "tandem.alerts"


async def started(database: Database) -> PostgresBus:
    bus = PostgresBus(database.dsn, "tandem_router", clock=SystemClock(), split=True)
    await bus.start()
    return bus


@pytest.fixture
async def two_processes(database: Database) -> AsyncIterator[tuple[PostgresBus, PostgresBus]]:
    one, two = await started(database), await started(database)
    yield one, two
    await one.stop()
    await two.stop()


async def test_a_second_member_gets_nothing_while_the_first_lives_and_everything_after(two_processes):
    one, two = two_processes
    first, second = await one.consumer("router", [TOPIC]), await two.consumer("router", [TOPIC])
    await one.append([Record(TOPIC, "acme/a", b"1")])
    assert await first.fetch(10, 1)

    assert not await second.fetch(10, 0.2)
    await first.close()
    until = monotonic() + 60
    got = await second.fetch(10, 0.2)
    while not got and monotonic() < until:
        got = await second.fetch(10, 0.2)

    assert [r.value for r in got.records] == [b"1"]


async def test_no_service_may_write_to_the_bus_as_owner(database: Database):
    pool = await database.pool("tandem_router")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("drop table bus.log")
