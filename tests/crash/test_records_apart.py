"""Records that nobody can read, that come again, or that come late, written past ingest straight into the log (F12, F13)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from tandem.bus.partition import partition_of
from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.bus.topics import ALERTS, alert_key
from tandem.clock import SystemClock
from tests.support.effort import measured, rounds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.known import known
from tests.support.ledger import Post

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

PAGED_S = 30.0
POISON = {
    "no protobuf": b"\xff\xfe\xfd not a record",
    "a schema of the future": b"\xfa\xff\xff\xff\x07\x04abcd" * 8,
    "nothing": b"",
    "five mebibytes": bytes(5 << 20),
}
_LOG = """SELECT topic, key, value FROM bus.log WHERE topic = $1 AND key NOT LIKE '%/poison-%'
 ORDER BY at DESC LIMIT $2"""


@pytest.fixture
async def log(fleet: Installation[Fleet]) -> AsyncIterator[PostgresBus]:
    """Writes records as ingest does."""
    bus = PostgresBus(fleet.supervisor.dsn, "tandem_ingest", clock=SystemClock(), split=True)
    await bus.start()
    yield bus
    await bus.stop()


def of_same_partition(post: Post) -> str:
    """Another key that goes where the alert of ``post`` goes."""
    place = partition_of(alert_key(post.tenant, post.dedup_key))
    return next(key for n in range(10_000) if partition_of(key := f"{post.tenant}/poison-{n}") == place)


@pytest.mark.parametrize("raw", POISON.values(), ids=POISON.keys())
async def test_what_nobody_can_read_goes_to_quarantine_and_its_partition_moves_on(
    fleet: Installation[Fleet], log: PostgresBus, raw: bytes
):
    post = fleet.alert()
    fleet.oracle = replace(fleet.oracle, quarantined=fleet.oracle.quarantined + 1)

    await log.append([Record(ALERTS.name, of_same_partition(post), raw)])
    await fleet.deliver(post)

    measured("F12 alert behind a poison record, alert to page in s", late=await fleet.paged(post, within_s=PAGED_S))
    await fleet.stands()
    rows = await fleet.supervisor.server.ask("select reason, raw from bus.quarantine order by at desc limit 1")
    assert rows[0]["raw"] == raw
    assert rows[0]["reason"]


async def test_a_log_that_is_played_again_changes_nothing_and_pages_nobody(
    fleet: Installation[Fleet], log: PostgresBus
):
    posts = [await fleet.deliver(fleet.alert()) for _ in range(10)]
    before = await known(fleet, posts)
    rows = await fleet.supervisor.server.ask(_LOG, ALERTS.name, 200)
    records = [Record(row["topic"], row["key"], row["value"]) for row in rows]

    for _ in range(rounds(2, 10)):
        await log.append(records)
        await log.append(list(reversed(records)))

    await fleet.stands()
    assert before["arrived"] >= len(posts)
    assert await known(fleet, posts) == before


async def test_the_same_condition_with_a_higher_severity_is_routed_again(fleet: Installation[Fleet]):
    low = await fleet.deliver(fleet.alert(severity="low"))
    await fleet.settled()
    (before,) = await priorities(fleet, low.dedup_key)
    (way,) = [way for way in fleet.ways if way.tenant == low.tenant]

    high = fleet.alert(key=low.dedup_key, way=way, severity="critical")
    await fleet.deliver(high)

    await fleet.settled()
    (after,) = await priorities(fleet, low.dedup_key)
    measured("F13 priority before and after", before=int(before[1:]), after=int(after[1:]))
    assert after < before
    await fleet.stands()


async def test_ten_copies_in_a_burst_to_both_ingests_are_one_alert(fleet: Installation[Fleet]):
    post = fleet.ledger.add(fleet.alert())

    await asyncio.gather(*(fleet.sender.deliver(post) for _ in range(10)))
    await fleet.stands()

    rows = await fleet.settled()
    assert len([row for row in rows.alerts if row.dedup_key == post.dedup_key]) == 1


async def priorities(fleet: Installation[Fleet], key: str) -> Sequence[str]:
    return [row.priority for row in (await fleet.settled()).incidents if row.dedup_key == key]
