"""What a row really asks for: conditions that say nothing do not count, or they would buy rank.

Source: the design's proof, section 1.3.
"""

from __future__ import annotations

from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.index import Index
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.uncovered import uncovered


def canonical(
    forbidden: Index, accepts: Box, budget: Budget, *, keep: str | None = None
) -> tuple[Box, tuple[str, ...]]:
    """``accepts`` without the conditions that say nothing, and the fields of those that the rest implies.

    A condition that accepts every value is dropped without a word. One that follows from the others and the forbidden
    boxes is dropped too, or writing ``kind: backup`` beside ``function: backup`` would buy rank; fields are tried in
    the vocabulary's order. A row that can never match stays as it is.

    Args:
        forbidden: an index over the vocabulary without any row.
        accepts: conditions as they are written.
        budget: raises NotProven when it is spent.
        keep: a field that is never dropped as implied.
    """
    space = forbidden.space
    named: Box = {name: accepts[name] for name in space.ordered(accepts) if accepts[name] != space.full[name]}
    if not (named.keys() - {keep}) & forbidden.never_free:
        return named, ()
    if _impossible(forbidden, named, budget):
        return named, ()
    adds_nothing = []
    for name in tuple(named):
        if name != keep and name in forbidden.never_free and _implied(forbidden, named, name, budget):
            named = {field: mask for field, mask in named.items() if field != name}
            adds_nothing.append(name)
    return named, tuple(adds_nothing)


def _implied(forbidden: Index, named: Box, name: str, budget: Budget) -> bool:
    """Whether the other conditions leave nothing that this one refuses."""
    return _impossible(forbidden, {**named, name: forbidden.space.full[name] & ~named[name]}, budget)


def _impossible(forbidden: Index, box: Box, budget: Budget) -> bool:
    return uncovered(box, [(forbidden, forbidden.forbidden)], budget, anywhere=True) is None
