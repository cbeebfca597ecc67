"""Who is on call: layers, overrides and absences of one schedule, at an instant and over a stretch (R-S1 to R-S7).

Pure. Rotation turns are ``rotation.py``'s, weekly windows ``restriction.py``'s. Whether a person can be reached is
not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.schema.people import Override, PersonSpec, ScheduleSpec
from tandem.model.calendar import instant_of
from tandem_notifier.restriction import MIDNIGHT, edges, in_force, instant
from tandem_notifier.rotation import Rotation, rotation_of

OVERRIDE = "override"

Absent = Callable[[str, datetime], bool]
"""(person, instant) -> whether an absence takes them off the rotation."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch ``[start, end)`` with the same people; a gap has none."""

    start: datetime
    end: datetime
    people: tuple[str, ...]
    layer: int | str | None
    """Index of the layer that put them there, ``override`` when an override did, None in a gap or for several."""


def nobody_absent(_person: str, _at: datetime) -> bool:
    """The rotation as planned."""
    return False


def absences(people: Mapping[str, PersonSpec], zone: str = "UTC") -> Absent:
    """Absences as the agreement has them: local dates of the person's zone (else ``zone``), both inclusive."""

    def absent(person: str, at: datetime) -> bool:
        spec = people.get(person)
        if spec is None or not spec.absences:
            return False
        today = at.astimezone(ZoneInfo(spec.zone or zone)).date()
        return any(absence.first <= today <= absence.last for absence in spec.absences)

    return absent


def on_call(schedule: ScheduleSpec, at: datetime, absent: Absent = nobody_absent) -> tuple[str, ...]:
    """Who is on call at ``at`` (aware UTC), in stable order; empty is a gap (R-S7).

    An absent person is off the rotation, so that a lower layer may cover; an override is a person's word and stands.
    """
    return _evaluate(_prepared(schedule), at, absent)[0]


def timeline(
    schedule: ScheduleSpec,
    start: datetime,
    end: datetime,
    *,
    people: Mapping[str, PersonSpec] | None = None,
    zone: str = "UTC",
) -> list[Shift]:
    """Shifts that cover ``[start, end)`` without a hole, neighbours alike merged, gaps shown with nobody."""
    prepared = _prepared(schedule)
    absent = absences(people or {}, zone)
    shifts: list[Shift] = []
    moments = sorted({start, *_changes(prepared, start, end), *_off(prepared, people or {}, zone, (start, end))})
    for moment, until in zip(moments, [*moments[1:], end], strict=True):
        who, layer = _evaluate(prepared, moment, absent)
        if shifts and (shifts[-1].people, shifts[-1].layer) == (who, layer):
            shifts[-1] = Shift(shifts[-1].start, until, who, layer)
        elif moment < until:
            shifts.append(Shift(moment, until, who, layer))
    return shifts


@dataclass(frozen=True, slots=True)
class _Prepared:
    spec: ScheduleSpec
    zone: ZoneInfo
    rotations: tuple[Rotation, ...]


def _prepared(schedule: ScheduleSpec) -> _Prepared:
    rotations = tuple(rotation_of(layer, schedule.zone) for layer in schedule.layers)
    return _Prepared(schedule, ZoneInfo(schedule.zone), rotations)


def _evaluate(schedule: _Prepared, at: datetime, absent: Absent) -> tuple[tuple[str, ...], int | str | None]:
    people, layer = _of_layers(schedule, at, absent)
    overridden = _apply(_active(schedule, at), people)
    if overridden != people:
        return overridden, OVERRIDE if overridden else None
    return people, layer


def _of_layers(schedule: _Prepared, at: datetime, absent: Absent) -> tuple[tuple[str, ...], int | None]:
    """What the layers say: the last that yields somebody, or in ``additive`` mode all of them together."""
    stand_ins = {o.person for o in _active(schedule, at) if o.type == "replace"}
    found: dict[str, int] = {}
    for index in reversed(range(len(schedule.rotations))):
        rotation = schedule.rotations[index]
        person = rotation.person_at(at) if in_force(rotation.layer.restrict, at, rotation.zone) else None
        # Somebody absent who has a stand-in keeps the turn, or the override would find nobody to replace.
        if person is None or (absent(person, at) and person not in stand_ins):
            continue
        if schedule.spec.mode == "priority":
            return (person,), index
        found.pop(person, None)  # who stands in two layers is listed with the first
        found[person] = index
    return tuple(reversed(found)), next(iter(found.values())) if len(set(found.values())) == 1 else None


def _active(schedule: _Prepared, at: datetime) -> list[Override]:
    """Overrides in force, in order of creation; of two for the same person the later only (R-S6)."""
    latest: dict[str, Override] = {}
    for override in schedule.spec.overrides:
        if instant(override.start, schedule.zone) <= at < instant(override.end, schedule.zone):
            latest.pop(override.person, None)
            latest[override.person] = override
    return list(latest.values())


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


def _changes(schedule: _Prepared, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant in ``[start, end)`` at which layers or overrides may change the answer."""
    for rotation in schedule.rotations:
        yield from rotation.changes(start, end)
        yield from edges(rotation.layer.restrict, start, end, rotation.zone)
    for override in schedule.spec.overrides:
        for edge in (override.start, override.end):
            if start <= (at := instant(edge, schedule.zone)) < end:
                yield at


def _off(
    schedule: _Prepared, people: Mapping[str, PersonSpec], zone: str, within: tuple[datetime, datetime]
) -> Iterator[datetime]:
    """Where absences of the schedule's people begin and end."""
    for name in {name for layer in schedule.spec.layers for name in layer.people} & people.keys():
        local = ZoneInfo(people[name].zone or zone)
        for absence in people[name].absences:
            for day in (absence.first, absence.last + timedelta(days=1)):
                if within[0] <= (at := instant_of(day, MIDNIGHT, local)) < within[1]:
                    yield at
