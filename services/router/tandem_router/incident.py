"""The one state machine of an incident: every way it comes to be, changes and ends. Pure, holds no look-up.

Each function takes an incident and gives a ``Change``: its facts in order, each with the state after it. Versions are
gapless. Times: what people do counts when we accepted it (R-T2), a clear when its source says so (R-C6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import Command, Fact, FactAlert, FactDetail, FactKind, IncidentEvent
from tandem.model.incident import FiringAlert, Incident, IncidentState
from tandem.model.ownership import SYSTEM, Actor, Party
from tandem.model.priority import Priority
from tandem_router import instants
from tandem_router.decide import Routing
from tandem_router.grouping import condition_of

MOST_FIRING = 1000
"""Firing alerts that an incident keeps: a group of a storm must not grow without bound."""

AWAITS_CONFIRMATION = "cleared_pending_confirm"
"""Flag and reason: the source cleared a P1 that a person holds; a person resolves it (R-P12)."""


@dataclass(frozen=True, slots=True)
class Change:
    """An incident after something happened. No events: only counters moved, and readers need not know."""

    incident: Incident
    events: tuple[IncidentEvent, ...] = ()

    @property
    def facts(self) -> list[Fact]:
        """The facts alone."""
        return [event.fact for event in self.events]

    def then(self, event: IncidentEvent) -> Change:
        """This change and one more fact."""
        return Change(event.incident, (*self.events, event))


def happen(
    incident: Incident,
    kind: FactKind,
    at: datetime,
    *,
    received_at: datetime | None = None,
    by: Actor = SYSTEM,
    alert: Alert | None = None,
    detail: FactDetail | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Incident
) -> IncidentEvent:
    """One fact and the state after it; ``at`` is when it counts, ``received_at`` (default ``at``) when we knew."""
    after = replace(incident, version=incident.version + 1, **changes)
    return IncidentEvent(fact=_fact(after, kind, at, received_at or at, by, alert, detail), incident=after)


def _fact(
    after: Incident,
    kind: FactKind,
    at: datetime,
    received_at: datetime,
    by: Actor,
    alert: Alert | None,
    detail: FactDetail | None,
) -> Fact:
    return Fact(
        tenant=after.tenant,
        incident_id=after.incident_id,
        version=after.version,
        kind=kind,
        effective_at=at,
        received_at=received_at,
        priority=after.priority,
        owner=after.owner,
        responsible_party=after.responsible_party,
        by=by,
        alert=_told(alert) if alert is not None else None,
        detail=detail or FactDetail(),
    )


def _told(alert: Alert) -> FactAlert:
    return FactAlert(
        alert_id=alert.alert_id,
        dedup_key=alert.dedup_key,
        title=alert.title,
        status=alert.status,
        severity=alert.severity,
        severity_word=alert.severity_word,
        host=alert.host,
        integration=alert.integration,
        vendor=alert.vendor,
        occurred_at=alert.occurred_at,
        received_at=alert.received_at,
        url=alert.url,
    )


def open_incident(
    routing: Routing,
    alert: Alert,
    *,
    incident_id: UUID,
    number: int,
    now: datetime,
    recurrence_of: UUID | None = None,
) -> Change:
    """A new incident at version 1, detected when its first alert was accepted (R-T1)."""
    occurred_at, detect_flags = instants.onset(alert.occurred_at, alert.received_at)
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
        firing={condition_of(alert): _firing(alert, routing)},
        flags=("test",) * alert.test + ("recurrence",) * (recurrence_of is not None),
        recurrence_of=recurrence_of,
    )
    return _opened(incident, alert.received_at, SYSTEM, alert, FactDetail(cycle=1, **_reach(incident)))


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
    )
    told = FactDetail(cycle=1, command_id=command.command_id, text=detail.text, **_reach(incident))
    return _opened(incident, command.at, command.by, None, told)


def _opened(incident: Incident, at: datetime, by: Actor, alert: Alert | None, detail: FactDetail) -> Change:
    fact = _fact(incident, FactKind.OPENED, at, at, by, alert, detail)
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
    }


def _firing(alert: Alert, routing: Routing) -> FiringAlert:
    return FiringAlert(alert_id=alert.alert_id, asset=routing.asset, severity=alert.severity.value)


def _with(incident: Incident, alert: Alert, routing: Routing) -> Mapping[str, FiringAlert]:
    """The firing alerts with this one; past the bound a new one is counted and told, but not kept."""
    if condition_of(alert) not in incident.firing and len(incident.firing) >= MOST_FIRING:
        return incident.firing
    return {**incident.firing, condition_of(alert): _firing(alert, routing)}


def _reach(incident: Incident) -> dict[str, Any]:
    return {"affected_users": incident.affected_users} if incident.affected_users else {}


def may_reopen(incident: Incident, at: datetime, agreement: Agreement) -> bool:
    """Whether the condition that fires at ``at`` is this resolved incident again (R-C12)."""
    resolved_at = incident.resolved_at
    return resolved_at is not None and at - resolved_at <= agreement.timing.reopen_window


def join_alert(incident: Incident, alert: Alert, routing: Routing) -> Change:
    """A firing alert of the incident's group: counted, joined, or the incident opens again.

    ``routing`` is the decision on this alert with the incident as its situation, in the incident's agreement.
    """
    seen: dict[str, Any] = {
        "occurrences": incident.occurrences + 1,
        "last_seen_at": max(alert.received_at, incident.last_seen_at or alert.received_at),
        "firing": _with(incident, alert, routing),
        "affected_users": routing.affected_users,
        "regulated": incident.regulated or routing.regulated,
    }
    if incident.state is IncidentState.RESOLVED:
        return _reopened_by_alert(incident, alert, routing, seen)
    cleared = incident.clear_pending_at is not None
    if cleared:  # as if it had never cleared
        seen |= {"clear_pending_at": None, "hold_until": None, "flags": _without(incident.flags, AWAITS_CONFIRMATION)}
    if cleared or condition_of(alert) not in incident.firing:
        joined = happen(
            incident,
            FactKind.ALERT_JOINED,
            alert.received_at,
            alert=alert,
            detail=FactDetail(affected_users=routing.affected_users or None),
            **seen,
        )
        return _raised_by(Change(joined.incident, (joined,)), alert, routing)
    return _raised_by(Change(replace(incident, **seen)), alert, routing)


def _reopened_by_alert(incident: Incident, alert: Alert, routing: Routing, seen: dict[str, Any]) -> Change:
    """The next cycle begins as an opening does: responsible party and audience follow the hours of now."""
    seen["firing"] = {condition_of(alert): _firing(alert, routing)}
    event = happen(
        incident,
        FactKind.REOPENED,
        alert.received_at,
        alert=alert,
        detail=FactDetail(cycle=incident.cycle + 1, auto=True),
        **seen,
        **_next_cycle(incident, alert.received_at),
        priority=routing.priority,
        p1_workflow=routing.p1_workflow,
        responsible_party=routing.responsible_party,
        must_acknowledge=routing.must_acknowledge,
        informed=routing.informed,
        paths=routing.paths,
        because=routing.because,
    )
    return Change(event.incident, (event,))


def _next_cycle(incident: Incident, at: datetime) -> dict[str, Any]:
    return {
        "state": IncidentState.OPEN,
        "cycle": incident.cycle + 1,
        "reopened_at": at,
        "resolved_at": None,
        "resolved_by": None,
        "acknowledged": {},
        "joined": {},
        "started_at": None,
        "clear_pending_at": None,
        "hold_until": None,
    }


def _raised_by(change: Change, alert: Alert, routing: Routing) -> Change:
    """Re-prioritise when this alert makes the running incident more urgent; it never makes it less (R-C13)."""
    incident = change.incident
    workflow = routing.p1_workflow and not incident.p1_workflow
    if routing.priority.rank >= incident.priority.rank and not workflow:
        return change
    return reprioritise(
        change,
        routing,
        alert.received_at,
        alert=alert,
        detail=FactDetail(
            from_priority=incident.priority,
            to_priority=routing.priority,
            reason="; ".join(routing.because[2:])[:1000],
            affected_users=routing.affected_users or None,
        ),
    )


def reprioritise(change: Change, routing: Routing, at: datetime, *, alert: Alert, detail: FactDetail) -> Change:
    """More urgent: the new priority's audience, and while nobody acknowledged, hours decide anew who is responsible."""
    incident = change.incident
    paged = _united(routing.must_acknowledge, incident)
    event = happen(
        incident,
        FactKind.REPRIORITISED,
        at,
        alert=alert,
        detail=detail,
        priority=routing.priority,
        p1_workflow=incident.p1_workflow or routing.p1_workflow,
        must_acknowledge=paged,
        informed=tuple(party for party in routing.informed if party not in paged),
        paths={**incident.paths, **routing.paths},
        because=(*incident.because[:40], *routing.because[2:]),
    )
    change = change.then(event)
    if incident.acknowledged or routing.responsible_party is incident.responsible_party:
        return change
    moved = FactDetail(
        from_party=incident.responsible_party, to_party=routing.responsible_party, reason="hours", auto=True
    )
    responsible = routing.responsible_party
    return change.then(happen(event.incident, FactKind.REOWNED, at, detail=moved, responsible_party=responsible))


