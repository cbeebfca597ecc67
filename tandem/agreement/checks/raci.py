"""Exactly one person of each party is accountable for a function, over all of its rows.

A row without a function counts for each of them where it names somebody; where it names nobody it is left out, because
it could only repeat what the rows of the functions say.

Source: R-RACI2 of the domain rules, R2 of the mission.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tandem.agreement.checks.context import Context
from tandem.agreement.schema.matrix import ScopeRow
from tandem.errors import Problem
from tandem.model.ownership import Party

WHY = "  Why: a function has exactly one Accountable per party; with two, each leaves it to the other.\n"
MOST_NAMED = 5
"""Functions without anybody accountable that one message lists."""


@dataclass(frozen=True, slots=True)
class _Says:
    """Whom a row makes accountable."""

    row: ScopeRow
    person: str
    named: bool
    """By the row itself; else the party's Accountable is meant."""


def check_raci(context: Context) -> Iterator[Problem]:
    """Two in one row, two in rows of one function, nobody at all."""
    yield from _in_one_row(context)
    rows = _by_function(context)
    yield from _across_rows(context, rows)
    yield from _nobody(context, rows)


def _in_one_row(context: Context) -> Iterator[Problem]:
    for index, row in context.entries("matrix"):
        first: dict[Party, str] = {}
        for position, name in enumerate(row.raci.accountable):
            party = _party_of(context, name)
            if party is None or first.setdefault(party, name) == name:
                continue
            message = (
                f'two people of {_called(context, party)} are accountable in the row "{row.id}": '
                f"{_person(context, first[party])} and {_person(context, name)}.\n"
                "  Why: with two Accountables each leaves it to the other; a row has at most one per party.\n"
                "  Fix: keep one of them under A; the other can be consulted (C) or informed (I)."
            )
            yield context.problem(("matrix", index, "raci", "A", position), message)


def _by_function(context: Context) -> dict[str, list[ScopeRow]]:
    """Function -> the rows that say who is accountable for it, in the order of the documents."""
    found: dict[str, list[ScopeRow]] = {function.id: [] for function in context.whole.functions}
    for row in context.whole.matrix:
        wide = found if row.function is None and row.raci.accountable else ()
        for name in row.function or wide:
            if name in found:
                found[name].append(row)
    return found


def _across_rows(context: Context, rows: Mapping[str, list[ScopeRow]]) -> Iterator[Problem]:
    own = {row.id: index for index, row in context.entries("matrix")}
    clashes: dict[tuple[Party, str, str], tuple[_Says, _Says, list[str]]] = {}
    for function, naming in rows.items():
        for party in Party:
            clash = _clash(context, party, naming, own)
            if clash is not None:
                key = (party, clash[0].row.id, clash[1].person)
                clashes.setdefault(key, (*clash, []))[2].append(function)
    for (party, _, _), (here, there, functions) in clashes.items():
        at = _place(own[here.row.id], here)
        yield context.problem(at, _two(context, party, here, there, functions))


def _clash(
    context: Context, party: Party, naming: list[ScopeRow], own: Mapping[str, int]
) -> tuple[_Says, _Says] | None:
    """A row of this document that makes somebody accountable, and one that says somebody else; None: all agree."""
    said = [says for row in naming if (says := _says(context, party, row)) is not None]
    if len({says.person for says in said}) < 2:
        return None
    ours = sorted((says for says in said if says.row.id in own), key=lambda says: (not says.named, -own[says.row.id]))
    if not ours:  # told in the provider's document
        return None
    here = ours[0]
    return here, next(says for says in said if says.person != here.person)


def _says(context: Context, party: Party, row: ScopeRow) -> _Says | None:
    """The row's own Accountable of the party, else the party's; None when there is neither."""
    named = next((name for name in row.raci.accountable if _party_of(context, name) is party), None)
    if named is not None:
        return _Says(row, named, named=True)
    spec = context.whole.parties.get(party)
    usual = spec.accountable if spec and row.function is not None else None
    return _Says(row, usual, named=False) if usual is not None else None


def _two(context: Context, party: Party, here: _Says, there: _Says, functions: list[str]) -> str:
    more = f" and {len(functions) - 1} more function{'s' if len(functions) > 2 else ''}" if len(functions) > 1 else ""
    ours, theirs = _person(context, here.person), _person(context, there.person)
    usual = "" if there.named else f", which names nobody: {theirs} is the party's"
    return (
        f'two people of {_called(context, party)} are accountable for "{_function(context, functions[0])}"{more}: '
        f'{ours} by this row, {theirs} by the row "{there.row.id}" '
        f"({context.place('matrix', there.row.id)}){usual}.\n{WHY}"
        "  Fix: name the same person under A in both rows, or give this work a function of its own."
    )


def _place(index: int, says: _Says) -> tuple[int | str, ...]:
    if not says.named:
        return ("matrix", index, "id")
    return ("matrix", index, "raci", "A", says.row.raci.accountable.index(says.person))


def _nobody(context: Context, rows: Mapping[str, list[ScopeRow]]) -> Iterator[Problem]:
    """A party of this document without an Accountable, where rows do not name one either."""
    for party, spec in context.own.document.parties.items():
        if spec.accountable is not None or (context.managed and party is Party.INTERNAL):
            continue
        bare = [name for name, naming in rows.items() if any(_says(context, party, row) is None for row in naming)]
        if bare:
            listed = ", ".join(f'"{_function(context, name)}"' for name in bare[:MOST_NAMED])
            more = f" and {len(bare) - MOST_NAMED} more" if len(bare) > MOST_NAMED else ""
            message = (
                f"nobody of {spec.name} is accountable for {listed}{more}: breaches and decisions reach nobody there.\n"
                f"  Fix: add accountable: and a person to parties.{party}, or name one in the rows: raci: {{A: ...}}."
            )
            yield context.problem(("parties", party), message, key=True)


def _party_of(context: Context, name: str) -> Party | None:
    person = context.whole.people.get(name)
    return person.party if person else None


def _person(context: Context, name: str) -> str:
    person = context.whole.people.get(name)
    return person.name if person else name


def _called(context: Context, party: Party) -> str:
    spec = context.whole.parties.get(party)
    return spec.name if spec else party.value


def _function(context: Context, name: str) -> str:
    return next((function.name for function in context.whole.functions if function.id == name), name)
