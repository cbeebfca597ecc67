"""How an incident begins: by an alert, by an alert whose clear was here first, by a person.

The next cycle of one that was resolved is ``cycle``'s.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.model.alert import Alert
from tandem.model.events import Command, FactDetail, FactKind, IncidentEvent
from tandem.model.incident import Incident, StateChange
from tandem.model.ownership import SYSTEM, Actor
from tandem_router import flapping, instants
from tandem_router.grouping import condition_of
from tandem_router.incident.change import Change, fact_of, happen
from tandem_router.incident.clearing import ended
from tandem_router.incident.firing import firing_alert
from tandem_router.routing import Routing
from tandem_router.scope import AFTER_HOURS, OVERFLOW

CLEARED_BEFORE = "cleared_before"
"""Reason: the clear came before the alert that it clears (R-C7)."""

SUPPRESSED = "suppressed"
"""Flag of the detection: a window held the alert, so that the time until then says nothing of the monitoring."""


def open_incident(
    routing: Routing,
    alert: Alert,
    *,
    incident_id: UUID,
    number: int,
    now: datetime,
    recurrence_of: UUID | None = None,
    held_back: bool = False,
    **more: Any,  # noqa: ANN401 - fields of Incident that differ from those of an ordinary opening
) -> Change:
    """A new incident at version 1, detected when its first alert was accepted (R-T1); one held back, when let go."""
    occurred_at, detect_flags = instants.onset(alert.occurred_at, alert.received_at)
    if held_back:
        detect_flags = (*detect_flags, SUPPRESSED)
    begun = StateChange(condition=flapping.digest_of(condition_of(alert)), at=alert.received_at)
    incident = Incident(
        **_decided(routing),
        incident_id=incident_id,
        tenant=alert.tenant,
        number=number,
        group_key=routing.group_key,
        version=1,
        title=alert.title,
        host=alert.host,
        opened_at=now,
        detected_at=alert.received_at,
        occurred_at=occurred_at,
        detect_flags=detect_flags,
        last_seen_at=alert.received_at,
        firing={condition_of(alert): firing_alert(alert, routing)},
        changes=(begun,),
        flags=("test",) * alert.test + ("recurrence",) * (recurrence_of is not None) + standing_in((), routing),
        recurrence_of=recurrence_of,
    )
    incident = replace(incident, **more) if more else incident
    return _opened(incident, alert.received_at, SYSTEM, alert, FactDetail(cycle=1, **_reach(incident)))


def open_cleared(
    routing: Routing, alert: Alert, *, incident_id: UUID, number: int, now: datetime, recurrence_of: UUID | None = None
) -> Change:
    """Opened and closed at once, because its clear came first; nobody is paged for it (R-C7)."""
    at = alert.received_at
    opened = open_incident(
        routing,
        alert,
        incident_id=incident_id,
        number=number,
        now=now,
        recurrence_of=recurrence_of,
        firing={},
        clear_pending_at=at,
    )
    detail = FactDetail(auto=True, cycle=1, reason=CLEARED_BEFORE)
    return opened.then(
        happen(opened.incident, FactKind.RESOLVED, at, detail=detail, **ended(opened.incident, at, None))
    )


def raise_incident(routing: Routing, command: Command, *, number: int, now: datetime) -> Change:
    """A new incident because a person says so."""
    detail = command.detail
    occurred_at, detect_flags = instants.onset(detail.onset, command.at)
    by_us = command.by.party in {None, routing.responsible_party}
    incident = Incident(
        **_decided(routing),
        incident_id=command.incident_id,
        tenant=command.tenant,
        number=number,
        group_key=f"raised:{command.incident_id}",
        version=1,
        title=detail.title or "Raised by hand",
        host=detail.asset,
        opened_at=now,
        detected_at=command.at,
        occurred_at=occurred_at,
        detect_flags=detect_flags,
        detected_by="user" if by_us or command.by.party is None else command.by.party.value,
        last_seen_at=command.at,
        flags=standing_in((), routing),
    )
    told = FactDetail(cycle=1, command_id=command.command_id, text=detail.text, **_reach(incident))
    return _opened(incident, command.at, command.by, None, told)


def _opened(incident: Incident, at: datetime, by: Actor, alert: Alert | None, detail: FactDetail) -> Change:
    fact = fact_of(incident, FactKind.OPENED, at, at, by, alert, detail)
    return Change(incident, (IncidentEvent(fact=fact, incident=incident),))


def _decided(routing: Routing) -> dict[str, Any]:
    """The fields of an incident that the decision gives."""
    return {
        "priority": routing.priority,
        "owner": routing.owner,
        "lead": routing.lead,
        "responsible_party": routing.responsible_party,
        "monitoring_owner": routing.monitoring_owner,
        "must_acknowledge": routing.must_acknowledge,
        "informed": routing.informed,
        "function": routing.function,
        "category": routing.category,
        "incident_class": routing.incident_class,
        "track": routing.track,
        "mode": routing.mode,
        "site": routing.site,
        "regulated": routing.regulated,
        "affected_users": routing.affected_users,
        "tenant_users": routing.tenant_users,
        "p1_workflow": routing.p1_workflow,
        "unmapped": routing.unmapped,
        "row": routing.row,
        "sla_profile": routing.sla_profile,
        "paths": routing.paths,
        "agreement_version": routing.agreement_version,
        "provider": routing.provider,
        "because": routing.because,
        "raci": routing.raci,
        "runbook": routing.runbook,
        "public_communications": routing.public_communications,
        "approval": routing.approval,
    }


def _reach(incident: Incident) -> dict[str, Any]:
    return {"affected_users": incident.affected_users} if incident.affected_users else {}


def standing_in(flags: tuple[str, ...], routing: Routing) -> tuple[str, ...]:
    """``flags`` with the one that says why the MSP stands in for the internal party, if it does."""
    kept = tuple(flag for flag in flags if flag not in {AFTER_HOURS, OVERFLOW})
    return (*kept, routing.taken_over) if routing.taken_over else kept
