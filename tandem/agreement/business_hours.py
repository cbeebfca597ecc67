"""Calendars of a document built into ``tandem.model.calendar`` values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

from tandem.agreement.schema.fields import suggest
from tandem.agreement.schema.hours import CalendarSpec, parse_days, parse_interval
from tandem.model.calendar import ALWAYS, Calendar, build_calendar

HOLIDAY_YEARS = range(2020, 2051)
"""Years for which public holidays are worked out; outside them only the listed dates hold."""
AROUND_THE_CLOCK = "24x7"


def build_calendars(specs: Mapping[str, CalendarSpec]) -> dict[str, Calendar]:
    """Every calendar by name, and always ``24x7``. ValueError when a country of ``holidays_of`` is not known."""
    return {AROUND_THE_CLOCK: ALWAYS, **{name: _calendar(name, spec) for name, spec in specs.items()}}


def _calendar(name: str, spec: CalendarSpec) -> Calendar:
    closed = {*spec.holidays, *(public_holidays(spec.holidays_of) if spec.holidays_of else ())}
    special = {day: tuple(parse_interval(text) for text in texts) for day, texts in spec.special.items()}
    return build_calendar(name, spec.zone, weekly_hours(spec), sorted(closed), special)


def weekly_hours(spec: CalendarSpec) -> dict[int, tuple[tuple[time, time], ...]]:
    """Weekday (0 = Monday) -> its intervals. A day named on its own beats the range it lies in."""
    hours: dict[int, tuple[tuple[time, time], ...]] = {}
    for days, texts in sorted(spec.weekly.items(), key=lambda entry: -len(parse_days(entry[0]))):
        for day in parse_days(days):
            hours[day] = tuple(sorted(parse_interval(text) for text in texts))
    return hours


@cache
def public_holidays(place: str) -> tuple[date, ...]:
    """Public holidays of ``US`` or ``US-NJ``, in order. ValueError names what is not known."""
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - most documents list their days and need none of it

    country, _, part = place.partition("-")
    names = {codes[1]: (module, codes[0]) for module, codes in COUNTRIES.items()}
    if country not in names:
        raise ValueError(f"no holidays are known for the country {country[:10]!r}{suggest(country, names)}")
    calendar = _calendar_of(*names[country])
    if part and part not in calendar.subdivisions:
        raise ValueError(f"no holidays are known for {part[:10]!r} in {country}{suggest(part, calendar.subdivisions)}")
    return tuple(sorted(calendar(subdiv=part or None, years=HOLIDAY_YEARS)))


def _calendar_of(module: str, name: str) -> Any:  # noqa: ANN401 - a class of the library
    """A country's class, read from its own file: the package around it imports all 250 (0.09 s of every start)."""
    import holidays  # noqa: PLC0415 - as above

    file = f"{holidays.__path__[0]}/countries/{module}.py"
    spec = spec_from_file_location(f"{__name__}.{module}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"no holidays are known for {name}")
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return getattr(loaded, name)
