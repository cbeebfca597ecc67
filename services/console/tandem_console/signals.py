"""Checks for people: one word for where each stands, the worst first, and backups summed up by asset. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]

STATES = {
    "failed": "failed",
    "missing": "missing",
    "overdue": "runs for too long",
    "late": "late",
    "never": "never seen",
    "running": "running",
    "fine": "fine",
    "paused": "paused",
    "undeclared": "not in the agreement",
}
"""Words by state, the worst first."""
TONES = {"failed": "over", "missing": "over", "overdue": "over", "late": "soon", "never": "soon", "fine": "met"}
KINDS = {
    "heartbeat": "Heartbeat", "backup": "Backup verified", "restore_test": "Restore test", "volume": "Volume",
}  # fmt: skip
BACKUPS = ("backup", "restore_test")
COUNTS = ("verified", "late", "failed", "missing")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Whose:
    """Who would answer for a check's alert."""

    owner: str
    """internal, msp or shared."""
    responsible: str
    priority: str


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open ``[start, end)``; without an end what was paid early counts too."""

    key: str
    name: str
    start: datetime
    end: datetime | None


def state_of(row: Row) -> str:
    """One of ``STATES``, from a check as the API shows it."""
    phase, trouble = row["phase"], row["trouble"]
    if phase in {"paused", "undeclared"} and not trouble:
        return str(phase)
    if trouble:
        return str(trouble)
    if phase == "started":
        return "running"
    if phase == "late":
        return "late"
    return "fine" if row["last_signal_at"] or row["last_success_at"] else "never"


def ordered(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """With their state; backups first, then the worst, then by client and name."""
    words = list(STATES)
    known = [{**row, "state": state_of(row)} for row in rows]
    return sorted(
        known,
        key=lambda row: (
            row["what"] not in BACKUPS,
            words.index(row["state"]),
            row["tenant"],
            row["asset"] or "",
            row["id"],
        ),
    )


def matching(rows: Iterable[dict[str, Any]], *, state: str, what: str, q: str) -> list[dict[str, Any]]:
    """Those of a state, a kind and with every word of ``q``; empty: all."""
    words = q.casefold().split()
    wanted = BACKUPS if what == "backups" else (what,)
    return [
        row
        for row in rows
        if (not state or row["state"] == state or (state == "trouble" and TONES.get(row["state"]) == "over"))
        and (not what or row["what"] in wanted)
        and all(word in f"{row['id']} {row['name'] or ''} {row['asset'] or ''}".casefold() for word in words)
    ]


def by_asset(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Periods of backups and restore tests summed up per client and asset, most trouble first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if row["what"] not in BACKUPS:
            continue
        key = (row["tenant"], row["asset"] or "")
        sums = found.setdefault(key, {"tenant": key[0], "asset": key[1], **dict.fromkeys(COUNTS, 0)})
        for name in COUNTS:
            sums[name] += row["counts"][name]
    return sorted(found.values(), key=lambda each: (-each["failed"] - each["missing"], each["tenant"], each["asset"]))


def totals(rows: Iterable[Row]) -> dict[str, int]:
    """The same over all assets."""
    listed = list(rows)
    return {name: sum(row[name] for row in listed) for name in COUNTS}


def periods(now: datetime) -> Sequence[Period]:
    """This month and the five before, UTC; the first is the usual one."""
    at = now.astimezone(UTC)
    year, month = at.year, at.month
    found: list[Period] = []
    end: datetime | None = None
    for _ in range(6):
        start = datetime(year, month, 1, tzinfo=UTC)
        found.append(Period(f"{start:%Y-%m}", f"{_MONTHS[month - 1]} {year}", start, end))
        end = start
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found
