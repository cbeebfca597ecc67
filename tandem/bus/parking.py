"""Records of a topic that takes nothing stand aside, so that those of other topics go on; they follow when it does.

A topic for readers outside may be missing, or the cluster may forbid us to write it. What is published to it goes from
the queue into ``<table>_parked``, with the same shard and position. While something of a topic is parked in a shard,
later records of both are parked too: a key keeps its order within its topic. Who drains a shard alone parks in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from tandem.bus.drain_batch import Drained
from tandem.bus.queue import Queue
from tandem.clock import monotonic
from tandem.metrics import Metrics

_AGAIN_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""A topic is tried again after so long."""
_RECORDS = 200
"""Of one topic at once."""

log = structlog.get_logger("tandem.bus")


@dataclass(slots=True)
class _Stopped:
    """A topic that takes nothing."""

    again_at: float
    tries: int = 0
    shards: set[int] = field(default_factory=set)
    """In which something of it is parked."""


class Parking:
    """What is parked in the shards that this process drains."""

    def __init__(self, queue: Queue, metrics: Metrics) -> None:
        """``queue`` is the outbox; its table has another beside it."""
        self._queue = queue
        self._parked = f"{queue.table}_parked"
        self._metrics = metrics
        self._stopped: dict[str, _Stopped] = {}

    async def look(self, connection: asyncpg.Connection[asyncpg.Record], shards: Iterable[int]) -> None:
        """Learn what is parked in ``shards``, which were just taken: nothing may overtake it."""
        rows = await connection.fetch(
            f"SELECT DISTINCT shard, topic FROM {self._parked} WHERE shard = ANY($1)",  # noqa: S608 - a checked name
            list(shards),
        )
        for row in rows:
            self._stop(row["topic"]).shards.add(row["shard"])
        await self._measure(connection)

    def let_go(self) -> None:
        """The shards are somebody else's now."""
        self._stopped.clear()
        self._metrics.outbox_parked.set(0)

    def holds(self, shard: int, topic: str) -> bool:
        """Whether a record of ``topic`` in ``shard`` would overtake what is parked."""
        return topic in self._stopped and shard in self._stopped[topic].shards

    async def park(
        self, connection: asyncpg.Connection[asyncpg.Record], read: Drained, *, fault: str | None = None
    ) -> None:
        """Move all of ``read`` aside, in one statement; ``fault`` says why, when a topic has just failed."""
        for (shard, _), record in zip(read.places, read.records, strict=True):
            if fault is not None and record.topic not in self._stopped:
                log.error("topic takes nothing, its records are parked", topic=record.topic, fault=fault)
            self._stop(record.topic).shards.add(shard)
        await connection.execute(
            f"WITH gone AS (DELETE FROM {self._queue.table} q"  # noqa: S608 - checked names
            " USING unnest($1::int[], $2::bigint[]) AS d(shard, position)"
            " WHERE q.shard = d.shard AND q.position = d.position RETURNING q.*)"
            f" INSERT INTO {self._parked} (shard, position, topic, partition, key, value, headers, at)"
            " SELECT shard, position, topic, partition, key, value, headers, at FROM gone",
            *zip(*read.places, strict=True),
        )
        await self._measure(connection)

    def due(self) -> str | None:
        """A topic to try again now."""
        now = monotonic()
        return next((topic for topic, stopped in self._stopped.items() if stopped.again_at <= now), None)

    async def read(self, connection: asyncpg.Connection[asyncpg.Record], topic: str) -> Drained:
        """The first of what is parked of ``topic``, in order; nothing parked means that it is free again."""
        stopped = self._stopped[topic]
        rows = await connection.fetch(
            "SELECT shard, position, topic, partition, key, value, headers"  # noqa: S608
            f" FROM {self._parked} WHERE topic = $1 AND shard = ANY($2) ORDER BY shard, position LIMIT {_RECORDS}",
            topic,
            list(stopped.shards),
        )
        if not rows:
            del self._stopped[topic]
            log.info("topic takes records again", topic=topic)
        return Drained.of(rows)

    def still_stopped(self, topic: str) -> None:
        """It was tried in vain: the next try is later."""
        stopped = self._stop(topic)
        stopped.tries += 1
        stopped.again_at = monotonic() + _AGAIN_S[min(stopped.tries, len(_AGAIN_S) - 1)]

    async def forget(self, connection: asyncpg.Connection[asyncpg.Record], places: Sequence[tuple[int, int]]) -> None:
        """The bus has these."""
        await connection.execute(
            f"DELETE FROM {self._parked} p USING unnest($1::int[], $2::bigint[]) AS d(shard, position)"  # noqa: S608
            " WHERE p.shard = d.shard AND p.position = d.position",
            *zip(*places, strict=True),
        )
        await self._measure(connection)

    def _stop(self, topic: str) -> _Stopped:
        return self._stopped.setdefault(topic, _Stopped(monotonic() + _AGAIN_S[0]))

    async def _measure(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        shards = sorted({shard for stopped in self._stopped.values() for shard in stopped.shards})
        count = 0
        if shards:
            count = await connection.fetchval(
                f"SELECT count(*) FROM {self._parked} WHERE shard = ANY($1)",  # noqa: S608
                shards,
            )
        self._metrics.outbox_parked.set(count)
