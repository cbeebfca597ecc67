"""Whom to tell what after a look: one alarm per invariant and hour while it is violated, one word when it holds again.

Pure. What was told counts only once the receiver has taken it, so that an alarm that got lost comes again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from tandem.app.auditor.findings import Finding, Look
from tandem.app.auditor.invariants import ALL, Invariant
from tandem.ids import uuid8

AGAIN = timedelta(hours=1)
"""A violation that stands is told once in so long (R6)."""


class Word(StrEnum):
    """What is told of an invariant."""

    VIOLATED = "violated"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One message; ``alarm_id`` is its idempotency key."""

    alarm_id: UUID
    word: Word
    invariant: Invariant
    at: datetime
    since: datetime
    """When the auditor saw it first."""
    finding: Finding

    def body(self, where: str) -> bytes:
        """As JSON; ``where`` names the installation."""
        return msgspec.json.encode(
            {
                "kind": "tandem.auditor",
                "alarm_id": self.alarm_id,
                "status": self.word,
                "invariant": self.invariant.name,
                "promise": self.invariant.promise,
                "installation": where,
                "at": self.at,
                "since": self.since,
                "count": self.finding.count,
                "violations": self.finding.examples,
                "runbook": self.invariant.runbook,
            }
        )


@dataclass(slots=True)
class _Standing:
    since: datetime
    told_at: datetime | None = None
    """When an alarm about it was taken; None: not yet."""


@dataclass(slots=True)
class Alarms:
    """What stands, and what was told of it."""

    standing: dict[str, _Standing] = field(default_factory=dict)
    _last: dict[str, datetime] = field(default_factory=dict)
    """Invariant -> its last alarm, also when it has cleared since: what comes and goes does not ring all the time."""

    def after(self, look: Look, now: datetime) -> list[Alarm]:
        """What is to be told now. An invariant that could not be asked stays as it was."""
        return [alarm for each in ALL if each.name in look.findings for alarm in self._of(each, look, now)]

    def taken(self, alarm: Alarm) -> None:
        """The receiver has it."""
        name = alarm.invariant.name
        if alarm.word is Word.CLEARED:
            self.standing.pop(name, None)
            return
        self._last[name] = alarm.at
        if name in self.standing:
            self.standing[name].told_at = alarm.at

    def _of(self, invariant: Invariant, look: Look, now: datetime) -> Iterator[Alarm]:
        finding, stands = look.findings[invariant.name], self.standing.get(invariant.name)
        if finding.count:
            stands = self.standing.setdefault(invariant.name, _Standing(now))
            last = self._last.get(invariant.name)
            if last is None or now - last >= AGAIN:
                yield _alarm(Word.VIOLATED, invariant, stands.since, finding, now)
        elif stands is not None and stands.told_at is None:
            del self.standing[invariant.name]  # nobody was told of it, so nobody waits for its end
        elif stands is not None:
            yield _alarm(Word.CLEARED, invariant, stands.since, finding, now)


def _alarm(word: Word, invariant: Invariant, since: datetime, finding: Finding, now: datetime) -> Alarm:
    hour = int((now - since) / AGAIN)
    identity = uuid8("auditor", invariant.name, word.value, since.isoformat(), str(hour))
    return Alarm(alarm_id=identity, word=word, invariant=invariant, at=now, since=since, finding=finding)
