"""Alerts that are over of themselves (R-P13): a source that says until when, and does not say it again in time.

A timer per condition stands at that instant and moves with each repeat. When it fires, the condition is cleared as its
source would clear it, by an alert of our own with that instant. Pure; ``store/alerts.py`` finds the alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tandem.db.timers import set_timer
from tandem.db.write import Writes
from tandem.ids import uuid8
from tandem.model.alert import Alert, AlertStatus
from tandem.model.incident import Incident, IncidentState
from tandem_router.grouping import condition_of
from tandem_router.held import Held

EXPIRY = "expiry"
"""Kind of the router's timer of a condition; its key is the condition."""
EXPIRED = "expired"
"""Reason of such a clear."""
Expired = Mapping[tuple[str, str], tuple[UUID, Alert]]
"""(tenant, condition) -> the alert that has expired, and the clear that follows from it."""


def put(writes: Writes, schema: str, alert: Alert) -> datetime | None:
    """Let ``alert`` be looked at when it expires; an earlier timer of its condition moves there."""
    if alert.status is not AlertStatus.FIRING or alert.expires_at is None:
        return None
    key = condition_of(alert)
    set_timer(writes, schema, tenant=alert.tenant, key=key, kind=EXPIRY, due_at=alert.expires_at)
    return alert.expires_at


def expired(latest: list[Alert], now: datetime) -> Expired:
    """Of the latest alerts of their conditions that say an expiry, those for which it has passed."""
    return {
        (alert.tenant, condition_of(alert)): (alert.alert_id, clear_of(alert, now))
        for alert in latest
        if alert.status is AlertStatus.FIRING and alert.expires_at is not None and alert.expires_at <= now
    }


def clear_of(alert: Alert, now: datetime) -> Alert:
    """The clear that its source leaves to us: at the instant it named, known ``now``."""
    return replace(
        alert,
        alert_id=uuid8(EXPIRED, alert.alert_id.bytes),
        delivery_id=f"{EXPIRED}:{alert.alert_id}",
        status=AlertStatus.RESOLVED,
        occurred_at=alert.expires_at,
        received_at=now,
        raw=b"",
    )


def still_waits(alert_id: UUID, clear: Alert, held: Held | None, incident: Incident | None, *, unkept: bool) -> bool:
    """Whether the expired alert is what its condition fires by; a repeat, a clear and a person's word came before."""
    if held is not None:
        return held.alert.alert_id == alert_id
    if incident is None or incident.state is IncidentState.RESOLVED:
        return False
    kept = incident.firing.get(condition_of(clear))
    return kept.alert_id == alert_id if kept is not None else unkept
