"""Alerts of a function that no row takes: what they are, which rows come near, what to add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tandem.agreement.checks.rows import Rows
from tandem.agreement.proof.findings import Gap, Unproven, gaps
from tandem.agreement.proof.sentence import widened
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.uncovered import uncovered
from tandem.agreement.proof.vocabulary import FUNCTION
from tandem.agreement.proof.wording import as_row, field_word, listed, when, written
from tandem.errors import Problem

_LONGEST_CLAUSE = 4
"""A true sentence with more conditions is less use than a short one about the function's own rows."""
_ROWS_SHOWN = 3


def find_gaps(rows: Rows) -> Iterator[Gap | Unproven]:
    """One per declared function at most."""
    declared = ({FUNCTION: rows.space.mask(FUNCTION, (name,))} for name in rows.names)
    return gaps(rows.index, declared, rows.budget)


def show_gap(rows: Rows, gap: Gap, number: int) -> Problem:
    """The message, at the function's first row; ``number`` numbers the example."""
    function = _function(rows, gap.asked)
    own = rows.of_function(function)
    name = f"gap-{number}"
    everything = rows.index.all_rows | rows.index.forbidden

    def find(box: Box) -> Box | None:
        return uncovered(rows.space.meet(gap.asked, box), [(rows.index, everything)], rows.budget)

    example = rows.example(gap.at, find)
    if rows.deciders(example):
        raise RuntimeError(f"a gap that a row takes: {dict(example.body)!r}")
    clause, first = _sentence(rows, gap, function, own)
    message = (
        f"{first}.\n"
        f"  For example: {rows.told(example, clause)} has no owner.\n"
        f"  Why: {_why(rows, function, own)}.\n"
        f"  Fix: {_fix(rows, clause, own)}.\n"
        f"  See it: {rows.see(name)}"
    )
    witness = {"name": name, "alert": example.body}
    place = rows.first_of(own)
    if place is None:
        return _at_function(rows, function, message, witness)
    return rows.problem(place, message, witness=witness)


def _function(rows: Rows, asked: Box) -> str:
    return rows.space.values(FUNCTION, asked[FUNCTION])[0]


def _sentence(rows: Rows, gap: Gap, function: str, own: list[int]) -> tuple[Box, str]:
    """(the conditions that are said, the first line)."""
    named = f'"{rows.names[function]}"'
    clause = widened(rows.index, gap.at, rows.index.all_rows, keep=(FUNCTION,))
    if not own and len(clause) == 1:
        return clause, f"nobody owns {named}: no row of the matrix names the function {function}"
    if len(clause) - 1 <= _LONGEST_CLAUSE:
        return clause, f"nobody owns {named}" + (f" when {when(clause, rows.space)}" if len(clause) > 1 else "")
    clause = widened(rows.index, gap.at, sum(1 << number for number in own), keep=(FUNCTION,))
    return clause, f"nobody owns some alerts of {named}" + (
        f" when {when(clause, rows.space)}" if len(clause) > 1 else ""
    )


def _why(rows: Rows, function: str, own: list[int]) -> str:
    if not own:
        return f"no row names the function {function}, and no row for every function takes it"
    shown = [f"{rows.line(n)} ({written(rows.index.boxes[n], rows.space)})" for n in own[:_ROWS_SHOWN]]
    more = [f"{len(own) - _ROWS_SHOWN} more"] if len(own) > _ROWS_SHOWN else []
    only = "the only row for this function is" if len(own) == 1 else "the only rows for this function are"
    return f"{only} {listed([*shown, *more], last='and')}"


def _fix(rows: Rows, clause: Box, own: list[int]) -> str:
    """Two choices at most: widen the row that lacks just this, or add one."""
    beside = [name for name in clause if name != FUNCTION]
    alone = [n for n in own if set(rows.index.boxes[n]) - {FUNCTION} == set(beside)]
    if len(beside) == 1 and alone and rows.place(alone[0]) is not None:
        missing = listed(rows.space.values(beside[0], clause[beside[0]]), last="and")
        return f"add {field_word(beside[0])} {missing} to {rows.line(alone[0])}, or add a row for that"
    function = _function(rows, clause)
    if not beside:
        return f"add a row with function: {function}"
    rest = f"one with only function: {function}, which takes what the others leave"
    return f"add a row for {as_row(clause, rows.space)}, or {rest}"


def _at_function(rows: Rows, function: str, message: str, witness: Mapping[str, object]) -> Problem:
    place = next((n for n, entry in rows.context.entries("functions") if entry.id == function), None)
    path: tuple[int | str, ...] = ("functions", place, "id") if place is not None else ("tenant", "id")
    found = rows.context.problem(path, message)
    return Problem(found.file, found.line, found.column, found.message, found.level, witness)
