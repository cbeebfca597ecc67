"""Moves a queue's records to the bus, in the order of each shard, at least once.

One session at a time drains a shard: it holds the shard's advisory lock on a connection outside every pool. A dead
process's session ends and with it its locks; that of a process which stands still is ended by the server, because it
was idle for too long. What a paused process may still append after that are records the next one has appended too:
readers drop what they have seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import structlog

from tandem.bus.drain_batch import Drained
from tandem.bus.parking import Parking
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.bus.quarantine import put_poison
from tandem.bus.queue import GIVEN_UP, Queue
from tandem.clock import Clock, monotonic, wait_event
from tandem.db.link import Link
from tandem.db.write import Writes
from tandem.errors import PoisonRecord, TopicAway, Unavailable
from tandem.killpoint import passing
from tandem.metrics import Metrics

SHARD_RECORDS = 500
SHARD_BYTES = 2 << 20
"""What is read of a shard at once; the record that reaches the bytes is the last one."""
APPEND_S = 5.0
"""Deadline of one append; past it the outcome is unknown and the records are appended again."""
FROZEN_S = 15.0
"""A session that asks nothing for so long is ended by the server; more than an append and the longest back-off take."""
_TAKE_EVERY_S = 1.0
"""How often shards that others hold are tried for; one that is given up in order is told of."""
_LEAVE_S = 1.0
"""What is not given up within this is free when the session ends."""
_POLL_S = 1.0
"""A missed NOTIFY costs at most this."""
_BACKOFF_S = (0.05, 0.2, 0.5, 1.0, 2.0)

Append = Callable[[Sequence[Record]], Awaitable[None]]
"""Makes records durable on the bus, in order per key; see ``tandem.bus.port.Bus.append``. Raises PoisonRecord for
what the bus will never take."""

Forget = Callable[[Drained], Awaitable[None]]
"""Removes from where it waited what the bus has."""

log = structlog.get_logger("tandem.bus")


class Drain:
    """One candidate for the shards of a queue; any number of processes may have one."""

    def __init__(  # noqa: PLR0913 - wiring
        self,
        queue: Queue,
        *,
        dsn: str,
        role: str,
        append: Append,
        clock: Clock,
        metrics: Metrics,
        append_s: float = APPEND_S,
        frozen_s: float = FROZEN_S,
        parking: Parking | None = None,
    ) -> None:
        """``append_s`` and ``frozen_s``: see APPEND_S and FROZEN_S; without ``parking`` a topic stops them all."""
        self._queue = queue
        self._append = append
        self._clock = clock
        self._metrics = metrics
        self._parking = parking
        self._append_s = append_s
        self._frozen_s = frozen_s
        self._link = Link(dsn, role, name=f"tandem drain {queue.table}")
        self._generation = -1
        self._next: dict[int, int] = {}
        """Shards held -> the position to read on from."""
        self._tried_at = -_TAKE_EVERY_S
        self._news = asyncio.Event()
        self._faults = 0

    def wake(self) -> None:
        """Look for records now."""
        self._news.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Drain until ``stopping`` is set; the batch at hand is finished. A second later at most it has ended."""
        try:
            while not stopping.is_set():
                await self._round(stopping)
        finally:
            await self._leave()

    async def step(self) -> int:
        """Move one batch of every shard held; returns how many records.

        Raises:
            Unavailable: the database or the bus is away. The shards are let go, so that another process may try.
        """
        self._news.clear()
        read = await self._read()
        try:
            if read.records:
                await self._move(read)
            followed = await self._follow()
        except Unavailable:
            await self._let_go()
            raise
        return len(read.records) + followed

    async def _move(self, read: Drained) -> None:
        """To the bus, or aside."""
        parking = self._parking
        if parking is None:
            await self._deliver(read, self._forget)
            return
        rest, parked = read.split(lambda shard, record: parking.holds(shard, record.topic))
        await self._park(parking, parked)
        while rest.records:
            try:
                await self._deliver(rest, self._forget)
            except TopicAway as fault:
                rest, parked = rest.of_topic(fault.topic)
                await self._park(parking, parked, fault=str(fault))
            else:
                return

    async def _follow(self) -> int:
        """Try one topic again whose records stand aside; returns how many followed."""
        parking = self._parking
        topic = parking.due() if parking is not None else None
        if parking is None or topic is None:
            return 0
        async with self._link.use() as connection:
            read = await parking.read(connection, topic)
        try:
            if read.records:
                await self._deliver(read, self._forget_parked)
        except TopicAway:
            parking.still_stopped(topic)
            return 0
        return len(read.records)

    async def _park(self, parking: Parking, parked: Drained, *, fault: str | None = None) -> None:
        if parked.records:
            async with self._link.use() as connection:
                await parking.park(connection, parked, fault=fault)

    async def _deliver(self, read: Drained, forget: Forget) -> None:
        """Append, and forget what the bus has; around poison one by one.

        Raises:
            TopicAway: of what was read, nothing of this topic can be appended now.
            Unavailable: nothing can.
        """
        try:
            await self._append_within(read.records)
        except PoisonRecord:
            for each in read.singly():
                await self._deliver_one(each, forget)
        else:
            await forget(read)

    async def _round(self, stopping: asyncio.Event) -> None:
        try:
            moved = await self.step()
        except Unavailable as fault:
            await self._back_off(fault, stopping)
            return
        if self._faults and self._next:
            log.info("queue drains again", queue=self._queue.table)
            self._faults = 0
        if not moved:
            await wait_event(self._news, _POLL_S)

    async def _back_off(self, fault: Unavailable, stopping: asyncio.Event) -> None:
        longest = _BACKOFF_S[min(self._faults, len(_BACKOFF_S) - 1)]
        if not self._faults:
            log.warning("queue not drained", queue=self._queue.table, fault=str(fault))
        self._faults += 1
        await wait_event(stopping, longest * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, guards nothing

    async def _append_within(self, records: Sequence[Record]) -> None:
        passing("relay.before_append")
        try:
            async with asyncio.timeout(self._append_s):
                await self._append(records)
        except TimeoutError as fault:
            raise Unavailable("bus", "no answer in time") from fault
        except OSError as fault:
            raise Unavailable("bus", type(fault).__name__) from fault
        passing("relay.after_append")

    async def _deliver_one(self, read: Drained, forget: Forget) -> None:
        """One record: to the bus, or with its reason to quarantine."""
        try:
            await self._append_within(read.records)
        except PoisonRecord as poison:
            await self._quarantine(read.records[0], read.places[0][1], poison)
        await forget(read)

    async def _quarantine(self, record: Record, position: int, poison: PoisonRecord) -> None:
        placed = Record(record.topic, record.key, record.value, record.headers, record.partition, position)
        writes = Writes()
        put_poison(writes, placed, service=self._queue.table, reason=poison.reason, at=self._clock.now())
        async with self._link.use() as connection, connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            await run(connection, writes)
        self._metrics.quarantined_records.labels(record.topic).inc()
        log.error("record quarantined", queue=self._queue.table, topic=record.topic, fault=poison.reason)

    async def _read(self) -> Drained:
        async with self._link.use() as connection:
            await self._take(connection)
            if not self._next:
                return Drained()
            held, nexts = list(self._next), list(self._next.values())
            return Drained.of(await connection.fetch(self._queue.read, held, nexts, SHARD_RECORDS, SHARD_BYTES))

    async def _forget(self, read: Drained) -> None:
        """Delete what the bus has. Safe whoever drains by now: all of it was appended."""
        shards, firsts, nexts = zip(*((shard, *span) for shard, span in read.spans.items()), strict=True)
        async with self._link.use() as connection:
            await connection.execute(self._queue.forget, shards, firsts, nexts)
        for shard, end in zip(shards, nexts, strict=True):
            if shard in self._next:
                self._next[shard] = end

    async def _forget_parked(self, read: Drained) -> None:
        if self._parking is not None:
            async with self._link.use() as connection:
                await self._parking.forget(connection, read.places)

    async def _take(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Take free shards when the session is new, or now and then while some are missing."""
        if self._generation != self._link.generation:
            await self._prepare(connection)
        missing = [shard for shard in range(self._queue.shards) if shard not in self._next]
        if not missing or monotonic() - self._tried_at < _TAKE_EVERY_S:
            return
        self._tried_at = monotonic()
        locks = [self._queue.lock(shard) for shard in missing]
        rows = await connection.fetch("SELECT pg_try_advisory_lock(l) AS got FROM unnest($1::bigint[]) AS l", locks)
        got = {shard: 0 for shard, row in zip(missing, rows, strict=True) if row["got"]}
        if got and self._parking is not None:
            await self._parking.look(connection, got)
        self._next.update(got)

    async def _prepare(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """A new session holds nothing. Deletions do not wait for fsync: one that a crash takes back is a duplicate."""
        self._forget_shards()
        self._tried_at = -_TAKE_EVERY_S
        await connection.execute(
            "SELECT set_config('idle_session_timeout', $1, false), set_config('synchronous_commit', 'off', false)",
            f"{self._frozen_s:g}s",
        )
        await connection.add_listener(self._queue.channel, self._heard)
        self._generation = self._link.generation

    async def _let_go(self) -> None:
        """Another process may reach the bus when this one does not."""
        locks = [self._queue.lock(shard) for shard in self._next]
        self._forget_shards()
        self._tried_at = monotonic()
        async with self._link.use() as connection:
            await connection.execute("SELECT pg_advisory_unlock(l) FROM unnest($1::bigint[]) AS l", locks)

    async def _leave(self) -> None:
        """Hand over to who waits for our shards, and end the session."""
        if self._next:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await self._let_go()
                    async with self._link.use() as connection:
                        await connection.execute("SELECT pg_notify($1, $2)", self._queue.channel, GIVEN_UP)
        await self._link.close()

    def _forget_shards(self) -> None:
        self._next.clear()
        if self._parking is not None:
            self._parking.let_go()

    def _heard(self, _connection: object, _pid: int, _channel: str, told: object) -> None:
        if told == GIVEN_UP:
            self._tried_at = -_TAKE_EVERY_S
        self._news.set()
