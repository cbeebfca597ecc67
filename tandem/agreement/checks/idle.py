"""Rows that decide nothing, and what is written in rows and says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tandem.agreement.checks.rows import Rows
from tandem.agreement.proof.findings import Gap, Idle, Never, Shadowed, Unproven, gaps, idle_priorities, never, shadowed
from tandem.agreement.proof.index import numbers_in
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.uncovered import uncovered
from tandem.agreement.proof.vocabulary import FIELDS, FUNCTION, TAG
from tandem.agreement.proof.wording import field_word, listed, written
from tandem.agreement.schema.matrix import ScopeRow
from tandem.errors import Problem

_NAMED = 5
_TAKERS_NAMED = 3


@dataclass(frozen=True, slots=True)
class AddsNothing:
    """A condition of ``row`` that follows from its other ones."""

    row: int
    field: str


@dataclass(frozen=True, slots=True)
class OnlyHere:
    """Functions of which some alerts are taken by nothing but ``row``, which takes everything."""

    row: int
    functions: tuple[str, ...]


def find_dead(rows: Rows) -> list[Never | Unproven]:
    """Rows of this document that can never match."""
    return [found for found in never(rows.index, rows.budget) if _own(rows, found)]


def find_hidden(rows: Rows, dead: list[Never | Unproven]) -> Iterator[Shadowed | Unproven]:
    """Rows of this document all of whose alerts others take. A provider's standard row may well be replaced so."""
    skip = {found.row for found in dead if isinstance(found, Never)}
    elsewhere = {number for number in range(len(rows.ranked)) if rows.place(number) is None}
    return shadowed(rows.index, rows.budget, skip=skip | elsewhere)


def find_adding_nothing(rows: Rows) -> Iterator[AddsNothing | Unproven]:
    """Conditions of this document's rows that do not count."""
    for number, entry in enumerate(rows.ranked):
        if rows.place(number) is not None:
            yield from (AddsNothing(number, name) for name in entry.adds_nothing)
            if not entry.proven:
                yield Unproven(rows=(number,))


def find_idle(rows: Rows) -> Iterator[Idle | Unproven]:
    """Priorities of this document's rows that settle nothing."""
    return (found for found in idle_priorities(rows.index, rows.budget) if _own(rows, found))


def find_only_here(rows: Rows) -> Iterator[OnlyHere | Unproven]:
    """What a row without any condition hides: functions that have no rows for all of their alerts."""
    for number, entry in enumerate(rows.ranked):
        if entry.asks.accepts or entry.row.function is not None or rows.place(number) is None:
            continue
        boxes = [{FUNCTION: rows.space.mask(FUNCTION, (name,))} for name in rows.names]
        found = list(gaps(rows.index, boxes, rows.budget, without=1 << number))
        yield from (gap for gap in found if isinstance(gap, Unproven))
        functions = [rows.space.values(FUNCTION, gap.asked[FUNCTION])[0] for gap in found if isinstance(gap, Gap)]
        if functions:
            yield OnlyHere(number, tuple(functions))


def _own(rows: Rows, found: Never | Idle | Unproven) -> bool:
    numbers = found.rows if isinstance(found, Unproven) else (found.row,)
    return any(rows.place(number) is not None for number in numbers)


def show_dead(rows: Rows, found: Never, _number: int) -> Problem:
    """Which of its conditions exclude one another."""
    box = rows.index.boxes[found.row]
    empty = next((name for name, mask in box.items() if not mask), None)
    if empty is not None:
        word = field_word(empty)
        wrong = f"{word} is asked for and excluded at once" if empty.startswith(TAG) else f"it excludes every {word}"
        message = f"this row can never match: {wrong}.\n  Fix: change that, or delete the row."
        return rows.problem(found.row, message, key=_key(rows.row(found.row), empty))
    excluding = _excluding(rows, box)
    key = _key(rows.row(found.row), rows.space.ordered(excluding)[-1])
    asked = listed([_condition(rows, name, excluding[name]) for name in rows.space.ordered(excluding)], last="and")
    causes = _causes(rows, excluding)
    message = (
        f"this row can never match: it asks for {asked}, and {listed(causes, last='and')}.\n"
        f"  Fix: change {key} in this row, or what is said there."
    )
    return rows.problem(found.row, message, key=key)


def _excluding(rows: Rows, box: Box) -> Box:
    """The fewest conditions of a row that are impossible together."""
    for name in rows.space.ordered(box):
        without = {field: mask for field, mask in box.items() if field != name}
        if uncovered(without, [(rows.index, rows.index.forbidden)], rows.budget) is None:
            box = without
    return box


