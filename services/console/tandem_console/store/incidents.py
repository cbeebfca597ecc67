"""Incidents as the console reads them: lists, lanes, one incident with its facts, decisions, clocks and pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, and_, cast, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.db.pool import unavailable
from tandem_console.cursor import Cursor
from tandem_console.filters import UNRESOLVED, Filter
from tandem_console.store.scoped import seeing
from tandem_console.store.views import INCIDENTS, conditions

Row = dict[str, Any]
"""One row of a view, columns by name."""

MOST_ROWS = 200
"""Rows of one part of a list, and of a lane on the queue."""
MOST_FACTS = 1000
MOST_PAGES = 1000
MOST_ALERTS = 100

_CLOCKS = text(
    "select tenant, incident_id, clock, party, cycle, priority, start_at, target_s, due_at, state, stop_at, counted_s,"
    " breached_at, warned, flags, calendar from sla.clocks where incident_id = any(:ids)"
    " order by incident_id, cycle, start_at, clock, party"
)
_FACTS = text("select * from router.facts where incident_id = :id order by version limit :most")
_DECISION = text(
    "select tenant, alert_id, incident_id, at, agreement_version, trace from router.decisions"
    " where incident_id = :id order by at, alert_id limit 1"
)
_ALERTS = text("select * from router.alerts where incident_id = :id order by received_at desc, id limit :most")
_PAGES = text(
    "select page_id, tenant, incident_id, party, track, person, channel, path, step, pass, state, attempt, planned_at,"
    " sent_at, acknowledged_at, reason, told from notifier.pages where incident_id = :id"
    " order by planned_at, page_id limit :most"
)
_COMMAND = text(
    "select command_id, tenant, incident_id, kind, outcome, reason, version, by_party, by_person, at"
    " from router.commands where command_id = :id"
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything the incident's page shows."""

    incident: Row
    facts: list[Row]
    decision: Row | None
    alerts: list[Row]
    clocks: list[Row]
    pages: list[Row]


@dataclass(frozen=True, slots=True)
class Lane:
    """What is not resolved of one owner: the most pressing rows, and counts over all."""

    owner: str
    rows: list[Row]
    count: int
    oldest: Any
    """opened_at of the oldest; None in an empty lane."""


class IncidentStore:
    """Reads as tandem_console, always within a principal's tenants."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before the first call."""
        self._engine = engine

    async def part(
        self, tenants: Iterable[str], wanted: Filter, *, limit: int, after: Cursor | None = None
    ) -> list[Row]:
        """Up to ``limit`` incidents, newest first, strictly after ``after``."""
        incidents = INCIDENTS.c
        query = select(INCIDENTS).where(conditions(wanted))
        if after is not None:
            query = query.where(
                tuple_(incidents.opened_at, incidents.id) < tuple_(literal(after.at), literal(after.id))
            )
        query = query.order_by(incidents.opened_at.desc(), incidents.id.desc()).limit(limit)
        async with seeing(self._engine, tenants) as connection:
            return await _rows(connection, query)

    async def one(self, tenants: Iterable[str], incident_id: UUID) -> Row | None:
        """An incident, or None when there is none that these tenants have."""
        async with seeing(self._engine, tenants) as connection:
            return await _incident(connection, incident_id)

    async def lanes(self, tenants: Iterable[str], wanted: Filter) -> list[Lane]:
        """What is not resolved, by owner; each lane's most urgent first, at most ``MOST_ROWS``."""
        incidents = INCIDENTS.c
        rank = cast(func.substr(incidents.priority, 2), Integer)
        place = func.row_number().over(partition_by=incidents.owner, order_by=(rank, incidents.opened_at, incidents.id))
        count = func.count().over(partition_by=incidents.owner)
        oldest = func.min(incidents.opened_at).over(partition_by=incidents.owner)
        open_ones = and_(conditions(wanted), incidents.state.in_(UNRESOLVED))
        placed = select(INCIDENTS, place.label("place"), count.label("lane_count"), oldest.label("lane_oldest")).where(
            open_ones
        )
        ranked = placed.subquery()
        query = select(ranked).where(ranked.c.place <= MOST_ROWS).order_by(ranked.c.owner, ranked.c.place)
        async with seeing(self._engine, tenants) as connection:
            rows = await _rows(connection, query)
        return [_lane(owner, [row for row in rows if row["owner"] == owner]) for owner in ("internal", "msp", "shared")]

    async def clocks(self, tenants: Iterable[str], incident_ids: Sequence[UUID]) -> list[Row]:
        """Every clock of these incidents, cycle by cycle."""
        if not incident_ids:
            return []
        async with seeing(self._engine, tenants) as connection:
            return await _rows(connection, _CLOCKS, ids=list(incident_ids))

    async def dossier(self, tenants: Iterable[str], incident_id: UUID) -> Dossier | None:
        """Everything about one incident, from one snapshot's worth of quick reads."""
        async with seeing(self._engine, tenants) as connection:
            incident = await _incident(connection, incident_id)
            if incident is None:
                return None
            decisions = await _rows(connection, _DECISION, id=incident_id)
            return Dossier(
                incident=incident,
                facts=await _rows(connection, _FACTS, id=incident_id, most=MOST_FACTS),
                decision=decisions[0] if decisions else None,
                alerts=await _rows(connection, _ALERTS, id=incident_id, most=MOST_ALERTS),
                clocks=await _rows(connection, _CLOCKS, ids=[incident_id]),
                pages=await _rows(connection, _PAGES, id=incident_id, most=MOST_PAGES),
            )

    async def pages(self, tenants: Iterable[str], incident_id: UUID) -> list[Row]:
        """Every page about an incident, in the order they were planned."""
        async with seeing(self._engine, tenants) as connection:
            return await _rows(connection, _PAGES, id=incident_id, most=MOST_PAGES)

    async def outcome(self, tenants: Iterable[str], command_id: UUID) -> Row | None:
        """What became of a command; None while the router has not answered."""
        async with seeing(self._engine, tenants) as connection:
            found = await _rows(connection, _COMMAND, id=command_id)
            return found[0] if found else None

    async def functions(self, tenants: Iterable[str]) -> list[str]:
        """Functions that incidents have, for the form that raises one."""
        query = select(INCIDENTS.c.function).distinct().order_by(INCIDENTS.c.function).limit(MOST_ROWS)
        async with seeing(self._engine, tenants) as connection:
            return [row["function"] for row in await _rows(connection, query)]

    async def ready(self) -> None:
        """Return when the database answers and the router's view is there.

        Raises:
            Unavailable: it does not.
        """
        with unavailable():
            async with self._engine.connect() as connection:
                await connection.execute(text("select 1"))


async def _incident(connection: AsyncConnection, incident_id: UUID) -> Row | None:
    found = await _rows(connection, select(INCIDENTS).where(INCIDENTS.c.id == incident_id))
    return found[0] if found else None


async def _rows(connection: AsyncConnection, query: Any, **values: object) -> list[Row]:  # noqa: ANN401 - a select or a text
    return [dict(row) for row in (await connection.execute(query, values)).mappings()]


def _lane(owner: str, rows: list[Row]) -> Lane:
    first = rows[0] if rows else {}
    return Lane(owner, rows, first.get("lane_count", 0), first.get("lane_oldest"))
