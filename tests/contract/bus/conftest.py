"""Every implementation of the bus runs this suite; a new one is a new row of ``BUSES``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from tandem.bus.port import Batch, Bus, Consumer, Record
from tandem.bus.postgres import PostgresBus, run
from tandem.clock import SystemClock, monotonic
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.postgres import Database

TOPIC = "tandem.alerts"
JOINED_S = 60.0
COME_S = 60.0


@dataclass
class Station:
    """A bus of one process with a connection for its transactions."""

    bus: Bus
    connection: Any
    """An asyncpg connection as role tandem_router."""
    members: list[Consumer] = field(default_factory=list)

    async def member(self, group: str = "router", topics: Sequence[str] = (TOPIC,)) -> Consumer:
        """A member that holds partitions, at the committed offsets."""
        member = await self.bus.consumer(group, topics)
        self.members.append(member)
        until = monotonic() + JOINED_S
        while not member.epochs():
            assert monotonic() < until, "no partition was assigned"
            with suppress(Unavailable):  # a topic from outside the table is made by its first record
                await member.fetch(1, 0.05)
        await member.rewind()
        return member

    async def publish(self, *records: Record) -> None:
        writes = Writes()
        self.bus.publish(writes, records)
        async with self.connection.transaction():
            await run(self.connection, writes)
        self.bus.notify([record.topic for record in records])

    async def commit(self, group: str, batch: Batch) -> None:
        writes = Writes()
        self.bus.commit(writes, group, batch.spans)
        async with self.connection.transaction():
            await run(self.connection, writes)


async def some(member: Consumer, limit: int = 10) -> Batch:
    """What comes next, when it comes: what was published may still be on its way to a broker."""
    until = monotonic() + COME_S
    while not (batch := await member.fetch(limit, 1.0)):
        assert monotonic() < until, "nothing came"
    return batch


async def drain(member: Consumer, count: int = 1) -> list[Record]:
    """Everything there is to fetch: ``count`` records when they have come, and whatever follows within a second."""
    records: list[Record] = []
    while len(records) < count:
        records.extend((await some(member, 500)).records)
    while batch := await member.fetch(500, 1.0):
        records.extend(batch.records)
    return records


BUSES = ["postgres", pytest.param("kafka", marks=pytest.mark.kafka)]


@pytest.fixture(params=BUSES)
def room(request: pytest.FixtureRequest) -> KafkaRoom | None:
    """Where on Kafka the test takes place, if it does."""
    return request.getfixturevalue("kafka_room") if request.param == "kafka" else None


@pytest.fixture
async def make_station(room: KafkaRoom | None, database: Database) -> AsyncIterator:
    """Makes stations on one and the same bus, as several processes would have them."""
    async with AsyncExitStack() as stack:
        if room is not None:
            await room.create([TOPIC])

        async def make() -> Station:
            if room is not None:
                bus: Bus = await stack.enter_async_context(kafka_bus(room.settings, database))
            else:
                bus = PostgresBus(database.dsn, "tandem_router", clock=SystemClock(), split=True)
                await bus.start()
                stack.push_async_callback(bus.stop)
            pool = await database.pool("tandem_router")
            return Station(bus, await pool.acquire())

        yield make


@pytest.fixture
async def station(make_station) -> Station:
    return await make_station()
