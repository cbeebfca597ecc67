"""The one clock, as a port, and the only place that may wait.

Instants are aware UTC. ``ManualClock`` is for tests of one process; production's ``DatabaseClock`` lives in
``tandem/db/clock.py``. Pure files never import this module: they receive ``now``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

_RUNNING: set[asyncio.Future[Any]] = set()
"""What ``within`` began: a task that only the loop knows may be collected in mid-work."""


class Clock(Protocol):
    """Tells the time to edges; the heart gets it as an argument."""

    def now(self) -> datetime:
        """Aware UTC; never goes back within a process."""
        ...

    async def sleep_until(self, at: datetime, wake: asyncio.Event | None = None) -> None:
        """Return when ``now() >= at``, or as soon as ``wake`` is set."""
        ...


def monotonic() -> float:
    """Seconds for measuring durations; unrelated to any wall clock."""
    return time.monotonic()


async def pause(seconds: float) -> None:
    """Wait in real time, for back-off and polls whose length no rule depends on."""
    await asyncio.sleep(seconds)


async def wait_event(event: asyncio.Event, seconds: float) -> bool:
    """Wait for ``event`` at most ``seconds`` of real time; true when it was set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What ``work`` returns, if it does so in time; else it is cancelled, and not waited for.

    For work of others that may not end when it is cancelled: ``asyncio.timeout`` would wait for its clean-up.

    Raises:
        TimeoutError: it did not, or was cancelled from within; what it may still do is unknown.
    """
    task = asyncio.ensure_future(work)
    _RUNNING.add(task)
    task.add_done_callback(_looked_at)
    try:
        done, _ = await asyncio.wait((task,), timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
    if not done or task.cancelled():  # a library may cancel its own tasks and await them; nobody has cancelled us
        raise TimeoutError
    return task.result()


def _looked_at(task: asyncio.Future[Any]) -> None:
    """Its fault is somebody's who may have gone; asyncio complains of those that nobody looks at."""
    _RUNNING.discard(task)
    if not task.cancelled():
        task.exception()


class SystemClock:
    """The machine's clock, for tools that have no database."""

    def now(self) -> datetime:
        """Aware UTC from the operating system."""
        return datetime.now(UTC)

    async def sleep_until(self, at: datetime, wake: asyncio.Event | None = None) -> None:
        """Wait in real time."""
        delay = max(0.0, (at - self.now()).total_seconds())
        if wake is None:
            await asyncio.sleep(delay)
        else:
            await wait_event(wake, delay)


class ManualClock:
    """A clock that moves only when told; sleepers wake in order of their instants."""

    def __init__(self, start: datetime) -> None:
        """``start`` is aware UTC."""
        self._now = start
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """The instant last set."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by`` and wake every sleeper to look again."""
        self.set(self._now + by)

    def set(self, at: datetime) -> None:
        """Move to ``at``; going back is a fault of the test."""
        if at < self._now:
            message = f"a clock does not go back: {self._now} -> {at}"
            raise ValueError(message)
        self._now = at
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep_until(self, at: datetime, wake: asyncio.Event | None = None) -> None:
        """Return when the clock was moved to ``at`` or past it, or when ``wake`` is set."""
        while self._now < at and not (wake is not None and wake.is_set()):
            waits = [asyncio.ensure_future(self._moved.wait())]
            if wake is not None:
                waits.append(asyncio.ensure_future(wake.wait()))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
