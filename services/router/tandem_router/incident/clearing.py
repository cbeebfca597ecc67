"""What fired clears: the hold-down, its end, and an incident that is over. Times are the source's (R-C6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactDetail, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_router import flapping, instants, stale, storm
from tandem_router.expiry import EXPIRED
from tandem_router.grouping import condition_of
from tandem_router.incident.change import Change, happen, without
from tandem_router.incident.firing import marked, tell_flapping
from tandem_router.scope import HOURS_OVER

AWAITS_CONFIRMATION = "cleared_pending_confirm"
"""Flag and reason: the source cleared a P1 that a person holds; a person resolves it (R-P12)."""

_WHILE_RUNNING = frozenset({AWAITS_CONFIRMATION, flapping.FLAPPING, storm.STORM, stale.STALE, HOURS_OVER})


def clear_alert(
    incident: Incident, alert: Alert, agreement: Agreement, now: datetime, *, unkept: bool = False
) -> Change:
    """The tool says that a condition is over. The last one starts the hold-down; an unknown one changes nothing.

    Nor does one that was overtaken on its way. ``unkept`` as in ``join_alert``.
    """
    condition = condition_of(alert)
    if incident.state is IncidentState.RESOLVED or not (condition in incident.firing or unkept):
        return Change(incident)
    if _fired_since(incident, condition, alert.received_at):
        return Change(incident)
    firing = {key: other for key, other in incident.firing.items() if key != condition}
    left = incident.unkept - (condition not in incident.firing)
    if (firing or left) and storm.is_parent(incident):
        return Change(replace(incident, firing=firing, unkept=left, last_seen_at=alert.received_at))
    mark = flapping.mark(incident, condition, alert.received_at, now, agreement.flapping)
    begun = max(incident.detected_at, incident.reopened_at or incident.detected_at)
    at = instants.cleared(alert.occurred_at, detected_at=begun, received_at=alert.received_at)
    changes: dict[str, Any] = {"firing": firing, "unkept": left, "last_seen_at": alert.received_at, **marked(mark)}
    hold_until = None
    if not firing and not left:
        hold_until = _holds_until(incident, agreement, now, flaps=mark.flapping)
        changes |= {"clear_pending_at": at, "hold_until": hold_until}
    event = happen(
        incident,
        FactKind.ALERT_CLEARED,
        at,
        received_at=alert.received_at,
        alert=alert,
        detail=FactDetail(reason=EXPIRED if alert.expires_at is not None else None, hold_until=hold_until, auto=True),
        **changes,
    )
    return tell_flapping(Change(event.incident, (event,)), mark, alert.received_at)


def _fired_since(incident: Incident, condition: str, accepted_at: datetime) -> bool:
    """Whether a clear of ``accepted_at`` is older than what fires: it was overtaken on its way, and ends nothing."""
    fires = incident.firing.get(condition)
    return fires is not None and fires.since is not None and accepted_at < fires.since


def _holds_until(incident: Incident, agreement: Agreement, now: datetime, *, flaps: bool) -> datetime:
    """The end of the hold-down; while it flaps or its storm rages, not before that is over."""
    length = hold_down(incident.priority, agreement)
    until = now + (flapping.hold(length, agreement.flapping) if flaps else length)
    return max(until, incident.calm_at) if storm.rages(incident) and incident.calm_at is not None else until


def hold_down(priority: Priority, agreement: Agreement) -> timedelta:
    """How long a clear must hold before it resolves (R-P12)."""
    return agreement.timing.hold_down_p1 if priority is Priority.P1 else agreement.timing.hold_down


def expire_hold_down(incident: Incident, at: datetime) -> Change:
    """Resolve when the hold-down is over at ``at``; the instant stays the clear's. A P1 that a person holds waits."""
    until, cleared_at = incident.hold_until, incident.clear_pending_at
    if until is None or cleared_at is None or at < until or incident.state is IncidentState.RESOLVED:
        return Change(incident)
    if incident.priority is Priority.P1 and _held_by_a_person(incident):
        detail = FactDetail(reason=AWAITS_CONFIRMATION, auto=True)
        flags = (*without(incident.flags, AWAITS_CONFIRMATION), AWAITS_CONFIRMATION)
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


def _held_by_a_person(incident: Incident) -> bool:
    """Whether somebody of either track has acknowledged."""
    face = incident.second_face
    return bool(incident.acknowledged or (face is not None and face.acknowledged))


def fires_again(incident: Incident) -> dict[str, Any]:
    """As if it had never cleared."""
    return {"clear_pending_at": None, "hold_until": None, "flags": without(incident.flags, AWAITS_CONFIRMATION)}


def ended(incident: Incident, at: datetime, by: Party | None) -> dict[str, Any]:
    """The fields of an incident that is resolved."""
    return {
        "state": IncidentState.RESOLVED,
        "resolved_at": at,
        "resolved_by": by,
        "clear_pending_at": None,
        "hold_until": None,
        "firing": {},
        "unkept": 0,
        "calm_at": None,
        "answer_by": None,
        "flags": tuple(flag for flag in incident.flags if flag not in _WHILE_RUNNING),
    }
