"""The bus on PostgreSQL: the embedded default. One machine only; for more there is Kafka.

Appends go through a few connections of their own, each with one append in flight for its partitions: while one
commits, the next gathers. Consumers of this process are woken by an event each, those of other processes by NOTIFY,
and all of them poll besides. Who listens is looked after: a connection that the server or the network has ended hears
nothing, and says so to nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import asyncpg
import msgspec

from tandem.bus.partition import partition_of
from tandem.bus.port import Consumer, Record, Span
from tandem.bus.postgres_consumer import PostgresConsumer, Sharing
from tandem.bus.statements import APPEND, COMMIT, MEMBERS_OF, NOTIFY
from tandem.clock import Clock, wait_event
from tandem.db.link import Link
from tandem.db.pool import unavailable
from tandem.db.write import Writes
from tandem.errors import Fenced, Unavailable

CHANNEL = "tandem_bus"
LANES = 1
"""Connections that append. A partition has one lane: order per key holds, and no append waits for another's row.
Intake is bound by CPU, not by commits in flight: with two lanes half as many alerts shared each commit, which cost
15 to 18 % more CPU per alert (docs/performance.md)."""
LISTEN_AGAIN_S = 2.0
"""How often the listening connection is asked whether it is still there."""
APPEND_S = 2.0
"""Deadline of an append: past it the sender is told to come again."""


class PostgresBus:
    """See ``tandem.bus.port.Bus``."""

    name = "postgres"

    def __init__(
        self, dsn: str, role: str, *, clock: Clock, split: bool = False, sharing: Sharing | None = None
    ) -> None:
        """``split``: several processes share this bus, so commits must NOTIFY.

        ``sharing``: replicas of this process share its groups' partitions. A composed process must not: its followers
        do not fetch while its head does, and would keep what others wait for.
        """
        self._dsn = dsn
        self._role = role
        self._clock = clock
        self._split = split
        self._sharing = sharing
        self._lanes = [Link(dsn, role, name="tandem bus append", command_timeout_s=APPEND_S) for _ in range(LANES)]
        self._listen = Link(dsn, role, name="tandem bus listen", command_timeout_s=APPEND_S)
        self._listens_since = 0
        """The generation of the connection that listens."""
        self._stopping = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self._consumers: list[PostgresConsumer] = []

    async def start(self) -> None:
        """Connect; when split, listen for other processes' commits."""
        async with self._lanes[0].use() as connection:
            await connection.fetchval("SELECT 1")
        if self._split:
            await self._relisten()
            self._listening = asyncio.create_task(self._keep_listening(), name="bus listen")

    async def stop(self) -> None:
        """Close consumers and connections."""
        self._stopping.set()
        if self._listening is not None:
            await asyncio.wait((self._listening,))
        for consumer in tuple(self._consumers):
            await consumer.close()
        await self._listen.close()
        for lane in self._lanes:
            await lane.close()

    async def append(self, records: Sequence[Record]) -> None:
        """Make ``records`` durable in one commit; the deadline is two seconds."""
        lanes: dict[int, list[Record]] = {}
        for record in records:
            lanes.setdefault(partition_of(record.key) % LANES, []).append(record)
        if len(lanes) == 1:
            await self._append(*lanes.popitem())
        elif lanes:
            await asyncio.gather(*(self._append(lane, part) for lane, part in lanes.items()))
        self.notify(sorted({record.topic for record in records}))

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join ``group``: take every partition of ``topics`` that no living member holds, or our part of them."""
        consumer = PostgresConsumer(
            self._dsn, self._role, group=group, topics=topics, sharing=self._sharing, left=self._consumers.remove
        )
        self._consumers.append(consumer)
        return consumer

    def partition_of(self, key: str) -> int:
        """The same for every process and release."""
        return partition_of(key)

    def publish(self, writes: Writes, records: Sequence[Record]) -> None:
        """Append to the log in the transaction of ``writes``."""
        at = self._clock.now()
        for order, record in enumerate(records):
            headers = msgspec.json.encode(record.headers).decode() if record.headers else None
            row = (record.topic, partition_of(record.key), record.key, record.value, headers, order, at)
            writes.put(APPEND, order, row)
        if self._split and records:
            for topic in {record.topic for record in records}:
                writes.put(NOTIFY, topic, (topic,))

    def commit(self, writes: Writes, group: str, spans: Sequence[Span]) -> None:
        """Move ``group`` past ``spans`` in the transaction of ``writes``."""
        for span in spans:
            row = (group, span.topic, span.partition, span.epoch, span.first, span.next)
            writes.put(COMMIT, (group, span.topic, span.partition), row)

    def notify(self, topics: Sequence[str]) -> None:
        """Wake this process's consumers of ``topics``."""
        for consumer in self._consumers:
            if consumer.reads(topics):
                consumer.wake()

    async def _append(self, lane: int, records: Sequence[Record]) -> None:
        writes = Writes()
        self.publish(writes, records)
        async with self._lanes[lane].use() as connection:
            await run(connection, writes)

    async def _keep_listening(self) -> None:
        while not await wait_event(self._stopping, LISTEN_AGAIN_S):
            with contextlib.suppress(Unavailable):  # consumers poll meanwhile
                await self._relisten()

    async def _relisten(self) -> None:
        """Listen on a new connection; of one that is there, ask whether it answers."""
        async with self._listen.use() as connection:
            if self._listens_since == self._listen.generation:
                await connection.fetchval("SELECT 1")
                return
            await connection.add_listener(CHANNEL, self._heard)
            self._listens_since = self._listen.generation
        for consumer in self._consumers:  # something may have been said while nobody listened
            consumer.wake()

    def _heard(self, _connection: object, _pid: int, _channel: str, told: object) -> None:
        told = str(told)
        if not told.startswith(MEMBERS_OF):
            self.notify([told])
            return
        for consumer in self._consumers:
            if consumer.group == told.removeprefix(MEMBERS_OF):
                consumer.members_changed()


async def run(connection: asyncpg.Connection[asyncpg.Record], writes: Writes) -> None:
    """Execute ``writes`` as one statement.

    Raises:
        Fenced: a statement that must hit did not; the transaction has to be rolled back.
        Unavailable: the database is away, or the statement lost against another (deadlock, a unique key): try again.
    """
    sql, parameters, expected = writes.compose()
    if not sql:
        return
    try:
        with unavailable():
            row = await connection.fetchrow(sql, *parameters)
    except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError) as fault:
        raise Unavailable("database", str(fault)) from fault
    for name, rows in expected:
        hit = row[name] if row is not None else 0
        if hit != rows:
            message = f"{name}: {hit} of {rows} rows"
            raise Fenced("bus", message)
