"""Why nobody is there, and what would help: a gap of a path traced to layers, absences and missing contacts.

Says where things stand through a function that gives ``line 58`` for a place; knows nothing of files itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tandem.agreement.coverage.gaps import Gap, Lack
from tandem.agreement.coverage.roster import Roster
from tandem.agreement.coverage.wording import city, clock, day, names, time_of
from tandem.agreement.oncall.stretches import Stretch
from tandem.agreement.oncall.timeline import Shift
from tandem.agreement.schema.people import ScheduleSpec
from tandem.model.ownership import Party

Place = Callable[..., str]
"""(section, id, *deeper) -> ``line 58``."""
SHORT = timedelta(hours=4)
"""A hole up to this long is closed by moving the edge of a layer; a longer one needs somebody else."""
_DAY = timedelta(days=1)
_MOST = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause in a reader's words, and what would remove it (one or two ways, the likelier first)."""

    text: str
    fixes: tuple[str, ...]


def reasons(roster: Roster, gap: Gap, group: Sequence[Stretch], place: Place) -> list[Reason]:
    """Causes of the first stretch of ``group``, those of the first step first; at most three."""
    if len(group) > 1 and group[0][0] == roster.within[0]:
        group = group[1:]  # the first one is cut by the beginning of what is looked at
    steps = gap.path.steps[:1] if gap.lack is Lack.FIRST else gap.path.steps
    found: dict[str, Reason] = {}
    for target in dict.fromkeys(target for step in steps for target in step.page):
        kind, _, name = target.partition(":")
        if kind == "schedule":
            several = _of_schedule(roster, name, group, place)
        else:
            person = roster.named(target, gap.path.track)
            several = _of_person(roster, person, target, group, place) if person else iter(())
        for reason in several:
            found.setdefault(reason.text, reason)
    return list(found.values())[:_MOST]


def _of_schedule(roster: Roster, name: str, group: Sequence[Stretch], place: Place) -> Iterator[Reason]:
    schedule = next((each for each in roster.parts.schedules if each.id == name), None)
    shifts = roster.planned(name)
    start = group[0][0]
    number = next((n for n, shift in enumerate(shifts) if shift.start <= start < shift.end), None)
    if schedule is None or number is None:
        return
    for person in shifts[number].people:
        yield from _of_person(roster, person, f'schedule "{name}"', group, place, schedule=schedule)
    if not shifts[number].people:
        yield _of_layers(roster, schedule, number, group, place)


def _of_person(
    roster: Roster, person: str, what: str, group: Sequence[Stretch], place: Place, schedule: ScheduleSpec | None = None
) -> Iterator[Reason]:
    spec = roster.parts.people.get(person)
    if spec is None:
        return
    who = f"{spec.name} is {f'on call on {what}' if schedule else _role(what)}"
    if not spec.contacts:
        yield Reason(f"{who} and has no contact", (f"add contacts to people.{person}",))
        return
    zone = ZoneInfo(spec.zone or roster.zone)
    today = group[0][0].astimezone(zone).date()
    index = next((n for n, absence in enumerate(spec.absences) if absence.first <= today <= absence.last), None)
    if index is None:
        return
    absence, line = spec.absences[index], place("people", person, "absences", index)
    long = absence.last > absence.first
    days = f"from {day(absence.first)} to {day(absence.last)}" if long else f"on {day(absence.first)}"
    text, move = f"{who} and absent {days} ({line})", f"move the absence in {line}"
    if schedule is None:
        yield Reason(text, (f"name somebody else who is there then, or {move}",))
        return
    local = ZoneInfo(schedule.zone)
    until = max(end for start, end in group if start.astimezone(zone).date() <= absence.last)
    override = (
        f"{{type: replace, person: {person}, by: ..., from: {_wall(group[0][0], local)}, to: {_wall(until, local)}}}"
    )
    yield Reason(text, (f'add an override to schedule "{schedule.id}": {override}', move))


def _of_layers(roster: Roster, schedule: ScheduleSpec, number: int, group: Sequence[Stretch], place: Place) -> Reason:
    shifts = roster.planned(schedule.id)
    hole = shifts[number]
    before = shifts[number - 1] if number else None
    after = shifts[number + 1] if number + 1 < len(shifts) else None
    if before is None and after is None:
        return Reason(
            f'schedule "{schedule.id}" has nobody at any time ({place("schedules", schedule.id)})',
            ("give it a layer that is in force",),
        )
    start, end = group[0]
    short = end - start <= SHORT
    said: list[str] = []
    fixes: list[str] = []
    for shift, verb, at, moved in ((before, "ends", hole.start, end), (after, "starts", hole.end, start)):
        if shift is None:
            continue
        who, zone = _layer(roster, schedule, shift, place)
        again = before is not None and shift is after and before.layer == after.layer
        said.append(f"{'starts again' if again else f'{who} {verb}'} at {clock(at, zone)} {time_of(zone)}")
        if short and at in group[0] and _restricted(schedule, shift):
            fixes.append(f"let {who.partition(' (')[0]} {verb[:-1]} at {clock(moved, zone)} {time_of(zone)}")
    text = f'on schedule "{schedule.id}" {", ".join(said)}{_changes(schedule, group)}'
    return Reason(text, tuple(fixes) or (f'add a layer or an override to schedule "{schedule.id}" for this time',))


def _layer(roster: Roster, schedule: ScheduleSpec, shift: Shift, place: Place) -> tuple[str, ZoneInfo]:
    """How a layer is called in a sentence, and its zone."""
    if not isinstance(shift.layer, int):
        return f"the turn of {names(_called(roster, shift.people))}", ZoneInfo(schedule.zone)
    layer = schedule.layers[shift.layer]
    line = place("schedules", schedule.id, "layers", shift.layer)
    return f"layer {shift.layer + 1} ({names(_called(roster, layer.people))}; {line})", ZoneInfo(
        layer.zone or schedule.zone
    )


def _called(roster: Roster, people: Sequence[str]) -> list[str]:
    """Their names; of somebody unknown the id."""
    known = roster.parts.people
    return [known[person].name if person in known else person for person in people]


def _restricted(schedule: ScheduleSpec, shift: Shift) -> bool:
    return isinstance(shift.layer, int) and bool(schedule.layers[shift.layer].restrict)


def _changes(schedule: ScheduleSpec, group: Sequence[Stretch]) -> str:
    """A sentence about the clock changes that open and close the hole, where zones change on different days."""
    zones = dict.fromkeys(layer.zone or schedule.zone for layer in schedule.layers)
    if len(zones) < 2:
        return ""
    said = []
    for name in zones:
        zone = ZoneInfo(name)
        for near in (group[0][0], group[-1][1] + _DAY):
            changed = _changed_on(near, zone)
            if changed is not None:
                said.append(f"{city(zone)} changes its clocks on {changed}")
    return f". {', '.join(dict.fromkeys(said))}" if said else ""


def _changed_on(near: datetime, zone: ZoneInfo) -> str | None:
    """The local day within the day before ``near`` on which the zone's offset changed."""
    hour = timedelta(hours=1)
    for step in range(24):
        one, two = (near - (step + 1) * hour).astimezone(zone), (near - step * hour).astimezone(zone)
        if one.utcoffset() != two.utcoffset():
            return day(two.date())
    return None


def _role(target: str) -> str:
    kind, _, name = target.partition(":")
    if kind == "person":
        return "paged by name"
    words = {"senior": "the named senior", "accountable": "the Accountable"}
    return f"{words.get(kind, kind)} of {'the internal team' if name == Party.INTERNAL.value else 'the MSP'}"


def _wall(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
