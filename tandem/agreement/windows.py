"""When windows are open: weekly hours, recurrence rules and single stretches of wall time as instants. Pure.

A rule is asked day by day: whether a local date takes part costs the same for every rule, so one that never comes
(30 February) is no endless search. Walking a rule from its start, as calendar libraries do, takes seconds for such
text; python-dateutil is the oracle of the tests instead. Missing and repeated local times follow R-B2.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.schema.hours import parse_days, parse_time
from tandem.model.calendar import instant_of

LONGEST = timedelta(days=31)
"""No single occurrence is longer."""
MOST_A_YEAR = 10_000
HORIZON = timedelta(days=800)
"""How far ahead the next occurrence is looked for: a leap day is at most eight years off, so such a rule is told."""
YEARS = (1970, 9990)
"""In which windows may lie: nearer to the ends of the calendar its arithmetic fails."""
_MIDNIGHT = time()
_FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LISTS = {"BYMONTH": (1, 12), "BYMONTHDAY": (-31, 31), "BYHOUR": (0, 23), "BYMINUTE": (0, 59), "BYSETPOS": (-366, 366)}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Span = tuple[datetime, datetime]
"""Aware UTC, half-open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A parsed RRULE."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    """As written: naive wall time, or UTC."""
    week_start: int = 0
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    """(which one, weekday); which 0: every one."""
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    positions: frozenset[int] = frozenset()


def parse_rule(text: str) -> Rule:
    """``FREQ=MONTHLY;BYDAY=2SU`` -> Rule.

    Raises:
        ValueError: what is wrong and what to write.
    """
    parts: dict[str, str] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = piece.partition("=")
        if not equals or not value:
            raise ValueError(f"{piece[:40]!r} is no part of a rule; write it like FREQ=MONTHLY;BYDAY=2SU")
        if name in parts:
            raise ValueError(f"{name[:20]} stands twice in this rule")
        parts[name] = value
    unknown = parts.keys() - {*_LISTS, "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"}
    if unknown:
        raise ValueError(f"{min(unknown)[:20]} is not supported; use BYDAY, BYMONTHDAY, BYMONTH, BYHOUR or BYSETPOS")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL contradict each other; keep one of them")
    rule = Rule(
        frequency=_frequency(parts.get("FREQ", "")),
        interval=_whole(parts.get("INTERVAL", "1"), "INTERVAL", 1, 1000),
        count=_whole(parts["COUNT"], "COUNT", 1, MOST_A_YEAR) if "COUNT" in parts else None,
        until=_near(_until(parts["UNTIL"])) if "UNTIL" in parts else None,
        week_start=_weekday(parts.get("WKST", "MO")),
        months=frozenset(_numbers(parts, "BYMONTH")),
        month_days=frozenset(_numbers(parts, "BYMONTHDAY")),
        weekdays=frozenset(_by_day(part) for part in parts["BYDAY"].split(",")) if "BYDAY" in parts else frozenset(),
        hours=tuple(sorted(set(_numbers(parts, "BYHOUR")))),
        minutes=tuple(sorted(set(_numbers(parts, "BYMINUTE")))),
        positions=frozenset(_numbers(parts, "BYSETPOS")),
    )
    _refuse_nonsense(rule)
    return rule


def _refuse_nonsense(rule: Rule) -> None:
    numbered = any(which for which, _ in rule.weekdays)
    if numbered and rule.frequency not in {"MONTHLY", "YEARLY"}:
        raise ValueError("BYDAY=2SU (the second Sunday) needs FREQ=MONTHLY or YEARLY")
    if rule.month_days and rule.frequency == "WEEKLY":
        raise ValueError("BYMONTHDAY does not go with FREQ=WEEKLY; write FREQ=MONTHLY")
    if rule.positions and (rule.frequency in {"HOURLY", "DAILY"} or not (rule.weekdays or rule.month_days)):
        raise ValueError("BYSETPOS chooses among days: it needs BYDAY or BYMONTHDAY, and FREQ=WEEKLY or rarer")
    if rule.positions and max(len(rule.hours), len(rule.minutes)) > 1:
        raise ValueError("BYSETPOS with several hours a day is not supported; make a window for each hour")
    a_day = (len(rule.hours) or (24 if rule.frequency == "HOURLY" else 1)) * (len(rule.minutes) or 1)
    if a_day * 366 > MOST_A_YEAR:
        raise ValueError(f"this rule can open {a_day} windows a day; at most {MOST_A_YEAR:,} a year are taken")


def _frequency(word: str) -> str:
    if word in {"SECONDLY", "MINUTELY"}:
        raise ValueError(f"FREQ={word} opens a window every {word[:6].lower()}; the shortest is FREQ=HOURLY")
    if word not in _FREQUENCIES:
        raise ValueError(f"FREQ={word[:20] or '(missing)'} is not one of {', '.join(_FREQUENCIES)}")
    return word


def _whole(text: str, name: str, least: int, most: int) -> int:
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 7) or not least <= int(text) <= most:
        raise ValueError(f"{name}={text[:20]} should be a whole number from {least} to {most}")
    return int(text)


def _numbers(parts: dict[str, str], name: str) -> list[int]:
    if name not in parts:
        return []
    least, most = _LISTS[name]
    found = [_whole(part, name, least, most) for part in parts[name].split(",")]
    if 0 in found and least < 0:
        raise ValueError(f"{name}=0 is nothing; count from 1, or from the end with -1")
    return found


def _weekday(word: str) -> int:
    if word not in _WEEKDAYS:
        raise ValueError(f"{word[:20]!r} is no weekday; one of {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(word)


def _by_day(word: str) -> tuple[int, int]:
    which = word[:-2]
    return (_whole(which, "BYDAY", -53, 53) if which else 0), _weekday(word[-2:])


def _near(until: datetime) -> datetime | None:
    """What other programs write for "for ever" is no end."""
    return until if until.year <= YEARS[1] else None


def _until(text: str) -> datetime:
    try:
        if len(text) == 8:
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59))
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"UNTIL={text[:30]} should be like 20271231T235959Z or 20271231") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When something holds; made by ``tandem/agreement/suppression.py``. Bounds are instants."""

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
                {self._cut(span) for day in _days(first, _local_day(end, self.zone)) for span in self._on(day)}
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
            return _within(self.rule, self.start, _rule_walls(self.rule, self.start, day), self.zone)
        if not self._last:
            self._last.append(_last_day(self.rule, self.start))
        if day > self._last[0]:
            return []
        walls = _rule_walls(self.rule, self.start, day)
        return walls if day < self._last[0] else walls[: _left_on(self.rule, self.start, day)]


