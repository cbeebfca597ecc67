"""What the SLA clock counts, from a committed batch. The definitions stand in ``tandem/metrics.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tandem.bus.plan import DueTimer
from tandem.metrics import Metrics
from tandem.model.events import ClockState, SlaClock, SlaEvent, SlaEventKind

_OUTCOMES = {SlaEventKind.MET, SlaEventKind.BREACHED, SlaEventKind.CANCELLED, SlaEventKind.RETRACTED}
_ELAPSED = {SlaEventKind.MET, SlaEventKind.STOPPED}
Labels = tuple[str, str, str]
"""Clock, party, priority."""


@dataclass(slots=True)
class Counted:
    """Figures of one batch, counted when it is durable."""

    outcomes: list[tuple[Labels, str]] = field(default_factory=list)
    elapsed: list[tuple[Labels, float]] = field(default_factory=list)
    running: list[tuple[Labels, int]] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)


def count(
    counted: Counted, *, before: Iterable[SlaClock], after: Iterable[SlaClock], events: Iterable[SlaEvent]
) -> None:
    """Add one incident's look; pure but for ``counted``."""
    counted.running += [(_labels(clock), -1) for clock in before if _runs(clock)]
    counted.running += [(_labels(clock), 1) for clock in after if _runs(clock)]
    for event in events:
        labels = _labels(event.clock)
        if event.kind in _OUTCOMES:
            counted.outcomes.append((labels, event.kind.value))
        if event.kind in _ELAPSED and event.clock.counted is not None:
            counted.elapsed.append((labels, event.clock.counted.total_seconds()))


def count_timers(counted: Counted, timers: Iterable[DueTimer], now: datetime) -> None:
    """Add how late timers ran."""
    counted.lateness += [max(0.0, (now - timer.due_at).total_seconds()) for timer in timers]


def record(metrics: Metrics, counted: Counted) -> None:
    """Move the counters."""
    for labels, outcome in counted.outcomes:
        metrics.sla_outcomes.labels(*labels, outcome).inc()
    for labels, seconds in counted.elapsed:
        metrics.sla_elapsed.labels(*labels).observe(seconds)
    for labels, step in counted.running:
        metrics.sla_clock_running.labels(*labels).inc(step)
    for seconds in counted.lateness:
        metrics.timer_lateness.observe(seconds)


def set_running(metrics: Metrics, counts: Mapping[Labels, int]) -> None:
    """Start from what the database knows."""
    metrics.sla_clock_running.clear()
    for labels, number in counts.items():
        metrics.sla_clock_running.labels(*labels).set(number)


def _labels(clock: SlaClock) -> Labels:
    return clock.clock.value, clock.party.value, clock.priority.value


def _runs(clock: SlaClock) -> bool:
    return clock.stop is None and clock.state not in {ClockState.MET, ClockState.CANCELLED}
