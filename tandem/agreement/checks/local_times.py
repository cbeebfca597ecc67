"""Wall times that the clocks skip: nothing is wrong with them, but a reader should know when they really are.

Source: domain.md R-B2 (a time in a gap is the first instant after it).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.hours import parse_interval
from tandem.agreement.schema.people import ScheduleSpec
from tandem.errors import Problem
from tandem.model.calendar import instant_of

_YEARS = range(1900, 9000)
_Path = tuple[int | str, ...]
_Written = tuple[_Path, datetime | None, str]
"""Where it stands, what is written, and the zone it is meant in."""


def check_local_times(context: Context) -> Iterator[Problem]:
    """A note for every time of the own document that does not exist on its day."""
    for path, moment, zone in _written(context):
        # Years 1 and 9999 say "always" and "for ever"; no zone changes its clocks there.
        if moment is not None and moment.tzinfo is None and moment.year in _YEARS:
            real = instant_of(moment.date(), moment.time(), ZoneInfo(zone)).astimezone(ZoneInfo(zone))
            if real.replace(tzinfo=None) != moment:
                skipped = f"the clocks of {zone} skip {moment:%H:%M} on {moment:%Y-%m-%d}"
                message = f"{skipped}; it is taken as {real:%H:%M}, the first instant after the gap"
                yield context.problem(path, message, level="note")


def _written(context: Context) -> Iterator[_Written]:
    tenant = context.tenant
    home = tenant.tenant.zone if tenant else None
    for index, schedule in context.entries("schedules"):
        yield from _of_schedule(("schedules", index), schedule)
    for name, calendar in context.own.document.calendars.items():
        for day, intervals in calendar.special.items():
            for wall in (wall for interval in intervals for wall in parse_interval(interval)):
                yield ("calendars", name, "special", day.isoformat()), datetime.combine(day, wall), calendar.zone
    for index, window in context.entries("maintenance"):
        zone = window.zone or home
        if zone is not None and window.once is not None:
            yield ("maintenance", index, "once", "from"), window.once.start, zone
            yield ("maintenance", index, "once", "to"), window.once.end, zone
    for index, silence in context.entries("silences"):
        if home is not None:
            yield ("silences", index, "from"), silence.start, home
            yield ("silences", index, "to"), silence.end, home
    if tenant is not None and home is not None:
        yield ("tenant", "ends_at"), tenant.tenant.ends_at, home


def _of_schedule(at: _Path, schedule: ScheduleSpec) -> Iterator[_Written]:
    for index, layer in enumerate(schedule.layers):
        zone = layer.zone or schedule.zone
        for name, moment in (
            ("anchor", layer.anchor),
            ("effective_from", layer.effective_from),
            ("until", layer.until),
        ):
            yield (*at, "layers", index, name), moment, zone
    for index, override in enumerate(schedule.overrides):
        yield (*at, "overrides", index, "from"), override.start, schedule.zone
        yield (*at, "overrides", index, "to"), override.end, schedule.zone
