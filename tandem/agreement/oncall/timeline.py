"""Who is on call: layers, overrides and absences of one schedule, at an instant and over a stretch (R-S1 to R-S7).

Pure. Turns are ``rotation.py``'s, weekly windows ``restriction.py``'s, what follows from them ``decision.py``'s.
Whether a person can be reached is not asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tandem.agreement.oncall.absence import Absent, absent_stretches, nobody_absent
from tandem.agreement.oncall.decision import active, decide, spans
from tandem.agreement.oncall.restriction import in_force, windows_within
from tandem.agreement.oncall.rotation import Rotation, Turn, rotation_of
from tandem.agreement.schema.people import Override, PersonSpec, ScheduleSpec


@dataclass(frozen=True, slots=True)
class Shift:
    """One stretch ``[start, end)`` with the same people; a gap has none."""

    start: datetime
    end: datetime
    people: tuple[str, ...]
    layer: int | str | None
    """Index of the layer that put them there, ``override`` when an override did, None in a gap or for several."""


def on_call(schedule: ScheduleSpec, at: datetime, absent: Absent = nobody_absent) -> tuple[str, ...]:
    """Who is on call at ``at`` (aware UTC), in stable order; empty is a gap (R-S7).

    An absent person is off the rotation, so that a lower layer may cover; an override is a person's word and stands.
    """
    rotations = _rotations(schedule)
    turns = [r.person_at(at) if in_force(r.layer.restrict, at, r.zone) else None for r in rotations]
    away = {person for person in turns if person is not None and absent(person, at)}
    return decide(schedule.mode, turns, active(spans(schedule), at), away)[0]


def timeline(
    schedule: ScheduleSpec,
    start: datetime,
    end: datetime,
    *,
    people: Mapping[str, PersonSpec] | None = None,
    zone: str = "UTC",
) -> list[Shift]:
    """Shifts that cover ``[start, end)`` without a hole, neighbours alike merged, gaps shown with nobody.

    One pass over the sorted instants at which anything changes; ``on_call`` gives the same answer for one instant.
    """
    rotations = _rotations(schedule)
    strips = [_Strip(_turns_in_force(rotation, start, end)) for rotation in rotations]
    exceptions = _exceptions(schedule, people or {}, zone, (start, end))
    edges = {edge for strip in strips for turn in strip.turns for edge in turn[:2]}
    moments = sorted({start, *edges, *(at for at, _, _ in exceptions)} - {end})
    shifts: list[Shift] = []
    special = -1
    overrides: list[Override] = []
    absent: frozenset[str] = frozenset()
    for moment, until in zip(moments, [*moments[1:], end], strict=True):
        while special + 1 < len(exceptions) and exceptions[special + 1][0] <= moment:
            special += 1
            _, overrides, absent = exceptions[special]
        who, layer = decide(schedule.mode, [strip.person_at(moment) for strip in strips], overrides, absent)
        if shifts and (shifts[-1].people, shifts[-1].layer) == (who, layer):
            shifts[-1] = Shift(shifts[-1].start, until, who, layer)
        elif moment < until:
            shifts.append(Shift(moment, until, who, layer))
    return shifts


class _Strip:
    """What one layer says over a stretch; asked for instants that only go forward."""

    def __init__(self, turns: list[Turn]) -> None:
        self.turns = turns
        self._next = 0

    def person_at(self, at: datetime) -> str | None:
        while self._next < len(self.turns) and self.turns[self._next][1] <= at:
            self._next += 1
        if self._next == len(self.turns):
            return None
        begins, _, person = self.turns[self._next]
        return person if begins <= at else None


def _rotations(schedule: ScheduleSpec) -> list[Rotation]:
    return [rotation_of(layer, schedule.zone) for layer in schedule.layers]


def _turns_in_force(rotation: Rotation, start: datetime, end: datetime) -> list[Turn]:
    """The layer's turns, cut by its weekly restriction."""
    turns = list(rotation.turns(start, end))
    if not rotation.layer.restrict:
        return turns
    found: list[Turn] = []
    windows = windows_within(rotation.layer.restrict, start, end, rotation.zone)
    turn = window = 0
    while turn < len(turns) and window < len(windows):
        begins, ends, person = turns[turn]
        opens, closes = windows[window]
        if max(begins, opens) < min(ends, closes):
            found.append((max(begins, opens), min(ends, closes), person))
        if ends <= closes:
            turn += 1
        else:
            window += 1
    return found


_Exception = tuple[datetime, list[Override], frozenset[str]]


def _exceptions(
    schedule: ScheduleSpec, people: Mapping[str, PersonSpec], zone: str, within: tuple[datetime, datetime]
) -> list[_Exception]:
    """From when on which overrides are in force and who of the layers' people is absent; begins with the start."""
    start, end = within
    overrides = [span for span in spans(schedule) if span[0] < end and span[1] > start]
    edges = {edge for begins, ends, _ in overrides for edge in (begins, ends)}
    away = {
        name: absent_stretches(people[name], zone)
        for name in sorted({name for layer in schedule.layers for name in layer.people} & people.keys())
        if people[name].absences
    }
    edges |= {edge for stretches in away.values() for stretch in stretches for edge in stretch}
    return [
        (
            at,
            active(overrides, at),
            frozenset(name for name, stretches in away.items() if any(a <= at < b for a, b in stretches)),
        )
        for at in sorted({start, *(edge for edge in edges if start < edge < end)})
    ]
