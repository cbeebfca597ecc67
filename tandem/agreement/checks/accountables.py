"""Whoever is accountable can be called, and while they are away somebody else decides."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from tandem.agreement.checks.context import Context
from tandem.agreement.checks.horizon import PROVEN
from tandem.agreement.coverage.roster import Roster
from tandem.agreement.coverage.wording import folded, names
from tandem.agreement.oncall.stretches import difference, intersection, union
from tandem.errors import Problem
from tandem.model.ownership import Party

MOST_GROUPS = 3
"""Absences of one person that are written out."""


def check_accountables(context: Context, roster: Roster) -> Iterator[Problem]:
    """An Accountable who is away needs somebody who decides instead: the other party's, or a senior."""
    soon = (roster.within[0], roster.within[0] + PROVEN)
    for (party, name), at in _named_accountables(context, roster).items():
        person = roster.parts.people[name]
        away = difference([roster.within], roster.present(name))
        stand_ins = _stand_ins(roster, party, name)
        nobody = difference(away, union(stretch for other in stand_ins for stretch in roster.present(other)))
        zone = ZoneInfo(person.zone or roster.zone)
        for stretches, level in ((intersection(nobody, [soon]), "error"), (difference(nobody, [soon]), "warning")):
            for group in folded(stretches, zone)[:MOST_GROUPS]:
                message = (
                    f"nobody can decide for {roster.name_of(party)} {roster.said(group, zone)}: {person.name} is "
                    "accountable and absent, and so is everybody who could stand in.\n"
                    "  Fix: move one of the absences, or name a senior who is there."
                )
                yield context.problem(at, message, level=level)
        for group in folded(intersection(difference(away, nobody), [soon]), zone)[:1]:
            there = [other for other in stand_ins if intersection(group[:1], roster.present(other))]
            message = (
                f"{person.name}, accountable for {roster.name_of(party)}, is absent {roster.said(group, zone)}; "
                f"decisions go to {names([roster.parts.people[other].name for other in there])}"
            )
            yield context.problem(at, message, level="note")


def _named_accountables(context: Context, roster: Roster) -> dict[tuple[Party, str], tuple[int | str, ...]]:
    """(party, person) -> where this document names them first; only those who have a contact at all."""
    people = roster.parts.people
    found: dict[tuple[Party, str], tuple[int | str, ...]] = {}
    for party, spec in context.own.document.parties.items():
        if spec.accountable in people:
            found[party, spec.accountable] = ("parties", party, "accountable")
    for index, row in context.entries("matrix"):
        for position, name in enumerate(row.raci.accountable):
            if name in people:
                found.setdefault((people[name].party, name), ("matrix", index, "raci", "A", position))
    return {key: at for key, at in found.items() if people[key[1]].contacts}


def _stand_ins(roster: Roster, party: Party, accountable: str) -> list[str]:
    """Who decides while an Accountable is away: their party's own, its seniors, the other party's Accountable."""
    parties = roster.parts.parties
    own, other = parties.get(party), parties.get(party.other)
    listed = [own.accountable, own.senior_ops, own.senior_soc] if own else []
    listed += [other.accountable] if other else []
    return [name for name in dict.fromkeys(listed) if name in roster.parts.people and name != accountable]
