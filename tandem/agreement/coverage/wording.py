"""Stretches of time in a reader's words: equal days in one line, wall clocks named, durations from instants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.oncall.stretches import Stretch, total

_DAY = timedelta(days=1)
BREAK = timedelta(weeks=7)
"""Stretches further apart are not told in one line."""
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def folded(stretches: Iterable[Stretch], zone: ZoneInfo) -> list[list[Stretch]]:
    """Groups of stretches that begin and end at the same times of day in ``zone``, the earliest group first.

    After a long break a new group begins: the hours that spring and autumn lack are two things to know.
    """
    groups: dict[tuple[str, str, int], list[list[Stretch]]] = {}
    for start, end in stretches:
        here, there = start.astimezone(zone), end.astimezone(zone)
        key = (clock(start, zone), clock(end, zone), (there.date() - here.date()).days)
        runs = groups.setdefault(key, [])
        if not runs or start - runs[-1][-1][1] > BREAK:
            runs.append([])
        runs[-1].append((start, end))
    return sorted((run for runs in groups.values() for run in runs), key=lambda group: group[0])


def whole(groups: list[list[Stretch]], within: Stretch, zone: ZoneInfo) -> list[list[Stretch]]:
    """Groups without the pieces that an end of what is looked at cuts off something that is told anyway.

    What has begun already stays where nothing like it comes again: it may be the one thing that matters today.
    """
    ends = [clock(group[0][1], zone) for group in groups]

    def is_piece(group: list[Stretch]) -> bool:
        start, end = group[0]
        begun = start == within[0] and len(group) == 1 and end - start <= _DAY
        return (begun and ends.count(clock(end, zone)) > 1) or group[-1][1] == within[1]

    return [group for group in groups if not is_piece(group)] or groups


def when(group: Sequence[Stretch], zone: ZoneInfo, reader: ZoneInfo, within: Stretch) -> str:
    """``from 03:00 to 04:00 New York time (07:00 to 08:00 in London) on 14 days, ...: 14 hours in all``."""
    if list(group) == [within]:
        return "at any time"
    start, end = group[0]
    later = (end.astimezone(zone).date() - start.astimezone(zone).date()).days
    if len(group) == 1 and later > 1:
        begins, ends = start.astimezone(zone).date(), end.astimezone(zone).date()
        said = f"from {clock(start, zone)} on {long_day(begins)} to {clock(end, zone)} on {long_day(ends)}"
        said += f", {time_of(zone)}"
    else:
        said = f"from {clock(start, zone)} to {clock(end, zone)}{_later(later)} {time_of(zone)}"
        said += f"{_for_reader(group, zone, reader)} {_on_days([one.astimezone(zone).date() for one, _ in group])}"
    return f"{said}: {length(total(group))} in all"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """``03:00``."""
    return at.astimezone(zone).strftime("%H:%M")


def time_of(zone: ZoneInfo) -> str:
    """``New York time``, or ``UTC``."""
    return "UTC" if str(zone) in {"UTC", "Etc/UTC"} else f"{city(zone)} time"


def city(zone: ZoneInfo) -> str:
    """``America/New_York`` -> ``New York``."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def day(at_day: date) -> str:
    """``14 March``."""
    return f"{at_day.day} {_MONTHS[at_day.month - 1]}"


def long_day(at_day: date) -> str:
    """``Sunday 14 March 2027``."""
    return f"{_DAYS[at_day.weekday()]} {day(at_day)} {at_day.year}"


def length(duration: timedelta) -> str:
    """``14 hours``, ``1 hour 30 minutes``."""
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
    return " ".join(f"{count:,} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count) or "no time"


def names(several: Sequence[str], most: int = 3) -> str:
    """``a, b and c``, and after ``most`` of them ``and 7 more``."""
    shown = list(several[:most])
    if len(several) > most:
        return f"{', '.join(shown)} and {len(several) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _later(days: int) -> str:
    return "" if days == 0 else " the next day" if days == 1 else f" {days} days later"


def _on_days(days: list[date]) -> str:
    first, last = days[0], days[-1]
    if len(days) == 1:
        return f"on {long_day(first)}"
    year = "" if first.year == last.year else f" {first.year}"
    span = f"{_DAYS[first.weekday()]} {day(first)}{year}", long_day(last)
    if len(set(days)) == (last - first).days + 1:
        return f"on {len(set(days))} days, {span[0]} to {span[1]}"
    return f"on {len(set(days))} days between {span[0]} and {span[1]}"


def _for_reader(group: Sequence[Stretch], zone: ZoneInfo, reader: ZoneInfo) -> str:
    """The same times where the reader is, when they are others there."""
    said = {(clock(start, reader), clock(end, reader)) for start, end in group}
    begins, ends = clock(group[0][0], reader), clock(group[0][1], reader)
    if (begins, ends) == (clock(group[0][0], zone), clock(group[0][1], zone)):
        return ""
    return f" ({'' if len(said) == 1 else 'on the first day '}{begins} to {ends} in {city(reader)})"
