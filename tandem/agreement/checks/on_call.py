"""Whoever a document puts on call, or makes responsible or accountable by name, has a contact and is of that party."""

from __future__ import annotations

from collections.abc import Iterator

from tandem.agreement.checks.context import Context
from tandem.agreement.checks.duties import duties_of
from tandem.agreement.schema.people import ScheduleSpec
from tandem.errors import Problem


def check_on_call(context: Context) -> Iterator[Problem]:
    """One problem per person, at the first place that needs them."""
    people, told = context.whole.people, set[str]()
    for person, what, at in _called(context):
        if person in people and not people[person].contacts and person not in told:
            told.add(person)
            message = f"{people[person].name} is paged by {what} and has no contact; add contacts to people.{person}"
            yield context.problem(at, message)
    yield from _strangers(context)


def _strangers(context: Context) -> Iterator[Problem]:
    """People of one party on a schedule of the other: their absences, hours and tracks are counted elsewhere."""
    people, parties = context.whole.people, context.whole.parties
    for index, schedule in context.entries("schedules"):
        for person, at in _entering(schedule):
            if schedule.party is None or person not in people or people[person].party is schedule.party:
                continue
            theirs, ours = (
                parties[party].name if party in parties else party.value
                for party in (people[person].party, schedule.party)
            )
            message = (
                f'{people[person].name} belongs to {theirs}, and the schedule "{schedule.id}" is one of {ours}; '
                f"put somebody of {ours} here"
            )
            yield context.problem(("schedules", index, *at), message)


def _entering(schedule: ScheduleSpec) -> Iterator[tuple[str, tuple[int | str, ...]]]:
    """Everybody whom layers and overrides put on call, with the place; who is taken off may be anybody."""
    for number, layer in enumerate(schedule.layers):
        yield from ((person, ("layers", number, "people", place)) for place, person in enumerate(layer.people))
    for number, override in enumerate(schedule.overrides):
        if override.by is not None:
            yield override.by, ("overrides", number, "by")
        elif override.type == "add":
            yield override.person, ("overrides", number, "person")


def _called(context: Context) -> Iterator[tuple[str, str, tuple[int | str, ...]]]:
    for duty in duties_of(context.own.document):
        yield duty.person, duty.what, duty.at
    for index, row in context.entries("matrix"):
        for role, letter in (("responsible", "R"), ("accountable", "A")):
            for position, person in enumerate(getattr(row.raci, role)):
                yield person, f'row "{row.id}" ({letter})', ("matrix", index, "raci", letter, position)
