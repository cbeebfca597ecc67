"""The way around a broker that is away: alerts wait in PostgreSQL, durable, and follow to the bus in order.

While the spool holds an alert of a partition, later ones of it go there too, in every process: each looks at the table
when a commit to it is notified, and every second besides. Which way an alert takes is the business of ``detour.py``.
What may still overtake is told in README.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from tandem.bus.backlog import Backlog
from tandem.bus.drain import Drain
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.bus.queue import queue
from tandem.bus.topics import PARTITIONS
from tandem.clock import Clock, monotonic, wait_event
from tandem.db.link import Link
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem_ingest.detour import WAY_S, Append

SPOOL = queue("ingest.spool", shards=PARTITIONS)
_REST_S = 0.02
"""Between two looks: under load not every commit is worth one."""
_ROLE = "tandem_ingest"
_KEPT_S = 5.0
"""The connection for puts is tried so often: one that is made only when the broker fails costs what a post has not."""


class Spool:
    """The table, what is known of it, and this process's turn at draining it."""

    def __init__(self, *, dsn: str, append: Append, clock: Clock, metrics: Metrics) -> None:
        """``append`` is the bus's: what the spool holds goes there when it can."""
        self._clock = clock
        self._metrics = metrics
        self._link = Link(dsn, _ROLE, name="tandem spool", command_timeout_s=WAY_S)
        self._drain = Drain(SPOOL, dsn=dsn, role=_ROLE, append=append, clock=clock, metrics=metrics)
        self._backlog = Backlog(SPOOL, dsn=dsn, role=_ROLE, looked=self._measure)
        self._putting: Counter[int] = Counter()
        self._put_at: dict[int, float] = {}
        """Partition -> when a put into it ended last (``monotonic()``), whatever its outcome."""

    def holds(self, key: str) -> bool:
        """Whether something of the key's partition waits here, or may: before the first look anything may."""
        shard = SPOOL.shard_of(key)
        last = self._backlog.last
        return shard in last.shards or self._putting[shard] > 0 or self._put_at.get(shard, float("-inf")) >= last.began

    @property
    def waits(self) -> bool:
        """Whether something was seen to wait here."""
        return self._backlog.last.records > 0

    async def put(self, records: Sequence[Record]) -> None:
        """Make ``records`` durable here.

        Raises:
            Unavailable: the database is away; they may or may not be durable.
        """
        shards = {SPOOL.shard_of(record.key) for record in records}
        self._putting.update(shards)
        try:
            writes = Writes()
            SPOOL.put(writes, records, self._clock.now())
            async with self._link.use() as connection:
                await run(connection, writes)
        finally:
            self._putting.subtract(shards)
            self._put_at.update(dict.fromkeys(shards, monotonic()))

    async def look(self) -> None:
        """Look at the table now.

        Raises:
            Unavailable: the database is away; what is known stays.
        """
        await self._backlog.look()

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch and drain until ``stopping`` is set."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._drain.run(stopping), name="spool drain")
            parts.create_task(self._backlog.run(stopping, rest_s=_REST_S), name="spool backlog")
            parts.create_task(self._keep_connected(stopping), name="spool connection")

    async def close(self) -> None:
        """Close the connection for puts; nothing may be accepted any more."""
        await self._link.close()

    async def _keep_connected(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            with suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(WAY_S), self._link.use() as connection:
                    await connection.execute("SELECT 1")
            await wait_event(stopping, _KEPT_S)

    def _measure(self) -> None:
        self._metrics.spool_oldest.set(self._backlog.last.oldest_s(self._clock.now()))
        self._metrics.spool_waiting.set(self._backlog.last.records)
