"""The alerts that fire in an incident: which are kept, what each one changes, whether their conditions flap.

What follows from an alert that joins is ``arrival``'s, from one that clears ``clearing``'s.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tandem.model.alert import Alert
from tandem.model.events import FactDetail, FactKind
from tandem.model.incident import FiringAlert, Incident
from tandem_router import flapping, stale, storm
from tandem_router.flapping import Mark
from tandem_router.grouping import condition_of
from tandem_router.incident.change import Change, happen, without
from tandem_router.routing import Routing

MOST_FIRING = 1000
"""Firing alerts that an incident keeps; those beyond are counted, and known by their memberships."""


def firing_alert(alert: Alert, routing: Routing, incident: Incident | None = None) -> FiringAlert:
    """An alert as it is kept; ``incident``: the one it joins, whose class and owner need not be said again."""
    known = incident.firing.get(condition_of(alert)) if incident is not None else None
    other_class = incident is not None and routing.incident_class is not incident.incident_class
    other_owner = incident is not None and routing.owner is not incident.owner
    return FiringAlert(
        alert_id=alert.alert_id,
        asset=routing.asset,
        severity=alert.severity.value,
        since=known.since if known is not None else alert.received_at,
        incident_class=routing.incident_class if other_class else None,
        owner=routing.owner if other_owner else None,
        track=routing.track if incident is not None and routing.track is not incident.track else None,
    )


def _with(incident: Incident, alert: Alert, routing: Routing, *, known: bool) -> dict[str, Any]:
    """The firing alerts with this one; past the bound a new one is counted and told, but not kept."""
    condition = condition_of(alert)
    # A storm's parent keeps many only of known assets, whose users count: its state is written with every batch.
    most = MOST_FIRING if routing.asset is not None or not storm.is_parent(incident) else storm.MOST_KEPT
    if condition not in incident.firing and (known or len(incident.firing) >= most):
        return {"unkept": incident.unkept + (not known)}
    return {"firing": {**incident.firing, condition: firing_alert(alert, routing, incident)}}


def seen_in(incident: Incident, alert: Alert, routing: Routing, *, known: bool) -> dict[str, Any]:
    """What every firing alert of an incident changes."""
    return {
        "occurrences": incident.occurrences + 1,
        "last_seen_at": max(alert.received_at, incident.last_seen_at or alert.received_at),
        "regulated": incident.regulated or routing.regulated,
        **_with(incident, alert, routing, known=known),
    }


def marked(mark: Mark | None) -> dict[str, Any]:
    """What a mark changes of the incident; nothing without one."""
    return {"changes": mark.changes, "calm_at": mark.calm_at} if mark is not None else {}


def tell_flapping(change: Change, mark: Mark | None, at: datetime) -> Change:
    """Tell that the incident flaps from now on (R-P9)."""
    if mark is None or not mark.begins:
        return change
    incident = change.incident
    detail = FactDetail(reason=flapping.FLAPPING, text=mark.text, until=mark.calm_at, auto=True)
    flags = (*without(incident.flags, flapping.FLAPPING), flapping.FLAPPING)
    return change.then(happen(incident, FactKind.NOTED, at, detail=detail, flags=flags, calm_at=mark.calm_at))


def heard_again(change: Change, at: datetime) -> Change:
    """An alert came: what was stale is not any more."""
    incident = change.incident
    if stale.STALE not in incident.flags:
        return change
    detail, flags = FactDetail(reason=stale.NO_LONGER, auto=True), without(incident.flags, stale.STALE)
    return change.then(happen(incident, FactKind.NOTED, at, detail=detail, flags=flags))
