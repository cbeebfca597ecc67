"""Writes down in PostgreSQL how far Kafka reaches, so that the auditor sees lag without asking Kafka.

Each process does so for the groups it serves: its login may see no other topics. Of each partition it keeps a mark, how
far the topic reached at one instant, and moves it on only when the group has read up to it: a mark that grows old tells
that records wait, and a row that nobody renews that nobody looks.
"""

from __future__ import annotations

import asyncio

import structlog
from aiokafka.errors import KafkaError

from tandem.bus.kafka_ends import ends_of
from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.clock import Clock, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable

EVERY_S = 10.0

_SEEN = (
    "INSERT INTO bus.reach AS r (grp, topic, part, end_offset, marked_offset, marked_at, seen_at, first_at)"
    " SELECT e.grp, e.topic, e.part, e.ends, e.ends, $5, $5, $5"
    " FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) AS e(grp, topic, part, ends)"
    " ORDER BY e.grp, e.topic, e.part"
    " ON CONFLICT (grp, topic, part) DO UPDATE SET end_offset = excluded.end_offset, seen_at = excluded.seen_at,"
    " (marked_offset, marked_at) = (SELECT CASE WHEN passed THEN excluded.end_offset ELSE r.marked_offset END,"
    "   CASE WHEN passed THEN excluded.seen_at ELSE r.marked_at END FROM (SELECT"
    # A topic that was made anew begins at 0 again.
    "     excluded.end_offset < r.marked_offset OR r.marked_offset <= coalesce((SELECT o.next_offset"
    "       FROM bus.consumer_offset o WHERE (o.grp, o.topic, o.part) = (r.grp, r.topic, r.part)), 0) AS passed) m)"
)
"""Parameters: groups, topics, partitions, ends, now."""

log = structlog.get_logger("tandem.bus")


class Reach:
    """Of the groups of one process."""

    def __init__(self, settings: KafkaSettings, dsn: str, role: str, *, clock: Clock) -> None:
        """``dsn`` and ``role`` reach the schema ``bus``."""
        self._settings = settings
        self._clock = clock
        self._link = Link(dsn, role, name="tandem reach")
        self.groups: dict[str, set[str]] = {}
        """Group -> topics of the members that this process has or had: one that has died is looked at as well."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Look every few seconds until ``stopping`` is set."""
        try:
            while not await wait_event(stopping, EVERY_S):
                try:
                    async with asyncio.timeout(3 * REQUEST_S):
                        await self.look()
                except (Unavailable, KafkaError, OSError, TimeoutError) as fault:
                    log.debug("how far kafka reaches is not seen", fault=describe(fault))
        finally:
            await self._link.close()

    async def look(self) -> None:
        """Look once.

        Raises:
            Unavailable: the database is away.
            KafkaError: the broker is.
        """
        topics = sorted({topic for named in self.groups.values() for topic in named})
        places = [(topic, part) for topic in topics for part in range(self._settings.partitions)]
        if not places:
            return
        ends = await ends_of(self._settings, places)
        rows = [
            (group, topic, part, ends[topic, part])
            for group, named in sorted(self.groups.items())
            for topic, part in places
            if topic in named
        ]
        async with self._link.use() as connection:
            await connection.execute(_SEEN, *zip(*rows, strict=True), self._clock.now())
