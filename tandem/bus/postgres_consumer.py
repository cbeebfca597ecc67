"""A member of a consumer group on the PostgreSQL bus.

A partition belongs to the member whose session holds its advisory lock; taking it raises its epoch, so that a member
which was paused, lost its connection and wakes up later commits nothing. The connection is outside every pool, whose
release would drop the locks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import asyncpg
import msgspec

from tandem.bus.port import Batch, Record, Span
from tandem.bus.statements import ASSIGN, POSITIONS, READ
from tandem.bus.topics import PARTITIONS
from tandem.clock import monotonic, wait_event
from tandem.db.link import Link

_TAKE_EVERY_S = 2.0
"""How often a member that lacks partitions tries to take those of a dead one."""
_POLL_S = 1.0
"""A missed wake-up costs at most this."""


@dataclass(slots=True)
class _Position:
    epoch: int
    next: int


class PostgresConsumer:
    """See ``tandem.bus.port.Consumer``."""

    def __init__(
        self,
        dsn: str,
        role: str,
        *,
        group: str,
        topics: Sequence[str],
        left: Callable[[PostgresConsumer], None] | None = None,
    ) -> None:
        """``left`` is called once when the member has closed."""
        self.group = group
        self._topics = tuple(topics)
        self._link = Link(dsn, role, name=f"tandem {group}")
        self._left = left
        self._news = asyncio.Event()
        self._generation = -1
        self._positions: dict[tuple[str, int], _Position] = {}
        self._tried_at = -_TAKE_EVERY_S
        self._turn = 0
        self._level = False
        """The last read found nothing more, so only news (or the poll) is a reason to read again."""

    def reads(self, topics: Sequence[str]) -> bool:
        """Whether any of ``topics`` is read here."""
        return any(topic in self._topics for topic in topics)

    def epochs(self) -> Mapping[tuple[str, int], int]:
        """(topic, partition) -> epoch of what this member holds."""
        return {place: position.epoch for place, position in self._positions.items()}

    def wake(self) -> None:
        """Make a waiting fetch look again."""
        self._news.set()

    async def fetch(self, limit: int, wait_s: float) -> Batch:
        """Up to ``limit`` records; see the port."""
        until = monotonic() + wait_s
        while True:
            if wait_s <= 0 or not self._level or self._news.is_set():
                self._news.clear()
                batch = await self._read(limit)
                if batch:
                    return batch
            left = until - monotonic()
            if left <= 0:
                return Batch()
            if await wait_event(self._news, min(left, _POLL_S)):
                until = min(until, monotonic())  # one more look, then back to the caller, whose timers may be due
            self._level = False

    async def rewind(self) -> None:
        """Take positions from the committed offsets again, and partitions from members that died."""
        self._level = False
        async with self._link.use() as connection:
            await self._take(connection)
            rows = await connection.fetch(POSITIONS, self.group, list(self._topics))
        for row in rows:
            position = self._positions.get((row["topic"], row["part"]))
            if position is None:
                continue
            if row["epoch"] != position.epoch:  # somebody took it although we hold a lock of an older session
                del self._positions[row["topic"], row["part"]]
            else:
                position.next = row["next_offset"]

    async def close(self) -> None:
        """Leave; the session's end frees its locks."""
        self._news.set()
        self._positions.clear()
        await self._link.close()
        if self._left is not None:
            self._left(self)
            self._left = None

    async def _read(self, limit: int) -> Batch:
        async with self._link.use() as connection:
            await self._take(connection)
            places = self._rotated()
            if not places:
                return Batch()
            share = max(16, limit // len(places))
            nexts = [self._positions[place].next for place in places]
            rows = await connection.fetch(READ, [p[0] for p in places], [p[1] for p in places], nexts, share)
        self._level = len(rows) < min(share, limit)  # no partition was cut short
        return self._advance(rows[:limit])

    def _rotated(self) -> list[tuple[str, int]]:
        """The partitions held, each time beginning with another, so that a full batch starves none."""
        places = sorted(self._positions)
        if not places:
            return []
        self._turn = (self._turn + 1) % len(places)
        return places[self._turn :] + places[: self._turn]

    def _advance(self, rows: Sequence[asyncpg.Record]) -> Batch:
        spans: dict[tuple[str, int], Span] = {}
        records: list[Record] = []
        for topic, part, offset, key, value, headers in rows:
            decoded = msgspec.json.decode(headers, type=dict[str, str]) if headers else None
            records.append(Record(topic, key, value, decoded, part, offset))
            position = self._positions[topic, part]
            first = spans[topic, part].first if (topic, part) in spans else position.next
            spans[topic, part] = Span(topic, part, position.epoch, first, offset + 1)
        for place, span in spans.items():
            self._positions[place].next = span.next
        return Batch(tuple(records), tuple(spans.values()))

    async def _take(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Take free partitions when the session is new, or now and then while some are missing."""
        if self._generation != self._link.generation:
            self._positions.clear()
            self._generation = self._link.generation
            self._tried_at = -_TAKE_EVERY_S
        wanted = [(topic, part) for topic in self._topics for part in range(PARTITIONS)]
        missing = [place for place in wanted if place not in self._positions]
        if not missing or monotonic() - self._tried_at < _TAKE_EVERY_S:
            return
        self._tried_at = monotonic()
        locks = [_lock_id(self.group, topic, part) for topic, part in missing]
        rows = await connection.fetch("SELECT pg_try_advisory_lock(l) AS got FROM unnest($1::bigint[]) AS l", locks)
        got = [place for place, row in zip(missing, rows, strict=True) if row["got"]]
        if got:
            taken = await connection.fetch(ASSIGN, self.group, [place[0] for place in got], [place[1] for place in got])
            for row in taken:
                self._positions[row["topic"], row["part"]] = _Position(row["epoch"], row["next_offset"])


def _lock_id(group: str, topic: str, part: int) -> int:
    """A 63-bit id for ``pg_advisory_lock``; the upper half marks it as the bus's."""
    return (0x7A11D << 32) | crc32(f"{group}\0{topic}\0{part}".encode())
