"""Compliance and statistics over clocks (domain.md 1.8). Pure; which clocks belong to a period is told here too.

A denominator of zero is None, shown "n/a", never 100 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tandem.model.events import ClockName, ClockState, SlaClock
from tandem_sla_clock.fold import BREACHED_BEFORE

GOAL_PERCENT = 95
"""Of the documents: 95 % of tickets within their SLA."""

_NOT_MEAN = {
    ClockName.DETECT: {"skew", "estimated", "implausible"},
    ClockName.RESPONSE: {"implied_by=resolve", "auto_cleared", "auto"},
    ClockName.RESOLUTION: {"auto"},
}
"""Flags that keep a clock out of MTTD, MTTA and MTTR (R-K5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    """How many clocks kept their promise; ``excluded`` counts the others by reason."""

    met: int
    breached: int
    excluded: Mapping[str, int]

    @property
    def passes(self) -> bool | None:
        """R-K3: whether the goal is reached, compared as integers; None without decided clocks."""
        decided = self.met + self.breached
        return 100 * self.met >= GOAL_PERCENT * decided if decided else None

    @property
    def percent(self) -> str | None:
        """Cut to one decimal, never rounded up to the goal; None without decided clocks."""
        decided = self.met + self.breached
        if not decided:
            return None
        tenths = 1000 * self.met // decided
        return f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """R-K5, over counted time; percentiles by nearest rank."""

    n: int
    mean: timedelta
    p50: timedelta
    p90: timedelta
    p95: timedelta
    max: timedelta


def decided_at(clock: SlaClock) -> datetime | None:
    """R-K1: min(stop, due), the instant whose period the clock belongs to; None while it is open."""
    if clock.state is ClockState.BREACHED:
        return clock.breached_at
    return clock.stop if clock.state is ClockState.MET else None


def compliance(clocks: Iterable[SlaClock]) -> Compliance:
    """R-K2 over clock cycles; those not yet decided are in no denominator."""
    met = breached = 0
    excluded: Counter[str] = Counter()
    for clock in clocks:
        if clock.state is ClockState.CANCELLED:
            excluded["cancelled"] += 1
        elif BREACHED_BEFORE in clock.flags:
            excluded[BREACHED_BEFORE] += 1
        elif clock.state is ClockState.MET:
            met += 1
        elif clock.state is ClockState.BREACHED:
            breached += 1
    return Compliance(met=met, breached=breached, excluded=excluded)


def mean_time_clocks(clocks: Iterable[SlaClock], clock: ClockName) -> list[timedelta]:
    """The counted times MTTD, MTTA or MTTR is computed over: stopped clocks, without implied, auto and flagged ones."""
    left_out = _NOT_MEAN.get(clock, set())
    return [
        found.counted
        for found in clocks
        if found.clock is clock
        and found.stop is not None
        and found.counted is not None
        and found.state is not ClockState.CANCELLED
        and not left_out & set(found.flags)
    ]


def spread(times: Sequence[timedelta]) -> Spread | None:
    """Mean and percentiles; None for no times."""
    if not times:
        return None
    ranked = sorted(times)
    return Spread(
        n=len(ranked),
        mean=sum(ranked, timedelta()) / len(ranked),
        p50=percentile(ranked, 50),
        p90=percentile(ranked, 90),
        p95=percentile(ranked, 95),
        max=ranked[-1],
    )


def percentile(ranked: Sequence[timedelta], percent: int) -> timedelta:
    """Nearest rank: ``ranked[ceil(percent * n / 100) - 1]`` of a sorted, non-empty sequence; percent 1 to 100."""
    return ranked[-(-percent * len(ranked) // 100) - 1]
