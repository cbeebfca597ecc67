"""Figures: quantiles, medians of rounds, one JSON line each and the table at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median

__all__ = ["Figure", "median", "middle", "quantile", "table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of performance.md, or a part of one."""

    row: str
    what: str
    unit: str
    tandem: float | None = None
    peer: float | None = None
    """Alertmanager in the same run; None when there is none, or when the row has no peer."""
    ratio: float | None = None
    """Tandem over what it is compared with; the median of the rounds' ratios where rounds alternate."""
    floor: str = ""
    goal: str = ""
    rounds: int = 1
    note: str = ""

    def line(self) -> str:
        """As one JSON line."""
        return json.dumps({name: _short(value) for name, value in asdict(self).items() if value not in (None, "")})


def quantile(values: Iterable[float], q: float) -> float:
    """The smallest value that at least ``q`` of ``values`` do not exceed; nan without values."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(q * 1000) * len(ordered) // 1000) - 1)] if ordered else float("nan")


def middle(values: Sequence[float | None]) -> float | None:
    """The median of what is there."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def table(figures: Sequence[Figure]) -> str:
    """All figures for people."""
    head = ("row", "what", "unit", "Tandem", "Alertmanager", "ratio", "floor", "goal", "note")
    rows = [head]
    rows.extend(
        (f.row, f.what, f.unit, _text(f.tandem), _text(f.peer), _text(f.ratio), f.floor, f.goal, f.note)
        for f in figures
    )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _text(value: float | None) -> str:
    return "-" if value is None else f"{_short(value):g}"


def _short(value: object) -> object:
    """Three significant digits are more than these figures have."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)
