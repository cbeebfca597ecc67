"""A clock of ``sla.clocks`` as people and the API see it at an instant.

The due time and the state are the sla-clock's; only what passes with every second (left, share) is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tandem_console import words

Row = Mapping[str, Any]


def is_ticking(row: Row) -> bool:
    """Whether it still counts towards its due time, or past it."""
    return row["state"] in {"running", "breached"} and row["stop_at"] is None and row["due_at"] is not None


def current(rows: Iterable[Row], cycle: int) -> list[Row]:
    """The clocks of the incident's present cycle, and those of earlier ones that were breached."""
    return [row for row in rows if row["cycle"] >= cycle or row["state"] == "breached" or row["clock"] == "resolution"]


def next_due(rows: Iterable[Row]) -> Row | None:
    """The ticking clock that is due first; one that is over comes before all."""
    ticking = [row for row in rows if is_ticking(row)]
    return min(ticking, key=lambda row: (row["due_at"], row["clock"], row["party"]), default=None)


def is_breached(rows: Iterable[Row], now: datetime) -> bool:
    """Whether a ticking clock is over, also when its timer has not yet said so."""
    return any(is_ticking(row) and row["due_at"] < now for row in rows)


def share(row: Row, now: datetime) -> float:
    """How much of the way from start to due is gone, 0 to 1; 1 once it is over; 0 while paused."""
    start, due = row["start_at"], row["due_at"]
    if due is None:
        return 0.0
    until = min(row["stop_at"] or now, due)
    whole: float = (due - start) / timedelta(seconds=1)
    if whole <= 0:
        return 1.0
    gone: float = (until - start) / timedelta(seconds=1)
    return min(1.0, max(0.0, gone / whole))


def verdict(row: Row, now: datetime) -> str:
    """The state in words: ``12 min left``, ``met after 20 min``, ``breached 5 min ago, still running``."""
    state, stop, due = row["state"], row["stop_at"], row["due_at"]
    if state == "met":
        return f"met after {words.length(stop - row['start_at'])}" if stop else "met"
    if state == "breached" and stop is not None:
        over = stop - (row["breached_at"] or due or stop)
        return f"breached, stopped {words.length(over)} late"
    if state == "cancelled":
        return "cancelled" + _why(row)
    if state == "paused":
        return "paused" + _why(row)
    return words.countdown(due, now) if due is not None else "running"


def tone(row: Row, now: datetime) -> str:
    """``met``, ``over``, ``soon`` (a quarter or less is left), ``calm`` or ``off``; never the only sign of it."""
    if row["state"] == "met":
        return "met"
    if row["state"] == "breached" or (is_ticking(row) and row["due_at"] < now):
        return "over"
    if not is_ticking(row):
        return "off"
    return "soon" if share(row, now) >= 0.75 else "calm"


def as_answer(row: Row, now: datetime) -> dict[str, Any]:
    """The shape of interfaces.md section 9, and what is so at ``now``."""
    counted = row["counted_s"]
    return {
        "incident_id": row["incident_id"],
        "clock": row["clock"],
        "party": row["party"],
        "cycle": row["cycle"],
        "start": row["start_at"],
        "due": row["due_at"],
        "state": row["state"],
        "stop": row["stop_at"],
        "counted_s": None if counted is None else float(counted),
        "breached_at": row["breached_at"],
        "flags": list(row["flags"] or ()),
        "priority": row["priority"],
        "target_s": float(row["target_s"]),
        "calendar": row["calendar"],
        "warned": list(row["warned"] or ()),
        "left_s": (row["due_at"] - now).total_seconds() if is_ticking(row) else None,
        "share": round(share(row, now), 4),
        "words": verdict(row, now),
    }


def by_incident(rows: Sequence[Row]) -> dict[Any, list[Row]]:
    """Clocks by the incident they belong to."""
    grouped: dict[Any, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["incident_id"], []).append(row)
    return grouped


def _why(row: Row) -> str:
    flags = [str(flag).replace("_", " ") for flag in row["flags"] or ()]
    return f": {', '.join(flags)}" if flags else ""
