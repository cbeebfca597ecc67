"""All SQL of the SLA clock: two look-ups for incidents that were seen before, and the statements of its writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tandem.db.pool import unavailable
from tandem.db.write import Statement, Writes
from tandem.model.events import ClockName, ClockState, Fact, SlaClock
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock.case import Known
from tandem_sla_clock.facts import fact_of
from tandem_sla_clock.fold import identity
from tandem_sla_clock.timeline import Profile

# In one statement with the rest, a row that another transaction just changed would come with that transaction's
# clocks from before: first lock, then read.
_LOCK = """
select incident_id, tenant, folded_version, agreement_version, sla_profile, monitoring_owner, detected_at,
    occurred_at, detect_flags
from sla.incident where incident_id = any ($1::uuid[]) order by incident_id for update
"""

_CLOCKS = """
select incident_id, clock, party, cycle, priority, start_at, target_s, due_at, state, stop_at, counted_s,
    breached_at, warned, flags, calendar
from sla.clock where incident_id = any ($1::uuid[]) order by incident_id, key
"""

_FACTS = """
select f.tenant, f.incident_id, f.version, f.kind, f.effective_at, f.received_at, f.priority, f.owner,
    f.responsible_party, f.party, f.person, f.alert, f.detail
from unnest($1::uuid[], $2::int[]) as w(incident_id, upto)
join router.facts f on f.incident_id = w.incident_id and f.version <= w.upto
"""

_RUNNING = """
select clock, party, priority, count(*) as running from sla.clock
where stop_at is null and state in ('running', 'paused', 'breached') group by clock, party, priority
"""

_KNOWN = (
    "incident_id, tenant, folded_version, agreement_version, sla_profile, monitoring_owner, detected_at,"
    " occurred_at, detect_flags"
)
PUT_INCIDENT = Statement(
    name="sla_incident",
    width=9,
    sql=f"insert into sla.incident as i ({_KNOWN})"  # noqa: S608 - names that stand in this file
    " select incident_id, tenant, folded_version, agreement_version, sla_profile, monitoring_owner, detected_at,"
    " occurred_at, detect_flags::jsonb from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[],"
    f" $6::text[], $7::timestamptz[], $8::timestamptz[], $9::text[]) as r({_KNOWN})"
    " on conflict (incident_id) do update set folded_version = greatest(i.folded_version, excluded.folded_version)",
)

_COLUMNS = (
    "tenant, incident_id, key, clock, party, cycle, priority, start_at, target_s, due_at, state, stop_at, counted_s,"
    " breached_at, warned, flags, calendar"
)
_CHANGES = (
    *("party", "priority", "start_at", "target_s", "due_at", "state", "stop_at", "counted_s", "breached_at"),
    *("warned", "flags", "calendar"),
)
PUT_CLOCK = Statement(
    name="sla_clock",
    width=17,
    sql=f"insert into sla.clock ({_COLUMNS})"  # noqa: S608 - names that stand in this file
    " select tenant, incident_id, key, clock, party, cycle, priority, start_at, target_s, due_at, state, stop_at,"
    " counted_s, breached_at, warned::jsonb, flags::jsonb, calendar from unnest($1::text[], $2::uuid[], $3::text[],"
    " $4::text[], $5::text[], $6::int[], $7::text[], $8::timestamptz[], $9::float8[], $10::timestamptz[], $11::text[],"
    f" $12::timestamptz[], $13::float8[], $14::timestamptz[], $15::text[], $16::text[], $17::text[]) as r({_COLUMNS})"
    " on conflict (incident_id, key) do update set " + ", ".join(f"{name} = excluded.{name}" for name in _CHANGES),
)


async def lock(connection: Any, incidents: Collection[UUID]) -> dict[UUID, Known]:  # noqa: ANN401 - an asyncpg connection
    """What is stored of these incidents, their rows locked in the order of their ids.

    Raises:
        Unavailable: the database is away.
    """
    with unavailable():
        rows = await connection.fetch(_LOCK, list(incidents))
    return {row["incident_id"]: _known(row) for row in rows}


async def clocks(connection: Any, incidents: Collection[UUID]) -> dict[UUID, list[SlaClock]]:  # noqa: ANN401 - as above
    """The clocks of these incidents as last told; raises as ``lock``."""
    with unavailable():
        rows = await connection.fetch(_CLOCKS, list(incidents))
    found: dict[UUID, list[SlaClock]] = {}
    for row in rows:
        found.setdefault(row["incident_id"], []).append(_clock(row))
    return found


async def facts(connection: Any, upto: Mapping[UUID, int]) -> dict[UUID, list[Fact]]:  # noqa: ANN401 - as above
    """Facts of each incident up to a version, as far as the router has committed them; raises as ``lock``."""
    with unavailable():
        rows = await connection.fetch(_FACTS, list(upto), list(upto.values()))
    found: dict[UUID, list[Fact]] = {}
    for row in rows:
        found.setdefault(row["incident_id"], []).append(fact_of(dict(row), incident_id=row["incident_id"]))
    return found


async def count_running(connection: Any) -> dict[tuple[str, str, str], int]:  # noqa: ANN401 - as above
    """Clocks that run, by (clock, party, priority); raises as ``lock``."""
    with unavailable():
        rows = await connection.fetch(_RUNNING)
    return {(row["clock"], row["party"], row["priority"]): row["running"] for row in rows}


def put_known(writes: Writes, known: Known) -> None:
    """Store what the clocks of an incident need, and how far its facts are told."""
    profile = known.profile
    row = (
        known.incident_id,
        known.tenant,
        known.folded_version,
        known.agreement_version,
        known.sla_profile,
        profile.monitoring_owner.value,
        profile.detected_at,
        profile.occurred_at,
        _json(profile.detect_flags),
    )
    writes.put(PUT_INCIDENT, known.incident_id, row)


def put_clock(writes: Writes, tenant: str, clock: SlaClock) -> None:
    """Store a clock as it is told now."""
    key = identity(clock)
    row = (
        tenant,
        clock.incident_id,
        key,
        clock.clock.value,
        clock.party.value,
        clock.cycle,
        clock.priority.value,
        clock.start,
        clock.target.total_seconds(),
        clock.due,
        clock.state.value,
        clock.stop,
        None if clock.counted is None else clock.counted.total_seconds(),
        clock.breached_at,
        _json(clock.warned),
        _json(clock.flags),
        clock.calendar,
    )
    writes.put(PUT_CLOCK, (clock.incident_id, key), row)


def _known(row: Mapping[str, Any]) -> Known:
    profile = Profile(
        incident_id=row["incident_id"],
        monitoring_owner=Party(row["monitoring_owner"]),
        detected_at=row["detected_at"],
        occurred_at=row["occurred_at"],
        detect_flags=tuple(row["detect_flags"]),
    )
    return Known(
        tenant=row["tenant"],
        profile=profile,
        agreement_version=row["agreement_version"],
        sla_profile=row["sla_profile"],
        folded_version=row["folded_version"],
    )


def _clock(row: Mapping[str, Any]) -> SlaClock:
    start: datetime = row["start_at"]
    return SlaClock(
        incident_id=row["incident_id"],
        clock=ClockName(row["clock"]),
        party=Party(row["party"]),
        cycle=row["cycle"],
        priority=Priority(row["priority"]),
        start=start,
        target=timedelta(seconds=row["target_s"]),
        due=row["due_at"],
        state=ClockState(row["state"]),
        stop=row["stop_at"],
        counted=None if row["counted_s"] is None else timedelta(seconds=row["counted_s"]),
        breached_at=row["breached_at"],
        calendar=row["calendar"],
        warned=tuple(row["warned"]),
        flags=tuple(row["flags"]),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
