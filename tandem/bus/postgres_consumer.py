"""A member of a consumer group on the PostgreSQL bus.

A partition belongs to the member whose session holds its advisory lock; taking it raises its epoch, so that a member
which was paused, lost its connection and wakes up later commits nothing. The connection is outside every pool, whose
release would drop the locks.

Members that share a group each take their part of every topic: they count one another by a lock that all of them hold,
give up what is above their part and take what is free below it. The server ends the session of a member that asks
nothing for ``session_s``, so one that stands still, or whose network is gone, keeps its partitions no longer than that.
Whoever joins, gives up a partition or leaves in order says so to the others, who look at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import asyncpg
import msgspec

from tandem.bus.port import Batch, Record, Span
from tandem.bus.statements import (
    ASSIGN,
    GIVE_UP,
    JOIN,
    LEAVE,
    MEMBERS,
    MEMBERS_OF,
    POSITIONS,
    READ,
    TAKE,
    TELL_MEMBERS,
)
from tandem.bus.topics import PARTITIONS
from tandem.clock import monotonic, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable

_LEAVE_S = 1.0
"""What is not given up within this is free when the session ends."""
_TAKE_EVERY_S = 2.0
"""How often a member that lacks partitions tries to take those of a dead one."""
_POLL_S = 1.0
"""A missed wake-up costs at most this."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How replicas share a group."""

    session_s: float = 10.0
    """A member that is not heard of for so long has lost its partitions, as on Kafka."""
    look_s: float = _TAKE_EVERY_S
    """How often a member compares what it holds with its part."""


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
        sharing: Sharing | None = None,
        left: Callable[[PostgresConsumer], None] | None = None,
    ) -> None:
        """``sharing``: take a part and leave the rest to other members; ``left`` is called when the member has closed.

        Whoever shares must fetch all the time: the others wait for what it gives up.
        """
        self.group = group
        self._topics = tuple(topics)
        self._shared = sharing is not None
        self._look_s = sharing.look_s if sharing is not None else _TAKE_EVERY_S
        patience = {"idle_session_timeout": str(int(sharing.session_s * 1000))} if sharing is not None else {}
        self._link = Link(dsn, role, name=f"tandem {group}", settings=patience)
        self._left = left
        self._news = asyncio.Event()
        self._generation = -1
        self._sessions: deque[int] = deque(maxlen=8)
        """Server processes of our sessions, the present one last. Of an earlier one the server may not know yet that it
        has ended, and its locks stand in nobody's way but ours."""
        self._positions: dict[tuple[str, int], _Position] = {}
        self._tried_at = -self._look_s
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

    def members_changed(self) -> None:
        """Compare what is held with our part now: a member or a partition came or went."""
        self._tried_at = -self._look_s
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
        """Leave, and tell who may take over; at the latest the session's end frees its locks."""
        self._news.set()
        if self._positions:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(_LEAVE_S):
                    await self._let_go()
        self._positions.clear()
        await self._link.close()
        if self._left is not None:
            self._left(self)
            self._left = None

    async def _let_go(self) -> None:
        """Of everything, the membership too."""
        async with self._link.use() as connection:
            await connection.execute(LEAVE)
            await self._tell_members(connection)

    async def _tell_members(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        await connection.execute(TELL_MEMBERS, MEMBERS_OF, self.group)

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
        """Join with a new session; now and then see that we hold our part, no less and no more."""
        if self._generation != self._link.generation:
            await self._join(connection)
        held = Counter(topic for topic, _ in self._positions)
        complete = not self._shared and len(self._positions) == len(self._topics) * PARTITIONS
        if complete or monotonic() - self._tried_at < self._look_s:
            return
        self._tried_at = monotonic()
        part = await self._part(connection)
        for topic in self._topics:
            if held[topic] > part:
                await self._give_up(connection, topic, part)
            elif held[topic] < part:
                await self._fill_up(connection, topic, part - held[topic])

    async def _join(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Whatever an earlier session held is to be taken anew."""
        self._positions.clear()
        self._generation = self._link.generation
        self._sessions.append(connection.get_server_pid())
        self._tried_at = -self._look_s
        if self._shared:
            await connection.execute(JOIN, _members_id(self.group))
            await self._tell_members(connection)

    async def _part(self, connection: asyncpg.Connection[asyncpg.Record]) -> int:
        """Our share of each topic's partitions; members in excess of them get none."""
        if not self._shared:
            return PARTITIONS
        number = _members_id(self.group)
        members: int = await connection.fetchval(MEMBERS, number, self._former())
        return -(-PARTITIONS // max(1, members))

    async def _give_up(self, connection: asyncpg.Connection[asyncpg.Record], topic: str, part: int) -> None:
        """Everything fetched was committed or rewound before, so nothing of ours is under way in what we leave."""
        surplus = sorted(place for place in self._positions if place[0] == topic)[part:]
        for place in surplus:
            del self._positions[place]
        await connection.execute(GIVE_UP, [_lock_id(self.group, *place) for place in surplus])
        await self._tell_members(connection)

    async def _fill_up(self, connection: asyncpg.Connection[asyncpg.Record], topic: str, wanted: int) -> None:
        missing = {
            _lock_id(self.group, topic, part): part
            for part in range(PARTITIONS)
            if (topic, part) not in self._positions
        }
        rows = await connection.fetch(TAKE, list(missing), self._former(), wanted)
        if not rows:
            return
        got = [missing[row["l"]] for row in rows]
        for row in await connection.fetch(ASSIGN, self.group, [topic] * len(got), got):
            self._positions[row["topic"], row["part"]] = _Position(row["epoch"], row["next_offset"])

    def _former(self) -> list[int]:
        return list(self._sessions)[:-1]


def _lock_id(group: str, topic: str, part: int) -> int:
    """A 63-bit id for ``pg_advisory_lock``; the upper half marks it as the bus's."""
    return (0x7A11D << 32) | crc32(f"{group}\0{topic}\0{part}".encode())


def _members_id(group: str) -> int:
    """The lock that every sharing member of ``group`` holds together with the others."""
    return (0x7A11E << 32) | crc32(group.encode())
