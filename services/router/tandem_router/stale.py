"""Firing alerts that nobody repeats (R-P13): marked after a day, never resolved in silence; P3 and below may close.

Pure. The look is taken per tenant in quarters of an hour, so that an incident costs no timer of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tandem.agreement.schema.fields import format_duration
from tandem.agreement.schema.joining import StaleSpec
from tandem.model.incident import Incident, IncidentState
from tandem.model.priority import Priority

STALE = "stale"
NO_LONGER = "no_longer_stale"
LOOK = "stale"
"""Kind of the timers; their key is the instant."""
MOST_AT_ONCE = 200
_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a tenant: what has been silent for so long."""

    tenant: str
    silent_since: datetime
    """Incidents whose last alert came then or before are stale."""
    close_since: datetime | None
    """Stale ones whose last alert came then or before are closed, if their priority allows it; None: none is."""


def look(tenant: str, now: datetime, spec: StaleSpec) -> Look | None:
    """What to look for; None when nothing ever becomes stale."""
    if not spec.after:
        return None
    since = now - spec.after
    return Look(tenant=tenant, silent_since=since, close_since=since - spec.close_after if spec.close else None)


def next_look(incident: Incident, spec: StaleSpec) -> datetime | None:
    """When to look again for this incident's sake; None: it has nothing that could become stale."""
    at = incident.last_seen_at
    if not spec.after or at is None or incident.state is IncidentState.RESOLVED or not fires(incident):
        return None
    if STALE not in incident.flags:
        return rounded(at + spec.after)
    return rounded(at + spec.after + spec.close_after) if spec.close and may_close(incident) else None


def rounded(at: datetime) -> datetime:
    """The next full quarter of an hour, so that a tenant's looks are few."""
    steps = -(-int(at.timestamp() * 1000) // int(_EVERY.total_seconds() * 1000))
    return datetime.fromtimestamp(steps * _EVERY.total_seconds(), UTC)


def fires(incident: Incident) -> bool:
    """Whether a tool says that something is still wrong."""
    return bool(incident.firing) or incident.unkept > 0


def is_due(incident: Incident, now: datetime, spec: StaleSpec) -> bool:
    """Whether it becomes stale at ``now``."""
    at = incident.last_seen_at
    silent = at is not None and bool(spec.after) and now - at >= spec.after
    return silent and STALE not in incident.flags and fires(incident) and incident.state is not IncidentState.RESOLVED


def closes(incident: Incident, now: datetime, spec: StaleSpec) -> bool:
    """Whether a stale one is closed at ``now``."""
    at = incident.last_seen_at
    if not spec.close or at is None or incident.state is IncidentState.RESOLVED:
        return False
    return STALE in incident.flags and may_close(incident) and now - at >= spec.after + spec.close_after


def may_close(incident: Incident) -> bool:
    """P1 and P2 are closed by a clear or a person only."""
    return incident.priority.rank >= Priority.P3.rank


def said(incident: Incident, spec: StaleSpec) -> str:
    """What happened, for people."""
    last = f"{incident.last_seen_at:%Y-%m-%d %H:%M} UTC" if incident.last_seen_at else "long ago"
    return f"no alert for {format_duration(spec.after)} (the last one came {last}); it is not resolved"
