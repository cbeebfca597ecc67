"""Cron lines: five fields, when they fire on the wall clock of a zone. Pure; missing and repeated times follow R-B2.

The five fields of crontab(5) with lists, ranges, steps and names; a day fits when either its date or its weekday does,
once both are restricted. No seconds, no ``@reboot``, no ``L``, ``W`` or ``#``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tandem.model.calendar import instant_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST = 200
AHEAD_DAYS = 366 * 8 + 10
"""A leap day is at most eight years off; what does not fire within never does."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed line."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Monday, as Python counts."""
    either: bool
    """Both day fields are restricted: one of them is enough."""

    def after(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """The first instant after ``at`` (aware UTC) at which it fires; None when it never does."""
        first = at.astimezone(zone).date() - timedelta(days=1)
        for step in range(AHEAD_DAYS):
            day = first + timedelta(days=step)
            if not self._takes(day):
                continue
            fires = [instant_of(day, time(hour, minute), zone) for hour in self.hours for minute in self.minutes]
            later = [instant for instant in fires if instant > at]
            if later:
                return min(later)
        return None

    def _takes(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.weekday() in self.weekdays
        return by_date or by_weekday if self.either else by_date and by_weekday


def parse_cron(text: str) -> Cron:
    """``30 2 * * 1-5`` -> Cron.

    Raises:
        ValueError: what is wrong and what to write.
    """
    line = text.strip().lower()
    fields = _WORDS.get(line, line).split()
    if len(fields) != len(_FIELDS) or len(text) > _LONGEST:
        raise ValueError(f"{text[:40]!r} is no cron line; write five fields like 30 2 * * mon-fri")
    minutes, hours, days, months, weekdays = (
        _numbers(field, *about) for field, about in zip(fields, _FIELDS, strict=True)
    )
    return Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset((day - 1) % 7 for day in weekdays),
        either=not fields[2].startswith("*") and not fields[4].startswith("*"),
    )


def _numbers(field: str, name: str, least: int, most: int, words: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        low = least if span == "*" else _number(first, name, least, most, words)
        high = most if span == "*" or (slash and not dash) else low
        high = _number(last, name, least, most, words) if dash else high
        if high < low:
            raise ValueError(f"{part[:20]!r} runs backwards in the {name} of a cron line")
        found.update(range(low, high + 1, _number(step, name, 1, most, ()) if slash else 1))
    return frozenset(found)


def _number(text: str, name: str, least: int, most: int, words: tuple[str, ...]) -> int:
    if text in words:
        return words.index(text) + (least if words is _MONTHS else 0)
    if not (text.isascii() and text.isdigit() and len(text) < 3 and least <= int(text) <= most):
        raise ValueError(f"{text[:20]!r} is no {name} of a cron line; write {least} to {most}")
    return int(text)
