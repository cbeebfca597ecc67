"""What the SLA clock counts, from a committed batch. The definitions stand in ``tandem/metrics.py``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from tandem.bus.plan import DueTimer
from tandem.metrics import Metrics
from tandem.model.events import ClockName, ClockState, SlaClock, SlaEvent, SlaEventKind
from tandem.model.ownership import Party
from tandem.model.priority import Priority

_OUTCOMES = {SlaEventKind.MET, SlaEventKind.BREACHED, SlaEventKind.CANCELLED, SlaEventKind.RETRACTED}
_ELAPSED = {SlaEventKind.MET, SlaEventKind.STOPPED}
_SHARES = (50, 75, 90)
Labels = tuple[str, str, str]
"""Clock, party, priority."""


@dataclass(slots=True)
class Counted:
    """Figures of one batch, counted when it is durable."""

    outcomes: list[tuple[Labels, str]] = field(default_factory=list)
    elapsed: list[tuple[Labels, float]] = field(default_factory=list)
    running: list[tuple[Labels, int]] = field(default_factory=list)
    warnings: list[tuple[Labels, int]] = field(default_factory=list)
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
        if event.kind is SlaEventKind.WARNED and event.threshold is not None:
            counted.warnings.append((labels, event.threshold))
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
    for labels, share in counted.warnings:
        metrics.sla_warnings.labels(*labels, str(share)).inc()
    for labels, step in counted.running:
        metrics.sla_clock_running.labels(*labels).inc(step)
    for seconds in counted.lateness:
        metrics.timer_lateness.observe(seconds)


def prepare(metrics: Metrics) -> None:
    """Begin every outcome and warning at 0: Prometheus does not see the first of a series that begins at 1."""
    for labels in product(ClockName, Party, Priority):
        values = [label.value for label in labels]
        for outcome in _OUTCOMES:
            metrics.sla_outcomes.labels(*values, outcome.value)
        for share in _SHARES:
            metrics.sla_warnings.labels(*values, str(share))


def set_running(metrics: Metrics, counts: Mapping[Labels, int]) -> None:
    """Start from what the database knows."""
    metrics.sla_clock_running.clear()
    for labels, number in counts.items():
        metrics.sla_clock_running.labels(*labels).set(number)


def _labels(clock: SlaClock) -> Labels:
    return clock.clock.value, clock.party.value, clock.priority.value


def _runs(clock: SlaClock) -> bool:
    return clock.stop is None and clock.state not in {ClockState.MET, ClockState.CANCELLED}
