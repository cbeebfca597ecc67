"""How incidents become one, and what ends a storm, a flapping time or a silence: parts of the one state machine.

An alert that a storm's parent takes, a merge, a link, the end of a quiet time, the mark of what nobody repeats. Pure,
as ``incident`` is; which incidents these are about is ``batch``'s and ``together``'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.model.alert import Alert
from tandem.model.events import FactAlert, FactDetail, FactKind
from tandem.model.incident import FiringAlert, Incident, IncidentState
from tandem.model.ownership import SYSTEM, Actor
from tandem_router import flapping, priority, stale, storm
from tandem_router.grouping import condition_of
from tandem_router.incident import faces
from tandem_router.incident.change import Change, happen, without
from tandem_router.incident.clearing import ended, fires_again
from tandem_router.incident.firing import MOST_FIRING, heard_again, seen_in
from tandem_router.incident.urgency import upgrade
from tandem_router.routing import Routing

MOST_LINKED = 50
MOST_MOVED = 1000
"""Conditions that one merge moves: all of them stand in its facts, so that it can be read back."""
MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Merge:
    """Two incidents after they became one."""

    child: Change
    parent: Change
    moved: tuple[str, ...]
    """Conditions whose alerts the parent gets from now on."""
    unkept: frozenset[str]
    """Of them, those that fire and that the parent counts but does not keep."""


def merge(
    child: Incident,
    parent: Incident,
    conditions: Iterable[str],
    agreement: Agreement,
    at: datetime,
    now: datetime,
    *,
    by: Actor = SYSTEM,
    detail: FactDetail,
) -> Merge:
    """``child`` ends as part of ``parent``, which takes its firing alerts and the conditions it is known for (R-C16).

    What it has of the other track becomes the parent's second face, answers included (R-A3).

    Args:
        child: running; its clocks are cancelled and its pages stop.
        parent: running; keeps its own start unless the child was detected earlier.
        conditions: the child's memberships; those that fire and its own group's are added.
        agreement: the one the parent was opened with.
        at: when it counts.
        now: decides hours where the parent becomes more urgent.
        by: who merges; a rule by default.
        detail: ``reason`` is the rule's or the person's.
    """
    moved = conditions_of(child, conditions)
    detail = replace(detail, conditions=moved)
    told = replace(detail, other_incident=parent.incident_id)
    end = {"merged_into": parent.incident_id, **ended(child, at, None)}
    gone = happen(child, FactKind.MERGED, at, by=by, detail=told, **end)
    grown, unkept = _grown(parent, child, agreement, at)
    taken = happen(
        grown.incident,
        FactKind.LINKED,
        at,
        by=by,
        # The clocks go by this reason and this instant: the earlier detection counts.
        alert=FactAlert(title=child.title, host=child.host, received_at=child.detected_at),
        detail=replace(detail, reason=MERGED, text=detail.text or detail.reason, other_incident=child.incident_id),
        detected_at=min(parent.detected_at, child.detected_at),
        linked=(*parent.linked, child.incident_id)[-MOST_LINKED:],
        **faces.shown(parent, faces.taken_in(parent, child, at)),
    )
    change = faces.lift(_as_urgent(grown.then(taken), child, agreement, at, now), at)
    return Merge(Change(gone.incident, (gone,)), change, moved, unkept)


def _as_urgent(change: Change, child: Incident, agreement: Agreement, at: datetime, now: datetime) -> Change:
    """The parent's own track becomes as urgent as what it took in of that track."""
    face, same = child.second_face, child.track is change.incident.track
    if not same and face is None:
        return change
    level = child.main_priority if same or face is None else face.priority
    workflow = child.p1_workflow if same or face is None else face.p1_workflow
    why = FactDetail(reason=f"took in #{child.number}, which is {level.value}", auto=True)
    return upgrade(change, level, agreement, at, now, detail=why, p1_workflow=workflow)


def conditions_of(incident: Incident, memberships: Iterable[str]) -> tuple[str, ...]:
    """Everything that would move with it: what fires, what its group is, what it was found to hold."""
    return tuple(dict.fromkeys((*incident.firing, *_own_condition(incident), *memberships)))


def _own_condition(child: Incident) -> tuple[str, ...]:
    """The condition that the group of a plain incident is."""
    kind, colon, condition = child.group_key.partition(":")
    return (condition,) if kind == "dedup" and colon else ()


