"""What is kept how long: records of the log a week and until they were read, raw bodies ninety days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tandem.app.maintenance import forget_raw_bodies, trim_log
from tandem.db.link import Link
from tests.journeys.conftest import FRIDAY_NINE
from tests.support.postgres import Database
from tests.support.system import System, make_system

DISK = "Volume C: on nw-file-02 has 2 % free"


@pytest.fixture
async def system(database: Database):
    system = await make_system(database, FRIDAY_NINE)
    yield system
    await system.stop()


@pytest.fixture
async def link(database: Database):
    link = Link(database.dsn, "tandem_router")
    yield link
    await link.close()


async def kept(system: System, topic: str) -> int:
    count: int = await system.admin.fetchval("select count(*) from bus.log where topic = $1", topic)
    return count


async def test_old_records_go_once_every_group_has_read_them(system: System, link: Link):
    await system.receive(DISK, host="nw-file-02")
    await system.bus.consumer("late", ["tandem.incidents"])
    late = await system.bus.consumer("late", ["tandem.incidents"])
    await late.fetch(1, 0)  # joins, and reads nothing to the end
    system.clock.advance(timedelta(days=8))

    await trim_log(link, system.clock)

    assert await kept(system, "tandem.alerts") == 0
    assert await kept(system, "tandem.incidents") == 1


async def test_a_week_is_kept(system: System, link: Link):
    await system.receive(DISK, host="nw-file-02")
    system.clock.advance(timedelta(days=6))

    assert await trim_log(link, system.clock) == 0


async def test_raw_bodies_go_after_ninety_days_and_the_alert_stays(system: System, link: Link):
    await system.receive(DISK, host="nw-file-02", raw=b"{}")
    assert await forget_raw_bodies(link, system.clock) == 0
    system.clock.advance(timedelta(days=91))

    assert await forget_raw_bodies(link, system.clock) == 1

    row = await system.admin.fetchrow("select raw, body from router.alert")
    assert row["raw"] is None
    assert row["body"]["title"] == DISK
