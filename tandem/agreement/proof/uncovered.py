"""``hole`` asked value by value of the leading field: a wide box is many small questions, the easiest one first."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.cover import hole
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.space import Box, bits_of

Covering = Sequence[tuple[Index, int]]
"""Sets of rows, each of an index; all indexes speak of the same fields."""


def uncovered(
    box: Box, covering: Covering, budget: Budget, *, used: set[int] | None = None, anywhere: bool = False
) -> Box | None:
    """A part of ``box`` that no row in ``covering`` touches, or None.

    Args:
        box: where to look.
        covering: rows that need not all reach into the box.
        budget: raises NotProven when it is spent.
        used: gets the numbers (of the first index) of rows that cover the box together.
        anywhere: any small part will do, so a guess is tried before the search.
    """
    budget.ask()
    reaching = [(index, index.reaching(box) & rows) for index, rows in covering]
    guess = _guess(box, reaching) if anywhere else None
    if guess is not None:
        return guess
    leading = covering[0][0].space.leading
    values = box.get(leading, covering[0][0].space.full[leading])
    if values.bit_count() < 2:
        return _hole(box, reaching, budget, used)
    wide = [(index, rows & ~index.asking(leading)) for index, rows in reaching]
    if _hole(box, wide, budget, used) is None:
        return None  # rows for every value of the leading field cover it on their own
    for part, sets in _easiest_first(box, leading, values, reaching):
        at = _hole(part, sets, budget, used)
        if at is not None:
            return at
    return None


def _easiest_first(box: Box, leading: str, values: int, reaching: Covering) -> list[tuple[Box, Covering]]:
    """The box cut along the leading field. Where few rows reach, a hole is found soonest, and one hole is enough."""
    parts: list[tuple[Box, Covering]] = [
        (
            {**box, leading: 1 << value},
            [(index, index.reaching({leading: 1 << value}) & rows) for index, rows in reaching],
        )
        for value in bits_of(values)
    ]
    return sorted(parts, key=lambda part: sum(rows.bit_count() for _, rows in part[1]))


def _guess(part: Box, sets: Covering) -> Box | None:
    """Field by field the value that fewest rows accept. Mostly that ends where no row is left; else None.

    A few operations on bit sets, where the search would first look at each row.
    """
    (index, left), *others = sets
    box = dict(part)
    if others or not all(box.values()):
        return None
    for name, asking, accepting in index.tables:
        if left & asking:
            mask = box.get(name, -1)
            fewest, value = min([((left & rows).bit_count(), n) for n, rows in enumerate(accepting) if mask >> n & 1])
            box[name] = 1 << value
            left &= accepting[value]
            if not fewest:
                return box
    return None if left else box


def _hole(part: Box, sets: Covering, budget: Budget, used: set[int] | None) -> Box | None:
    space = sets[0][0].space
    numbers = [numbers_in(rows) for _, rows in sets]
    boxes = [index.boxes[number] for (index, _), some in zip(sets, numbers, strict=True) for number in some]
    positions: set[int] = set()
    at = hole(space, part, boxes, budget, used=positions)
    if used is not None and at is None:
        used.update(numbers[0][position] for position in positions if position < len(numbers[0]))
    return at
