"""Calendars and SLA targets, and how days and times of day are written."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import AfterValidator, Field

from tandem.agreement.schema.fields import Day, Duration, Many, Part, TargetField, Zone, suggest
from tandem.model.priority import Priority

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_days(text: str) -> tuple[int, ...]:
    """``mon`` or ``mon-fri`` (or ``fri-mon``, around the week's end) -> 0 = Monday ...; ValueError otherwise."""
    first, dash, last = (part.strip() for part in text.lower().partition("-"))
    for name in (first, last) if dash else (first,):
        if name not in DAYS:
            raise ValueError(
                f"{text[:30]!r} is not a day; write mon ... sun, or a range like mon-fri{suggest(name, DAYS)}"
            )
    start, end = DAYS.index(first), DAYS.index(last if dash else first)
    return tuple((start + step) % 7 for step in range((end - start) % 7 + 1))


def parse_time(text: str) -> time:
    """``HH:MM``; ``24:00`` is the day's end, written as midnight. ValueError otherwise."""
    hour, colon, minute = text.strip().partition(":")
    plain = len(hour) in {1, 2} and len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()
    if not colon or not plain or int(minute) > 59 or int(hour) * 60 + int(minute) > 24 * 60:
        raise ValueError(f"{text[:30]!r} is not a time of day; write it like 09:00")
    return time(int(hour) % 24, int(minute))


def parse_interval(text: str) -> tuple[time, time]:
    """``09:00-17:00`` -> (open, close); close at or before open means on the next day."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text[:30]!r} is not an interval; write it like 09:00-17:00")
    return parse_time(start), parse_time(end)


def _days(text: str) -> str:
    parse_days(text)
    return text


def _intervals(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        parse_interval(text)
    return texts


Days = Annotated[str, AfterValidator(_days)]
Intervals = Annotated[Many, AfterValidator(_intervals)]


class CalendarSpec(Part):
    """When a party works, on the wall clock of a zone (domain.md 1.7)."""

    zone: Zone
    """IANA name, e.g. America/New_York."""
    weekly: dict[Days, Intervals] = Field(default_factory=dict)
    """Days to intervals: ``mon-fri: 09:00-17:00``, ``sat: [10:00-12:00, 13:00-15:00]``; close <= open runs into
    the next day."""
    holidays: tuple[Day, ...] = ()
    """Days that are closed."""
    holidays_of: str | None = Field(default=None, max_length=20)
    """Public holidays of a country or part of it, ``US`` or ``US-NJ``, beside the listed ones."""
    special: dict[Day, Intervals] = Field(default_factory=dict)
    """Replaces that day's intervals, also on a holiday."""


class PriorityTargets(Part):
    """Targets of one priority; None means that there is no such clock."""

    detect: TargetField | None = None
    """From the event until Tandem knows of it."""
    response: TargetField | None = None
    """Until somebody of the responsible party answers."""
    joint_call: TargetField | None = None
    """Until both parties are on a call."""
    resolution: TargetField | None = None
    """Until it is resolved."""
    handoff_accept: TargetField | None = None
    """Until an offered hand-off is accepted."""
    approval: TargetField | None = None
    """Until an approval is given."""
    information: TargetField | None = None
    """Until a question is answered."""


class SlaProfile(Part):
    """Targets per priority. What a document does not say comes from ``tandem/agreement/defaults.yaml``."""

    priorities: dict[Priority, PriorityTargets] = Field(default_factory=dict)
    """Priority -> its targets."""


class Timing(Part):
    """Lengths of time of an incident's life."""

    hold_down_p1: Duration = Field(default="10m", validate_default=True)
    """How long a clear of a P1 must hold before it resolves (R-P12)."""
    hold_down: Duration = Field(default="5m", validate_default=True)
    """The same for every other priority."""
    reopen_window: Duration = Field(default="24h", validate_default=True)
    """A condition that fires again within it re-opens its incident (R-C12)."""
    acknowledge_timeout_p1: Duration = Field(default="30m", validate_default=True)
    """An acknowledged P1 without activity pages again."""
    acknowledge_timeout_p2: Duration = Field(default="60m", validate_default=True)
    """An acknowledged incident without activity pages again (section 3.6)."""
    handoff_answer: Duration = Field(default="15m", validate_default=True)
    """Whoever holds a P1 or P2 when their hours are over is called if nobody has acted on it by then; 0s: nobody is."""
    suppression_reminder: Duration = Field(default="7d", validate_default=True)
    """How often the owner of a silence or a window that goes on holding is reminded of it; 0s: never."""
    parent_outage: Duration = Field(default="5m", validate_default=True)
    """An outage explains what depends on its asset for so long although it seems to be over (R-P11)."""
