"""All SQL of the router: one look-up per batch, and the statements of its writes.

An incident is one JSON snapshot beside the columns that are searched; the published views read the rest from it, so
there is no second copy of the truth and a commit sends few parameters.
"""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from tandem.db.pool import unavailable
from tandem.db.write import Statement, Writes
from tandem.model.events import Fact
from tandem.model.incident import Incident
from tandem_router.batch import Answered, Decided, Loaded, Membership


def _plain(value: object) -> object:
    """What msgspec has no form for: read-only mappings."""
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode
_decode = msgspec.json.Decoder(Incident).decode


def _look_up(*, asked: bool) -> str:
    """One statement for everything; without commands and timers it is shorter, because planning costs most of it."""
    groups = "select tenant, group_key from place"
    named = "select id from latest union select incident_id from member"
    extra = last = ""
    if asked:
        extra = """, asked as (
    select i.tenant, i.group_key, i.id from router.incident i where i.id = any ($6::uuid[])
)"""
        groups += " union select tenant, group_key from asked"
        named += " union select id from asked"
        last = """
union all select 'command', command_id, null, null, 0, null from router.command where command_id = any ($7::uuid[])"""
    return f"""
with place as (
    select * from unnest($1::text[], $2::text[], $3::text[]) as p(tenant, group_key, dedup_key)
), member as (
    select m.tenant, m.dedup_key, m.incident_id
    from place p join router.member m on m.tenant = p.tenant and m.dedup_key = p.dedup_key
){extra}, latest as (
    select i.id from ({groups}) g cross join lateral (
        select id from router.incident i where i.tenant = g.tenant and i.group_key = g.group_key
        order by opened_at desc limit 1
    ) i
), locked as (
    select i.id, i.snapshot from router.incident i where i.id in ({named}) order by i.id for update
), numbers as (
    select n.tenant, n.last from router.numbering n where n.tenant = any ($4::text[]) order by n.tenant for update
)
select 'incident' as what, id, null as tenant, null as text, 0 as number, snapshot::text as snapshot from locked
union all select 'member', incident_id, tenant, dedup_key, 0, null from member
union all select 'alert', id, null, null, 0, null from router.alert where id = any ($5::uuid[])
union all select 'number', null, tenant, null, last, null from numbers{last}
"""


_LOAD_ALERTS = _look_up(asked=False)
_LOAD_ALL = _look_up(asked=True)

_COUNT_OPEN = "select owner, priority, count(*) as open from router.incident where state <> 'resolved' group by 1, 2"

_INCIDENT_COLUMNS = (
    "id, tenant, number, group_key, version, state, priority, owner, responsible_party, function, title,"
    " opened_at, resolved_at, snapshot"
)
_INCIDENT_TYPES = (
    "$1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],"
    " $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::text[]"
)

INSERT_INCIDENT = Statement(
    name="router_incident_new",
    width=14,
    # A group that already has an open incident makes the commit fail, and the batch meets that one at its next try.
    sql=f"insert into router.incident ({_INCIDENT_COLUMNS})"
    f" select id, tenant, number, group_key, version, state, priority, owner, responsible_party, function, title,"
    f" opened_at, resolved_at, snapshot::jsonb from unnest({_INCIDENT_TYPES}) as r({_INCIDENT_COLUMNS})",
)

UPDATE_INCIDENT = Statement(
    name="router_incident_changed",
    width=14,
    sql="update router.incident i set version = r.version, state = r.state, priority = r.priority, owner = r.owner,"
    " responsible_party = r.responsible_party, title = r.title, resolved_at = r.resolved_at,"
    f" snapshot = r.snapshot::jsonb from unnest({_INCIDENT_TYPES}) as r({_INCIDENT_COLUMNS}) where i.id = r.id",
)

INSERT_FACT = Statement(
    name="router_event",
    width=7,
    sql="insert into router.event (tenant, incident_id, version, kind, effective_at, received_at, body)"
    " select tenant, incident_id, version, kind, effective_at, received_at, body::jsonb from unnest($1::text[],"
    " $2::uuid[], $3::int[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[])"
    " as r(tenant, incident_id, version, kind, effective_at, received_at, body)",
)

INSERT_ALERT = Statement(
    name="router_alert",
    width=8,
    sql="insert into router.alert (id, tenant, incident_id, integration, dedup_key, received_at, body, raw)"
    " select id, tenant, incident_id, integration, dedup_key, received_at, body::jsonb, raw from unnest($1::uuid[],"
    " $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bytea[])"
    " as r(id, tenant, incident_id, integration, dedup_key, received_at, body, raw) on conflict do nothing",
)

INSERT_DECISION = Statement(
    name="router_decision",
    width=6,
    sql="insert into router.decision (alert_id, tenant, incident_id, at, agreement_version, trace)"
    " select alert_id, tenant, incident_id, at, agreement_version, trace::jsonb from unnest($1::uuid[], $2::text[],"
    " $3::uuid[], $4::timestamptz[], $5::int[], $6::text[])"
    " as r(alert_id, tenant, incident_id, at, agreement_version, trace) on conflict do nothing",
)

INSERT_COMMAND = Statement(
    name="router_command",
    width=10,
    sql="insert into router.command (command_id, tenant, incident_id, kind, outcome, reason, version, by_party,"
    " by_person, at) select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],"
    " $7::int[], $8::text[], $9::text[], $10::timestamptz[]) on conflict do nothing",
)

PUT_MEMBER = Statement(
    name="router_member",
    width=3,
    sql="insert into router.member (tenant, dedup_key, incident_id)"
    " select * from unnest($1::text[], $2::text[], $3::uuid[])"
    " on conflict (tenant, dedup_key) do update set incident_id = excluded.incident_id",
)

