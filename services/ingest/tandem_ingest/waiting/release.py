"""Lets waiting alerts go to the router, by turns and as it has room, in the order of each condition; at least once.

One process at a time does it: it holds an advisory lock on a connection of its own. What it has appended and not yet
deleted when it dies is appended again by the next one, with the same ids, and the router drops the second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import msgspec
import structlog

from tandem.bus.port import Record
from tandem.bus.queue import GIVEN_UP
from tandem.clock import monotonic, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem_ingest.fairness.fair_queue import UNGRADED, WEIGHTS, FairQueue, Place
from tandem_ingest.fairness.room import Room
from tandem_ingest.waiting.router_log import Ends, sample
from tandem_ingest.waiting.table import URGENCY, WAITING, tenant_of

RECORDS = 500
BYTES = 4 << 20
"""What is let go at once; the alert that reaches the bytes is the last one."""
INDEX = 5_000
"""Places read at once. All are read before any is let go: a small tenant's may stand behind a large one's."""
PLACES = 200_000
"""Known at once; past it, which takes one client alone, the order is that of arrival."""
APPEND_S = 5.0
_POLL_S = 1.0
_REST_S, _NO_ROOM_S = 0.05, 0.06
"""Between two steps, and after one that found no room."""
_TAKE_EVERY_S = 1.0
_LEAVE_S = 1.0
"""The turn is given up within this, or is free when the session ends."""
_FROZEN_MS = "15000"
_ROLE = "tandem_ingest"
_PLACES = (
    f"SELECT position, key, headers, octet_length(value) AS size FROM {WAITING.table}"  # noqa: S608 - a constant
    " WHERE shard = 0 AND position >= $1 ORDER BY position LIMIT $2"
)
_VALUES = (
    f"SELECT position, topic, key, value FROM {WAITING.table}"  # noqa: S608 - a constant
    " WHERE shard = 0 AND position = ANY($1::bigint[])"
)
_FORGET = f"DELETE FROM {WAITING.table} WHERE shard = 0 AND position = ANY($1::bigint[])"  # noqa: S608 - a constant

_URGENCIES = {str(urgency): urgency for urgency in range(len(WEIGHTS))}
"""What another process may have written into the header."""

Append = Callable[[Sequence[Record]], Awaitable[None]]

log = structlog.get_logger("tandem.ingest")


class Release:
    """One process's turn at it."""

    def __init__(
        self, *, dsn: str, append: Append, room: Room, released: Callable[[], None], ends: Ends | None = None
    ) -> None:
        """``append`` is the way to the bus; ``released`` is called when something has left the table."""
        self._append = append
        self._room = room
        self._released = released
        self._ends = ends
        self._link = Link(dsn, _ROLE, name="tandem release")
        self._generation = -1
        self._holds = False
        self._tried_at = float("-inf")
        self._queue = FairQueue()
        self._next = 0
        self._news = asyncio.Event()
        self._away = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Let go until ``stopping`` is set; the batch at hand is finished."""
        try:
            while not stopping.is_set():
                await self._round(stopping)
        finally:
            await self._leave()

    def wake(self) -> None:
        """Something was put by this process."""
        self._news.set()

    async def step(self) -> int:
        """Let go of what there is room for; returns how many.

        Raises:
            Unavailable: the database or the bus is away.
        """
        self._news.clear()
        try:
            records = await self._chosen()
            if records:
                await self._moved(records)
        except Unavailable:
            self._next, self._queue = 0, FairQueue()  # what was chosen is still in the table
            raise
        return len(records)

    async def _moved(self, records: list[tuple[int, Record]]) -> None:
        try:
            await self._append_within([record for _, record in records])
        except Unavailable:
            await self._let_go()
            raise
        async with self._link.use() as connection:
            await connection.execute(_FORGET, [position for position, _ in records])
        self._released()

    async def _round(self, stopping: asyncio.Event) -> None:
        try:
            moved = await self.step()
            self._away = False
        except Unavailable as fault:
            if not self._away:
                log.warning("waiting alerts are not let go", fault=str(fault))
            self._away = True
            await wait_event(stopping, _POLL_S)
            return
        if len(self._queue):
            await wait_event(stopping, _REST_S if moved else _NO_ROOM_S)
        else:
            await wait_event(self._news, _POLL_S)

    async def _chosen(self) -> list[tuple[int, Record]]:
        """The next alerts with their positions, as many as there is room for."""
        async with self._link.use() as connection:
            if not await self._take(connection):
                return []
            if not len(self._queue):
                await self._read(connection)
            if not len(self._queue):
                return []
            await sample(connection, self._room, self._ends)
            if not self._room.free:
                return []
            await self._read(connection)
            places = self._queue.take(min(self._room.free, RECORDS), BYTES)
            if not places:
                return []
            rows = await connection.fetch(_VALUES, [place.position for place in places])
        found = {row["position"]: Record(row["topic"], row["key"], row["value"]) for row in rows}
        return [(place.position, found[place.position]) for place in places if place.position in found]

    async def _append_within(self, records: Sequence[Record]) -> None:
        self._room.put(len(records))
        try:
            async with asyncio.timeout(APPEND_S):
                await self._append(records)
        except TimeoutError as fault:
            raise Unavailable("bus", "no answer in time") from fault
        except OSError as fault:
            raise Unavailable("bus", type(fault).__name__) from fault

    async def _read(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        while len(self._queue) < PLACES:
            rows = await connection.fetch(_PLACES, self._next, INDEX)
            for row in rows:
                self._queue.add(_place(row))
            if rows:
                self._next = rows[-1]["position"] + 1
            if len(rows) < INDEX:
                return

    async def _take(self, connection: asyncpg.Connection[asyncpg.Record]) -> bool:
        """Whether this process is the one; a new session has to ask."""
        if self._generation != self._link.generation:
            self._forget()
            await connection.execute("SELECT set_config('idle_session_timeout', $1, false)", _FROZEN_MS)
            await connection.add_listener(WAITING.channel, self._heard)
            self._generation = self._link.generation
        if not self._holds and monotonic() - self._tried_at >= _TAKE_EVERY_S:
            self._tried_at = monotonic()
            self._holds = bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", WAITING.lock(0)))
        return self._holds

    async def _let_go(self) -> None:
        """Another process may reach the bus when this one does not."""
        self._forget()
        self._tried_at = monotonic()
        async with self._link.use() as connection:
            await connection.execute("SELECT pg_advisory_unlock($1)", WAITING.lock(0))

    async def _leave(self) -> None:
        """Hand the turn over to who waits for it, and end the session."""
        if self._holds:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await self._let_go()
                    async with self._link.use() as connection:
                        await connection.execute("SELECT pg_notify($1, $2)", WAITING.channel, GIVEN_UP)
        await self._link.close()

    def _forget(self) -> None:
        self._holds, self._next, self._queue = False, 0, FairQueue()
        self._tried_at = float("-inf")

    def _heard(self, _connection: object, _pid: int, _channel: str, told: object) -> None:
        if told == GIVEN_UP:
            self._tried_at = float("-inf")
        self.wake()


def _place(row: asyncpg.Record) -> Place:
    said = msgspec.json.decode(row["headers"], type=dict[str, str]).get(URGENCY) if row["headers"] else None
    urgency = _URGENCIES.get(said or "", UNGRADED)
    return Place(row["position"], tenant_of(row["key"]), urgency, row["key"], row["size"])
