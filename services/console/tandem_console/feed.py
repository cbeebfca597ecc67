"""The console's consumer: what happens to incidents, clocks and pages becomes rows of the feed behind the live stream.

A pure plan. Positions are given by the database, one after another in the order of commits.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from tandem.bus.plan import Inbox, Plan
from tandem.bus.topics import INCIDENTS, PAGES, SLA, Topic
from tandem.db.write import Statement
from tandem.model.events import IncidentEvent, PageEvent, SlaEvent

APPEND = Statement(
    name="console_feed_append",
    width=8,
    before=(
        (
            "console_feed_moved",
            (
                "UPDATE console.feed_counter SET position = position + cardinality($1::int[]) WHERE id = 1"
                " RETURNING position - cardinality($1::int[]) AS start"
            ),
        ),
    ),
    sql="INSERT INTO console.feed (position, tenant, kind, incident_id, version, at, stored_at, body)"
    " SELECT m.start + row_number() OVER (ORDER BY r.ord), r.tenant, r.kind, r.incident_id, r.version, r.at,"
    " r.stored_at, r.body::jsonb"
    " FROM console_feed_moved m, unnest($1::int[], $2::text[], $3::text[], $4::uuid[], $5::int[], $6::timestamptz[],"
    " $7::timestamptz[], $8::text[]) AS r(ord, tenant, kind, incident_id, version, at, stored_at, body)",
)
"""Columns: order within the commit, tenant, kind, incident, version, when it counts, now, body as JSON text."""


class Feed:
    """See ``tandem.bus.plan.Stage``; its state is nothing, every record is new by the consumer's offset."""

    group = "console"
    inputs: tuple[Topic, ...] = (INCIDENTS, SLA, PAGES)
    timer_schema: str | None = None

    def __init__(self, wake: Callable[[], None]) -> None:
        """``wake`` is called after a commit: there is something to stream."""
        self._wake = wake

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> None:  # noqa: ANN401 - see Stage
        """Nothing to read."""

    def plan(self, inbox: Inbox, state: None, now: datetime) -> Plan:  # noqa: ARG002 - see Stage
        """One row per payload, in order."""
        plan = Plan()
        for order, payload in enumerate(inbox.payloads):
            tenant, kind, incident_id, version, at, body = _row(payload)
            text = msgspec.json.encode(body).decode()
            plan.writes.put(APPEND, order, (order, tenant, kind, incident_id, version, at, now, text))
        return plan

    def committed(self, plan: Plan) -> None:  # noqa: ARG002 - see Stage
        """Let the tail look."""
        self._wake()


def _row(payload: IncidentEvent | SlaEvent | PageEvent) -> tuple[Any, ...]:
    match payload:
        case IncidentEvent():
            return _of_incident(payload)
        case SlaEvent():
            return _of_sla(payload)
        case PageEvent():
            return _of_page(payload)


def _of_incident(event: IncidentEvent) -> tuple[Any, ...]:
    fact, incident = event.fact, event.incident
    body = {
        "tenant": fact.tenant,
        "incident_id": fact.incident_id,
        "number": incident.number,
        "version": fact.version,
        "fact": fact.kind,
        "at": fact.effective_at,
        "title": incident.title,
        "priority": incident.priority,
        "owner": incident.owner,
        "responsible_party": incident.responsible_party,
        "state": incident.state,
        "function": incident.function,
        "track": incident.track,
        "by": {"party": fact.by.party, "person": fact.by.person},
    }
    return fact.tenant, "incident", fact.incident_id, fact.version, fact.effective_at, body


def _of_sla(event: SlaEvent) -> tuple[Any, ...]:
    clock = event.clock
    body = {
        "tenant": event.tenant,
        "incident_id": clock.incident_id,
        "version": event.incident_version,
        "what": event.kind,
        "at": event.at,
        "threshold": event.threshold,
        "clock": clock.clock,
        "party": clock.party,
        "cycle": clock.cycle,
        "priority": clock.priority,
        "state": clock.state,
        "due": clock.due,
    }
    return event.tenant, "sla", clock.incident_id, event.incident_version, event.at, body


def _of_page(event: PageEvent) -> tuple[Any, ...]:
    body = {
        "tenant": event.tenant,
        "incident_id": event.incident_id,
        "what": event.kind,
        "at": event.at,
        "page_id": event.page_id,
        "party": event.party,
        "track": event.track,
        "person": event.person,
        "channel": event.channel,
        "step": event.step,
        "attempt": event.attempt,
        "reason": event.reason,
    }
    return event.tenant, "page", event.incident_id, 0, event.at, body
