"""Alerts that are accepted and wait their turn: the table, what is known of it, and what the gate asks.

Every process looks when a commit to the table is notified and every second besides; a commit is answered a moment
later than it is durable, so that the others have heard of it (as the spool does, whose machinery this is). Where there
are no others nobody is told and nobody waits for it (ADR 37). Whoever joins says so, and hears what was put untold.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import asyncpg
import structlog

from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.bus.queue import queue
from tandem.bus.statements import JOIN, MEMBERS
from tandem.clock import Clock, monotonic, pause, wait_event
from tandem.db.link import Link
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem_ingest.fairness.room import Room
from tandem_ingest.waiting.router_log import Ends, sample

WAITING = queue("ingest.waiting", shards=1)
URGENCY = "urgency"
"""The header of a waiting record that says how urgent it is; it is taken off before the bus."""
SETTLE_S = 0.1
"""From the commit to the answer where other processes take posts too."""
PUT_S = 0.8
"""With the way that is taken when it fails it leaves room within ``accept.DEADLINE_S``."""
_POLL_S = 1.0
_REST_S, _REST_SOLE_S = 0.05, 0.2
"""Between two looks, however much happens; longer when no other process puts what this one has to hear of."""
_MEMBERS = WAITING.lock(1)
"""The lock that every process that takes posts shares: how many there are is how many hold it."""
_SHARE = 4
"""A look is followed by so many times its own length without one."""
_ROLE = "tandem_ingest"
COUNTED = 10_001
"""Alerts of one tenant that a look counts at most: it must cost the same however many wait."""
_TENANTS = f"""
WITH RECURSIVE t(tenant) AS (
    (SELECT tenant FROM {WAITING.table} ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT w.tenant FROM {WAITING.table} w WHERE w.tenant > t.tenant ORDER BY w.tenant LIMIT 1)
    FROM t WHERE t.tenant IS NOT NULL
)
SELECT t.tenant, (SELECT count(*) FROM (SELECT FROM {WAITING.table} w WHERE w.tenant = t.tenant LIMIT {COUNTED}) c)
    AS waiting, (SELECT w.at FROM {WAITING.table} w WHERE w.tenant = t.tenant ORDER BY w.at LIMIT 1) AS oldest_at
