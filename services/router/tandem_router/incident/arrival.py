"""A firing alert comes to an incident: it joins, opens it again, makes it more urgent, or is attached to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactDetail, FactKind
from tandem.model.incident import Face, Incident, IncidentState
from tandem_router import flapping
from tandem_router.grouping import condition_of
from tandem_router.held import HOLDS_OTHERS
from tandem_router.incident import faces
from tandem_router.incident.change import Change, happen, without
from tandem_router.incident.clearing import fires_again
from tandem_router.incident.cycle import reopen_by_alert
from tandem_router.incident.firing import heard_again, marked, seen_in, tell_flapping
from tandem_router.incident.urgency import raised_by
from tandem_router.routing import Routing

ATTACHED = "attached"
"""Reason of a note: an alert that this incident explains is attached to it and pages nobody (R-P11)."""


def join_alert(
    incident: Incident,
    alert: Alert,
    routing: Routing,
    agreement: Agreement,
    now: datetime,
    *,
    unkept: bool = False,
    title: str | None = None,
) -> Change:
    """A firing alert of the incident's group: counted, joined, or the incident opens again.

    One of the other track gives the incident its second face, or makes that more urgent (R-A3).

    Args:
        routing: the decision on this alert with the incident as its situation, in the incident's agreement.
        agreement: that agreement.
        now: where a quiet time runs from.
        unkept: the alert's condition is one of those that fire beyond the ones ``firing`` keeps.
        title: of the incident once this alert has made it more urgent.
    """
    condition, resolved = condition_of(alert), incident.state is IncidentState.RESOLVED
    before = incident.firing.get(condition)
    known = not resolved and (before is not None or unkept)
    same_track, face = routing.track is incident.track, faces.by_alert(incident, alert, routing)
    seen = seen_in(incident, alert, routing, known=known)
    seen |= {"affected_users": routing.affected_users} if same_track or resolved else faces.shown(incident, face)
    mark = None if known else flapping.mark(incident, condition, alert.received_at, now, agreement.flapping)
    seen |= marked(mark)
    if resolved:
        return tell_flapping(reopen_by_alert(incident, alert, routing, seen), mark, alert.received_at)
    cleared = incident.clear_pending_at is not None
    if cleared:
        seen |= fires_again(incident)
    if cleared or not known or face is not None:
        detail = joining_detail(routing, face)
        joined = happen(incident, FactKind.ALERT_JOINED, alert.received_at, alert=alert, detail=detail, **seen)
        change = tell_flapping(Change(joined.incident, (joined,)), mark, alert.received_at)
    else:
        change = Change(replace(incident, **seen))
    change = heard_again(change, alert.received_at)
    same = before is not None and before.severity == alert.severity.value
    if same and face is None and (not same_track or routing.affected_users == incident.affected_users):
        return change  # nothing new, so that a person's priority stands (R-C13, R-P4)
    return raised_by(change, alert, routing, agreement, now, title=title)


def joining_detail(routing: Routing, face: Face | None) -> FactDetail:
    """What the fact of an alert that joins says: the users it touches, the second face that it opens."""
    users = routing.affected_users or None
    if face is None:
        return FactDetail(affected_users=users)
    return FactDetail(affected_users=users, reason=faces.words(face), track=face.track)


def attach(incident: Incident, alert: Alert, why: str) -> Change:
    """An alert that this incident explains waits for its end; counted nowhere else, told in the timeline."""
    detail = FactDetail(reason=ATTACHED, text=why[:1000], auto=True)
    flags = (*without(incident.flags, HOLDS_OTHERS), HOLDS_OTHERS)
    event = happen(incident, FactKind.NOTED, alert.received_at, alert=alert, detail=detail, flags=flags)
    return Change(event.incident, (event,))


def release(change: Change, at: datetime, now: datetime, words: str) -> Change:
    """What an incident was opened by had been held until ``at``: by what, since when, how much (R-C17)."""
    detail = FactDetail(reason=words, auto=True)
    return change.then(happen(change.incident, FactKind.RELEASED, at, received_at=now, detail=detail))
