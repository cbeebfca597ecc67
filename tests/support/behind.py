"""How many records wait: nothing does when everything that was accepted has been worked on by everybody who reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import asyncpg

from tandem.bus.topics import BY_NAME

_ON_POSTGRES = (
    "select coalesce(sum(p.next_offset - o.next_offset), 0)::int + (select count(*) from ingest.waiting)::int"
    " from bus.partition p join bus.consumer_offset o using (topic, part)"
)
_ON_THE_WAY = (
    "select (select count(*) from bus.outbox) + (select count(*) from bus.outbox_parked)"
    " + (select count(*) from ingest.spool) + (select count(*) from ingest.waiting)"
)
_POSITIONS = "select grp, topic, part, next_offset from bus.consumer_offset"
_GROUPS = frozenset({"router", "sla-clock", "notifier", "console"})
ON_THE_WAY = _ON_THE_WAY
"""A query: records on their way to the broker. The benchmark asks it too, on a connection that stays open."""


async def behind_on_postgres(dsn: str) -> int:
    """Records of the log that a group has yet to read; ``dsn`` sees every row."""
    connection = await asyncpg.connect(dsn)
    try:
        count: int = await connection.fetchval(_ON_POSTGRES)
        return count
    finally:
        await connection.close()


async def behind_on_broker(dsn: str, ends: Callable[[], Awaitable[Mapping[tuple[str, int], int]]]) -> int:
    """Records in outbox and spool, or those on the broker that a group has yet to read.

    The broker is asked after the database: what was read by then and not on its way had been worked on at that moment.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            on_the_way: int = await connection.fetchval(_ON_THE_WAY)
            positions = {(row[0], row[1], row[2]): row[3] for row in await connection.fetch(_POSITIONS)}
    finally:
        await connection.close()
    if on_the_way:
        return on_the_way
    return sum(
        max(0, end - positions.get((group, topic, part), 0))
        for (topic, part), end in (await ends()).items()
        for group in _GROUPS & set(BY_NAME[topic].readers)
    )