def _united(paged: tuple[Party, ...], incident: Incident) -> tuple[Party, ...]:
    """The parties paged now and before; the responsible party is always one of them when anybody is paged."""
    stays = (incident.responsible_party,) if incident.acknowledged and paged else ()
    return tuple(dict.fromkeys((*stays, *paged, *incident.must_acknowledge)))


def clear_alert(incident: Incident, alert: Alert, agreement: Agreement, now: datetime) -> Change:
    """The tool says that a condition is over. The last one starts the hold-down; an unknown one changes nothing."""
    if incident.state is IncidentState.RESOLVED or condition_of(alert) not in incident.firing:
        return Change(incident)
    firing = {key: other for key, other in incident.firing.items() if key != condition_of(alert)}
    begun = max(incident.detected_at, incident.reopened_at or incident.detected_at)
    at = instants.cleared(alert.occurred_at, detected_at=begun, received_at=alert.received_at)
    changes: dict[str, Any] = {"firing": firing, "last_seen_at": alert.received_at}
    hold_until = None
    if not firing:
        hold_until = now + hold_down(incident.priority, agreement)
        changes |= {"clear_pending_at": at, "hold_until": hold_until}
    event = happen(
        incident,
        FactKind.ALERT_CLEARED,
        at,
        received_at=alert.received_at,
        alert=alert,
        detail=FactDetail(hold_until=hold_until, auto=True),
        **changes,
    )
    return Change(event.incident, (event,))


