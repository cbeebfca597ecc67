"""What can be wrong with rows taken together. Each question is asked for one function, one pair or one row at a time.

Every function yields what it found and, where the search was given up, an ``Unproven`` in its place: never nothing.

Source: the design's proof, sections 1 and 5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from tandem.agreement.proof.budget import Budget, NotProven
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.order import beats, narrower
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.uncovered import uncovered

_MOST_REDUCED = 40
"""More takers than this are not all tried one by one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """No row takes any alert of ``at``, a part of the box that was asked about."""

    asked: Box
    at: Box


@dataclass(frozen=True, slots=True)
class Tie:
    """Rows ``one`` and ``other`` (numbers of the index) both take ``at``, and neither they nor a third one decides."""

    one: int
    other: int
    at: Box


@dataclass(frozen=True, slots=True)
class Never:
    """Every alert that ``row`` asks for is impossible."""

    row: int


@dataclass(frozen=True, slots=True)
class Shadowed:
    """Every alert of ``row`` is taken by ``takers``, which beat it. ``at``: one part of it."""

    row: int
    takers: tuple[int, ...]
    at: Box


@dataclass(frozen=True, slots=True)
class Idle:
    """The priority of ``row`` settles nothing."""

    row: int


@dataclass(frozen=True, slots=True)
class Unproven:
    """The budget ended before a question about these rows, or this box, was answered."""

    rows: tuple[int, ...] = ()
    asked: Box | None = None
    further: bool = False
    """Nothing was left for the questions after this one, so they were not even put."""


def gaps(index: Index, boxes: Iterable[Box], budget: Budget, *, without: int = 0) -> Iterator[Gap | Unproven]:
    """At most one gap per box of ``boxes``; ask per function, or one gap comes back in twenty fragments.

    ``without``: rows that do not count, to see what only they take.
    """
    for box in boxes:
        try:
            at = uncovered(box, [(index, (index.all_rows | index.forbidden) & ~without)], budget)
        except NotProven:
            yield Unproven(asked=box)
            continue
        if at is not None:
            yield Gap(box, at)


def ties(index: Index, budget: Budget) -> Iterator[Tie | Unproven]:
    """Every pair of rows that meet where nothing beats either of them."""
    for one, row in enumerate(index.rows):
        later = index.same_rank(one) & -(1 << (one + 1))
        rivals = index.reaching(row.accepts) & later if later else 0
        for other in numbers_in(rivals):
            if narrower(row, index.rows[other]):
                continue  # the later one is never the narrower
            try:
                at = meeting(index, one, other, budget)
            except NotProven:
                yield Unproven(rows=(one, other), further=budget.gone)
                if budget.gone:
                    return
                continue
            if at is not None:
                yield Tie(one, other, at)


def meeting(index: Index, one: int, other: int, budget: Budget, *, within: Box | None = None) -> Box | None:
    """A part of ``within`` where both rows match and no row beats either of them; raises NotProven."""
    both = index.space.meet(within or {}, index.space.meet(index.boxes[one], index.boxes[other]))
    reaching = index.reaching(both)
    stronger = index.beating(one, reaching) | index.beating(other, reaching) | reaching & index.forbidden
    return uncovered(both, [(index, stronger)], budget)


def never(index: Index, budget: Budget) -> Iterator[Never | Unproven]:
    """Rows whose every alert is impossible."""
    for number, row in enumerate(index.rows):
        forbidden = index.reaching(row.accepts) & index.forbidden
        if not forbidden and all(row.accepts.values()):
            continue
        try:
            at = uncovered(row.accepts, [(index, forbidden)], budget, anywhere=True)
        except NotProven:
            yield Unproven(rows=(number,), further=budget.gone)
            if budget.gone:
                return
            continue
        if at is None:
            yield Never(number)


def shadowed(index: Index, budget: Budget, *, skip: Collection[int] = ()) -> Iterator[Shadowed | Unproven]:
    """Rows that never decide anything.

    ``skip``: numbers of rows that never match; of them it would be true and useless.
    """
    for number in range(len(index.rows)):
        if number in skip:
            continue
        try:
            found = _shadow(index, number, budget)
        except NotProven:
            yield Unproven(rows=(number,), further=budget.gone)
            if budget.gone:
                return
            continue
        if found is not None:
            yield found


def _shadow(index: Index, number: int, budget: Budget) -> Shadowed | None:
    row = index.boxes[number]
    stronger = index.beating(number, index.reaching(row))
    used: set[int] = set()
    if (
        not stronger
        or uncovered(row, [(index, stronger | index.forbidden)], budget, used=used, anywhere=True) is not None
    ):
        return None
    takers = sorted(taker for taker in used if taker < len(index.rows))
    at = uncovered(row, [(index, index.forbidden)], budget) or row
    return Shadowed(number, _fewest(index, row, takers, budget), at)


def _fewest(index: Index, row: Box, takers: list[int], budget: Budget) -> tuple[int, ...]:
    """``takers`` without rows that the others make unnecessary, the weakest tried first."""
    kept = sum(1 << taker for taker in takers)
    try:
        for taker in reversed(takers[:_MOST_REDUCED]):
            others = kept & ~(1 << taker)
            if uncovered(row, [(index, others | index.forbidden)], budget) is None:
                kept = others
    except NotProven:  # that they take everything is proven; only their number is not the smallest
        pass
    return tuple(numbers_in(kept))


def idle_priorities(index: Index, budget: Budget) -> Iterator[Idle | Unproven]:
    """Rows whose priority could be 0 without a tie and without another row deciding anywhere."""
    for number, row in enumerate(index.rows):
        if not row.priority:
            continue
        try:
            if not any(_settles(index, number, rival, budget) for rival in _rivals(index, number)):
                yield Idle(number)
        except NotProven:
            yield Unproven(rows=(number,), further=budget.gone)
            if budget.gone:
                return


def _rivals(index: Index, number: int) -> Iterator[int]:
    """Rows with as many fields whose order with row ``number`` may be due to its priority."""
    row = index.rows[number]
    low, high = sorted((0, row.priority))
    for rival in numbers_in(index.reaching(row.accepts) & index.same_fields(number) & ~(1 << number)):
        if low <= index.rows[rival].priority <= high:
            yield rival


def _settles(index: Index, number: int, rival: int, budget: Budget) -> bool:
    """Whether one of the two decides somewhere and would not if the priority of row ``number`` were 0."""
    row, other = index.rows[number], index.rows[rival]
    plain = replace(row, priority=0)
    winner = number if beats(row, other) else rival
    if beats(row, other) == beats(plain, other) and beats(other, row) == beats(other, plain):
        return False
    if not beats(row, other) and not beats(other, row):
        return False  # they tie, or a third row decides: not this priority's doing
    both = index.space.meet(row.accepts, other.accepts)
    reaching = index.reaching(both)
    deciding = index.beating(winner, reaching) | reaching & index.forbidden
    return uncovered(both, [(index, deciding)], budget, anywhere=True) is not None
