"""What waits in a queue, as seen over all processes: for gauges, and for whoever must not overtake it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import structlog

from tandem.bus.queue import Queue
from tandem.clock import monotonic, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable

POLL_S = 1.0
"""How old the last look gets while the database answers; a NOTIFY makes it younger."""

log = structlog.get_logger("tandem.bus")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one shard."""

    records: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a queue: shards in which something waits, and when the look began (``monotonic()``)."""

    shards: Mapping[int, Waiting]
    began: float

    @property
    def records(self) -> int:
        """How many wait."""
        return sum(waiting.records for waiting in self.shards.values())

    def oldest_s(self, now: datetime) -> float:
        """Seconds that the oldest has waited at ``now``; 0 without one."""
        ages = [(now - waiting.oldest_at).total_seconds() for waiting in self.shards.values()]
        return max((0.0, *ages))


NOTHING = Look(MappingProxyType({}), float("-inf"))
"""Before the first look."""


class Backlog:
    """Looks at a queue again and again; ``last`` stays what it was while the database is away."""

    def __init__(self, queue: Queue, *, dsn: str, role: str, looked: Callable[[], None] = lambda: None) -> None:
        """``looked`` is called after each look, and after each that failed: gauges of age grow on."""
        self._queue = queue
        self._looked = looked
        self._link = Link(dsn, role, name=f"tandem watch {queue.table}", command_timeout_s=5.0)
        self._generation = -1
        self._news = asyncio.Event()
        self._away = False
        self.last = NOTHING

    async def look(self) -> Look:
        """Look now.

        Raises:
            Unavailable: the database is away.
        """
        self._news.clear()
        began = monotonic()
        async with self._link.use() as connection:
            if self._generation != self._link.generation:
                await connection.add_listener(self._queue.channel, self._heard)
                self._generation = self._link.generation
            rows = await connection.fetch(self._queue.backlog)
        self.last = Look({row["shard"]: Waiting(row["waiting"], row["oldest_at"]) for row in rows}, began)
        return self.last

    async def run(self, stopping: asyncio.Event, *, rest_s: float = 0.0) -> None:
        """Look until ``stopping`` is set; a NOTIFY makes the next look come at once, but never within ``rest_s``."""
        try:
            while not stopping.is_set():
                await self._look_once()
                if not await wait_event(stopping, rest_s):
                    await wait_event(self._news, POLL_S)
        finally:
            await self._link.close()

    async def _look_once(self) -> None:
        try:
            await self.look()
            self._away = False
        except Unavailable as fault:
            if not self._away:
                log.warning("queue not looked at", queue=self._queue.table, fault=str(fault))
            self._away = True
        self._looked()

    def _heard(self, *_: object) -> None:
        self._news.set()
