"""When an expected signal is due, and which due instant a signal pays. Pure; instants are aware UTC.

A deadline is an instant by which a signal should have come; ``grace`` after it, it is missing. Three rhythms:

- ``Interval``: so long after the last signal;
- ``Deadlines``: by certain instants (weekly hours, the ends of calendar periods, of hours). A signal in
  ``(previous + grace, deadline + grace]`` pays that deadline, so one that was late does not pay the next as well;
- ``Starts``: a crontab. A signal counts from the start of its run on, so one by hand an hour before pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from tandem.agreement.cron import Cron, parse_cron
from tandem.agreement.schema.expected import PERIODS, ExpectedSpec, Sort
from tandem.agreement.schema.fields import parse_duration
from tandem.agreement.schema.hours import parse_days, parse_time
from tandem.agreement.schema.suppression import WeeklyHours
from tandem.model.calendar import instant_of

_MIDNIGHT = time()
_HOUR = timedelta(hours=1)
_A_WEEK_AND_MORE = 9
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Rhythm(Protocol):
    """When signals are due."""

    def first(self, at: datetime) -> datetime | None:
        """The first deadline of a check that begins to wait at ``at``; None: never."""
        ...

    def following(self, due_at: datetime) -> datetime | None:
        """The deadline after a missed ``due_at``; None: nothing more until a signal comes."""
        ...

    def paid(self, due_at: datetime, at: datetime, grace: timedelta) -> datetime | None:
        """The deadline that stands after a signal at ``at``, while ``due_at`` stood."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """At most ``length`` after the last signal."""

    length: timedelta

    def first(self, at: datetime) -> datetime | None:
        """A whole interval from now."""
        return at + self.length

    def following(self, due_at: datetime) -> datetime | None:  # noqa: ARG002 - the protocol's
        """One silence is one alert."""
        return None

    def paid(self, due_at: datetime, at: datetime, grace: timedelta) -> datetime | None:  # noqa: ARG002 - as above
        """Every signal begins an interval."""
        return max(at + self.length, due_at) if at + self.length > due_at else due_at


@dataclass(frozen=True, slots=True)
class Deadlines:
    """By certain instants."""

    after: Callable[[datetime], datetime | None]
    """The first deadline after an instant."""

    def first(self, at: datetime) -> datetime | None:
        """The next one."""
        return self.after(at)

    def following(self, due_at: datetime) -> datetime | None:
        """The one after it."""
        return self.after(due_at)

    def paid(self, due_at: datetime, at: datetime, grace: timedelta) -> datetime | None:
        """The first deadline that ``at`` does not pay.

        One that comes after its deadline was missed makes up for that one; it pays the coming one too only when it is
        nearer to it: a repair on Sunday noon is not next Sunday's verification, next Saturday's is.
        """
        if at > due_at + grace:
            before, coming = due_at, self.after(due_at)
            while coming is not None and coming + grace < at:
                before, coming = coming, self.after(coming)
            nearer = coming is not None and (coming <= at or coming - at < at - before)
            return self.after(coming) if coming is not None and nearer else coming
        own = self.after(at - grace - timedelta(microseconds=1))
        return self.after(due_at) if own is None or own >= due_at else due_at


@dataclass(frozen=True, slots=True)
class Starts:
    """A job that starts at certain instants and says so, or that it has ended, within the grace."""

    after: Callable[[datetime], datetime | None]

    def first(self, at: datetime) -> datetime | None:
        """The next start."""
        return self.after(at)

    def following(self, due_at: datetime) -> datetime | None:
        """The start after it."""
        return self.after(due_at)

    def paid(self, due_at: datetime, at: datetime, grace: timedelta) -> datetime | None:  # noqa: ARG002 - the protocol's
        """The start after ``at``, unless the one that is waited for has not come yet."""
        return self.after(at) if at >= due_at else due_at


def rhythm_of(spec: ExpectedSpec, zone: str) -> Rhythm:
    """What a check's declaration says; ``zone`` is the client's."""
    local = ZoneInfo(spec.zone or zone)
    if spec.what is Sort.VOLUME:
        hours = slots(spec.hours, local)
        return Deadlines(lambda at: next_end(hours, at))
    if spec.cron is not None:
        cron: Cron = parse_cron(spec.cron)
        return Starts(lambda at: cron.after(at, local))
    if spec.by is not None:
        days = frozenset(day for text in spec.days or ("mon-sun",) for day in parse_days(text))
        by, at_end = parse_time(spec.by), spec.by.strip().startswith("24")
        return Deadlines(lambda at: _weekly(at, days, by, local, at_end=at_end))
    every = spec.every or "day"
    if every in PERIODS:
        return Deadlines(lambda at: _end_of_period(at, every, local))
    return Interval(parse_duration(every))


def period_of(spec: ExpectedSpec) -> str:
    """The rhythm in words; another text is another rhythm."""
    zone = f" {spec.zone}" if spec.zone else ""
    if spec.what is Sort.VOLUME:
        hours = "; ".join(f"{','.join(each.days)} {each.start}-{each.end}" for each in spec.hours)
        return f"{spec.at_least or 1} an hour, {hours or 'always'}{zone}"
    if spec.cron is not None:
        return f"cron {spec.cron}{zone}"
    if spec.by is not None:
        return f"{','.join(spec.days or ('every day',))} by {spec.by}{zone}"
    return f"every {spec.every}{zone}"


def _weekly(at: datetime, days: frozenset[int], by: time, zone: ZoneInfo, *, at_end: bool) -> datetime | None:
    first = at.astimezone(zone).date() - timedelta(days=1)
    for step in range(_A_WEEK_AND_MORE + 1):
        day = first + timedelta(days=step)
        due = instant_of(day + timedelta(days=1) if at_end else day, by, zone)
        if day.weekday() in days and due > at:
            return due
    return None


def _end_of_period(at: datetime, period: str, zone: ZoneInfo) -> datetime:
    """The end of the local day, week (Monday), month, quarter or year that ``at`` lies in."""
    day = at.astimezone(zone).date()
    if period == "day":
        end = day + timedelta(days=1)
    elif period == "week":
        end = day + timedelta(days=7 - day.weekday())
    else:
        months = _MONTHS[period]
        count = day.year * 12 + (day.month - 1) // months * months + months
        end = day.replace(year=count // 12, month=count % 12 + 1, day=1)
    return instant_of(end, _MIDNIGHT, zone)


Slots = Callable[[datetime, datetime], list[tuple[datetime, datetime]]]
"""Counted hours ``[start, end)`` that end in ``(since, until]``, in order."""


def slots(hours: tuple[WeeklyHours, ...], zone: ZoneInfo) -> Slots:
    """Every full hour of the weekly hours, from each beginning on; without any, every hour of the day."""
    lines = [
        (frozenset(day for text in line.days for day in parse_days(text)), parse_time(line.start), parse_time(line.end))
        for line in hours
    ] or [(frozenset(range(7)), _MIDNIGHT, _MIDNIGHT)]

    def between(since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        found: set[tuple[datetime, datetime]] = set()
        day = since.astimezone(zone).date() - timedelta(days=2)
        last = until.astimezone(zone).date()
        while day <= last:
            for days, opens, closes in lines:
                if day.weekday() in days:
                    end_day = day if closes > opens else day + timedelta(days=1)
                    start, end = instant_of(day, opens, zone), instant_of(end_day, closes, zone, last=True)
                    while start + _HOUR <= end:
                        if since < start + _HOUR <= until:
                            found.add((start, start + _HOUR))
                        start += _HOUR
            day += timedelta(days=1)
        return sorted(found)

    return between


def next_end(hours: Slots, at: datetime) -> datetime | None:
    """The end of the counted hour that ends next; None: there is none."""
    for length in (timedelta(days=1), timedelta(days=_A_WEEK_AND_MORE)):
        found = hours(at, at + length)
        if found:
            return found[0][1]
    return None


def slot_of(hours: Slots, at: datetime) -> tuple[datetime, datetime] | None:
    """The counted hour that ``at`` lies in."""
    return next((slot for slot in hours(at, at + _HOUR) if slot[0] <= at < slot[1]), None)
