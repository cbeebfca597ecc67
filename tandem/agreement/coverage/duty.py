"""When a party has a responder on duty: its calendar, holidays and absences together (R-A4).

A responder is somebody who stands on a schedule, a step or as a senior. Who is only accountable is none: the owner of a
small house does not answer for its disks while its one technician is on holiday.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from tandem.agreement.oncall.restriction import MIDNIGHT
from tandem.agreement.oncall.stretches import Stretch, difference, union
from tandem.agreement.schema.documents import SharedParts
from tandem.agreement.schema.people import PersonSpec
from tandem.model.calendar import Calendar, instant_of
from tandem.model.ownership import Party

_DAY = timedelta(days=1)


def responders(parts: SharedParts, party: Party) -> frozenset[str]:
    """Its people on schedules, in steps and as seniors; without any of those, all its people."""
    named = {name for name in _responders(parts, party) if name in parts.people and parts.people[name].party is party}
    return frozenset(named or {name for name, person in parts.people.items() if person.party is party})


def on_duty(
    parts: SharedParts, party: Party, calendar: Calendar, within: Stretch, people: Collection[str] = ()
) -> list[Stretch]:
    """When its calendar is open and at least one responder is not absent, by the calendar's local days.

    Args:
        parts: the agreement.
        party: whose hours.
        calendar: the party's.
        within: what is asked about.
        people: who does the function at hand, where a row names them (RACI R); empty: the party's responders.
    """
    hours = calendar.windows(*within)
    named = [name for name in people if name in parts.people and parts.people[name].party is party]
    team = [parts.people[name] for name in sorted(named or responders(parts, party))]
    away = [
        (instant_of(day, MIDNIGHT, calendar.zone), instant_of(day + _DAY, MIDNIGHT, calendar.zone))
        for day in _all_absent(team, within, calendar)
    ]
    return difference(hours, union(away))


def _all_absent(people: list[PersonSpec], within: Stretch, calendar: Calendar) -> Iterator[date]:
    """The calendar's local days on which each of them is absent."""
    if not people or not all(person.absences for person in people):
        return
    day, last = (edge.astimezone(calendar.zone).date() for edge in within)
    while day <= last:
        if all(any(away.first <= day <= away.last for away in person.absences) for person in people):
            yield day
        day += _DAY


def _responders(parts: SharedParts, party: Party) -> Iterator[str]:
    for schedule in parts.schedules:
        if schedule.party is None or schedule.party is party:
            yield from (name for layer in schedule.layers for name in layer.people)
            yield from (override.by or override.person for override in schedule.overrides)
    for path in parts.paths:
        for step in path.steps:
            yield from (target.removeprefix("person:") for target in step.page if target.startswith("person:"))
    spec = parts.parties.get(party)
    if spec is not None:
        yield from (name for name in (spec.senior_ops, spec.senior_soc, spec.security_contact) if name)
