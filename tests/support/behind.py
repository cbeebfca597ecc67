"""How many records wait: nothing does when everything that was accepted has been worked on by everybody who reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import asyncpg

from tandem.bus.topics import BY_NAME

_ON_POSTGRES = (
    "select o.topic || '/' || o.part || ' for ' || o.grp, (p.next_offset - o.next_offset)::int"
    " from bus.partition p join bus.consumer_offset o using (topic, part) where p.next_offset > o.next_offset"
    " union all select 'ingest.waiting', count(*)::int from ingest.waiting having count(*) > 0"
)
_TABLES = ("bus.outbox", "bus.outbox_parked", "ingest.spool", "ingest.waiting")
ON_THE_WAY = "select " + " + ".join(f"(select count(*) from {table})" for table in _TABLES)
"""A query: records on their way to the broker. The benchmark asks it too, on a connection that stays open."""
_EACH_ON_THE_WAY = " union all ".join(
    f"select '{table}', count(*)::int from {table} having count(*) > 0" for table in _TABLES
)
_POSITIONS = "select grp, topic, part, next_offset from bus.consumer_offset"
_GROUPS = frozenset({"router", "sla-clock", "notifier", "console"})


async def behind_on_postgres(dsn: str) -> dict[str, int]:
    """What a group has yet to read, by where it stands in the log; ``dsn`` sees every row."""
    connection = await asyncpg.connect(dsn)
    try:
        return {row[0]: row[1] for row in await connection.fetch(_ON_POSTGRES)}
    finally:
        await connection.close()


async def behind_on_broker(dsn: str, ends: Callable[[], Awaitable[Mapping[tuple[str, int], int]]]) -> dict[str, int]:
    """Records in outbox and spool, or those on the broker that a group has yet to read, by where they are.

    The broker is asked after the database: what was read by then and not on its way had been worked on at that moment.
    """
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            on_the_way = {row[0]: row[1] for row in await connection.fetch(_EACH_ON_THE_WAY)}
            positions = {(row[0], row[1], row[2]): row[3] for row in await connection.fetch(_POSITIONS)}
    finally:
        await connection.close()
    if on_the_way:
        return on_the_way
    return {
        f"{topic}/{part} for {group}": end - at
        for (topic, part), end in (await ends()).items()
        for group in _GROUPS & set(BY_NAME[topic].readers)
        if (at := positions.get((group, topic, part), 0)) < end
    }
