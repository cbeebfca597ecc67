"""Two after-hours tracks that never merge: nobody and nothing of the MSP serves both (R-A1, R30, R36).

A person is judged by time where a day is given: at the same instant on both tracks is an error, now here and then there
is a warning. A party under three people gets a note and is asked for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from tandem.agreement.checks.context import Context
from tandem.agreement.checks.duties import Duty, duties_of
from tandem.agreement.coverage.needs import function_tracks, tracks_of
from tandem.agreement.coverage.roster import Roster
from tandem.agreement.coverage.wording import folded, names, whole
from tandem.agreement.oncall.stretches import Stretch, intersection, union
from tandem.agreement.schema.people import PersonSpec
from tandem.errors import Problem
from tandem.model.ownership import Party, Track

SMALL_TEAM = 3
"""A party with fewer people may have one contact on both tracks (R-A1)."""
TIRED = "one person on both tracks is one tired generalist; give one of the tracks to somebody else"


def check_tracks(context: Context, roster: Roster | None) -> Iterator[Problem]:
    """``roster`` answers who is on call when; None leaves time out, and turns on both tracks are only warned about."""
    yield from _steps(context)
    yield from _rows(context)
    shared = dict(_shared_schedules(context))
    yield from shared.values()
    yield from _people(context, roster, frozenset(shared))


def _steps(context: Context) -> Iterator[Problem]:
    tracks = {f"schedule:{s.id}": s.track for s in context.whole.schedules}
    tracks |= {f"path:{p.id}": p.track for p in context.whole.paths}
    for index, path in context.entries("paths"):
        for number, step in enumerate(path.steps):
            for position, target in enumerate(step.page):
                track = tracks.get(target)
                if track is not None and track is not path.track:
                    message = (
                        f'the path "{path.id}" is of track {path.track} and pages {target} of track {track}; '
                        "the two after-hours tracks never merge"
                    )
                    yield context.problem(("paths", index, "steps", number, "page", position), message)


def _rows(context: Context) -> Iterator[Problem]:
    paths = {path.id: path for path in context.whole.paths}
    functions = function_tracks(context.whole.functions)
    for index, row in context.entries("matrix"):
        tracks = tracks_of(row, functions)
        for party, name in row.paths.items():
            if name in paths and paths[name].track not in tracks:
                said = " and ".join(sorted(tracks))
                message = f'this row is of track {said}, its path "{name}" of track {paths[name].track}'
                yield context.problem(("matrix", index, "paths", party), message)


def _shared_schedules(context: Context) -> Iterator[tuple[str, Problem]]:
    """Schedules without a track of their own that paths of both tracks page."""
    for index, schedule in context.entries("schedules"):
        pages = f"schedule:{schedule.id}"
        users = [path for path in context.whole.paths if any(pages in step.page for step in path.steps)]
        if schedule.track is not None or len({path.track for path in users}) < len(Track):
            continue
        by = names([f'"{path.id}" ({path.track})' for path in users])
        message = f'schedule "{schedule.id}" serves both tracks: {by} page it; '
        strict = any(path.party is Party.MSP for path in users) and _staff(context)[Party.MSP] >= SMALL_TEAM
        message += "make it two schedules with different people" if strict else "know that both tracks end there"
        level = "error" if strict else "note"
        yield schedule.id, context.problem(("schedules", index, "id"), message, level=level)


def _people(context: Context, roster: Roster | None, shared: frozenset[str]) -> Iterator[Problem]:
    own = _by_person(duty for duty in duties_of(context.own.document) if duty.schedule not in shared)
    inherited = _by_person(duties_of(context.other.document)) if context.other else {}
    staff = _staff(context)
    for name, ours in own.items():
        person = context.whole.people.get(name)
        every = [*ours, *inherited.get(name, ())]
        if person is None or len({duty.track for duty in every}) < len(Track):
            continue
        if person.party is Party.MSP and staff[Party.MSP] >= SMALL_TEAM:
            yield _strict(context, roster, person, ours, every)
        else:
            # R-A1: a party under three people is told, and asked for nothing.
            small = staff[person.party] < SMALL_TEAM
            why = "allowed on the client's side; better to share the load"
            if small:
                why = f"fine for a team of {staff[person.party]}; know that both tracks end on one phone"
            yield context.problem(ours[-1].at, f"{_both(person)}: {why}", level="note" if small else "warning")


def _by_person(duties: Iterable[Duty]) -> dict[str, list[Duty]]:
    """Duties that have a track, by who has them."""
    found: dict[str, list[Duty]] = {}
    for duty in duties:
        if duty.track is not None:
            found.setdefault(duty.person, []).append(duty)
    return found


def _strict(
    context: Context, roster: Roster | None, person: PersonSpec, ours: Sequence[Duty], every: Sequence[Duty]
) -> Problem:
    if roster is None:
        # Who is a senior, a fallback or named by a step is so at any time; two turns may never meet.
        surely = any(duty.schedule is None for duty in every)
        return context.problem(ours[-1].at, f"{_both(person)}: {TIRED}", level="error" if surely else "warning")
    clash = _at_once(roster, every)
    places = {track: names(list(dict.fromkeys(d.what for d in every if d.track is track))) for track in Track}
    where = ", ".join(f"{track} by {places[track]}" for track in Track)
    if not clash:
        message = f"{_both(person)}, though never at the same time ({where}); better to keep the tracks' people apart"
        return context.problem(ours[-1].at, message, level="warning")
    zone = _zone_of(roster, every)
    # A turn that has begun already is cut; a whole one says more.
    groups = sorted(whole(folded(clash, zone), roster.within, zone), key=lambda group: group[0][0] == roster.within[0])
    more = "\n  And at other times of day." if len(groups) > 1 else ""
    at = roster.said(groups[0], zone)
    return context.problem(ours[-1].at, f"{_both(person)}, {at}: {TIRED}.\n  Why: {where}.{more}")


def _at_once(roster: Roster, duties: Sequence[Duty]) -> list[Stretch]:
    """When the person of ``duties`` is on call on both tracks."""
    sides = []
    for track in Track:
        here = [duty for duty in duties if duty.track is track]
        sides.append(union(stretch for duty in here for stretch in _hours(roster, duty)))
    return intersection(*sides)


def _hours(roster: Roster, duty: Duty) -> list[Stretch]:
    if duty.schedule is None:
        return [roster.within]
    return [(shift.start, shift.end) for shift in roster.shifts(duty.schedule) if duty.person in shift.people]


def _zone_of(roster: Roster, duties: Sequence[Duty]) -> ZoneInfo:
    zones = {schedule.id: schedule.zone for schedule in roster.parts.schedules}
    return ZoneInfo(next((zones[duty.schedule] for duty in duties if duty.schedule in zones), roster.zone))


def _staff(context: Context) -> Counter[Party]:
    return Counter(person.party for person in context.whole.people.values())


def _both(person: PersonSpec) -> str:
    return f"{person.name} is on call for both tracks, soc and ops"
