"""What a dashboard is made of: queries, panels, rows. Values only."""

from __future__ import annotations

from dataclasses import dataclass

RATE = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Query:
    """One line of a panel."""

    expr: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; ``stat`` shows one figure now, otherwise lines over time. ``bad_from`` colours what is too much."""

    title: str
    says: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 8
    stat: bool = False
    bad_from: float | None = None
    good_from: float | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: rows of panels, and the labels that can be chosen."""

    uid: str
    title: str
    says: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    choices: tuple[tuple[str, str], ...]
    """Name of a variable and the metric whose label of that name fills it."""
    since: str = "now-6h"


def q(expr: str, legend: str = "", *, exemplars: bool = False) -> Query:
    """A query."""
    return Query(expr, legend, exemplars)


def quantiles(metric: str, selector: str = "") -> tuple[Query, ...]:
    """Median, 95th and 99th percentile of a histogram over all replicas."""
    rate = f"sum by (le) (rate({metric}_bucket{selector}[{RATE}]))"
    return tuple(q(f"histogram_quantile({p}, {rate})", f"p{p * 100:g}", exemplars=p == 0.99) for p in (0.5, 0.95, 0.99))
