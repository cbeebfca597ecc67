"""An incident's facts as a timeline: cycles, changes, actions, obligations, offers. Pure; counts nothing.

Facts are read in the order in which they count, not in which they came: a late fact makes another timeline (R-C5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeVar
from uuid import UUID

from tandem.model.ownership import Party
from tandem.model.priority import Priority

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the clocks of an incident need beside its facts; None leaves it to the opening fact."""

    incident_id: UUID
    monitoring_owner: Party = Party.MSP
    detected_at: datetime | None = None
    occurred_at: datetime | None = None
    detect_flags: tuple[str, ...] = ()


class EndKind(Enum):
    """How a cycle ended."""

    RESOLVED = "resolved"
    CLEARED = "auto"
    MERGED = "merged_into"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class End:
    """The end of a cycle; ``party`` is that of the person who resolved it."""

    at: datetime
    kind: EndKind
    party: Party | None = None


@dataclass(slots=True)
class Cycle:
    """From opening or re-opening to the end of the response, half-open."""

    number: int
    start: datetime
    end: End | None = None

    def holds(self, at: datetime) -> bool:
        """Whether ``at`` lies within; its end does (a stop counts at its instant)."""
        return self.start <= at and (self.end is None or at <= self.end.at)


@dataclass(frozen=True, slots=True)
class Action:
    """What a person did: acknowledged, started, joined."""

    at: datetime
    party: Party


@dataclass(slots=True)
class Obligation:
    """A request of one party to another, open until ``end``."""

    key: str
    kind: str
    asked: Party
    priority: Priority
    blocking: bool
    start: datetime
    end: datetime | None = None
    withdrawn: bool = False
    """Not answered: the incident ended first."""


@dataclass(slots=True)
class Offer:
    """A hand-off offer; ``withdrawn`` when the giver took it back."""

    key: str
    receiver: Party
    priority: Priority
    start: datetime
    end: datetime | None = None
    withdrawn: bool = False


@dataclass(slots=True, kw_only=True)
class Timeline:
    """Everything the clocks ask about; lists are in order of time."""

    detected_at: datetime
    """Where response, joint call and resolution begin; a merge may move it back (R-C16)."""
    received_at: datetime
    """When we durably learned of it: where ``detect`` stops."""
    occurred_at: datetime
    detect_flags: tuple[str, ...]
    priorities: list[tuple[datetime, Priority]]
    parties: list[tuple[datetime, Party]]
    """Who is responsible from when."""
    cycles: list[Cycle]
    answers: list[Action] = field(default_factory=list)
    """Acknowledged or started work."""
    joins: list[Action] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    suppressions: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    pending_since: datetime | None = None
    """A clear whose hold-down runs (R-P12)."""

    def priority_at(self, at: datetime) -> Priority:
        """The priority at ``at``; a change counts at its instant."""
        return _last(self.priorities, at)

    def responsible_at(self, at: datetime) -> Party:
        """The responsible party at ``at``; a hand-off counts at its instant."""
        return _last(self.parties, at)

    def cycle_at(self, at: datetime) -> Cycle:
        """The cycle that ``at`` belongs to: the last one that had begun."""
        begun = [cycle for cycle in self.cycles if cycle.start <= at]
        return begun[-1] if begun else self.cycles[0]


def _last(changes: list[tuple[datetime, Value]], at: datetime) -> Value:
    value = changes[0][1]
    for since, changed in changes:
        if since > at:
            break
        value = changed
    return value
