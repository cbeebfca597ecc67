"""A lane: one stage with its consumer and what is known of its timers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tandem.bus.plan import Inbox, Plan, Stage
from tandem.bus.port import Batch, Consumer

TIMERS_AT_ONCE = 200
"""Due timers claimed in one transaction."""
POLL = timedelta(seconds=1)
"""How long a timer set by another process may go unnoticed."""


@dataclass(slots=True)
class Lane:
    """``next_due`` is a hint: None means that nobody has looked yet."""

    stage: Stage[Any]
    consumer: Consumer
    shared_timers: bool = False
    """Other processes set timers of this stage too, so the hint may be late by ``POLL``."""
    rest_s: float = 0.0
    """Pause after a batch, for a stage that follows at leisure and should gather instead of committing per record."""
    next_due: datetime | None = None
    looked: bool = False

    def timers_due(self, now: datetime) -> bool:
        """Whether claiming timers may find one."""
        if self.stage.timer_schema is None:
            return False
        return not self.looked or (self.next_due is not None and self.next_due <= now)

    def expect(self, due_at: datetime | None) -> None:
        """A timer stands at ``due_at``."""
        if due_at is not None and (self.next_due is None or due_at < self.next_due):
            self.next_due = due_at

    def saw(self, next_due: datetime | None, now: datetime) -> None:
        """The table was looked at: its earliest timer stands at ``next_due``."""
        self.looked = True
        self.next_due = next_due
        if self.shared_timers:
            self.expect(now + POLL)


@dataclass(slots=True)
class Turn:
    """What one lane did in one transaction."""

    lane: Lane
    inbox: Inbox
    plan: Plan
    batch: Batch
