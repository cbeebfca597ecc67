"""What every bus promises: nothing lost, order per key, fenced offsets, no publish without its transaction."""

from __future__ import annotations

import asyncio

import pytest

from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.db.write import Writes
from tandem.errors import Fenced, Unavailable
from tests.contract.bus.conftest import TOPIC, Station, drain, some
from tests.support.postgres import Database


def record(key: str, value: str, topic: str = TOPIC) -> Record:
    return Record(topic, key, value.encode())


async def test_what_was_appended_is_read_in_order_per_key(station: Station):
    member = await station.member()

    await station.bus.append([record(f"acme/{n % 5}", str(n)) for n in range(100)])

    got = await drain(member, 100)
    by_key = {key: [int(r.value) for r in got if r.key == key] for key in {r.key for r in got}}
    assert len(got) == 100
    assert all(values == sorted(values) for values in by_key.values())


async def test_concurrent_transactions_lose_and_reorder_nothing(make_station):
    stations = [await make_station() for _ in range(4)]
    member = await stations[0].member()
    seen: list[Record] = []
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            seen.extend((await member.fetch(50, 0.05)).records)

    async def write(station: Station, who: int) -> None:
        for n in range(40):
            await station.publish(record(f"t/{who}", f"{who}:{n}"), record("t/shared", f"{who}:{n}"))

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(station, who) for who, station in enumerate(stations)))
    done.set()
    await reader
    seen.extend(await drain(member, 320 - len(seen)))

    assert len(seen) == 320
    offsets: dict[int, list[int]] = {}
    for r in seen:
        offsets.setdefault(r.partition, []).append(r.offset)
    assert all(sorted(found) == list(range(len(found))) for found in offsets.values())
    for who in range(4):
        own = [int(r.value.split(b":")[1]) for r in seen if r.key == f"t/{who}"]
        assert own == list(range(40))


async def test_a_rolled_back_transaction_publishes_nothing(station: Station):
    member = await station.member()
    writes = Writes()
    station.bus.publish(writes, [record("acme/a", "never")])

    transaction = station.connection.transaction()
    await transaction.start()
    await run(station.connection, writes)
    await transaction.rollback()
    await station.publish(record("acme/a", "kept"))

    assert [r.value for r in await drain(member)] == [b"kept"]


async def test_each_group_gets_every_record(station: Station):
    first, second = await station.member("router"), await station.member("console")

    await station.publish(*(record(f"acme/{n}", str(n)) for n in range(20)))

    assert len(await drain(first, 20)) == 20
    assert len(await drain(second, 20)) == 20


async def test_a_new_member_starts_after_what_was_committed(station: Station):
    first = await station.member()
    await station.publish(record("acme/a", "done"))
    await station.commit("router", await some(first))
    await station.publish(record("acme/a", "open"))
    await some(first)  # read, never committed
    await first.close()

    second = await station.member()

    assert [r.value for r in await drain(second)] == [b"open"]


async def test_rewind_goes_back_to_what_was_committed(station: Station):
    member = await station.member()
    await station.publish(record("acme/a", "1"), record("acme/a", "2"))
    await drain(member, 2)

    await member.rewind()

    assert [r.value for r in await drain(member, 2)] == [b"1", b"2"]


async def test_a_rewind_that_found_the_database_away_is_made_up_for(station: Station, database: Database):
    """A commit fails because the database is away, and so does the rewind after it; nothing new comes meanwhile."""
    member = await station.member()
    await station.publish(record("acme/a", "1"), record("acme/b", "2"))
    await drain(member, 2)

    await database.away()
    with pytest.raises(Unavailable):
        await member.rewind()
    await database.back()

    assert sorted(r.value for r in await drain(member, 2)) == [b"1", b"2"]


async def test_a_batch_committed_twice_is_refused_the_second_time(station: Station):
    member = await station.member()
    await station.publish(record("acme/a", "1"))
    batch = await some(member)
    await station.commit("router", batch)

    with pytest.raises(Fenced):
        await station.commit("router", batch)


async def test_a_member_that_lost_its_partition_can_no_longer_commit(make_station):
    old, new = await make_station(), await make_station()
    zombie = await old.member()
    await old.publish(record("acme/a", "1"))
    batch = await some(zombie)

    await zombie.close()  # as the broker sees a paused process: its session has ended
    heir = await new.member()
    again = await some(heir)
    with pytest.raises(Fenced):
        await old.commit("router", batch)

    await new.commit("router", again)
    assert [r.value for r in again.records] == [b"1"]


async def test_a_waiting_fetch_is_woken_by_another_process(make_station):
    here, there = await make_station(), await make_station()
    member = await here.member()
    assert not await member.fetch(1, 0.05)
    waiting = asyncio.create_task(member.fetch(10, 90))
    await asyncio.sleep(0.1)

    await there.publish(record("acme/a", "1"))

    assert [r.value for r in (await asyncio.wait_for(waiting, 30)).records] == [b"1"]


async def test_wake_ends_a_wait_without_records(station: Station):
    member = await station.member()
    await member.fetch(1, 0)
    waiting = asyncio.create_task(member.fetch(10, 60))
    await asyncio.sleep(0.1)

    member.wake()

    assert not await asyncio.wait_for(waiting, 30)


async def test_headers_and_bytes_travel_unchanged(station: Station):
    value = bytes(range(256))
    await station.publish(Record("tandem.routed.msp.brightwater", "acme/ü", value, {"ce_id": "1", "ce_subject": "ü"}))

    member = await station.member("outside", ["tandem.routed.msp.brightwater"])

    (got,) = await drain(member)
    assert (got.key, got.value, got.headers) == ("acme/ü", value, {"ce_id": "1", "ce_subject": "ü"})


async def test_a_backlog_is_read_without_starving_a_partition(station: Station):
    member = await station.member()
    await station.bus.append([record("acme/a", str(n)) for n in range(1200)] + [record("acme/b", "late")])

    batches = [await some(member, 100) for _ in range(3)]

    assert any(r.key == "acme/b" for batch in batches for r in batch.records)
