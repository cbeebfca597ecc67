"""One procedure answers every question of the proof: is there a combination in this box that no row touches?

Box cover by splitting: the field that matters most to the rows that are left is split into classes of values that
these rows tell apart. It never builds the whole function, so it stays quick where decision diagrams blow up.

Source: the design's proof, sections 3 and 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.space import Box, Space, bits_of

_Open = tuple[dict[str, int], float, int]
"""(the conditions of a row that the box does not fulfil as a whole, its weight, the row's number)."""
_POWER = 3
"""A row weighs the share of the box that it takes, to this power: who takes most decides where to cut.

Measured on proofs of shadowed rows: power 3 needs 2 % of the work that counting open conditions (4 ** -n) needed; power
1 is ten times slower than 3 on rows over tags alone, and beyond 3 nothing is won.
"""


def hole(
    space: Space, box: Box, rows: Iterable[Box], budget: Budget, *, used: set[int] | None = None
) -> dict[str, int] | None:
    """A part of ``box`` that none of ``rows`` touches, or None: the rows cover it, which is the proof.

    Args:
        space: vocabulary; its forbidden boxes count only when they are among ``rows``.
        box: where to look. One with an empty field holds nothing and is covered.
        rows: what covers.
        budget: raises NotProven when it is spent.
        used: gets the positions of rows that cover the box together.

    The same arguments give the same part in every process.
    """
    budget.ask()
    used = set() if used is None else used
    if not all(box.values()):
        return None
    search: list[Iterator[tuple[dict[str, int], list[_Open]]]] = [iter([(dict(box), _touching(space, box, rows))])]
    while search:
        part = next(search[-1], None)
        if part is None:
            search.pop()
            continue
        inner, left = part
        budget.spend(len(left) + 1)
        if not left:
            return inner
        swallowing = next((number for conditions, _, number in left if not conditions), None)
        if swallowing is not None:
            used.add(swallowing)
            continue
        search.append(_parts(space, inner, left, _heaviest(space, left)))
    return None


def _touching(space: Space, box: Box, rows: Iterable[Box]) -> list[_Open]:
    """Rows that reach into the box, with the conditions that still matter in it."""
    found: list[_Open] = []
    for number, row in enumerate(rows):
        conditions = {}
        for name, mask in row.items():
            accepted = box.get(name, space.full[name])
            if not accepted & mask:
                break
            if accepted & ~mask:
                conditions[name] = mask
        else:
            weight = 1.0
            for name, mask in conditions.items():
                weight *= _share(space, name, mask)
            found.append((conditions, weight, number))
    return found


def _share(space: Space, name: str, mask: int) -> float:
    share: float = mask.bit_count() / len(space.fields[name])
    return share**_POWER


def _heaviest(space: Space, rows: Sequence[_Open]) -> str:
    """The field to split; the first of the vocabulary's order among equals."""
    weights: dict[str, float] = {}
    for conditions, weight, _ in rows:
        for name in conditions:
            weights[name] = weights.get(name, 0.0) + weight
    most = max(weights.values())
    return min((name for name, weight in weights.items() if weight == most), key=space.place.__getitem__)


def _parts(
    space: Space, box: dict[str, int], rows: list[_Open], name: str
) -> Iterator[tuple[dict[str, int], list[_Open]]]:
    """The box cut along ``name`` into classes of values, the class that fewest rows reach into first."""
    accepted = box.get(name, space.full[name])
    indifferent, asking = list[_Open](), dict[int, list[_Open]]()
    for row in rows:
        conditions, weight, number = row
        mask = conditions.get(name)
        if mask is None:
            indifferent.append(row)
        else:
            # What is true of one value of a class is true of all of it: below, this condition holds as a whole.
            rest = {field: other for field, other in conditions.items() if field != name}
            asking.setdefault(mask & accepted, []).append((rest, weight / _share(space, name, mask), number))
    groups = list(asking.values())
    classes = [(values, [groups[n] for n in bits_of(told)]) for values, told in _classes(accepted, list(asking))]
    for values, reaching in sorted(classes, key=lambda found: sum(len(group) for group in found[1])):
        yield {**box, name: values}, [*indifferent, *chain.from_iterable(reaching)]


def _classes(accepted: int, masks: list[int]) -> list[tuple[int, int]]:
    """``accepted`` cut into the largest classes that every mask takes or leaves as a whole, by lowest value.

    Returns (values of the class, positions of the masks that take it).
    """
    told: dict[int, int] = {}
    turned = 0
    for position, mask in enumerate(masks):
        outside = accepted & ~mask
        # The smaller side is marked; for a mask that takes nearly everything that is what it leaves.
        if mask.bit_count() > outside.bit_count():
            mask, turned = outside, turned | 1 << position  # noqa: PLW2901
        for number in bits_of(mask):
            told[number] = told.get(number, 0) | 1 << position
    classes: dict[int, int] = {}
    unmarked = accepted
    for number, marks in told.items():
        unmarked ^= 1 << number
        classes[marks] = classes.get(marks, 0) | 1 << number
    if unmarked:
        classes[0] = unmarked
    found = [(values, marks ^ turned) for marks, values in classes.items()]
    return sorted(found, key=lambda one: one[0] & -one[0])
