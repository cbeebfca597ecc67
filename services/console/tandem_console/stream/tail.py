"""Tails ``console.feed`` once per process and hands each event to the watchers whose tenants may see it.

Positions are gapless and in commit order, so "strictly after" misses nothing. A watcher that falls behind its bound is
told to reset instead of holding memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

import structlog

from tandem.clock import pause, wait_event
from tandem.errors import Unavailable
from tandem_console.store.records import FeedRow, RecordStore

POLL_S = 1.0
"""How long an event of another process may go unnoticed."""
START_S = 5.0
"""How long a stream waits for the tail of a process that has just started."""
BATCH = 500
HELD = 1000
"""Events held for one watcher."""
_AGAIN_S = 1.0

_log = structlog.stdlib.get_logger(__name__)


class Watcher:
    """One stream's queue."""

    def __init__(self, tenants: Iterable[str]) -> None:
        """Only events of ``tenants`` reach it."""
        self.tenants = frozenset(tenants)
        self.lost = False
        """It fell behind: what it holds is not all there was."""
        self.ended = False
        self._events: deque[FeedRow] = deque()
        self._ready = asyncio.Event()

    def offer(self, event: FeedRow) -> None:
        """Hold ``event`` for the stream, or note that it fell behind."""
        if event.tenant not in self.tenants:
            return
        if len(self._events) >= HELD:
            self.lost = True
            self._events.clear()
        self._events.append(event)
        self._ready.set()

    def end(self) -> None:
        """No more events: the process stops."""
        self.ended = True
        self._ready.set()

    async def take(self, wait_s: float) -> list[FeedRow]:
        """What has come, waiting at most ``wait_s`` for the first; empty when nothing came or it ended."""
        await wait_event(self._ready, wait_s)
        self._ready.clear()
        events = list(self._events)
        self._events.clear()
        return events


class Tail:
    """The one reader of the feed in this process."""

    def __init__(self, records: RecordStore) -> None:
        """Reads nothing before ``run``."""
        self._records = records
        self._watchers: set[Watcher] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._started = asyncio.Event()
        self.position = 0
        """Newest position handed out; what renders the queue compares it."""

    def wake(self) -> None:
        """Look now: something was committed in this process."""
        self._wake.set()

    def watch(self, tenants: Iterable[str]) -> Watcher:
        """A new watcher; events from here on reach it."""
        watcher = Watcher(tenants)
        self._watchers.add(watcher)
        if self._stopping:
            watcher.end()
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget ``watcher``."""
        self._watchers.discard(watcher)

    @property
    def watchers(self) -> int:
        """How many streams are open."""
        return len(self._watchers)

    async def started(self) -> bool:
        """Whether it knows where the feed ends, waiting a while for it; before that a watcher could miss events."""
        return await wait_event(self._started, START_S)

    async def run(self, stopping: asyncio.Event) -> None:
        """Tail until ``stopping``, then end every stream."""
        end = asyncio.create_task(self._end_with(stopping), name="console stream end")
        try:
            await self._follow(stopping)
        finally:
            end.cancel()
            self._end_all()

    async def _follow(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                if not self._started.is_set():
                    _, self.position = await self._records.feed_bounds()
                    self._started.set()
                more = await self.step()
            except Unavailable as fault:
                _log.warning("stream waits for the database", fault=str(fault))
                await pause(_AGAIN_S)
                continue
            if not more:
                await wait_event(self._wake, POLL_S)
                self._wake.clear()

    async def step(self) -> bool:
        """Hand out what is new; true when there may be more."""
        events = await self._records.feed_after(self.position, BATCH)
        for event in events:
            self.position = event.position
            for watcher in self._watchers:
                watcher.offer(event)
        return len(events) == BATCH

    async def _end_with(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self._end_all()
        self._wake.set()

    def _end_all(self) -> None:
        self._stopping = True
        for watcher in self._watchers:
            watcher.end()