def _grown(parent: Incident, child: Incident, agreement: Agreement, at: datetime) -> tuple[Change, frozenset[str]]:
    """The parent with the child's alerts; one that waited for its hold-down goes on when they fire."""
    firing = {**{key: _moved(alert, child, parent) for key, alert in child.firing.items()}, **parent.firing}
    kept = dict(list(firing.items())[-MOST_FIRING:])
    assets = {alert.asset for alert in kept.values() if alert.asset is not None and alert.track is None}
    affected = sum(asset.users for asset in priority.assets_of(assets, agreement))
    grown: dict[str, Any] = {
        "firing": kept,
        "unkept": parent.unkept + child.unkept + len(firing) - len(kept),
        "occurrences": parent.occurrences + child.occurrences,
        "last_seen_at": max((at for at in (parent.last_seen_at, child.last_seen_at) if at is not None), default=None),
        "affected_users": max(parent.affected_users, affected),
        "regulated": parent.regulated or child.regulated,
    }
    unkept = frozenset(firing.keys() - kept.keys())
    if parent.clear_pending_at is None or not (child.firing or child.unkept):
        return Change(replace(parent, **grown)), unkept
    again = happen(parent, FactKind.ALERT_JOINED, at, **grown, **fires_again(parent))
    return Change(again.incident, (again,)), unkept


def _moved(alert: FiringAlert, child: Incident, parent: Incident) -> FiringAlert:
    """What the child need not say becomes said: its class, owner and track are not the parent's."""
    track = alert.track or child.track
    return replace(
        alert,
        track=track if track is not parent.track else None,
        since=alert.since or child.detected_at,
        incident_class=alert.incident_class or child.incident_class,
        owner=alert.owner or child.owner,
    )


def attach_alert(
    incident: Incident,
    alert: Alert,
    routing: Routing,
    agreement: Agreement,
    now: datetime,
    *,
    calm_at: datetime | None,
    unkept: bool = False,
) -> Change:
    """A firing alert of a running storm: it belongs to the storm's parent and pages nobody of its own (R-P10).

    Told when the number of alerts has doubled, not each time: the parent's whole state travels with every fact.

    Args:
        routing: the decision on the alert alone.
        agreement: the one the parent was opened with.
        now: decides hours where the parent becomes more urgent.
        calm_at: when the storm is over unless more comes.
        unkept: as ``join_alert``.
    """
    known = condition_of(alert) in incident.firing or unkept
    seen = seen_in(incident, alert, routing, known=known) | {"calm_at": calm_at}
    cleared = incident.clear_pending_at is not None
    if cleared:
        seen |= fires_again(incident)
    count, face = incident.occurrences + 1, faces.by_alert(incident, alert, routing)
    seen |= faces.shown(incident, face)
    if cleared or face is not None or (not known and count >= 2 ** min(incident.version, 60)):
        text, track = f"{count} alerts so far", face.track if face is not None else None
        detail = FactDetail(reason=storm.STORM, text=text, track=track)
        joined = happen(incident, FactKind.ALERT_JOINED, alert.received_at, alert=alert, detail=detail, **seen)
        change = Change(joined.incident, (joined,))
    else:
        change = Change(replace(incident, **seen))
    change = heard_again(change, alert.received_at)
    if routing.track is not incident.track:
        return faces.lift(change, alert.received_at, alert=alert)
    why = FactDetail(reason=f"an alert of the storm is {routing.priority.value}", auto=True)
    return upgrade(change, routing.priority, agreement, alert.received_at, now, detail=why)


def calm_down(incident: Incident, at: datetime) -> Change:
    """No longer flapping, or its storm is over, if that time has come at ``at``; said in a fact."""
    until = incident.calm_at
    if until is None or at < until or incident.state is IncidentState.RESOLVED:
        return Change(incident)
    change = Change(replace(incident, calm_at=None))
    for flag, over in ((flapping.FLAPPING, flapping.OVER), (storm.STORM, storm.OVER)):
        if flag in incident.flags:
            still = change.incident
            detail, flags = FactDetail(reason=over, auto=True), without(still.flags, flag)
            change = change.then(happen(still, FactKind.NOTED, until, received_at=at, detail=detail, flags=flags))
    return change


def grow_stale(incident: Incident, agreement: Agreement, now: datetime) -> Change:
    """Mark what nobody repeats, close what was marked long ago if the agreement says so (R-P13)."""
    spec = agreement.stale
    if stale.closes(incident, now, spec):
        detail = FactDetail(auto=True, cycle=incident.cycle, reason=stale.STALE)
        event = happen(incident, FactKind.RESOLVED, now, detail=detail, **ended(incident, now, None))
    elif stale.is_due(incident, now, spec):
        detail = FactDetail(reason=stale.STALE, text=stale.said(incident, spec), auto=True)
        event = happen(incident, FactKind.NOTED, now, detail=detail, flags=(*incident.flags, stale.STALE))
    else:
        return Change(incident)
    return Change(event.incident, (event,))


def link(incident: Incident, other: UUID, at: datetime, *, by: Actor = SYSTEM, detail: FactDetail) -> Change:
    """Put ``other`` beside it; a fact on each is the caller's to make."""
    linked = (*(known for known in incident.linked if known != other), other)[-MOST_LINKED:]
    event = happen(incident, FactKind.LINKED, at, by=by, detail=replace(detail, other_incident=other), linked=linked)
    return Change(event.incident, (event,))
