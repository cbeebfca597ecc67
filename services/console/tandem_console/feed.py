"""The console's consumer: what happens to incidents, clocks and pages becomes rows of the feed behind the live stream.

A pure plan. Positions are given by the database, one after another in the order of commits. A record that comes again,
as after a relay that was killed before it could forget it, is known by its line's digest and adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from tandem.bus.plan import Inbox, Plan
from tandem.bus.topics import INCIDENTS, PAGES, SLA, SUPPRESSIONS, Topic
from tandem.db.write import Statement
from tandem.ids import uuid8
from tandem.model.events import IncidentEvent, PageEvent, SlaEvent
from tandem.model.suppression import SuppressionEvent

APPEND = Statement(
    name="console_feed_append",
    width=9,
    before=(
        (
            "console_feed_fresh",
            # A subquery and no join: it looks each digest up by its index, whatever the planner believes of the table.
            (
                "SELECT *, row_number() OVER (ORDER BY r.ord) AS nth FROM unnest($1::int[], $2::text[], $3::text[],"
                " $4::uuid[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::uuid[])"
                " AS r(ord, tenant, kind, incident_id, version, at, stored_at, body, digest)"
                " WHERE (SELECT f.position FROM console.feed f WHERE f.digest = r.digest) IS NULL"
            ),
        ),
        (
            "console_feed_moved",
            (
                "UPDATE console.feed_counter SET position = position + (SELECT count(*) FROM console_feed_fresh)"
                " WHERE id = 1 RETURNING position - (SELECT count(*) FROM console_feed_fresh) AS start"
            ),
        ),
    ),
    sql="INSERT INTO console.feed (position, tenant, kind, incident_id, version, at, stored_at, body, digest)"
    " SELECT m.start + r.nth, r.tenant, r.kind, r.incident_id, r.version, r.at, r.stored_at, r.body::jsonb, r.digest"
    " FROM console_feed_moved m, console_feed_fresh r ON CONFLICT (digest) DO NOTHING",
)
"""Columns: order within the commit, tenant, kind, incident, version, when it counts, now, body as JSON text, digest."""


class Feed:
    """See ``tandem.bus.plan.Stage``; its state is nothing: what a line says is its identity."""

    group = "console"
    inputs: tuple[Topic, ...] = (INCIDENTS, SLA, PAGES, SUPPRESSIONS)
    timer_schema: str | None = None

    def __init__(self, wake: Callable[[], None]) -> None:
        """``wake`` is called after a commit: there is something to stream."""
        self._wake = wake

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> None:  # noqa: ANN401 - see Stage
        """Nothing to read."""

    def plan(self, inbox: Inbox, state: None, now: datetime) -> Plan:  # noqa: ARG002 - see Stage
        """One row per line that is not there yet, in order."""
        plan = Plan()
        for order, payload in enumerate(inbox.payloads):
            tenant, kind, incident_id, version, at, body = _row(payload)
            text = msgspec.json.encode(body).decode()
            digest = uuid8("feed", tenant, kind, text)
            if plan.writes.get(APPEND, digest) is None:
                row = (order, tenant, kind, incident_id, version, at, now, text, digest)
                plan.writes.put(APPEND, digest, row)
        return plan

    def committed(self, plan: Plan) -> None:  # noqa: ARG002 - see Stage
        """Let the tail look."""
        self._wake()


def _row(payload: IncidentEvent | SlaEvent | PageEvent | SuppressionEvent) -> tuple[Any, ...]:
    match payload:
        case IncidentEvent():
            return _of_incident(payload)
        case SlaEvent():
            return _of_sla(payload)
        case PageEvent():
            return _of_page(payload)
        case SuppressionEvent():
            return _of_suppression(payload)


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
        "second_track": incident.second_face.track if incident.second_face is not None else None,
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


def _of_suppression(event: SuppressionEvent) -> tuple[Any, ...]:
    body = {
        "tenant": event.tenant,
        "kind": event.kind,
        "id": event.suppression_id,
        "name": event.name,
        "what": event.step,
        "at": event.at,
        "start": event.start,
        "end": event.end,
        "reason": event.reason,
        "owner": event.owner,
        "party": event.party,
        "scope": event.scope,
        "holds_p1": event.holds_p1,
        "held": event.held,
        "worst": event.worst,
    }
    return event.tenant, "suppression", None, 0, event.at, body
