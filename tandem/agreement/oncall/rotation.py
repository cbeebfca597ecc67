"""Rotations: whose turn it is in one layer (R-S1 to R-S4), and when the turns change.

Pure. All steps are taken on the wall clock of the layer's zone: a hand-off in a gap is the first instant after it, in
a fold the first occurrence. Restrictions, overrides and other layers are not looked at here, except that a daily
rotation counts restricted days only.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.oncall.restriction import duty_weekdays, instant
from tandem.agreement.schema.people import Layer
from tandem.model.calendar import instant_of

_DAY = timedelta(days=1)
_STEP = {"hour": timedelta(hours=1), "day": _DAY, "week": timedelta(weeks=1)}
_DAY_HOURS = 24

Turn = tuple[datetime, datetime, str]
"""``[start, end)`` and whose turn it is."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A layer with its zone resolved; ``boundary(k)`` is when period ``k`` begins, period 0 at the anchor."""

    layer: Layer
    zone: ZoneInfo
    anchor: datetime
    """Wall time of a hand-off, without zone."""

    def person_at(self, at: datetime) -> str | None:
        """Whose turn it is at ``at``; None outside ``[effective_from, until)`` or without people."""
        if not self.layer.people or not self._effective(at):
            return None
        return self.layer.people[self._turn(self._period(at)) % len(self.layer.people)]

    def turns(self, start: datetime, end: datetime) -> Iterator[Turn]:
        """The turns within ``[start, end)`` in order, cut at its edges; nothing outside ``[effective_from, until)``."""
        begins, until = self._in_effect
        start = start if begins is None else max(start, begins)
        end = end if until is None else min(end, until)
        if not self.layer.people or start >= end:
            return
        number = self._period(start)
        while start < end:
            hand_off = min(self._boundary(number + 1), end)
            if hand_off > start:  # of several periods that begin in one gap only the last has any time
                yield start, hand_off, self.layer.people[self._turn(number) % len(self.layer.people)]
                start = hand_off
            number += 1

    @property
    def _in_effect(self) -> tuple[datetime | None, datetime | None]:
        begins, until = self.layer.effective_from, self.layer.until
        return begins and instant(begins, self.zone), until and instant(until, self.zone)

    def _effective(self, at: datetime) -> bool:
        begins, until = self._in_effect
        return (begins is None or begins <= at) and (until is None or at < until)

    def _turn(self, period: int) -> int:
        """The turn of a period: the period itself, or for a restricted daily rotation the days of duty so far."""
        if not self._counts_days:
            return period
        return _duty_index(period, self.anchor.weekday(), duty_weekdays(self.layer.restrict, self.anchor.time())) // (
            self._length
        )

    @property
    def _counts_days(self) -> bool:
        return bool(self.layer.restrict) and self._unit == "day"

    @property
    def _unit(self) -> str:
        # R-S2: a 24-hour rotation equals a daily one, also in how it counts restricted days.
        whole_days = self.layer.unit == "hour" and self.layer.length % _DAY_HOURS == 0
        return "day" if whole_days else self.layer.unit

    @property
    def _length(self) -> int:
        return self.layer.length if self._unit == self.layer.unit else self.layer.length // _DAY_HOURS

    def _wall(self, number: int) -> datetime:
        """Wall time at which period ``number`` begins; computed from the anchor, so nothing drifts."""
        if self._unit == "month":
            return add_months(self.anchor, number * self._length)
        length = 1 if self._counts_days else self._length
        return self.anchor + number * length * _STEP[self._unit]

    def _boundary(self, number: int) -> datetime:
        wall = self._wall(number)
        return instant_of(wall.date(), wall.time(), self.zone)

    def _period(self, at: datetime) -> int:
        """The last period that has begun at ``at``; of several that begin in one gap the last."""
        number = self._estimate(at.astimezone(self.zone).replace(tzinfo=None))
        while self._boundary(number + 1) <= at:
            number += 1
        while self._boundary(number) > at:
            number -= 1
        return number

    def _estimate(self, wall: datetime) -> int:
        if self._unit == "month":
            months = (wall.year - self.anchor.year) * 12 + wall.month - self.anchor.month
            return months // self._length
        length = 1 if self._counts_days else self._length
        return (wall - self.anchor) // (length * _STEP[self._unit])


def rotation_of(layer: Layer, schedule_zone: str) -> Rotation:
    """The rotation of a layer; its own zone overrides the schedule's (R-S9).

    Raises:
        ValueError: no such zone.
    """
    zone = ZoneInfo(layer.zone or schedule_zone)
    anchor = layer.anchor
    if anchor.tzinfo is not None:
        anchor = anchor.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    return Rotation(layer, zone, anchor.replace(fold=0))


def add_months(anchor: datetime, months: int) -> datetime:
    """``anchor`` that many months on: the same day number, clamped to the month's end (R-S2)."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return anchor.replace(year=year, month=month + 1, day=min(anchor.day, last))


def _duty_index(day: int, anchor_weekday: int, duty: frozenset[int]) -> int:
    """Which day of duty day ``day`` (0 = the anchor's) is; a day off has the index of the duty day before it.

    The first day of duty from the anchor on has index 0, the one before it -1.
    """
    if day >= 0:
        return _duty_days(0, day + 1, anchor_weekday, duty) - 1
    return -1 - _duty_days(day + 1, 0, anchor_weekday, duty)


def _duty_days(first: int, end: int, anchor_weekday: int, duty: frozenset[int]) -> int:
    """Days of duty in ``[first, end)``, counted by whole weeks and a rest."""
    weeks, rest = divmod(end - first, 7)
    return weeks * len(duty) + sum((anchor_weekday + first + step) % 7 in duty for step in range(rest))
