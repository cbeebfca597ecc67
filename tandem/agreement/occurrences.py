"""On which days, and when on the wall clock, a recurrence rule comes. Pure.

A rule is asked day by day: whether a local date takes part costs the same for every rule, so one that never comes
(30 February) is no endless search. Walking a rule from its start, as calendar libraries do, takes seconds for such
text; python-dateutil is the oracle of the tests instead.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.rrule import Rule


def walls_on(rule: Rule, start: datetime, day: date) -> list[datetime]:
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


def until_end(rule: Rule, start: datetime, walls: list[datetime], zone: ZoneInfo) -> list[datetime]:
    """Those of ``walls`` that UNTIL leaves; written in UTC it is an instant, which ``zone`` makes a wall time."""
    until = rule.until
    if until is None:
        return walls
    if until.tzinfo is not None:
        until = until.astimezone(zone).replace(tzinfo=None)
    return [wall for wall in walls if start <= wall <= until]


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
    dates = [each for each in days(first, last) if _takes_part(rule, start, each)]
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


def last_day(rule: Rule, start: datetime) -> date:
    """The day of the COUNT-th occurrence; ten years on when there are fewer, which is told as never."""
    left = rule.count or 0
    for day in days(start.date(), start.date() + timedelta(days=3653)):
        left -= len(walls_on(rule, start, day))
        if left <= 0:
            return day
    return start.date() + timedelta(days=3653)


def left_on(rule: Rule, start: datetime, last: date) -> int:
    """How many occurrences of the last day COUNT allows."""
    before = sum(len(walls_on(rule, start, day)) for day in days(start.date(), last - timedelta(days=1)))
    return max(0, (rule.count or 0) - before)


def days(first: date, last: date) -> Iterator[date]:
    """From ``first`` to ``last``, both included; the ends of the calendar are left out."""
    for ordinal in range(max(first.toordinal(), 1), min(last.toordinal(), date.max.toordinal() - 40) + 1):
        yield date.fromordinal(ordinal)