def _within(rule: Rule, start: datetime, walls: list[datetime], zone: ZoneInfo) -> list[datetime]:
    until = rule.until
    if until is None:
        return walls
    if until.tzinfo is not None:
        until = until.astimezone(zone).replace(tzinfo=None)
    return [wall for wall in walls if start <= wall <= until]


def _rule_walls(rule: Rule, start: datetime, day: date) -> list[datetime]:
    """The wall times of ``day``, without COUNT and UNTIL."""
    if day < start.date() or not _takes_part(rule, start, day):
        return []
    if rule.positions and not _chosen(rule, start, day):
        return []
    hours = rule.hours or (tuple(range(24)) if rule.frequency == "HOURLY" else (start.hour,))
    walls = [
        datetime.combine(day, time(hour, minute, start.second))
        for hour in hours
        for minute in rule.minutes or (start.minute,)
        if rule.frequency != "HOURLY" or _in_step(rule, start, day, hour)
    ]
    return [wall for wall in walls if wall >= start]


def _in_step(rule: Rule, start: datetime, day: date, hour: int) -> bool:
    return ((day - start.date()).days * 24 + hour - start.hour) % rule.interval == 0


def _takes_part(rule: Rule, start: datetime, day: date) -> bool:
    """Whether the date fits the rule, before BYSETPOS."""
    first = start.date()
    if rule.months and day.month not in rule.months:
        return False
    match rule.frequency:
        case "DAILY" if (day - first).days % rule.interval:
            return False
        case "WEEKLY" if (_week(day, rule) - _week(first, rule)).days // 7 % rule.interval:
            return False
        case "MONTHLY" if ((day.year - first.year) * 12 + day.month - first.month) % rule.interval:
            return False
        case "YEARLY" if (day.year - first.year) % rule.interval:
            return False
    return _fits_day(rule, first, day)


