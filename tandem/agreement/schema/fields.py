"""Field types of the documents: ids, durations, targets, zones, dates, and the model all parts derive from.

Every type writes itself back the way it was read, so that a stored document can be loaded again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""Lower-case id of anything that is referred to."""


def clean(text: str) -> str:
    """``text`` on one line and without control characters, for a message that may end up in a log or a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("write this on one line, without control characters")
    return text


Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = timedelta(days=3650)
_DIGITS = frozenset("0123456789")


class Part(BaseModel):
    """A part of a document: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class Target(Part):
    """How long a clock may take. Written ``30m``, ``4h``, or ``4bh`` for business hours."""

    length: timedelta
    """How long."""
    business: bool = False
    """Counts in the obliged party's calendar instead of around the clock."""


def parse_duration(text: Any) -> timedelta:  # noqa: ANN401 - whatever YAML holds
    """``90s``, ``15m``, ``4h``, ``1d``, also joined (``1h30m``) -> timedelta; ValueError otherwise."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or len(text) > 40:
        raise ValueError("write a duration like 15m, 4h or 1h30m")
    seconds, number = 0.0, ""
    for char in text:
        if char in _DIGITS or (char == "." and "." not in number):
            number += char
        elif char in _UNITS and number.strip("."):
            seconds += float(number) * _UNITS[char]
            number = ""
        else:
            raise ValueError(f"{text[:20]!r} is not a duration; write it like 15m, 4h or 1h30m")
    if number:
        raise ValueError(f"{text[:20]!r} has no unit; write {number[:9]}m or {number[:9]}h")
    if seconds > _LONGEST.total_seconds():
        raise ValueError(f"{text[:20]!r} is longer than ten years")
    return timedelta(seconds=seconds)


def format_duration(length: timedelta) -> str:
    """The shortest text that ``parse_duration`` reads back: ``90m``, ``4h``, ``1d``, ``1.5s``."""
    seconds = length.total_seconds()
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{seconds:f}".rstrip("0").rstrip(".") + "s"


def parse_target(text: Any) -> Any:  # noqa: ANN401
    """``4bh`` -> business hours, ``30m`` -> around the clock; passes on what is a Target already."""
    if isinstance(text, str) and text.endswith("bh"):
        return {"length": parse_duration(text[:-2] + "h"), "business": True}
    if isinstance(text, str):
        return {"length": parse_duration(text), "business": False}
    return text


def format_target(target: Target) -> str:
    """``4bh`` or ``30m``, as ``parse_target`` reads it."""
    if not target.business:
        return format_duration(target.length)
    return f"{target.length.total_seconds() / _UNITS['h']:f}".rstrip("0").rstrip(".") + "bh"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)]
TargetField = Annotated[Target, BeforeValidator(parse_target), PlainSerializer(format_target, return_type=str)]


def suggest(word: str, known: Any) -> str:  # noqa: ANN401 - any iterable of texts
    """``; did you mean "x"?`` when something in ``known`` is close to ``word``, else nothing."""
    names = sorted({str(name) for name in known})
    folded = {name.casefold(): name for name in names}
    close = get_close_matches(word[:64].casefold(), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[close[0]]}"?' if close else ""


@cache
def _zones_by_letter() -> dict[str, list[str]]:
    """All zones by the first letter of their city: comparing a word with all of them takes milliseconds."""
    zones: dict[str, list[str]] = {}
    for name in _zones():
        zones.setdefault(_city_letter(name), []).append(name)
    return zones


def _zones_like(text: str) -> list[str]:
    """Zones worth comparing with ``text``: about as long, or with a continent before it (``New_York``)."""
    off = 3 if "/" in text else 8
    return [name for name in _zones_by_letter().get(_city_letter(text), ()) if abs(len(name) - len(text)) <= off]


def _city_letter(zone: str) -> str:
    return zone.rpartition("/")[2][:1].casefold()


@cache
def _zones() -> frozenset[str]:
    """Asking for one that does not exist looks for files each time."""
    return frozenset(available_timezones())


def _known_zone(text: str) -> str:
    if text not in _zones():
        close = suggest(text, _zones_like(text))
        raise ValueError(f"there is no time zone {text[:60]!r}{close or '; write it like America/New_York'}")
    return text


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_zone)]
"""An IANA time zone, ``America/New_York``."""


def _dated(text: Any) -> Any:  # noqa: ANN401
    # Bare numbers would pass as seconds since 1970.
    if isinstance(text, str) and "-" not in text[1:]:
        raise ValueError(f"{text[:30]!r} is not a date; write it like 2026-11-26")
    return text


Day = Annotated[date, BeforeValidator(_dated)]
"""A calendar day, ``2026-11-26``."""
Moment = Annotated[datetime, BeforeValidator(_dated)]
"""Wall time of the zone that goes with it, ``2026-11-26T09:00``; with an offset it is an instant."""
_YEARS = range(1970, 2201)


def _thinkable(moment: datetime) -> datetime:
    # At the ends of the calendar a change of zone overflows.
    if moment.year not in _YEARS:
        raise ValueError(f"the year {moment.year} is too far away; write one from {_YEARS[0]} to {_YEARS[-1]}")
    return moment


NearMoment = Annotated[Moment, AfterValidator(_thinkable)]
"""A ``Moment`` that something really begins or ends at; not "always" (year 1) or "for ever" (9999)."""


def as_list(value: Any) -> Any:  # noqa: ANN401
    """A single value where a list may stand."""
    return value if isinstance(value, (list, tuple)) else [value]


Many = Annotated[tuple[Line, ...], BeforeValidator(as_list)]
"""One text or a list of texts."""
