"""Ways in as people look at them: last event, counts per result, ages of secrets, a day by hours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]

TAKEN = ("accepted", "duplicate", "ignored", "queued", "truncated", "unknown_tenant")
UNREAD = "quarantined"
_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The rows of several ways in, or of one."""

    ways: Rows
    counts: Rows
    """integration, result, hour, day."""
    seen: Rows
    """integration, at: the last alert of the last hour, exactly."""
    secrets: Rows
    gaps: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What one page shows beside that."""

    hours: Rows
    gaps: Rows
    customers: Rows
    unreadable: Rows


@dataclass(frozen=True, slots=True)
class Body:
    """What a tool posted, decompressed, as it was kept."""

    tenant: str
    received_at: datetime
    raw: bytes
    content_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What came in within one hour, by what became of it."""

    begin: datetime
    taken: int
    unreadable: int
    refused: int

    @property
    def total(self) -> int:
        """Alerts and refused posts together."""
        return self.taken + self.unreadable + self.refused


def overview(known: Known, now: datetime) -> list[dict[str, Any]]:
    """One dict per way in, as the API answers and the list shows it."""
    return [_way(row, known, now) for row in known.ways]


def _way(row: Row, known: Known, now: datetime) -> dict[str, Any]:
    name = row["name"]
    counts = [each for each in known.counts if each["integration"] == name]
    hour, day = ({each["result"]: each[span] for each in counts if each[span]} for span in ("hour", "day"))
    seen = [each["at"] for each in known.seen if each["integration"] == name]
    instants = [at for at in (*seen, row["counted_at"]) if at is not None]
    facts = {field: value for field, value in row.items() if field != "counted_at"}
    return {
        **facts,
        "last_event_at": max(instants, default=None),
        "last_hour": hour,
        "last_day": day,
        "quarantined": day.get(UNREAD, 0),
        "refused": refused(day),
        "unmapped": known.gaps.get(name, 0),
        "secrets": [secret(each, now) for each in known.secrets if each["integration"] == name],
    }


def refused(counts: Mapping[str, int]) -> int:
    """Posts that were turned away, whatever the reason."""
    return sum(count for result, count in counts.items() if result not in TAKEN and result != UNREAD)


def secret(row: Row, now: datetime) -> dict[str, Any]:
    """What may be said of a secret: the beginning of its id, its age, the last four of its digest."""
    return {
        "id": str(row["id"])[:8],
        "ending": row["ending"],
        "created_at": row["created_at"],
        "age_days": max(0, (now - row["created_at"]).days),
        "expires_at": row["expires_at"],
    }


def by_hour(rows: Iterable[Row], now: datetime) -> list[Hour]:
    """The last 24 hours, oldest first, those without anything too."""
    counts: dict[datetime, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["hour"].astimezone(UTC), {})[row["result"]] = int(row["n"])
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    begins = [this - timedelta(hours=back) for back in reversed(range(_HOURS))]
    return [_hour(begin, counts.get(begin, {})) for begin in begins]


def _hour(begin: datetime, counts: Mapping[str, int]) -> Hour:
    taken = sum(counts.get(result, 0) for result in TAKEN)
    return Hour(begin=begin, taken=taken, unreadable=counts.get(UNREAD, 0), refused=refused(counts))