def _fits_day(rule: Rule, first: date, day: date) -> bool:
    if not rule.month_days and not rule.weekdays:
        match rule.frequency:
            case "WEEKLY":
                return day.weekday() == first.weekday()
            case "MONTHLY":
                return day.day == first.day
            case "YEARLY":
                return day.day == first.day and (bool(rule.months) or day.month == first.month)
        return True
    from_end = day.day - monthrange(day.year, day.month)[1] - 1
    if rule.month_days and rule.month_days.isdisjoint({day.day, from_end}):
        return False
    return not rule.weekdays or any(
        day.weekday() == weekday and (not which or _is_nth(rule, day, which)) for which, weekday in rule.weekdays
    )


def _is_nth(rule: Rule, day: date, which: int) -> bool:
    """Whether ``day`` is the ``which``-th of its weekday in the month, or in the year (YEARLY without BYMONTH)."""
    if rule.frequency == "YEARLY" and not rule.months:
        index, length = day.timetuple().tm_yday, 366 if monthrange(day.year, 2)[1] == 29 else 365
    else:
        index, length = day.day, monthrange(day.year, day.month)[1]
    return which == ((index - 1) // 7 + 1 if which > 0 else -((length - index) // 7 + 1))


def _chosen(rule: Rule, start: datetime, day: date) -> bool:
    """BYSETPOS: the n-th of the dates that take part in the day's week, month or year."""
    first, last = _period(rule, day)
    dates = [each for each in _days(first, last) if _takes_part(rule, start, each)]
    return bool(rule.positions & {dates.index(day) + 1, dates.index(day) - len(dates)})


def _period(rule: Rule, day: date) -> tuple[date, date]:
    match rule.frequency:
        case "WEEKLY":
            return _week(day, rule), _week(day, rule) + timedelta(days=6)
        case "MONTHLY":
            return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
        case _:
            return date(day.year, 1, 1), date(day.year, 12, 31)


def _week(day: date, rule: Rule) -> date:
    return day - timedelta(days=(day.weekday() - rule.week_start) % 7)


def _last_day(rule: Rule, start: datetime) -> date:
    """The day of the COUNT-th occurrence; ten years on when there are fewer, which is told as never."""
    left = rule.count or 0
    for day in _days(start.date(), start.date() + timedelta(days=3653)):
        left -= len(_rule_walls(rule, start, day))
        if left <= 0:
            return day
    return start.date() + timedelta(days=3653)


def _left_on(rule: Rule, start: datetime, last: date) -> int:
    """How many occurrences of the last day COUNT allows."""
    before = sum(len(_rule_walls(rule, start, day)) for day in _days(start.date(), last - timedelta(days=1)))
    return max(0, (rule.count or 0) - before)


def _days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(max(first.toordinal(), 1), min(last.toordinal(), date.max.toordinal() - 40) + 1):
        yield date.fromordinal(ordinal)


def _local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def weekly_hours(days: tuple[str, ...], start: str, end: str) -> tuple[frozenset[int], time, time]:
    """A line of ``weekly:`` as ``Recurrence`` holds it."""
    return frozenset(day for text in days for day in parse_days(text)), parse_time(start), parse_time(end)
