"""One alert that came in and all that is known of it: its decision, what held it, its incident, pages and clocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem_console.alert import Row, Traced
from tandem_console.store.scoped import seeing

MOST_PAGES = 200

_ALERT = text("select * from router.alerts where id = :id")
_DECISION = text("select incident_id, at, agreement_version, trace from router.decisions where alert_id = :id")
_INCIDENT = text("select id, number, state, title, merged_into from router.incidents where id = :incident_id")
# The hold that had this condition when the alert was accepted: repeats count up in one row.
_HELD = text(
    "select kind, by_id, reason, since, until, count, outcome, outcome_at, incident_id, note from router.held_alerts"
    " where tenant = :tenant and condition = :condition and since <= :at and (outcome_at is null or outcome_at >= :at)"
    " order by since desc limit 1"
)
_PAGES = text(
    "select person, party, channel, state, told, planned_at from notifier.pages"
    " where incident_id = :incident_id and planned_at >= :at order by planned_at, page_id limit :most"
)
_CLOCKS = text(
    "select clock, party, target_s, due_at from sla.clocks where incident_id = :incident_id and cycle = 1"
    " order by start_at, clock, party"
)
# By its own id, or as the record of an alert that no service could handle. Few rows are ever put aside.
_PUT_ASIDE = text(
    "select id, tenant, at, service, topic, reason from bus.quarantine"
    " where id = :id or (topic = 'tandem.alerts' and position(cast(:bytes as bytea) in raw) > 0) order by at limit 1"
)


async def traced(engine: AsyncEngine, tenants: Iterable[str], alert_id: UUID) -> Traced | None:
    """What is known of an alert of ``tenants``, by quick reads; None: nothing of this id was ever stored for them.

    Raises:
        Unavailable: the database is away.
    """
    async with seeing(engine, tenants) as connection:
        alert = await _one(connection, _ALERT, id=alert_id)
        if alert is None:
            put_aside = await _one(connection, _PUT_ASIDE, id=alert_id, bytes=alert_id.bytes)
            return Traced(put_aside=put_aside) if put_aside is not None else None
        decision = await _one(connection, _DECISION, id=alert_id)
        condition = f"{alert['integration']}/{alert['dedup_key']}"
        at = alert["received_at"]
        held = await _one(connection, _HELD, tenant=alert["tenant"], condition=condition, at=at)
        incident_id = (decision or alert)["incident_id"]
        known = {"incident_id": incident_id}
        return Traced(
            alert=alert,
            decision=decision,
            held=held,
            incident=await _one(connection, _INCIDENT, **known) if incident_id is not None else None,
            pages=await _rows(connection, _PAGES, **known, at=at, most=MOST_PAGES) if incident_id is not None else [],
            clocks=await _rows(connection, _CLOCKS, **known) if incident_id is not None else [],
        )


async def _one(connection: AsyncConnection, query: Any, **values: object) -> Row | None:  # noqa: ANN401 - a text
    found = await _rows(connection, query, **values)
    return found[0] if found else None


async def _rows(connection: AsyncConnection, query: Any, **values: object) -> list[Row]:  # noqa: ANN401 - a text
    return [dict(row) for row in (await connection.execute(query, values)).mappings()]