def _condition(rows: Rows, name: str, mask: int) -> str:
    if name == FUNCTION:
        return f"function {listed(rows.space.values(name, mask))}"
    return written({name: mask}, rows.space)


def _causes(rows: Rows, box: Box) -> list[str]:
    """What the document says that excludes such an alert."""
    causes = []
    for forbidden in rows.index.boxes_of(_needed(rows, box)):
        name = next(iter(forbidden))
        if name.startswith(TAG):
            tags = " and ".join(field.removeprefix(TAG) for field in forbidden)
            causes.append(f"the tags {tags} exclude one another")
            continue
        kinds = listed(rows.space.values("kind", rows.space.full["kind"] & ~forbidden["kind"]))
        for value in rows.space.values(name, forbidden[name]):
            line = f" ({rows.context.place('functions', value)})" if name == FUNCTION else ""
            causes.append(f'{name} "{value}" only comes from kind {kinds}{line}')
    return causes


def _needed(rows: Rows, box: Box) -> int:
    """As few of the forbidden boxes as leave nothing of ``box``: what excludes something else is no cause."""
    needed = rows.index.reaching(box) & rows.index.forbidden
    for number in numbers_in(needed):
        without = needed & ~(1 << number)
        if uncovered(box, [(rows.index, without)], rows.budget) is None:
            needed = without
    return needed


def _key(row: ScopeRow, name: str) -> str:
    """The key of a row in which a condition on a field is written."""
    if name in (FUNCTION, *FIELDS):
        return name
    return "asset_tag" if row.asset_tag == name.removeprefix(TAG) else "tags"


def show_hidden(rows: Rows, found: Shadowed, number: int) -> Problem:
    """Which rows take its alerts, and one such alert."""
    box = rows.index.boxes[found.row]
    possible = [(rows.index, rows.index.forbidden)]

    def find(inner: Box) -> Box | None:
        return uncovered(rows.space.meet(box, inner), possible, rows.budget)

    example = rows.example(found.at, find)
    deciders = rows.deciders(example)
    if found.row in deciders:
        raise RuntimeError(f"a row without alerts decides one: {dict(example.body)!r}")
    winner, name = deciders[0], f"hidden-{number}"
    takers = [f'"{rows.row(taker).id}" ({rows.line(taker)})' for taker in sorted(found.takers, key=rows.written)]
    take = "takes" if len(takers) == 1 else "take"
    message = (
        f"this row never decides anything: {listed(takers, last='and', most=_TAKERS_NAMED)} {take} all of its alerts.\n"
        f"  For example: {rows.told(example, {**rows.index.boxes[winner], **box})} goes to "
        f'"{rows.row(winner).id}" ({rows.line(winner)}), {_because(rows, winner, found.row)}.\n'
        f"  Fix: delete this row, or name one more field so that it is the more precise one.\n"
        f"  See it: {rows.see(name)}"
    )
    return rows.problem(found.row, message, witness={"name": name, "alert": example.body})


def _because(rows: Rows, winner: int, loser: int) -> str:
    (fields, priority), (fewer, lower) = rows.ranked[winner].rank, rows.ranked[loser].rank
    if fields > fewer:
        return f"because that row names {fields} field{'s' if fields > 1 else ''} and this one {fewer}"
    if priority > lower:
        return f"because its priority {priority} is higher than this row's {lower}"
    return "because that row is the narrower one"


def show_adding_nothing(rows: Rows, found: AddsNothing, _number: int) -> Problem:
    """Why a condition does not count."""
    row = rows.row(found.row)
    message = (
        f'{field_word(found.field)} adds nothing to the row "{row.id}": its other conditions imply it, '
        f"so it does not count as a named field; take it away"
    )
    return rows.problem(found.row, message, key=_key(row, found.field), level="warning")


def show_idle(rows: Rows, found: Idle, _number: int) -> Problem:
    """A priority that can go."""
    row = rows.row(found.row)
    message = f'priority: {row.priority} of the row "{row.id}" settles nothing; without it the same rows decide'
    return rows.problem(found.row, message, key="priority", level="warning")


def show_only_here(rows: Rows, found: OnlyHere, _number: int) -> Problem:
    """What a row that takes everything hides."""
    names = listed([f'"{rows.names[name]}"' for name in found.functions], last="and", most=_NAMED)
    message = (
        f'the row "{rows.row(found.row).id}" takes everything, and only it takes some alerts of {names}; '
        f"give these functions rows of their own, so that a forgotten one is noticed"
    )
    return rows.problem(found.row, message, level="warning")
