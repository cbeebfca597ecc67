"""A desk of incidents whose timers fire when time moves: where what becomes one incident is tried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tandem.bus.plan import DueTimer
from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Party
from tandem_router.batch import CALM, HOLD_DOWN, Batch
from tandem_router.outcome import Refusal
from tandem_router.service import new_incident_id
from tandem_router.stale import LOOK
from tests.unit.router.test_incident import Desk
from tests.unit.router.world import NOON, Book, agreement, alert, command

INTERNAL, MSP = Party.INTERNAL, Party.MSP
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
OPEN = IncidentState.OPEN


class Yard(Desk):
    """A desk whose timers all fire when time moves, and whose thresholds can be set."""

    def __init__(self, **parts: Any) -> None:
        super().__init__()
        self.book = Book(replace(agreement(), **parts))

    def pass_to(self, now: datetime) -> list[str]:
        """Fire what is due at ``now``; the facts of it."""
        batch = self.batch = Batch(self.loaded, self.book, now, new_incident_id)
        for incident in list(self.loaded.incidents):
            for kind, at in ((HOLD_DOWN, incident.hold_until), (CALM, incident.calm_at)):
                if at is not None and at <= now:
                    batch.take_timer(DueTimer("acme", str(incident.incident_id), kind, at))
        batch.take_timer(DueTimer("acme", now.isoformat(), LOOK, now))
        self._keep(batch)
        return said(batch)

    def settle_openings(self) -> None:
        """What this batch counted is in the database now."""
        for openings in self.loaded.openings.values():
            for slot, number in openings.added.items():
                openings.slots[slot] = openings.slots.get(slot, 0) + number
            openings.added.clear()

    def titled(self, title: str) -> Incident:
        (found,) = [incident for incident in self.incidents if title in incident.title]
        return found

    def running(self) -> list[Incident]:
        return [incident for incident in self.incidents if incident.state is not IncidentState.RESOLVED]

    def wish(self, kind: CommandKind, incident: Incident, at: datetime = NOON, **detail: Any) -> Refusal | None:
        return self.run(command(incident.incident_id, kind, MSP, at, **detail)).answered[0].refusal


def said(batch: Batch) -> list[str]:
    """Kinds of facts, with the reason of notes."""
    facts = [event.fact for event in batch.events]
    return [f"noted:{fact.detail.reason}" if fact.kind is FactKind.NOTED else fact.kind.value for fact in facts]


def burst(yard: Yard, count: int, start: datetime = NOON, first: int = 0, **fields: Any) -> list[str]:
    """``count`` new conditions, one a second, each in a batch of its own; the outcomes."""
    outcomes = []
    for number in range(count):
        batch = yard.run(alert(f"mail slow {first + number}", start + number * SECOND, **fields))
        outcomes += [each.outcome for each in batch.decided]
        yard.settle_openings()
    return outcomes
