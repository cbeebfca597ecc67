"""The one look-up of a batch: everything that its alerts, commands and timers meet, locked, in one statement.

What else a batch asks for first (``running``, ``holds``, ``windows``, ``rolls``) and what it writes stand apart.
"""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from tandem.db.pool import unavailable
from tandem.errors import Unavailable
from tandem_router.batch import Loaded
from tandem_router.store.held_rows import read as read_held
from tandem_router.store.snapshot import decode
from tandem_router.storm import Openings, Scope
from tandem_router.together.early import EarlyClear


def _look_up(*, asked: bool) -> str:
    """One statement for everything; without commands and timers it is shorter, because planning costs most of it."""
    groups = "select tenant, group_key from place"
    named = (
        "select id from latest union select merged_into from latest union select incident_id from member"
        " union select id from storms"
    )
    extra = last = ""
    if asked:
        extra = """, asked as (
    select i.tenant, i.group_key, i.id from router.incident i where i.id = any ($8::uuid[])
)"""
        groups += " union select tenant, group_key from asked"
        named += " union select id from asked"
        last = """
union all select 'command', command_id, null, null, 0, null from router.command where command_id = any ($9::uuid[])"""
    return f"""
with place as (
    select * from unnest($1::text[], $2::text[], $3::text[]) as p(tenant, group_key, dedup_key)
), member as (
    select m.tenant, m.dedup_key, m.incident_id, m.unkept
    from place p join router.member m on m.tenant = p.tenant and m.dedup_key = p.dedup_key
){extra}, latest as (
    select i.id, i.merged_into from ({groups}) g cross join lateral (
        select id, merged_into from router.incident i where i.tenant = g.tenant and i.group_key = g.group_key
        order by opened_at desc limit 1
    ) i
), counted as (
    select * from unnest($6::text[], $7::text[]) as c(tenant, place)
), storms as (
    select i.id from router.incident i where i.tenant in (select tenant from counted)
    and i.raging
), locked as (
    select i.id, i.snapshot from router.incident i where i.id in ({named}) order by i.id for update
), waiting as (
    select h.id, h.state from place p join router.held h on h.tenant = p.tenant and h.condition = p.dedup_key
    where h.outcome is null order by h.id for update of h
), numbers as (
    select n.tenant, n.last from router.numbering n where n.tenant = any ($4::text[]) order by n.tenant for update
)
select 'incident' as what, id, null as tenant, null as text, 0 as number, snapshot::text as snapshot from locked
union all select 'member', incident_id, tenant, dedup_key, unkept::int, null from member
union all select 'early', null, p.tenant, p.dedup_key, 0, a.instants
    from (select distinct tenant, dedup_key from place) p cross join lateral (
        select json_build_object('at', a.body ->> 'occurred_at', 'received_at', a.received_at)::text as instants
        from router.alert a where a.tenant = p.tenant and a.integration || '/' || a.dedup_key = p.dedup_key
        and a.body ? 'unawaited' order by a.received_at desc limit 1
    ) a
union all select 'opening', null, o.tenant, o.place || '|' || o.variant, o.opened, o.slot::text
    from counted c join router.opening o on o.tenant = c.tenant and o.place = c.place
union all select 'held', id, null, null, 0, state::text from waiting
union all select 'alert', id, null, null, 0, null from router.alert where id = any ($5::uuid[])
union all select 'number', null, tenant, null, last, null from numbers{last}
"""


_LOAD_ALERTS = _look_up(asked=False)

_LOAD_ALL = _look_up(asked=True)


async def load(
    connection: Any,  # noqa: ANN401 - an asyncpg connection or a pool's proxy of one
    *,
    places: Collection[tuple[str, str, str]],
    incidents: Collection[UUID],
    numbering: Collection[str],
    alerts: Collection[UUID],
    commands: Collection[UUID],
    counted: Collection[tuple[str, str]] = (),
) -> Loaded:
    """Everything a batch needs, its incidents locked in the order of their ids, then its counters.

    Args:
        connection: inside the batch's transaction.
        places: (tenant, group key, condition) of the alerts.
        incidents: ids that commands and timers are about.
        numbering: tenants in which incidents may be opened.
        alerts: ids that may have been routed before.
        commands: ids that may have been answered before.
        counted: (tenant, place) whose new incidents are counted, where storms are.
    """
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    where = [list(column) for column in zip(*counted, strict=True)] or [[], []]
    arguments = [*columns, sorted(numbering), list(alerts), *where]
    try:
        with unavailable():
            if incidents or commands:
                rows = await connection.fetch(_LOAD_ALL, *arguments, list(incidents), list(commands))
            else:
                rows = await connection.fetch(_LOAD_ALERTS, *arguments)
    except asyncpg.DeadlockDetectedError as fault:
        # A tenant's first batches have no counter row to queue at; whoever loses looks again.
        raise Unavailable("database", str(fault)) from fault
    return _read(rows)


def _read(rows: Iterable[tuple[Any, ...]]) -> Loaded:
    """What the one statement found."""
    loaded = Loaded()
    for what, id_, tenant, text, number, snapshot in rows:
        match what:
            case "incident":
                loaded.incidents.append(decode(snapshot))
            case "member":
                loaded.members[tenant, text] = id_
                if number:
                    loaded.unkept.add((tenant, text))
            case "early":
                loaded.early[tenant, text] = _read_clear(snapshot)
            case "opening":
                place, _, variant = text.rpartition("|")
                loaded.openings.setdefault(Scope(tenant, place, variant), Openings()).slots[int(snapshot)] = number
            case "held":
                waits = read_held(snapshot)
                loaded.held[waits.key] = waits
            case "alert":
                loaded.seen.add(id_)
            case "command":
                loaded.done.add(id_)
            case _:
                loaded.numbers[tenant] = number
    return loaded


class _Instants(msgspec.Struct):
    at: datetime | None
    received_at: datetime


_read_instants = msgspec.json.Decoder(_Instants).decode


def _read_clear(text: str) -> EarlyClear:
    instants = _read_instants(text)
    return EarlyClear(instants.at, instants.received_at)
