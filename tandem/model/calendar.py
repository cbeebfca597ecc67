"""Calendars: when a party works, and time counted only while it does (domain.md 1.7).

Holds the interval algebra on instants and the one translation from wall clock to instant. Does not know who uses a
calendar, reads no document and no clock. Instants are aware UTC; intervals are half-open ``[open, close)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Hours = tuple[time, time]
"""Wall-clock opening and closing; a close at or before the open is on the next day, so 24:00 is ``time(0, 0)``."""
Window = tuple[datetime, datetime]

_STRIDE = 32
"""Days of UTC whose windows are worked out and kept together: a few dozen, so a walk over weeks touches two."""
_KEPT = 240
"""Strides kept per calendar, about twenty years; more than that is an attack or a mistake, and starts anew."""
_HORIZON = 580
"""Strides (about fifty years) after which a calendar that does not open is taken as closed for good."""
_SECOND = timedelta(seconds=1)
_NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working hours on the wall clock of a zone; made by ``build_calendar``."""

    name: str
    zone: ZoneInfo
    weekly: tuple[tuple[Hours, ...], ...]
    """Seven days, Monday first."""
    exceptions: Mapping[date, tuple[Hours, ...]] = field(hash=False)
    """Local dates that differ from their weekday; a holiday has no hours."""
    _kept: dict[int, tuple[Window, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def is_open(self, at: datetime) -> bool:
        """Whether ``at`` lies in working hours; an opening does, a closing does not."""
        return any(opens <= at < closes for opens, closes in self._stride(_stride_of(at)))

    def add(self, start: datetime, length: timedelta) -> datetime:
        """R-B4: the earliest instant ``u`` with ``business(start, u) == length``; ``start`` itself for no length.

        Used up exactly at a close, the answer is that close, not the next opening.

        Raises:
            ValueError: ``length`` is negative, or the calendar never opens that long again.
        """
        if length < _NOTHING:
            raise ValueError(f"a length of time is not negative: {length}")
        left = length
        if not left:
            return start
        for opens, closes in self._after(start):
            begins = max(opens, start)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        raise ValueError(f"calendar {self.name} never opens for another {left}")

    def business(self, start: datetime, end: datetime) -> timedelta:
        """R-B3: real time inside working hours within ``[start, end)``; zero when ``end <= start``."""
        total = _NOTHING
        if end <= start:
            return total
        for number in range(_stride_of(start), _stride_of(end) + 1):
            for opens, closes in self._stride(number):
                if opens < end and closes > start:
                    total += min(closes, end) - max(opens, start)
        return total

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        """Working hours within ``[start, end)``: sorted, cut at its edges, those that touch made one."""
        numbers = range(_stride_of(start), _stride_of(end) + 1) if start < end else range(0)
        hours = (window for number in numbers for window in self._stride(number))
        cut = ((max(opens, start), min(closes, end)) for opens, closes in hours)
        return list(_merged(window for window in cut if window[0] < window[1]))

    def next_open(self, at: datetime) -> datetime:
        """The first instant of working hours from ``at`` on: ``at`` itself when open.

        Raises:
            ValueError: it never opens again.
        """
        for opens, _closes in self._after(at):
            return max(opens, at)
        raise ValueError(f"calendar {self.name} never opens again")

    def next_change(self, at: datetime) -> datetime | None:
        """The first instant after ``at`` at which it opens or closes; None when it never does."""
        until: datetime | None = None
        for opens, closes in self._after(at):
            # Strides cut windows at their edges, so a close that is the next open is no change.
            if until is not None and opens > until:
                return until
            if until is None and opens > at:
                return opens
            until = closes
        return until if until is not None and until < _end_of(at) else None

    def _after(self, at: datetime) -> Iterator[Window]:
        """Windows that end after ``at``, in order, up to the horizon."""
        first = _stride_of(at)
        for number in range(first, self._last(first) + 1):
            for window in self._stride(number):
                if window[1] > at:
                    yield window

    def _last(self, first: int) -> int:
        """The stride with which a walk from stride ``first`` ends."""
        end = min(first + _HORIZON, _LAST_STRIDE)
        if not any(self.weekly):  # open on special days only
            latest = max(self.exceptions, default=date.min).toordinal() + 3
            end = min(end, latest // _STRIDE)
        return end

    def _stride(self, number: int) -> tuple[Window, ...]:
        windows = self._kept.get(number)
        if windows is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            windows = self._kept[number] = self._work_out(number)
        return windows

    def _work_out(self, number: int) -> tuple[Window, ...]:
        """The windows of one stride, merged and cut at its edges."""
        first = max(number * _STRIDE, 1)
        start, end = _midnight(first), _midnight((number + 1) * _STRIDE)
        # A zone is at most 14 h ahead and 12 h behind, and an interval runs into the next day.
        days = range(max(first - 3, 1), min((number + 1) * _STRIDE + 2, date.max.toordinal()))
        found = sorted(window for day in days for window in self._windows_of(date.fromordinal(day)))
        cut = ((max(opens, start), min(closes, end)) for opens, closes in found)
        return tuple(_merged(window for window in cut if window[0] < window[1]))

    def _windows_of(self, day: date) -> Iterator[Window]:
        """The windows that belong to a local day: those that open on it (R-B1)."""
        for opens, closes in self.exceptions.get(day, self.weekly[day.weekday()]):
            last_day = day if closes > opens else day + timedelta(days=1)
            yield instant_of(day, opens, self.zone), instant_of(last_day, closes, self.zone, last=True)


class _Always(Calendar):
    """Open around the clock; every answer is one addition."""

    __slots__ = ()

    def is_open(self, at: datetime) -> bool:  # noqa: ARG002 - always
        return True

    def add(self, start: datetime, length: timedelta) -> datetime:
        if length < _NOTHING:
            raise ValueError(f"a length of time is not negative: {length}")
        return start + length

    def business(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, _NOTHING)

    def windows(self, start: datetime, end: datetime) -> list[Window]:
        return [(start, end)] if start < end else []

    def next_open(self, at: datetime) -> datetime:
        return at

    def next_change(self, at: datetime) -> datetime | None:  # noqa: ARG002 - never
        return None


def build_calendar(
    name: str,
    zone: str,
    weekly: Mapping[int, Sequence[Hours]],
    holidays: Iterable[date] = (),
    special: Mapping[date, Sequence[Hours]] = MappingProxyType({}),
) -> Calendar:
    """A calendar from its parts (R-B1).

    Args:
        zone: IANA name.
        weekly: weekday (0 = Monday) -> intervals on the wall clock; a day that is left out is closed.
        holidays: local dates without hours.
        special: local date -> its intervals instead of the weekday's, also on a holiday.

    Raises:
        ValueError: no such zone, or no such weekday.
    """
    if not set(weekly) <= set(range(7)):
        raise ValueError(f"weekdays are 0 (Monday) to 6: {sorted(weekly)}")
    days = tuple(tuple(weekly.get(day, ())) for day in range(7))
    exceptions: dict[date, tuple[Hours, ...]] = dict.fromkeys(holidays, ())
    exceptions |= {day: tuple(hours) for day, hours in special.items()}
    around_the_clock = not exceptions and all(any(opens == closes == time() for opens, closes in day) for day in days)
    kind = _Always if around_the_clock else Calendar
    return kind(name, _zone(zone), days, MappingProxyType(exceptions))


def instant_of(day: date, wall: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """R-B2: the instant a wall clock in ``zone`` shows ``wall`` on ``day``.

    A time the clock skips is the first instant after the gap. Of a repeated time it is the first occurrence (an
    opening), or with ``last`` the second (a closing).
    """
    steady = _steady_offset(day, zone)
    if steady is not None:
        return datetime.combine(day, wall, UTC) - steady
    early = datetime.combine(day, wall.replace(fold=0), zone)  # ``last`` says which of two is meant
    late = early.replace(fold=1)
    before, after = early.utcoffset() or _NOTHING, late.utcoffset() or _NOTHING
    if before < after:
        # fold=0 would give RFC 5545's rule (02:30 -> 03:30), which is not ours for hours and hand-offs.
        return _end_of_gap(late.astimezone(UTC), early.astimezone(UTC), zone)
    return (late if last else early).astimezone(UTC)


@lru_cache(maxsize=20_000)
def _steady_offset(day: date, zone: ZoneInfo) -> timedelta | None:
    """The zone's offset on a day without a change of the clocks, nearly all days; None on the others.

    Kept, because months of hours and turns ask for the same days again and again.
    """
    first, last = datetime.combine(day, time.min, zone), datetime.combine(day, time.max, zone).replace(fold=1)
    offset = first.utcoffset()
    return offset if offset == last.utcoffset() else None


def _end_of_gap(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant in ``(low, high]`` at which the zone's offset changes, by bisection to the second."""
    offset = high.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high.replace(microsecond=0)


def _merged(windows: Iterable[Window]) -> Iterator[Window]:
    """Sorted windows, those that overlap or touch made one."""
    current: Window | None = None
    for window in windows:
        if current is None or window[0] > current[1]:
            if current is not None:
                yield current
            current = window
        else:
            current = current[0], max(current[1], window[1])
    if current is not None:
        yield current


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"no such time zone: {name!r}") from error


def _stride_of(at: datetime) -> int:
    return at.toordinal() // _STRIDE


def _midnight(ordinal: int) -> datetime:
    return datetime.combine(date.fromordinal(ordinal), time(), UTC)


def _end_of(at: datetime) -> datetime:
    """Where a walk from ``at`` stops looking; a window cut there is not seen to close."""
    return _midnight((min(_stride_of(at) + _HORIZON, _LAST_STRIDE) + 1) * _STRIDE)


_LAST_STRIDE = date.max.toordinal() // _STRIDE - 1

ALWAYS = build_calendar("24x7", "UTC", {day: [(time(), time())] for day in range(7)})
"""Around the clock."""
