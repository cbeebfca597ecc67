"""When a clock is due: calendar arithmetic with pauses and re-targets (R-C2, R-C3, R-C14). Pure.

Knows lengths, calendars and intervals; knows no facts, parties or priorities.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tandem.model.calendar import Calendar
from tandem_sla_clock.clauses import Clause

Pause = tuple[datetime, datetime | None]
"""Half-open; an end of None is a pause that still lasts. In a list they are sorted and do not touch."""

UPGRADE_FLOOR = 0.5
"""Of the new target, that an upgrade leaves from its own instant on: it can never breach at once (R-C14)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``length`` counted from ``start`` in ``calendar``, pauses left out."""

    start: datetime
    length: timedelta
    calendar: Calendar


Rule = tuple[tuple[Reach, ...], ...]
"""Due is the earliest of the alternatives, each the latest of its reaches; no alternative: never due."""


def first_rule(start: datetime, clause: Clause) -> Rule:
    """The rule of a clock that started with this clause."""
    return ((Reach(start, clause.length, clause.calendar),),)


def upgraded(rule: Rule, start: datetime, clause: Clause, at: datetime) -> Rule:
    """R-C14, more urgent from ``at`` on: never later than before, never less than half the target from ``at``."""
    half = Reach(at, clause.length * UPGRADE_FLOOR, clause.calendar)
    return (*rule, (Reach(start, clause.length, clause.calendar), half))


def due_at(rule: Rule, pauses: Iterable[Pause]) -> datetime | None:
    """The due instant; None while a pause lasts (or when the rule is empty)."""
    pauses = tuple(pauses)
    found = [_latest([reached(reach, pauses) for reach in reaches]) for reaches in rule]
    return min((at for at in found if at is not None), default=None)


def reached(reach: Reach, pauses: Iterable[Pause]) -> datetime | None:
    """The instant at which the length is used up; None when a pause that still lasts comes first."""
    length, calendar = reach.length, reach.calendar
    at = calendar.add(reach.start, length)
    for begins, ends in pauses:
        if begins >= at:
            break
        if ends is None:
            return None
        if ends > reach.start:
            length += calendar.business(max(begins, reach.start), ends)
            at = calendar.add(reach.start, length)
    return at


def counted(calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Pause]) -> timedelta:
    """Time of the calendar in ``[start, end)`` outside the pauses; never negative."""
    total = calendar.business(start, end)
    for begins, ends in pauses:
        total -= calendar.business(max(begins, start), end if ends is None else min(ends, end))
    return total


def merged(pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """The union (R-C3), sorted; empty ones are left out."""
    union: list[Pause] = []
    for begins, ends in sorted(pauses, key=lambda pause: pause[0]):
        if ends is not None and ends <= begins:
            continue
        if not union or (union[-1][1] is not None and begins > union[-1][1]):
            union.append((begins, ends))
        elif union[-1][1] is not None:
            last_begins, last_ends = union[-1]
            union[-1] = last_begins, None if ends is None or last_ends is None else max(last_ends, ends)
    return tuple(union)


def until(pauses: Iterable[Pause], end: datetime) -> tuple[Pause, ...]:
    """What of the pauses lies before ``end``, every one closed."""
    return tuple((begins, end if ends is None else min(ends, end)) for begins, ends in pauses if begins < end)


def _latest(instants: list[datetime | None]) -> datetime | None:
    known = [at for at in instants if at is not None]
    return max(known) if len(known) == len(instants) else None
