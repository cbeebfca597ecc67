"""What is wrong with the rows of the matrix taken together: proven, not sampled, with an alert to try for each fault.

Source: R2 of the mission; the design's proof, sections 1, 5 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from tandem.agreement.checks.context import Context
from tandem.agreement.checks.idle import (
    find_adding_nothing,
    find_dead,
    find_hidden,
    find_idle,
    find_only_here,
    show_adding_nothing,
    show_dead,
    show_hidden,
    show_idle,
    show_only_here,
)
from tandem.agreement.checks.rows import Rows
from tandem.agreement.checks.tied import find_ties, show_tie
from tandem.agreement.checks.unowned import find_gaps, show_gap
from tandem.agreement.proof.budget import WORK, WORK_PER_ROW, Budget
from tandem.agreement.proof.findings import Gap, Tie, Unproven
from tandem.agreement.proof.vocabulary import FUNCTION
from tandem.agreement.proof.wording import listed
from tandem.errors import Problem

MOST_PER_KIND = 20
Found = TypeVar("Found")


def check_matrix(context: Context, budget: Budget | None = None) -> Iterator[Problem]:
    """Gaps, ties, rows that decide nothing and what says nothing; at most twenty of each kind.

    A provider's document on its own need not cover its functions. What lies in the provider's rows alone and is wrong
    there already is not repeated for each client. ``budget``: another one than the usual, for the whole matrix.
    """
    if not context.whole.matrix:
        return
    rows = Rows(context, budget or Budget(left=WORK + WORK_PER_ROW * len(context.whole.matrix)))
    # What matters most is asked first, while there is budget.
    if context.tenant is not None:
        yield from _shown(rows, find_gaps(rows), show_gap)
    yield from _shown(rows, find_ties(rows), show_tie)
    dead = find_dead(rows)
    yield from _shown(rows, dead, show_dead)
    yield from _shown(rows, find_hidden(rows, dead), show_hidden)
    yield from _shown(rows, find_adding_nothing(rows), show_adding_nothing)
    yield from _shown(rows, find_idle(rows), show_idle)
    if context.tenant is not None:
        yield from _shown(rows, find_only_here(rows), show_only_here)


def _shown(
    rows: Rows, found: Iterable[Found | Unproven], show: Callable[[Rows, Found, int], Problem]
) -> Iterator[Problem]:
    """The findings of one kind in file order: twenty, and how many more there are."""
    known, open_ = list[Found](), list[Unproven]()
    for one in found:
        if isinstance(one, Unproven):
            open_.append(one)
        else:
            known.append(one)
    known.sort(key=lambda one: _place(rows, one))
    yield from _bounded([partial(show, rows, one, number) for number, one in enumerate(known, 1)])
    yield from _bounded([partial(_show_unproven, rows, one) for one in open_])


def _bounded(messages: Sequence[Callable[[], Problem]]) -> Iterator[Problem]:
    last = None
    for message in messages[:MOST_PER_KIND]:
        last = message()
        yield last
    if last is not None and len(messages) > MOST_PER_KIND:
        more = len(messages) - MOST_PER_KIND
        yield Problem(last.file, last.line, last.column, f"… and {more} more like these", last.level)


def _place(rows: Rows, found: object) -> int:
    """Where the row stands that a finding is reported at."""
    numbers: list[int]
    match found:
        case Gap(asked=asked):
            numbers = rows.of_function(rows.space.values(FUNCTION, asked[FUNCTION])[0])
        case Tie(one=one, other=other):
            numbers = [one, other]
        case _:
            numbers = [getattr(found, "row")]  # noqa: B009
    first = rows.first_of(numbers)
    return -1 if first is None else rows.place(first) or 0


def _show_unproven(rows: Rows, found: Unproven) -> Problem:
    """Never "ok": what was not answered, and what makes it answerable."""
    numbers = list(found.rows)
    about = listed([f'"{rows.row(number).id}"' for number in numbers], last="and")
    if found.asked is not None:
        function = rows.space.values(FUNCTION, found.asked[FUNCTION])[0]
        numbers = rows.of_function(function)
        about = f'"{rows.names.get(function, function)}"'
    if found.further:
        about = f"{about} and what comes after"
    message = f"not proven for {about}: these rows name too many things together; split or narrow these rows"
    return rows.problem(rows.first_of(numbers), message)
