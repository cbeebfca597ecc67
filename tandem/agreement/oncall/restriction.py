"""Weekly restrictions of a layer: the parts of the week in which it is in force (R-S1, R-S5).

Pure; knows wall clocks of a zone and nothing of people. Windows are half-open and begin on the day they open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tandem.agreement.oncall.stretches import union
from tandem.agreement.schema.people import Restriction
from tandem.model.calendar import instant_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = time(0, 0)
_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1900, 9000


def in_force(restrict: Sequence[Restriction], at: datetime, zone: ZoneInfo) -> bool:
    """Whether ``at`` lies in one of the windows; a layer without restrictions is always in force."""
    if not restrict:
        return True
    today = at.astimezone(zone).date()
    return any(
        opens <= at < closes
        for day in (today - _DAY, today, today + _DAY)
        for opens, closes in windows_of(restrict, day, zone)
    )


def windows_of(restrict: Sequence[Restriction], day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The windows that open on local ``day``: from the first occurrence of ``from`` to the last of ``to``."""
    for restriction in restrict:
        if day.weekday() not in weekdays(restriction.days):
            continue
        starts, ends = wall_time(restriction.start), wall_time(restriction.end)
        last_day = day if ends > starts else day + _DAY
        yield instant_of(day, starts, zone), instant_of(last_day, ends, zone, last=True)


def windows_within(
    restrict: Sequence[Restriction], start: datetime, end: datetime, zone: ZoneInfo
) -> list[tuple[datetime, datetime]]:
    """All windows within ``[start, end)``, in order, cut at its edges, those that touch made one."""
    day, last = start.astimezone(zone).date() - 2 * _DAY, end.astimezone(zone).date() + _DAY
    found: list[tuple[datetime, datetime]] = []
    while day <= last:
        found += windows_of(restrict, day, zone)
        day += _DAY
    return union((max(opens, start), min(closes, end)) for opens, closes in found)


def duty_weekdays(restrict: Sequence[Restriction], hand_off: time) -> frozenset[int]:
    """Weekdays (0 = Monday) on which a rotation day begins that holds a window's opening.

    A rotation day runs from one hand-off to the next, so a window that opens before the hand-off time belongs to
    the rotation day of the evening before. These are the days a daily rotation counts (R-S4).
    """
    if not restrict:
        return frozenset(range(7))
    found: set[int] = set()
    for restriction in restrict:
        shift = 0 if wall_time(restriction.start) >= hand_off else -1
        found |= {(weekday + shift) % 7 for weekday in weekdays(restriction.days)}
    return frozenset(found)


@lru_cache(maxsize=1024)
def weekdays(days: tuple[str, ...]) -> frozenset[int]:
    """``mon``, ``mon-fri`` and ``fri-mon`` as weekday numbers.

    Raises:
        ValueError: not a day.
    """
    found: set[int] = set()
    for text in days:
        for part in text.split(","):
            first, _, last = part.strip().lower().partition("-")
            begin = _weekday(first)
            length = (_weekday(last) - begin) % 7 if last else 0
            found |= {(begin + step) % 7 for step in range(length + 1)}
    return frozenset(found)


@lru_cache(maxsize=1024)
def wall_time(text: str) -> time:
    """``HH:MM``; ``24:00`` is midnight, which as an end is the day's end.

    Raises:
        ValueError: not a time of day.
    """
    hours, colon, minutes = text.strip().partition(":")
    if text.strip() == "24:00":
        return MIDNIGHT
    if not (colon and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(f"write a time of day like 09:00, not {text[:20]!r}")
    return time(int(hours), int(minutes))


def instant(moment: datetime, zone: ZoneInfo) -> datetime:
    """A document's instant: with an offset as it says, without one the first occurrence on the zone's wall clock.

    Years that mean "always" and "for ever" (1, 9999) are brought to where every zone can still be computed.
    """
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        moment = moment.replace(year=min(max(moment.year, FIRST_YEAR), LAST_YEAR), month=1, day=1)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return instant_of(moment.date(), moment.time(), zone)


def _weekday(name: str) -> int:
    short = name.strip()[:3]
    if short not in DAYS:
        raise ValueError(f"not a day of the week: {name[:20]!r}")
    return DAYS.index(short)
