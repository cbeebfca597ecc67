"""Every implementation of the bus runs this suite; a new one is a new row of ``BUSES``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tandem.bus.port import Batch, Bus, Consumer, Record
from tandem.bus.postgres import PostgresBus, run
from tandem.clock import SystemClock
from tandem.db.write import Writes
from tests.support.postgres import Database

TOPIC = "tandem.alerts"


@dataclass
class Station:
    """A bus of one process with a connection for its transactions."""

    bus: Bus
    connection: Any
    """An asyncpg connection as role tandem_router."""
    members: list[Consumer] = field(default_factory=list)

    async def member(self, group: str = "router", topics: Sequence[str] = (TOPIC,)) -> Consumer:
        member = await self.bus.consumer(group, topics)
        self.members.append(member)
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


async def drain(member: Consumer, *, wait_s: float = 0.2) -> list[Record]:
    """Everything there is to fetch now."""
    records: list[Record] = []
    while batch := await member.fetch(500, wait_s):
        records.extend(batch.records)
    return records


BUSES = ["postgres"]


@pytest.fixture(params=BUSES)
async def make_station(database: Database) -> AsyncIterator:
    """Makes stations on one and the same bus, as several processes would have them."""
    stations: list[Station] = []

    async def make() -> Station:
        bus = PostgresBus(database.dsn, "tandem_router", clock=SystemClock(), split=True)
        await bus.start()
        pool = await database.pool("tandem_router")
        station = Station(bus, await pool.acquire())
        stations.append(station)
        return station

    yield make
    for station in stations:
        await station.bus.stop()


@pytest.fixture
async def station(make_station) -> Station:
    return await make_station()
