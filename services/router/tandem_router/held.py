"""What waits: a held alert as a value, and the timers that look at it.

A hold is a row with one outcome. What a batch does with holds is ``fold/holds.py``'s, their rows are
``store/held_rows.py``'s. Why an alert is held is ``suppress``'s; opening and joining is the batch's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from tandem.model.alert import Alert
from tandem.model.suppression import HoldOutcome, SuppressionKind
from tandem_router.suppress import Hold

HELD, LET_GO = "held", "let_go"
"""Timers: of one hold (key: its id), and of all that something held (key: ``window:ID`` or ``incident:UUID``)."""
HOLDS_OTHERS = "holds_others"
"""Flag of an incident to which alerts are attached: its end lets them go."""
LOOK_AGAIN = timedelta(hours=1)
"""A hold without an end of its own is looked at this often, so that nothing waits for a word that never comes."""
AT_ONCE = 200
"""Holds that one end of a window lets go in one batch; the rest follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One condition that something holds; ``outcome`` None while it waits."""

    held_id: UUID
    tenant: str
    condition: str
    alert: Alert
    """The latest one, without its raw body."""
    occurred_at: datetime
    """Of the first one: the original onset (R-C17)."""
    kind: SuppressionKind
    by: str
    why: str
    since: datetime
    first_since: datetime
    """When anything began to hold it."""
    until: datetime | None
    parent: UUID | None
    last_seen_at: datetime
    count: int
    """Alerts that this hold held; 0 when it took over from another hold and nothing came since."""
    worst: str
    priority: str
    """It would have had."""
    function: str
    alert_ids: tuple[UUID, ...]
    agreement_version: int
    outcome: HoldOutcome | None = None
    outcome_at: datetime | None = None
    incident_id: UUID | None = None
    note: str | None = None
    """What the outcome says: what holds it now, what let it go."""

    @property
    def key(self) -> tuple[str, str]:
        """(tenant, condition)."""
        return self.tenant, self.condition

    def is_by(self, hold: Hold) -> bool:
        """Whether ``hold`` is what holds it already."""
        return (self.kind, self.by, self.parent) == (hold.kind, hold.by, hold.parent)

    def ends_at(self, now: datetime) -> datetime:
        """When the hold is over: its own end if that has passed, else now."""
        return self.until if self.until is not None and self.until <= now else now

    def waiting(self, at: datetime) -> Alert:
        """The alert as it is looked at again: accepted ``at`` (the window's end), with its original onset."""
        return replace(self.alert, received_at=at, occurred_at=self.occurred_at)

    def released_words(self) -> str:
        """For the timeline: what held it, since when, how much."""
        many = f"{self.count} alerts" if self.count != 1 else "1 alert"
        return (f"held by {self.why} since {self.first_since:%Y-%m-%d %H:%M} UTC: {many}, worst severity {self.worst}")[
            :1000
        ]
