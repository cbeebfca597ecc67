"""Searches among incidents that run: what may mute, be one outage, or is silent; how many there are.

They find ids; the look-up locks and reads the incidents. Those that a day roll looks at are found in ``rolls``.
"""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.db.pool import unavailable
from tandem_router import overflow
from tandem_router.overflow import Queue, queue_of
from tandem_router.stale import MOST_AT_ONCE, Look

_OTHERS = """
select i.id from router.incident i where i.state <> 'resolved' and i.tenant = any ($1::text[])
union
select i.id from unnest($2::text[], $3::text[]) as a(tenant, asset) join router.incident i using (tenant)
where i.state <> 'resolved' and i.snapshot ->> 'incident_class' = 'outage' and (
    exists (select from jsonb_each(i.snapshot -> 'firing') f where f.value ->> 'asset' = a.asset)
    or (i.snapshot ->> 'detected_at')::timestamptz >= $4)
limit 500
"""
"""Ids of open incidents that may mute an alert: every one of tenants with inhibitions, outages of named assets."""

_OUTAGES = """
select i.id from unnest($1::text[], $2::timestamptz[]) as o(tenant, after) cross join lateral (
    select id from router.incident i where i.tenant = o.tenant and i.state <> 'resolved' and i.outage_at > o.after
    order by i.outage_at desc limit 200
) i
"""

_FIRES = "(snapshot -> 'firing' <> '{}'::jsonb or (snapshot ->> 'unkept')::int > 0)"

_SILENT = f"""
select id from router.incident where tenant = $1 and state <> 'resolved' and opened_at <= $2 and {_FIRES}
    and (snapshot ->> 'last_seen_at')::timestamptz <= $2
    and (not snapshot -> 'flags' ? 'stale'
        or ((snapshot ->> 'last_seen_at')::timestamptz <= $3 and priority not in ('P1', 'P2')))
order by opened_at limit $4
"""

_SILENT_NEXT = f"""
select min((snapshot ->> 'last_seen_at')::timestamptz) from router.incident
where tenant = $1 and state <> 'resolved' and {_FIRES} and (snapshot ->> 'last_seen_at')::timestamptz > $2
"""

_COUNT_OPEN = "select owner, priority, count(*) as open from router.incident where state <> 'resolved' group by 1, 2"


async def find_others(
    connection: Any,  # noqa: ANN401 - as lookup.load
    tenants: Collection[str],
    assets: Collection[tuple[str, str]],
    since: datetime,
) -> set[UUID]:
    """Open incidents that may mute an alert.

    Args:
        connection: inside the batch's transaction.
        tenants: whose every open incident counts.
        assets: (tenant, asset): its outages count.
        since: detected since then, an outage counts also when it does not fire any more.
    """
    if not tenants and not assets:
        return set()
    columns = [list(column) for column in zip(*assets, strict=True)] or [[], []]
    with unavailable():
        rows = await connection.fetch(_OTHERS, sorted(tenants), *columns, since)
    return {row["id"] for row in rows}


async def find_outages(
    connection: Any,  # noqa: ANN401 - as lookup.load
    since: Mapping[str, datetime],
) -> set[UUID]:
    """Running incidents with outages of known assets that began after an instant, by tenant; the latest ones."""
    if not since:
        return set()
    with unavailable():
        rows = await connection.fetch(_OUTAGES, list(since), list(since.values()))
    return {row["id"] for row in rows}


async def find_silent(
    connection: Any,  # noqa: ANN401 - as lookup.load
    look: Look,
) -> tuple[set[UUID], datetime | None]:
    """Firing incidents that nobody repeats any more, and the last alert of the one that comes next."""
    with unavailable():
        rows = await connection.fetch(_SILENT, look.tenant, look.silent_since, look.close_since, MOST_AT_ONCE)
        following = await connection.fetchval(_SILENT_NEXT, look.tenant, look.silent_since)
    return {row["id"] for row in rows}, following


async def load_queues(connection: Any, agreements: Mapping[str, Agreement]) -> dict[str, Queue]:  # noqa: ANN401 - as lookup.load
    """The internal party's queue of each of these tenants."""
    with unavailable():
        rows = await connection.fetch(overflow.LOOK_UP, sorted(agreements))
    return {row["tenant"]: queue_of(agreements[row["tenant"]], row["unanswered"], over=row["over"]) for row in rows}


async def count_open(connection: Any) -> dict[tuple[str, str], int]:  # noqa: ANN401 - as lookup.load
    """Incidents that are not resolved, by (owner, priority)."""
    with unavailable():
        rows = await connection.fetch(_COUNT_OPEN)
    return {(row["owner"], row["priority"]): row["open"] for row in rows}
