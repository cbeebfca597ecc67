"""What becomes of windows and silences, and what holds an alert: the words that services exchange."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tandem.model.ownership import Party


class SuppressionKind(StrEnum):
    """What holds an alert back."""

    WINDOW = "window"
    """A maintenance window: a calendar holds."""
    SILENCE = "silence"
    """A person mutes."""
    INHIBITION = "inhibition"
    """An open incident mutes, by a rule of the agreement."""
    PARENT = "parent"
    """An asset that it depends on is down (R-P11)."""


class HoldOutcome(StrEnum):
    """What became of a held alert; each gets exactly one."""

    CLEARED_MEANWHILE = "cleared_meanwhile"
    RELEASED = "released"
    """It still fired: an incident opened, with its original onset."""
    MERGED = "merged"
    """It still fired and joined an incident that was open."""
    HELD_ON = "held_on"
    """Something else holds it now: a hold of its own."""


class SuppressionStep(StrEnum):
    """What happened to a window or a silence."""

    CREATED = "created"
    STARTED = "started"
    ENDED = "ended"
    REMINDED = "reminded"
    """It still holds, a week after it began or after the last reminder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionEvent:
    """Payload of topic ``suppressions``: both parties hear of every window and silence."""

    tenant: str
    kind: SuppressionKind
    suppression_id: str
    name: str
    step: SuppressionStep
    at: datetime
    """When it counts: an occurrence's start or end, or when the reminder was due."""
    emitted_at: datetime
    start: datetime | None = None
    """Of the occurrence; of one that was only made, the first that comes."""
    end: datetime | None = None
    reason: str = ""
    owner: str = ""
    party: Party | None = None
    """Whose work it is, when the window says so."""
    scope: str = ""
    """What it holds, in words."""
    holds_p1: bool = False
    agreement_version: int
    held: int = 0
    """Ended and reminded: alerts that it held so far."""
    conditions: int = 0
    """Different conditions among them."""
    worst: str | None = None
    """The worst severity among them."""