FROM t WHERE t.tenant IS NOT NULL"""  # noqa: S608 - constants
_SPAN = f"""SELECT coalesce((SELECT c.next_position FROM {WAITING.table}_shard c WHERE c.shard = 0)
    - (SELECT w.position FROM {WAITING.table} w WHERE w.shard = 0 ORDER BY w.position LIMIT 1), 0)"""  # noqa: S608
"""At least as many as wait of all tenants together."""

log = structlog.get_logger("tandem.ingest")


class Waiting:
    """See the module."""

    def __init__(self, *, dsn: str, clock: Clock, metrics: Metrics, room: Room, ends: Ends | None = None) -> None:
        """``ends``: see ``router_log.sample``."""
        self._clock = clock
        self._metrics = metrics
        self._room = room
        self._ends = ends
        self._sole = False
        """No other process takes posts."""
        self._puts = Link(dsn, _ROLE, name="tandem waiting", command_timeout_s=PUT_S)
        self._looks = Link(dsn, _ROLE, name="tandem watch ingest.waiting", command_timeout_s=5.0)
        self._generation = -1
        self._news = asyncio.Event()
        self.away = False
        """The database did not answer the last time: what should wait goes straight to the bus meanwhile."""
        self._known: Mapping[str, int] = {}
        self._complained = False
        self._span = 0
        self._putting: Counter[str] = Counter()
        self._put_since: Counter[str] = Counter()
        self._put_at: dict[str, float] = {}
        """Tenant -> when a put ended last, whatever its outcome; forgotten once a look began after it."""

    @property
    def empty(self) -> bool:
        """Nothing waits, of nobody."""
        return not self._known and not self._put_at and not self._putting

    def holds(self, tenant: str) -> bool:
        """Whether something of ``tenant`` waits, or may."""
        return tenant in self._known or tenant in self._putting or tenant in self._put_at

    def waiting(self, tenant: str) -> int:
        """About how many of ``tenant`` wait, COUNTED at most: as of the last look, and what was put since."""
        return self._known.get(tenant, 0) + self._put_since[tenant]

    @property
    def most(self) -> int:
        """No more than so many wait of all tenants together."""
        return self._span + self._put_since.total()

    def look_soon(self) -> None:
        """Somebody wants a newer sample; while the router stands still the next poll is soon enough for one."""
        if not self._room.still:
            self._news.set()

    async def put(self, records: Sequence[Record]) -> None:
        """Make ``records`` durable here.

        Raises:
            Unavailable: the database is away; they may or may not be durable.
        """
        counts = Counter(tenant_of(record.key) for record in records)
        self._putting.update(counts)
        self._put_since.update(counts)
        try:
            writes = Writes()
            WAITING.put(writes, records, self._clock.now(), tell=not self._sole)
            async with self._puts.use() as connection:
                await run(connection, writes)
            if not self._sole:
                await pause(SETTLE_S)
        except Unavailable:
            self.away = True
            self._news.set()
            raise
        finally:
            now = monotonic()
            for tenant, count in counts.items():
                self._put_at[tenant] = now
                self._putting[tenant] -= count
                if self._putting[tenant] <= 0:
                    del self._putting[tenant]

    async def look(self) -> None:
        """Look now at what waits and at what is before the router.

        Raises:
            Unavailable: the database is away; what is known stays.
        """
        self._news.clear()
        began = monotonic()
        putting = Counter(self._putting)
        async with self._looks.use() as connection:
            await self._join(connection)
            rows = await connection.fetch(_TENANTS)
            self._span = await connection.fetchval(_SPAN)
            await sample(connection, self._room, self._ends)
        self.away = self._complained = False
        self._known = {row["tenant"]: row["waiting"] for row in rows}
        self._put_at = {tenant: at for tenant, at in self._put_at.items() if at >= began}
        self._put_since = putting
        now = self._clock.now()
        self._metrics.waiting_alerts.set(sum(self._known.values()))
        self._metrics.waiting_oldest.set(max((0.0, *((now - row["oldest_at"]).total_seconds() for row in rows))))

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until ``stopping`` is set."""
        try:
            while not stopping.is_set():
                began = monotonic()
                await self._look_once()
                rest_s = max(_REST_SOLE_S if self._sole else _REST_S, _SHARE * (monotonic() - began))
                if not await wait_event(stopping, rest_s):
                    await wait_event(self._news, _POLL_S)
        finally:
            await self._looks.close()

    async def close(self) -> None:
        """Nothing may be accepted any more."""
        await self._puts.close()

    async def _look_once(self) -> None:
        try:
            await self.look()
        except Unavailable as fault:
            if not self._complained:
                log.warning("what waits is not looked at", fault=str(fault))
            self._complained = self.away = True

    async def _join(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Be one of those that take posts, on a new session, and see whether there are others."""
        joins, was_sole = self._generation != self._looks.generation, self._sole
        if joins:
            await connection.fetchval(JOIN, _MEMBERS)
            await connection.add_listener(WAITING.channel, self._heard)
            self._generation = self._looks.generation
        self._sole = await connection.fetchval(MEMBERS, _MEMBERS, []) <= 1
        if (joins or was_sole) and not self._sole:
            # Whoever was alone hears that it is not, and whoever joined hears of what was put before that.
            await connection.execute("SELECT pg_notify($1, '')", WAITING.channel)

    def _heard(self, *_: object) -> None:
        self._news.set()


def tenant_of(key: str) -> str:
    """The tenant of an alert's key (``topics.alert_key``)."""
    return key.partition("/")[0]
