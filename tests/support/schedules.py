"""A slow oracle for schedules: walks every minute and watches the wall clock, instead of computing turns.

It shares no code with the product. A hand-off has happened once the wall clock has shown its time or a later one; a
window is open from the first minute at which the clock shows its start until it shows its end for the last time.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.schema.people import Layer, ScheduleSpec

MINUTE = timedelta(minutes=1)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MARGIN = timedelta(hours=30)
"""Walked before and after, so that maxima and minima of the wall clock are settled at the edges."""


class Oracle:
    """Who is on call in every minute of ``[start, end)``; restrictions name single days, layers have no own zone."""

    def __init__(self, schedule: ScheduleSpec, start: datetime, end: datetime) -> None:
        self._schedule = schedule
        zone = ZoneInfo(schedule.zone)
        moments = [start - MARGIN]
        while moments[-1] < end + MARGIN:
            moments.append(moments[-1] + MINUTE)
        walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]
        shown, highest = [], walls[0]
        for wall in walls:
            highest = max(highest, wall)
            shown.append(highest)
        self._shown = dict(zip(moments, shown, strict=True))
        self._first: dict[int, tuple[int, datetime]] = {}
        self._last = dict(zip(walls, moments, strict=True))

    def on_call(self, at: datetime) -> tuple[str, ...]:
        people: list[str] = []
        for layer in reversed(self._schedule.layers):
            if self._in_force(layer, at):
                people.append(self._turn(layer, at))
                if self._schedule.mode == "priority":
                    break
        return tuple(dict.fromkeys(reversed(people)))

    def _in_force(self, layer: Layer, at: datetime) -> bool:
        if not layer.restrict:
            return True
        today = self._shown[at].date()
        for restriction in layer.restrict:
            for day in (today - timedelta(days=1), today):
                if DAYS[day.weekday()] not in restriction.days:
                    continue
                begins = datetime.combine(day, time.fromisoformat(restriction.start))
                ends = datetime.combine(day, time.fromisoformat(restriction.end))
                if ends <= begins:
                    ends += timedelta(days=1)
                if self._shown[at] >= begins and not self._over(ends, at):
                    return True
        return False

    def _over(self, ends: datetime, at: datetime) -> bool:
        """Whether the clock has shown ``ends`` for the last time, or has jumped over it."""
        last = self._last.get(ends)
        return at >= last if last is not None else self._shown[at] >= ends

    def _turn(self, layer: Layer, at: datetime) -> str:
        turn, hand_off = self._at_the_beginning(layer)
        length = _length(layer)
        while hand_off + length <= self._shown[at]:
            hand_off += length
            turn += 1
        return layer.people[turn % len(layer.people)]

    def _at_the_beginning(self, layer: Layer) -> tuple[int, datetime]:
        """The last hand-off before the walk begins, found by stepping from the anchor once."""
        known = self._first.get(id(layer))
        if known is None:
            turn, hand_off, length = 0, layer.anchor, _length(layer)
            begin = min(self._shown.values())
            while hand_off > begin:
                hand_off -= length
                turn -= 1
            while hand_off + length <= begin:
                hand_off += length
                turn += 1
            known = self._first[id(layer)] = (turn, hand_off)
        return known


def _length(layer: Layer) -> timedelta:
    return timedelta(hours={"hour": 1, "day": 24, "week": 168}[layer.unit] * layer.length)


def minutes(start: datetime, end: datetime) -> list[datetime]:
    """Every minute of ``[start, end)``."""
    return [start + number * MINUTE for number in range(int((end - start) / MINUTE))]


def utc(text: str) -> datetime:
    """``2026-11-01T06:00`` as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
