"""Who is paged can be reached, no path crosses tracks, and each path reaches its named senior."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.documents import SharedParts
from tandem.agreement.schema.people import PathSpec
from tandem.errors import Problem
from tandem.model.ownership import Party, Track

SMALL_TEAM = 3
"""A party with fewer people may have one contact on both tracks (R-A1)."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A place of a document that puts a person on call."""

    person: str
    track: Track | None
    at: tuple[int | str, ...]
    what: str


def check_on_call(context: Context) -> Iterator[Problem]:
    """Contacts, tracks and seniors."""
    duties = list(_duties(context.own.document))
    yield from _without_contact(context, duties)
    yield from _other_track(context)
    yield from _both_tracks(context, duties)
    yield from _seniors(context)


def _duties(document: SharedParts) -> Iterator[Duty]:
    for index, schedule in enumerate(document.schedules):
        what = f'schedule "{schedule.id}"'
        for number, layer in enumerate(schedule.layers):
            for position, person in enumerate(layer.people):
                at = ("schedules", index, "layers", number, "people", position)
                yield Duty(person, schedule.track, at, what)
        for number, override in enumerate(schedule.overrides):
            role = "by" if override.type == "replace" else "person"
            comes_in = getattr(override, role)
            if override.type != "remove" and comes_in is not None:
                yield Duty(comes_in, schedule.track, ("schedules", index, "overrides", number, role), what)
    for index, path in enumerate(document.paths):
        yield from _duties_of_path(path, index)
    for party, spec in document.parties.items():
        roles = (
            ("accountable", None),
            ("senior_ops", Track.OPS),
            ("senior_soc", Track.SOC),
            ("security_contact", None),
        )
        for role, track in roles:
            if (person := getattr(spec, role)) is not None:
                yield Duty(person, track, ("parties", party, role), f"parties.{party}.{role}")


def _duties_of_path(path: PathSpec, index: int) -> Iterator[Duty]:
    what = f'path "{path.id}"'
    for number, step in enumerate(path.steps):
        for position, target in enumerate(step.page):
            if target.startswith("person:"):
                at = ("paths", index, "steps", number, "page", position)
                yield Duty(target.removeprefix("person:"), path.track, at, what)
    for position, person in enumerate(path.fallback):
        yield Duty(person, path.track, ("paths", index, "fallback", position), what)


def _without_contact(context: Context, duties: list[Duty]) -> Iterator[Problem]:
    people, told = context.whole.people, set[str]()
    for duty in duties:
        if duty.person in people and not people[duty.person].contacts and duty.person not in told:
            told.add(duty.person)
            message = (
                f"{people[duty.person].name} is paged by {duty.what} and has no contact; "
                f"add contacts to people.{duty.person}"
            )
            yield context.problem(duty.at, message)


def _other_track(context: Context) -> Iterator[Problem]:
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
    paths = {path.id: path for path in context.whole.paths}
    functions = {function.id: function.track for function in context.whole.functions}
    for index, row in context.entries("matrix"):
        track = row.track or next((functions[name] for name in row.function if name in functions), Track.OPS)
        for party, name in row.paths.items():
            if name in paths and paths[name].track is not track:
                message = f'this row is of track {track}, its path "{name}" of track {paths[name].track}'
                yield context.problem(("matrix", index, "paths", party), message)


def _both_tracks(context: Context, duties: list[Duty]) -> Iterator[Problem]:
    """On the MSP's side an error (R-A1, R36); a note for a party under three people."""
    people = context.whole.people
    inherited = list(_duties(context.other.document)) if context.other else []
    staff = Counter(person.party for person in people.values())
    for name, person in people.items():
        own = [duty for duty in duties if duty.person == name and duty.track]
        tracks = {duty.track for duty in (*own, *inherited) if duty.person == name and duty.track}
        if len(tracks) < len(Track) or not own:
            continue
        small = staff[person.party] < SMALL_TEAM
        strict = person.party is Party.MSP and not small
        if strict:
            why = "one person on both tracks is one tired generalist; give one of the tracks to somebody else"
        elif small:
            why = f"fine for a team of {staff[person.party]}; know that both tracks end on one phone"
        else:
            why = "allowed on the client's side; better to share the load"
        message = f"{person.name} is on call for both tracks, soc and ops: {why}"
        yield context.problem(own[-1].at, message, level="error" if strict else "warning")


def _seniors(context: Context) -> Iterator[Problem]:
    for index, path in context.entries("paths"):
        party = context.whole.parties.get(path.party)
        senior = (party.senior_ops if path.track is Track.OPS else party.senior_soc) if party else None
        at = ("paths", index, "id")
        ends = {f"senior:{path.party}", f"person:{senior}"}
        if party is not None and senior is None and not context.managed:
            message = (
                f'{path.party} names no senior for track {path.track} (senior_{path.track}); path "{path.id}" needs one'
            )
            yield context.problem(at, message, level="warning")
        elif not any(target in ends for step in path.steps for target in step.page):
            message = f'the path "{path.id}" never reaches the named senior; add a step with page: senior:{path.party}'
            yield context.problem(at, message, level="warning")
