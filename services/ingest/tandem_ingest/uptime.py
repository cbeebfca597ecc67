"""Says in PostgreSQL since when this process hears, so that a silence of ours is not taken for one of the senders.

A row per stretch. It grows while what is posted can be read by the router soon: not while appends fail or the spool
waits for the broker. A process that stood still, or could not say so, begins a new stretch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from tandem.clock import Clock, monotonic, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable

EVERY_S = 10.0
GAP_S = 30.0
"""Longer between two words than this, nobody knows what was refused meanwhile."""
_KEPT = timedelta(days=30)
_SAY = (
    "insert into ingest.uptime as u (id, began_at, seen_at) values ($1, $2, $2)"
    " on conflict (id) do update set seen_at = greatest(u.seen_at, excluded.seen_at)"
)
_FORGET = "delete from ingest.uptime where seen_at < $1"

log = structlog.get_logger("tandem.ingest")


class Uptime:
    """One process's word that it hears."""

    def __init__(self, *, dsn: str, clock: Clock, deaf: Callable[[], str | None] = lambda: None) -> None:
        """``deaf`` says why nothing that is posted now can be read soon; None when it can."""
        self._link = Link(dsn, "tandem_ingest", name="tandem uptime")
        self._clock = clock
        self._deaf = deaf
        self._stretch: UUID | None = None
        self._said_at = float("-inf")

    async def run(self, stopping: asyncio.Event) -> None:
        """Say so until ``stopping`` is set, and once more then."""
        await self.say(first=True)
        while not await wait_event(stopping, EVERY_S):
            await self.say()
        await self.say()
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def say(self, *, first: bool = False) -> None:
        """Say once that this process hears, if it does."""
        if self._deaf() is not None:
            return
        if self._stretch is None or monotonic() - self._said_at > GAP_S:
            self._stretch = uuid4()
        try:
            async with self._link.use() as connection:
                now: datetime = self._clock.now()
                await connection.execute(_SAY, self._stretch, now)
                if first:
                    await connection.execute(_FORGET, now - _KEPT)
        except Unavailable as fault:
            log.warning("cannot say that signals are heard", fault=str(fault))
        else:
            self._said_at = monotonic()
