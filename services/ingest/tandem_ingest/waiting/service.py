"""Wiring of fairness: one room, one gate, what waits, and this process's turn at letting it go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tandem.clock import Clock
from tandem.metrics import Metrics
from tandem.model.integration import Integration
from tandem_ingest.fairness.gate import Bounds, Gate
from tandem_ingest.fairness.room import Room
from tandem_ingest.waiting.release import Release
from tandem_ingest.waiting.router_log import Ends
from tandem_ingest.waiting.table import Waiting
from tandem_ingest.waiting.turns import Appender, Queued, Turns


class Fairness:
    """Of one ingest."""

    def __init__(
        self,
        *,
        dsn: str,
        clock: Clock,
        metrics: Metrics,
        bounds: Bounds | None = None,
        ends: Ends | None = None,
    ) -> None:
        """See ``Gate``, ``Waiting`` and ``router_log.sample``."""
        self._dsn = dsn
        self._ends = ends
        self._bounds = bounds
        self.room = Room()
        self.waiting = Waiting(dsn=dsn, clock=clock, metrics=metrics, room=self.room, ends=ends)
        self._release: Release | None = None

    def turns(self, bus: Appender, waits: Callable[[Integration, int], None]) -> Turns:
        """What an acceptance on ``bus`` asks; what waits goes there too."""
        self._release = Release(
            dsn=self._dsn, append=bus.append, room=self.room, released=self.waiting.look_soon, ends=self._ends
        )
        gate = Gate(self.room, self.waiting, self._bounds, look=self.waiting.look_soon)
        return Turns(gate, Queued(self.waiting, bus, put=self._release.wake), waits=waits)

    async def look(self) -> None:
        """What waits from before must not be overtaken by the first post; raises Unavailable."""
        await self.waiting.look()

    async def run(self, stopping: asyncio.Event) -> None:
        """Look and let go until ``stopping`` is set."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.waiting.run(stopping), name="waiting alerts")
            if self._release is not None:
                parts.create_task(self._release.run(stopping), name="release")

    async def close(self) -> None:
        """Nothing may be accepted any more."""
        await self.waiting.close()
