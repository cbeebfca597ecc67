"""Two rows that claim the same alert with equal right."""

from __future__ import annotations

from collections.abc import Iterator

from tandem.agreement.checks.context import provider_context
from tandem.agreement.checks.rows import Rows
from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.findings import Tie, Unproven, meeting, ties
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.wording import as_row, fields_of
from tandem.errors import Problem


def find_ties(rows: Rows) -> Iterator[Tie | Unproven]:
    """All of them but those that the provider's document has on its own: they are reported there."""
    theirs: set[frozenset[str]] | None = None
    for found in ties(rows.index, rows.budget):
        pair = found.rows if isinstance(found, Unproven) else (found.one, found.other)
        if rows.context.other is not None and all(rows.place(number) is None for number in pair):
            theirs = _of_provider(rows) if theirs is None else theirs
            if frozenset(rows.row(number).id for number in pair) in theirs:
                continue
        yield found


def _of_provider(rows: Rows) -> set[frozenset[str]]:
    if rows.context.other is None:
        return set()
    alone = Rows(provider_context(rows.context.other), Budget())
    found = [tie for tie in ties(alone.index, alone.budget) if isinstance(tie, Tie)]
    return {frozenset((alone.row(tie.one).id, alone.row(tie.other).id)) for tie in found}


def show_tie(rows: Rows, tie: Tie, number: int) -> Problem:
    """The message, at the row that stands first; ``number`` numbers the example."""
    one, other = sorted((tie.one, tie.other), key=rows.written)
    here, there = rows.row(one), rows.row(other)
    name = f"tie-{number}"

    def find(box: Box) -> Box | None:
        return meeting(rows.index, tie.one, tie.other, rows.budget, within=box)

    example = rows.example(tie.at, find)
    if not {one, other} <= set(rows.deciders(example)):
        raise RuntimeError(f"a tie that is decided: {dict(example.body)!r}")
    both = rows.space.meet(rows.index.boxes[one], rows.index.boxes[other])
    same = f" Both say {here.owner}: merge them." if here.owner is there.owner else ""
    message = (
        f'two rows claim the same alert: "{here.id}" ({here.owner}) and "{there.id}" '
        f"({there.owner}, {rows.line(other)}).{same}\n"
        f"  For example: {rows.told(example, both)}.\n"
        f"  Why: {_why(rows, one, other)}.\n"
        f"  Fix: {_fix(rows, one, other, both)}.\n"
        f"  See it: {rows.see(name)}"
    )
    return rows.problem(one, message, witness={"name": name, "alert": example.body})


def _why(rows: Rows, one: int, other: int) -> str:
    first, second = rows.index.boxes[one], rows.index.boxes[other]
    if first == second:
        return "both ask for exactly the same"
    count = len(first)
    names = "no field" if not count else f"{count} field{'s' if count > 1 else ''}"
    said = "; ".join(f"{rows.line(n)}: {fields_of(rows.index.boxes[n], rows.space)}" for n in (one, other))
    return f"both rows name {names} ({said}), and neither lies inside the other"


def _fix(rows: Rows, one: int, other: int, both: Box) -> str:
    priority = f'"priority: {max(rows.row(one).priority, rows.row(other).priority) + 1}"'
    if rows.index.boxes[one] == rows.index.boxes[other]:
        return f"delete one of them, or put {priority} on the row that shall win"
    return f"add a row for {as_row(both, rows.space)}, or put {priority} on the row that shall win"
