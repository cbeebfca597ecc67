"""Occurrences of windows and silences that have begun and not ended: what was told of them, and when to remind.

What stands for long is forgotten: its owner hears every week that it still holds, and what (every suppression has an
owner, a reason, an end and a reminder). Pure; which of them stand is ``store/windows.py``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tandem.agreement.compiled import Agreement
from tandem.model.suppression import SuppressionEvent, SuppressionKind, SuppressionStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An occurrence that has begun and whose end was not told yet, with what it held so far."""

    kind: SuppressionKind
    suppression_id: str
    name: str
    start: datetime
    end: datetime
    reason: str
    owner: str
    scope: str
    holds_p1: bool
    held: int = 0
    conditions: int = 0
    worst: str | None = None
    reminded_at: datetime | None = None
    """The latest reminder's instant."""

    @property
    def key(self) -> str:
        """As ``Suppressor.key``."""
        return f"{self.kind.value}:{self.suppression_id}"

    def event(
        self, step: SuppressionStep, agreement: Agreement, *, at: datetime, end: datetime, now: datetime
    ) -> SuppressionEvent:
        """What happened to it ``at``, with what it has held; ``end`` as it is now, ``agreement`` in force."""
        return SuppressionEvent(
            tenant=agreement.tenant.id,
            kind=self.kind,
            suppression_id=self.suppression_id,
            name=self.name,
            step=step,
            at=at,
            emitted_at=now,
            start=self.start,
            end=end,
            reason=self.reason,
            owner=self.owner,
            scope=self.scope,
            holds_p1=self.holds_p1,
            agreement_version=agreement.version,
            held=self.held,
            conditions=self.conditions,
            worst=self.worst,
        )

    def reminder(self, every: timedelta, now: datetime) -> datetime | None:
        """The latest reminder that was due until ``now`` and not told; those before it are not made up for."""
        passed = (now - self.start) // every if every else 0
        at = self.start + passed * every
        return at if passed > 0 and (self.reminded_at is None or at > self.reminded_at) else None

    def next_reminder(self, every: timedelta, end: datetime, now: datetime) -> datetime | None:
        """The first one after ``now``, unless it is over by then."""
        if not every:
            return None
        at = self.start + ((now - self.start) // every + 1) * every
        return at if at < end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was told of one tenant's windows and silences."""

    created: frozenset[str] = frozenset()
    """Keys."""
    started: frozenset[tuple[str, datetime]] = frozenset()
    """(key, start) of recent occurrences."""
    standing: tuple[Standing, ...] = ()
