"""What every transition gives: a ``Change``, the facts in order, each with the state after it. Versions are gapless.

Which transitions there are stands in the other files of this package.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tandem.model.alert import Alert
from tandem.model.events import Fact, FactAlert, FactDetail, FactKind, IncidentEvent
from tandem.model.incident import Incident
from tandem.model.ownership import SYSTEM, Actor


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
    alert: Alert | FactAlert | None = None,
    detail: FactDetail | None = None,
    **changes: Any,  # noqa: ANN401 - fields of Incident
) -> IncidentEvent:
    """One fact and the state after it; ``at`` is when it counts, ``received_at`` (default ``at``) when we knew."""
    after = replace(incident, version=incident.version + 1, **changes)
    return IncidentEvent(fact=fact_of(after, kind, at, received_at or at, by, alert, detail), incident=after)


def fact_of(
    after: Incident,
    kind: FactKind,
    at: datetime,
    received_at: datetime,
    by: Actor,
    alert: Alert | FactAlert | None,
    detail: FactDetail | None,
) -> Fact:
    """One fact of an incident as it is ``after`` it; the arguments are ``happen``'s."""
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
        alert=_told(alert) if isinstance(alert, Alert) else alert,
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


def without(flags: tuple[str, ...], flag: str) -> tuple[str, ...]:
    """``flags`` without one."""
    return tuple(other for other in flags if other != flag)
