"""When windows are open: weekly hours, recurrence rules and single stretches of wall time as instants. Pure.

Missing and repeated local times follow R-B2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.occurrences import days, last_day, left_on, until_end, walls_on
from tandem.agreement.rrule import Rule
from tandem.agreement.schema.hours import parse_days, parse_time
from tandem.model.calendar import instant_of

LONGEST = timedelta(days=31)
"""No single occurrence is longer."""
HORIZON = timedelta(days=800)
"""How far ahead the next occurrence is looked for: a leap day is at most eight years off, so such a rule is told."""
_MIDNIGHT = time()

Span = tuple[datetime, datetime]
"""Aware UTC, half-open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When something holds; made by ``tandem/agreement/suppressors.py``. Bounds are instants."""

    zone: ZoneInfo
    weekly: tuple[tuple[frozenset[int], time, time], ...] = ()
    """(weekdays, from, to)."""
    rule: Rule | None = None
    start: datetime | None = None
    """Naive wall time of the rule's start."""
    length: timedelta = timedelta()
    once: Span | None = None
    not_before: datetime | None = None
    """No occurrence begins earlier."""
    not_after: datetime | None = None
    """No occurrence begins at or after it."""
    cut_at: datetime | None = None
    """Ended by hand: nothing goes on beyond it."""
    _last: list[date] = field(default_factory=list, init=False, repr=False, compare=False)
    _kept: dict[int, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def active(self, at: datetime) -> Span | None:
        """The occurrence that holds at ``at``; of several the one that ends last."""
        open_now = [span for span in self._around(at) if span[0] <= at < span[1]]
        return max(open_now, key=lambda span: span[1], default=None)

    def between(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Occurrences that overlap ``[start, end)``, in the order in which they begin. Empty ones are left out."""
        if self.once is not None:
            spans = [self._cut(self.once)]
        else:
            first = _local_day(start - LONGEST, self.zone) - timedelta(days=1)
            spans = sorted(
                {self._cut(span) for day in days(first, _local_day(end, self.zone)) for span in self._on(day)}
            )
        for span in spans:
            if span[0] < span[1] and span[0] < end and span[1] > start and self._counts(span):
                yield span

    def next_change(self, at: datetime) -> datetime | None:
        """The first start or end after ``at`` within the next two years; None when there is none."""
        step, begin = timedelta(days=32), at
        while begin < at + HORIZON:
            edges = [edge for span in self.between(begin, begin + step) for edge in span if edge > at]
            if edges:
                return min(edges)
            if self._over(begin):
                return None
            begin, step = begin + step, timedelta(days=128)
        return None

    def _over(self, at: datetime) -> bool:
        bounds = [bound for bound in (self.not_after, self.cut_at, self.once[1] if self.once else None) if bound]
        return bool(bounds) and at > min(bounds) + LONGEST

    def _around(self, at: datetime) -> tuple[Span, ...]:
        """Occurrences that touch the day of ``at``, worked out once per day."""
        number = at.toordinal()
        found = self._kept.get(number)
        if found is None:
            if len(self._kept) > 64:
                self._kept.clear()
            midnight = datetime.combine(at.date(), _MIDNIGHT, UTC)
            found = self._kept[number] = tuple(self.between(midnight, midnight + timedelta(days=1)))
        return found

    def _counts(self, span: Span) -> bool:
        early = self.not_before is not None and span[0] < self.not_before
        late = self.not_after is not None and span[0] >= self.not_after
        return not early and not late

    def _cut(self, span: Span) -> Span:
        return span if self.cut_at is None else (span[0], min(span[1], self.cut_at))

    def _on(self, day: date) -> Iterator[Span]:
        """The occurrences that begin on a local day."""
        for weekdays, opens, closes in self.weekly:
            if day.weekday() in weekdays:
                last_day = day if closes > opens else day + timedelta(days=1)
                yield instant_of(day, opens, self.zone), instant_of(last_day, closes, self.zone, last=True)
        if self.rule is not None and self.start is not None:
            for wall in self._walls(day):
                end = wall + self.length
                yield (
                    instant_of(day, wall.time(), self.zone),
                    instant_of(end.date(), end.time(), self.zone, last=True),
                )

    def _walls(self, day: date) -> list[datetime]:
        """The rule's occurrences on a local day, as wall times; COUNT and UNTIL applied."""
        assert self.rule is not None and self.start is not None  # noqa: S101, PT018 - only asked when there is a rule
        if self.rule.count is None:
            return until_end(self.rule, self.start, walls_on(self.rule, self.start, day), self.zone)
        if not self._last:
            self._last.append(last_day(self.rule, self.start))
        if day > self._last[0]:
            return []
        walls = walls_on(self.rule, self.start, day)
        return walls if day < self._last[0] else walls[: left_on(self.rule, self.start, day)]


def _local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def weekly_hours(days: tuple[str, ...], start: str, end: str) -> tuple[frozenset[int], time, time]:
    """A line of ``weekly:`` as ``Recurrence`` holds it."""
    return frozenset(day for text in days for day in parse_days(text)), parse_time(start), parse_time(end)
