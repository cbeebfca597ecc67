"""Who is on call once it is known whose turn it is in each layer: the layers' order, absences, overrides (R-S1, R-S6).

Pure. Both ways of asking, for an instant and over a stretch (``timeline.py``), decide here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from tandem.agreement.oncall.restriction import instant
from tandem.agreement.schema.people import Override, ScheduleSpec

OVERRIDE = "override"


Span = tuple[datetime, datetime, Override]


def spans(schedule: ScheduleSpec) -> list[Span]:
    """The schedule's overrides with their instants, in order of creation."""
    zone = ZoneInfo(schedule.zone)
    return [(instant(each.start, zone), instant(each.end, zone), each) for each in schedule.overrides]


def active(overrides: Iterable[Span], at: datetime) -> list[Override]:
    """Overrides in force, in order of creation; of two for the same person the later only (R-S6)."""
    latest: dict[str, Override] = {}
    for start, end, override in overrides:
        if start <= at < end:
            latest.pop(override.person, None)
            latest[override.person] = override
    return list(latest.values())


def decide(
    mode: str, turns: list[str | None], overrides: list[Override], absent: Container[str]
) -> tuple[tuple[str, ...], int | str | None]:
    """Who is on call when the layers say ``turns``, and the layer they come from (see ``Shift.layer``)."""
    people, layer = _of_layers(mode, turns, {o.person for o in overrides if o.type == "replace"}, absent)
    overridden = _apply(overrides, people) if overrides else people
    if overridden != people:
        return overridden, OVERRIDE if overridden else None
    return people, layer


def _of_layers(
    mode: str, turns: list[str | None], stand_ins: set[str], absent: Container[str]
) -> tuple[tuple[str, ...], int | None]:
    """What the layers say: the last that yields somebody, or in ``additive`` mode all of them together."""
    found: dict[str, int] = {}
    for index in range(len(turns) - 1, -1, -1):
        person = turns[index]
        # Somebody absent who has a stand-in keeps the turn, or the override would find nobody to replace.
        if person is None or (person in absent and person not in stand_ins):
            continue
        if mode == "priority":
            return (person,), index
        found.pop(person, None)  # who stands in two layers is listed with the first
        found[person] = index
    return tuple(reversed(found)), next(iter(found.values())) if len(set(found.values())) == 1 else None


def _apply(overrides: list[Override], people: tuple[str, ...]) -> tuple[str, ...]:
    current = list(people)
    for override in overrides:
        if override.type == "add":
            current.append(override.person)
        elif override.person in current:
            stand_in = [override.by] if override.type == "replace" and override.by else []
            where = current.index(override.person)
            current[where : where + 1] = stand_in
    return tuple(dict.fromkeys(current))
