"""What another set of rows decides otherwise: an example for each pair of an old and a new winner.

Both sets speak of one space. "Wins" means: comes first in deciding order among the rows that match, which is what the
row finder does, so this is true also where a set was never proven.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from tandem.agreement.proof.budget import Budget, NotProven
from tandem.agreement.proof.findings import Unproven
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.order import Row
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.uncovered import uncovered

_Pair = tuple[int | None, int | None]
"""(number of the old winner, number of the new one); None: no row."""


@dataclass(frozen=True, slots=True)
class Change:
    """Alerts of ``at`` were decided by ``old`` and are now by ``new``; None: by no row."""

    at: Box
    old: Row | None
    new: Row | None


def changes(old: Index, new: Index, budget: Budget) -> Iterator[Change | Unproven]:
    """Where the new rows decide otherwise, at most one example per pair of winners whose outcome differs.

    Where the winner changes, the old one is gone or the new one was not there before: rows that both sets have keep
    their order among themselves. So only pairs with a row that is in one set alone are looked at.

    Args:
        old: rows before; the forbidden boxes of ``new`` hold for both.
        new: rows after, over the same fields.
        budget: an ``Unproven`` in place of a pair says that it was given up.
    """
    for pair in _pairs(old, new):
        try:
            at = _decided_by(old, new, pair, budget)
        except NotProven:
            yield Unproven(further=budget.gone)
            if budget.gone:
                return
            continue
        if at is not None:
            first, second = pair
            yield Change(at, None if first is None else old.rows[first], None if second is None else new.rows[second])


def _pairs(old: Index, new: Index) -> Iterator[_Pair]:
    """Every pair of winners between which alerts may move."""
    before, after = {_identity(row) for row in old.rows}, {_identity(row) for row in new.rows}
    come = sum(1 << number for number, row in enumerate(new.rows) if _identity(row) not in before)
    for number, row in enumerate(old.rows):
        stays = _identity(row) in after
        for other in numbers_in(new.reaching(row.accepts) & (come if stays else new.all_rows)):
            if row.outcome != new.rows[other].outcome:
                yield number, other
        if not stays:
            yield number, None
    yield from ((None, number) for number in numbers_in(come))


def _identity(row: Row) -> tuple[str, frozenset[tuple[str, int]], int, Hashable]:
    return row.name, frozenset(row.accepts.items()), row.priority, row.outcome


def _decided_by(old: Index, new: Index, pair: _Pair, budget: Budget) -> Box | None:
    """A part that the pair's rows decide before and after; None in a pair stands for no row."""
    first, second = pair
    box: Box = {}
    for index, number in ((old, first), (new, second)):
        box = box if number is None else old.space.meet(box, index.boxes[number])
    return uncovered(box, [(new, _before(new, second) | new.forbidden), (old, _before(old, first))], budget)


def _before(index: Index, number: int | None) -> int:
    """The rows that decide before row ``number``; all of them when no row may match."""
    return index.all_rows if number is None else (1 << number) - 1
