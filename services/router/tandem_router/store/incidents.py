"""Writes of incidents and their facts.

An incident is one JSON snapshot beside the columns that are searched; the published views read the rest from it, so
there is no second copy of the truth and a commit sends few parameters.
"""

# ruff: noqa: S608 - SQL made of names that stand in this file
from __future__ import annotations

from datetime import datetime

from tandem.db.write import Statement, Writes
from tandem.model.events import Fact
from tandem.model.incident import Incident
from tandem_router.store.snapshot import encode
from tandem_router.storm import rages

_INCIDENT_COLUMNS = (
    "id, tenant, number, group_key, version, state, priority, owner, responsible_party, function, title,"
    " opened_at, resolved_at, snapshot, merged_into, outage_at, raging"
)

_INCIDENT_TYPES = (
    "$1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],"
    " $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::uuid[],"
    " $16::timestamptz[], $17::bool[]"
)

INSERT_INCIDENT = Statement(
    name="router_incident_new",
    width=17,
    # A group that already has an open incident makes the commit fail, and the batch meets that one at its next try.
    sql=f"insert into router.incident ({_INCIDENT_COLUMNS})"
    f" select id, tenant, number, group_key, version, state, priority, owner, responsible_party, function, title,"
    f" opened_at, resolved_at, snapshot::jsonb, merged_into, outage_at, raging from unnest({_INCIDENT_TYPES})"
    f" as r({_INCIDENT_COLUMNS})",
)

UPDATE_INCIDENT = Statement(
    name="router_incident_changed",
    width=17,
    sql="update router.incident i set version = r.version, state = r.state, priority = r.priority, owner = r.owner,"
    " responsible_party = r.responsible_party, title = r.title, resolved_at = r.resolved_at,"
    " merged_into = r.merged_into, outage_at = r.outage_at, raging = r.raging,"
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


def put_incident(writes: Writes, incident: Incident, *, new: bool, outage_at: datetime | None = None) -> None:
    """Insert or update the snapshot and the columns that are searched.

    ``outage_at``: when its latest firing outage of a known asset began.
    """
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
        encode(incident).decode(),
        incident.merged_into,
        outage_at,
        rages(incident),
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
    row = (fact.tenant, *key, fact.kind.value, fact.effective_at, fact.received_at, encode(body).decode())
    writes.put(INSERT_FACT, key, row)


def _said(part: object) -> dict[str, object] | None:
    """The fields of a detail that are set."""
    if part is None:
        return None
    return {name: value for name in part.__slots__ if (value := getattr(part, name)) not in _UNSAID}  # type: ignore[attr-defined]


_UNSAID: tuple[object, ...] = (None, ())
