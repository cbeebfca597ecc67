"""Recurrence rules of windows as they are written (RFC 5545): read, and refused in words. Pure.

On which days a rule comes is ``occurrences``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

MOST_A_YEAR = 10_000
"""Occurrences that a rule may have."""
YEARS = (1970, 9990)
"""In which windows may lie: nearer to the ends of the calendar its arithmetic fails."""
_FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LISTS = {"BYMONTH": (1, 12), "BYMONTHDAY": (-31, 31), "BYHOUR": (0, 23), "BYMINUTE": (0, 59), "BYSETPOS": (-366, 366)}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


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
    parts = _parts(text)
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


def _parts(text: str) -> dict[str, str]:
    """Name -> value, as written; every name is one of those that are supported."""
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
    return parts


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