def hold_down(priority: Priority, agreement: Agreement) -> timedelta:
    """How long a clear must hold before it resolves (R-P12)."""
    return agreement.timing.hold_down_p1 if priority is Priority.P1 else agreement.timing.hold_down


def expire_hold_down(incident: Incident, at: datetime) -> Change:
    """Resolve when the hold-down is over at ``at``; the instant stays the clear's. A P1 that a person holds waits."""
    until, cleared_at = incident.hold_until, incident.clear_pending_at
    if until is None or cleared_at is None or at < until or incident.state is IncidentState.RESOLVED:
        return Change(incident)
    if incident.priority is Priority.P1 and incident.acknowledged:
        detail = FactDetail(reason=AWAITS_CONFIRMATION, auto=True)
        flags = (*_without(incident.flags, AWAITS_CONFIRMATION), AWAITS_CONFIRMATION)
        noted = happen(incident, FactKind.NOTED, until, received_at=at, detail=detail, hold_until=None, flags=flags)
        return Change(noted.incident, (noted,))
    resolved = happen(
        incident,
        FactKind.RESOLVED,
        cleared_at,
        received_at=at,
        detail=FactDetail(auto=True, cycle=incident.cycle),
        **ended(incident, cleared_at, None),
    )
    return Change(resolved.incident, (resolved,))


def ended(incident: Incident, at: datetime, by: Party | None) -> dict[str, Any]:
    """The fields of an incident that is resolved."""
    return {
        "state": IncidentState.RESOLVED,
        "resolved_at": at,
        "resolved_by": by,
        "clear_pending_at": None,
        "hold_until": None,
        "firing": {},
        "flags": _without(incident.flags, AWAITS_CONFIRMATION),
    }


def reopen(incident: Incident, command: Command) -> Change:
    """A person opens it again: the next cycle, with nobody's acknowledgement and the same responsible party."""
    event = happen(
        incident,
        FactKind.REOPENED,
        command.at,
        by=command.by,
        detail=FactDetail(cycle=incident.cycle + 1, text=command.detail.text, command_id=command.command_id),
        **_next_cycle(incident, command.at),
    )
    return Change(event.incident, (event,))


def _without(flags: tuple[str, ...], flag: str) -> tuple[str, ...]:
    return tuple(other for other in flags if other != flag)
