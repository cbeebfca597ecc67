"""Two ways to make alerts durable, the bus and the spool, and when which is taken.

A broker that is slow and one that is gone look the same for a while, and a post has two seconds. So a way that does
not answer soon is not given up: the other one is tried beside it, and the first that is through answers the post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from tandem.bus.port import Record
from tandem.clock import monotonic, pause, within
from tandem.errors import PoisonRecord, Unavailable

BUS_S = 0.3
PUT_S = 0.4
"""How long each is waited for alone. An answer takes milliseconds; past this the other is tried beside it."""
WAY_S = 1.0
"""Deadline of one try of either."""
SETTLE_S = 0.1
"""From a commit to the spool to the answer: a NOTIFY and a look of the other processes take a few milliseconds."""
CLOSED_S = 1.0
"""A way that failed or was slow is the second choice for so long."""

Append = Callable[[Sequence[Record]], Awaitable[None]]
"""Makes records durable, in order per key; raises Unavailable."""

log = structlog.get_logger("tandem.ingest")


class Holding(Protocol):
    """The part of ``Spool`` that a detour needs."""

    def holds(self, key: str) -> bool:
        """See ``Spool.holds``."""
        ...

    async def put(self, records: Sequence[Record]) -> None:
        """See ``Spool.put``."""
        ...


class Detour:
    """Appends to the bus, and around it what the bus does not take now or what must not overtake.

    An append that failed may have taken effect: its records are then on the bus and in the spool, with the same alert
    ids, and the router drops the second ones. Raises Unavailable only when both ways failed.
    """

    def __init__(
        self,
        bus: Append,
        spool: Holding,
        *,
        bus_s: float = BUS_S,
        put_s: float = PUT_S,
        way_s: float = WAY_S,
        settle_s: float = SETTLE_S,
        closed_s: float = CLOSED_S,
    ) -> None:
        """The times: see BUS_S, PUT_S, WAY_S, SETTLE_S and CLOSED_S."""
        self._spool = spool
        self._to_bus = _Way("bus", bus, alone_s=bus_s, deadline_s=way_s, closed_s=closed_s)
        self._to_spool = _Way("spool", spool.put, alone_s=put_s, deadline_s=way_s, closed_s=closed_s)
        self._settle_s = settle_s

    async def append(self, records: Sequence[Record]) -> None:
        """Make ``records`` durable, in order per key."""
        straight, held = self._sorted(records)
        if straight and (self._to_bus.is_open or not self._to_spool.is_open):
            await self._through(straight, self._to_bus, self._to_spool)
        else:
            held = list(records)
        if held:
            await self._through(held, self._to_spool, self._to_bus)

    def _sorted(self, records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
        """Those that may go straight to the bus, and those that would overtake what the spool holds."""
        straight: list[Record] = []
        held: list[Record] = []
        for record in records:
            (held if self._spool.holds(record.key) else straight).append(record)
        return straight, held

    async def _through(self, records: Sequence[Record], first: _Way, second: _Way) -> None:
        """Make ``records`` durable by the first way, or by the second when that is not through in time.

        With the database away, durable out of turn is better than refused: many tools never come again.

        Raises:
            Unavailable: neither took them.
        """
        if not first.is_open and second.is_open:
            first, second = second, first
        trying = {first: asyncio.create_task(first.take(records))}
        if first.is_open:
            await asyncio.wait(trying.values(), timeout=first.alone_s)
        if not _took(trying[first]):
            first.is_late(trying[first])
            trying[second] = asyncio.create_task(second.take(records))
        await self._settled(await _first_through(trying))

    async def _settled(self, way: _Way) -> None:
        """Of a commit to the spool the other processes should have heard before its sender can post again."""
        if way is self._to_spool:
            await pause(self._settle_s)


class _Way:
    """One way to make records durable, and whether it did so lately."""

    def __init__(self, name: str, append: Append, *, alone_s: float, deadline_s: float, closed_s: float) -> None:
        self._name = name
        self._append = append
        self.alone_s = alone_s
        self._deadline_s = deadline_s
        self._closed_s = closed_s
        self._closed_until = float("-inf")
        self._failed = False

    @property
    def is_open(self) -> bool:
        return monotonic() >= self._closed_until

    async def take(self, records: Sequence[Record]) -> bool:
        """Whether ``records`` are durable this way; false leaves it unknown."""
        try:
            await within(self._deadline_s, self._append(records))
        except (Unavailable, PoisonRecord, OSError) as fault:  # TimeoutError is an OSError
            self._close(str(fault))
            return False
        if self._failed:
            log.info("takes alerts again", way=self._name)
        self._failed = False
        self._closed_until = float("-inf")
        return True

    def is_late(self, trying: asyncio.Task[bool]) -> None:
        """It is not through yet, so the next batch does not wait for it alone."""
        if not trying.done():
            self._close("")

    def _close(self, fault: str) -> None:
        if not self._failed:
            log.warning("takes no alerts, the other way is used", way=self._name, fault=fault or "no answer in time")
        self._failed = True
        self._closed_until = monotonic() + self._closed_s


def _took(trying: asyncio.Task[bool]) -> bool:
    return trying.done() and trying.result()


async def _first_through(trying: dict[_Way, asyncio.Task[bool]]) -> _Way:
    """The way that took the records first. The other is left to itself: each try has a deadline of its own.

    Raises:
        Unavailable: neither did.
    """
    left = dict(trying)
    while left:
        done, _ = await asyncio.wait(left.values(), return_when=asyncio.FIRST_COMPLETED)
        for way, task in tuple(left.items()):
            if task not in done:
                continue
            if task.result():
                return way
            del left[way]
    raise Unavailable("bus and spool", "neither takes anything")