PUT_NUMBER = Statement(
    name="router_numbering",
    width=2,
    sql="insert into router.numbering as n (tenant, last) select * from unnest($1::text[], $2::int[])"
    " on conflict (tenant) do update set last = greatest(n.last, excluded.last)",
)


async def load(
    connection: Any,  # noqa: ANN401 - an asyncpg connection or a pool's proxy of one
    *,
    places: Collection[tuple[str, str, str]],
    incidents: Collection[UUID],
    numbering: Collection[str],
    alerts: Collection[UUID],
    commands: Collection[UUID],
) -> Loaded:
    """Everything a batch needs, its incidents locked in the order of their ids, then its counters.

    Args:
        connection: inside the batch's transaction.
        places: (tenant, group key, condition) of the alerts.
        incidents: ids that commands and timers are about.
        numbering: tenants in which incidents may be opened.
        alerts: ids that may have been routed before.
        commands: ids that may have been answered before.
    """
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    arguments = [*columns, sorted(numbering), list(alerts)]
    with unavailable():
        if incidents or commands:
            rows = await connection.fetch(_LOAD_ALL, *arguments, list(incidents), list(commands))
        else:
            rows = await connection.fetch(_LOAD_ALERTS, *arguments)
    loaded = Loaded()
    for what, id_, tenant, text, number, snapshot in rows:
        match what:
            case "incident":
                loaded.incidents.append(_decode(snapshot))
            case "member":
                loaded.members[tenant, text] = id_
            case "alert":
                loaded.seen.add(id_)
            case "command":
                loaded.done.add(id_)
            case _:
                loaded.numbers[tenant] = number
    return loaded


async def count_open(connection: Any) -> dict[tuple[str, str], int]:  # noqa: ANN401 - as load
    """Incidents that are not resolved, by (owner, priority)."""
    with unavailable():
        rows = await connection.fetch(_COUNT_OPEN)
    return {(row["owner"], row["priority"]): row["open"] for row in rows}


def put_incident(writes: Writes, incident: Incident, *, new: bool) -> None:
    """Insert or update the snapshot and the columns that are searched."""
    row = (
        incident.incident_id,
        incident.tenant,
        incident.number,
        incident.group_key,
        incident.version,
        incident.state.value,
        incident.priority.value,
        incident.owner.value,
        incident.responsible_party.value,
        incident.function,
        incident.title,
        incident.opened_at,
        incident.resolved_at,
        _encode(incident).decode(),
    )
    writes.put(INSERT_INCIDENT if new else UPDATE_INCIDENT, incident.incident_id, row)


def put_fact(writes: Writes, fact: Fact) -> None:
    """Append one fact."""
    body = {
        "priority": fact.priority,
        "owner": fact.owner,
        "responsible_party": fact.responsible_party,
        "party": fact.by.party,
        "person": fact.by.person,
        "alert": _said(fact.alert),
        "detail": _said(fact.detail),
    }
    key = (fact.incident_id, fact.version)
    row = (fact.tenant, *key, fact.kind.value, fact.effective_at, fact.received_at, _encode(body).decode())
    writes.put(INSERT_FACT, key, row)


def _said(part: object) -> dict[str, object] | None:
    """The fields of a detail that are set."""
    if part is None:
        return None
    return {name: value for name in part.__slots__ if (value := getattr(part, name)) is not None}  # type: ignore[attr-defined]


def put_decided(writes: Writes, decided: Decided, at: datetime) -> None:
    """The alert as it came, and the one decision on it."""
    alert = decided.alert
    body = {
        "vendor": alert.vendor,
        "kind": alert.kind,
        "title": alert.title,
        "status": alert.status,
        "severity": alert.severity,
        "severity_word": alert.severity_word,
        "host": alert.host,
        "occurred_at": alert.occurred_at,
        "url": alert.url,
        "customer": alert.customer,
        "description": alert.description,
        "labels": dict(alert.labels),
        "content_type": alert.content_type,
        "quarantined": alert.quarantined,
        "test": alert.test,
        "delivery_id": alert.delivery_id,
    }
    id_, tenant, incident_id = alert.alert_id, alert.tenant, decided.incident_id
    text = _encode(body).decode()
    known = (alert.integration, alert.dedup_key, alert.received_at)
    writes.put(INSERT_ALERT, id_, (id_, tenant, incident_id, *known, text, alert.raw or None))
    trace = _encode({"outcome": decided.outcome, "because": decided.routing.because, **decided.routing.trace}).decode()
    writes.put(INSERT_DECISION, id_, (id_, tenant, incident_id, at, decided.agreement_version, trace))


def put_answered(writes: Writes, answered: Answered) -> None:
    """What became of a command; of a refused one, who was first."""
    command, refusal = answered.command, answered.refusal
    party, person, at = command.by.party, command.by.person, command.at
    if refusal is not None and refusal.at is not None:
        party, person, at = refusal.party, refusal.person, refusal.at
    row = (
        command.command_id,
        command.tenant,
        command.incident_id,
        command.kind.value,
        "refused" if refusal is not None else "done",
        refusal.reason if refusal is not None else None,
        answered.version,
        party.value if party is not None else None,
        person,
        at,
    )
    writes.put(INSERT_COMMAND, command.command_id, row)


def put_memberships(writes: Writes, joined: Mapping[Membership, UUID]) -> None:
    """Remember which incident holds a dedup key that was grouped with others."""
    for (tenant, dedup_key), incident_id in joined.items():
        writes.put(PUT_MEMBER, (tenant, dedup_key), (tenant, dedup_key, incident_id))


def put_numbers(writes: Writes, numbers: Mapping[str, int]) -> None:
    """The last number per tenant."""
    for tenant, last in numbers.items():
        writes.put(PUT_NUMBER, tenant, (tenant, last))
