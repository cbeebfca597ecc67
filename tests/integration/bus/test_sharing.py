"""Members of a group on the PostgreSQL bus share its partitions, also with one that joins, dies, hangs or comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import pytest

from tandem.bus.port import Batch, Record
from tandem.bus.postgres import PostgresBus, run
from tandem.bus.postgres_consumer import Sharing
from tandem.bus.topics import PARTITIONS
from tandem.clock import SystemClock
from tandem.db.write import Writes
from tandem.errors import Fenced, Unavailable
from tests.support.postgres import Database

TOPIC = "tandem.alerts"
QUICK = Sharing(session_s=2.0, look_s=0.3)
SOON_S = 45.0
"""Generous."""


class Replica:
    """A process of the router as the bus sees it."""

    def __init__(self, bus: PostgresBus) -> None:
        self.bus = bus
        self.consumer: Any = None
        self.got: list[Record] = []

    async def join(self) -> None:
        self.consumer = await self.bus.consumer("router", [TOPIC])

    @property
    def parts(self) -> set[int]:
        return {part for _, part in self.consumer.epochs()}

    async def fetch(self) -> Batch:
        return await self.consumer.fetch(100, 0.05)


RARE = Sharing(session_s=10.0, look_s=600.0)
"""Without a word from the others nobody would look again in this test."""


@pytest.fixture
async def replica(database: Database) -> AsyncIterator[Callable[..., Awaitable[Replica]]]:
    made: list[Replica] = []

    async def make(dsn: str | None = None, *, sharing: Sharing = QUICK) -> Replica:
        bus = PostgresBus(dsn or database.dsn, "tandem_router", clock=SystemClock(), split=True, sharing=sharing)
        await bus.start()
        one = Replica(bus)
        await one.join()
        made.append(one)
        return one

    yield make
    for one in made:
        await one.bus.stop()


async def until(holds: Callable[[], bool], *replicas: Replica, within_s: float = SOON_S) -> float:
    """Let the replicas fetch until something holds; returns how long it took."""
    began = monotonic()
    while not holds():
        assert monotonic() - began < within_s, [sorted(each.parts) for each in replicas]
        for each in replicas:
            with contextlib.suppress(Unavailable):
                each.got.extend((await each.fetch()).records)
    return monotonic() - began


def shared(*replicas: Replica) -> bool:
    """Every partition is held once, and nobody holds more than its part."""
    parts = [part for each in replicas for part in each.parts]
    most = -(-PARTITIONS // len(replicas))
    return sorted(parts) == list(range(PARTITIONS)) and max(len(each.parts) for each in replicas) <= most


async def test_the_first_member_takes_everything_and_gives_half_to_the_second(replica):
    first = await replica()
    await until(lambda: len(first.parts) == PARTITIONS, first)

    second = await replica()
    took = await until(lambda: shared(first, second), first, second)

    print(f"shared after {took:.1f} s")


async def test_what_a_member_leaves_goes_to_the_others(replica):
    one, two, three = [await replica() for _ in range(3)]
    await until(lambda: shared(one, two, three), one, two, three)

    await two.bus.stop()

    await until(lambda: shared(one, three), one, three)


async def test_who_joins_or_leaves_in_order_waits_for_nobodys_next_look(replica):
    first = await replica(sharing=RARE)
    await until(lambda: len(first.parts) == PARTITIONS, first)

    second = await replica(sharing=RARE)
    await until(lambda: shared(first, second), first, second)
    await second.bus.stop()

    await until(lambda: shared(first), first)


async def test_more_members_than_partitions_leave_some_without_and_none_in_the_way(replica):
    members = [await replica() for _ in range(PARTITIONS + 1)]

    await until(
        lambda: max(len(m.parts) for m in members) == 1 and len({p for m in members for p in m.parts}) == PARTITIONS,
        *members,
    )

    assert sum(len(each.parts) for each in members) == PARTITIONS


async def test_records_are_handled_once_while_members_come_and_go(replica, database: Database):
    first = await replica()
    pool = await database.pool("tandem_router")
    connection: Any = await pool.acquire()
    sent = [Record(TOPIC, f"acme/{number}", str(number).encode()) for number in range(300)]
    handled: list[bytes] = []

    async def work(one: Replica) -> None:
        batch = await one.fetch()
        if not batch:
            return
        writes = Writes()
        one.bus.commit(writes, "router", batch.spans)
        try:
            async with connection.transaction():
                await run(connection, writes)
        except Fenced:
            await one.consumer.rewind()
        else:
            handled.extend(record.value for record in batch.records)

    running = [first]
    for number, record in enumerate(sent):
        await first.bus.append([record])
        if number in {50, 150}:
            running.append(await replica())
        if number == 250:
            await running.pop(1).bus.stop()
        await work(running[number % len(running)])
    began = monotonic()
    while len(handled) < len(sent) and monotonic() - began < SOON_S:
        for one in running:
            await work(one)

    assert sorted(handled) == sorted(record.value for record in sent)


async def test_the_partitions_of_a_member_that_stands_still_go_over_and_its_late_commit_is_refused(
    replica, database: Database
):
    zombie = await replica()
    await until(lambda: len(zombie.parts) == PARTITIONS, zombie)
    await zombie.bus.append([Record(TOPIC, "acme/a", b"1")])
    batch = await zombie.fetch()
    assert batch.records
    heir = await replica()  # the other does not fetch from here on, as if its process had been stopped

    took = await until(lambda: len(heir.parts) == PARTITIONS and bool(heir.got), heir)

    print(f"taken over after {took:.1f} s")
    pool = await database.pool("tandem_router")
    writes = Writes()
    zombie.bus.commit(writes, "router", batch.spans)
    async with pool.acquire() as proxied:
        connection: Any = proxied
        with pytest.raises(Fenced):
            async with connection.transaction():
                await run(connection, writes)
    assert [record.value for record in heir.got] == [b"1"]
    await zombie.consumer.rewind()
    await until(lambda: shared(zombie, heir), zombie, heir)


async def test_a_member_takes_back_what_a_hung_session_of_its_own_still_holds(replica):
    """A stopped server process keeps its locks for as long as it is stopped, whatever its client does."""
    one = await replica()
    await until(lambda: len(one.parts) == PARTITIONS, one)
    one.consumer._link._timeout_s = 1.0  # of the next connection
    await one.consumer._link.close()
    await one.consumer.rewind()
    pid = one.consumer._sessions[-1]  # the server may not know yet that the one before has ended

    os.kill(pid, signal.SIGSTOP)
    try:
        began = monotonic()
        with pytest.raises(Unavailable):
            await one.fetch()
        await one.consumer.rewind()
        assert len(one.parts) == PARTITIONS
        print(f"back after {monotonic() - began:.1f} s")
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_who_listens_hears_again_after_its_connection_was_ended(replica, database: Database):
    one, other = await replica(), await replica()
    admin = await database.admin()
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tandem bus listen'"
    )

    async def listens() -> int:
        return await admin.fetchval(
            "select count(*) from pg_stat_activity where application_name = 'tandem bus listen' and query ilike 'listen%'"
        )

    async with asyncio.timeout(SOON_S):
        while await listens() < 2:  # noqa: ASYNC110 - the server decides
            await asyncio.sleep(0.05)
    await until(lambda: shared(one, other), one, other)
    one.consumer._level = True
    one.consumer._news.clear()
    await other.bus.append([Record(TOPIC, "acme/a", b"1")])
    async with asyncio.timeout(SOON_S):
        await one.consumer._news.wait()
