"""What the router counts, from a committed batch. The definitions stand in ``tandem/metrics.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tandem.metrics import Metrics
from tandem.model.events import FactKind, IncidentEvent
from tandem_router.batch import Decided


@dataclass(frozen=True, slots=True)
class Counted:
    """Figures of one batch, counted when it is durable; owners and priorities as their words."""

    routed: tuple[tuple[str, str, str, str], ...]
    """(owner, priority, function, track) per decision."""
    seconds: tuple[float, ...]
    """From acceptance to decision."""
    unrouted: int
    opened: tuple[tuple[str, str, int], ...]
    """(owner, priority, +1 or -1)."""


def count(decided: Iterable[Decided], events: Iterable[IncidentEvent], now: datetime) -> Counted:
    """Figures of a batch; pure."""
    known = list(decided)
    routings = [each.routing for each in known]
    return Counted(
        routed=tuple((r.owner.value, r.priority.value, r.function, r.track.value) for r in routings),
        seconds=tuple(max(0.0, (now - each.alert.received_at).total_seconds()) for each in known),
        unrouted=sum(routing.unmapped for routing in routings),
        opened=tuple(step for event in events for step in _steps(event)),
    )


def _steps(event: IncidentEvent) -> Iterable[tuple[str, str, int]]:
    fact = event.fact
    here = (fact.owner.value, fact.priority.value)
    match fact.kind:
        case FactKind.OPENED | FactKind.REOPENED:
            yield (*here, 1)
        case FactKind.RESOLVED | FactKind.MERGED:
            yield (*here, -1)
        case FactKind.REOWNED if fact.detail.from_owner is not None:
            yield (fact.detail.from_owner.value, fact.priority.value, -1)
            yield (*here, 1)
        case FactKind.REPRIORITISED if fact.detail.from_priority is not None:
            yield (fact.owner.value, fact.detail.from_priority.value, -1)
            yield (*here, 1)
        case _:
            return


def record(metrics: Metrics, counted: Counted) -> None:
    """Move the counters."""
    for labels in counted.routed:
        metrics.alerts_routed.labels(*labels).inc()
    for seconds in counted.seconds:
        metrics.route_seconds.observe(seconds)
    if counted.unrouted:
        metrics.unrouted_alerts.inc(counted.unrouted)
    for owner, priority, step in counted.opened:
        metrics.incidents_open.labels(owner, priority).inc(step)


def set_open(metrics: Metrics, counts: Mapping[tuple[str, str], int]) -> None:
    """Start from what the database knows."""
    metrics.incidents_open.clear()
    for (owner, priority), number in counts.items():
        metrics.incidents_open.labels(owner, priority).set(number)
