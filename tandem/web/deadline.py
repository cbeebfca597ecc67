"""Until when a connection must have done what is expected of it. One timer a connection, which looks when it fires.

Every request moves its connection's deadline three times. Moved here it is an assignment; a timer of its own each time
would be made and cancelled.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

_FINENESS_S = 0.002
"""Loops count in milliseconds: a timer that fires so much early is on time."""


class Deadline:
    """At most one thing is expected at a time."""

    __slots__ = ("_at", "_fires_at", "_late", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing is expected."""
        self._loop = loop
        self._at = 0.0
        self._late: Callable[[], object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = math.inf

    def expect(self, within_s: float, late: Callable[[], object]) -> None:
        """Call ``late`` once, unless something else is expected or nothing any more within ``within_s``."""
        self._at = self._loop.time() + within_s
        self._late = late
        if self._at < self._fires_at:
            self._arm()

    def forget(self) -> None:
        """Nothing is expected."""
        self._late = None

    def end(self) -> None:
        """The connection has gone; the timer would keep it."""
        self._late = None
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._fires_at = None, math.inf

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = self._at
        self._timer = self._loop.call_at(self._at, self._look)

    def _look(self) -> None:
        self._timer, self._fires_at = None, math.inf
        if self._late is None:
            return
        if self._at - self._loop.time() > _FINENESS_S:
            self._arm()
            return
        late, self._late = self._late, None
        late()
