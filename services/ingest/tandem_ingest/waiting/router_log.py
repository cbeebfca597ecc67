"""How many alerts stand before the router, over all processes: from positions in PostgreSQL on both buses."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import asyncpg

from tandem.bus import topics
from tandem.clock import monotonic
from tandem_ingest.fairness.room import Room

GROUP = "router"
Ends = Callable[[], Mapping[int, int]]
"""Partition of ``tandem.alerts`` -> the position after the last record this process knows of."""

_BOTH = """
SELECT coalesce(sum(greatest(p.next_offset - coalesce(o.next_offset, 0), 0)), 0)::bigint AS backlog,
       coalesce(sum(o.next_offset), 0)::bigint AS done
FROM bus.partition p LEFT JOIN bus.consumer_offset o
    ON o.grp = $1 AND o.topic = p.topic AND o.part = p.part
WHERE p.topic = $2"""
_DONE = "SELECT part, next_offset FROM bus.consumer_offset WHERE grp = $1 AND topic = $2"


async def sample(connection: asyncpg.Connection[asyncpg.Record], room: Room, ends: Ends | None) -> None:
    """Tell ``room`` what stands before the router now.

    Args:
        ends: where the log is not in this database. What other processes appended since is not in it: whoever
            appends under load is nearly up to date, and whoever does not has nothing to hold back.
    """
    mark = room.began()
    if ends is None:
        row = await connection.fetchrow(_BOTH, GROUP, topics.ALERTS.name)
        backlog, done = (row["backlog"], row["done"]) if row is not None else (0, 0)
    else:
        rows = await connection.fetch(_DONE, GROUP, topics.ALERTS.name)
        read = {row["part"]: row["next_offset"] for row in rows}
        backlog = sum(max(0, end - read.get(part, 0)) for part, end in ends().items())
        done = sum(read.values())
    room.sampled(mark, backlog, done, monotonic())
