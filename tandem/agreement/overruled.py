"""Rows of every function that overrule rows of one, because they name more fields and for no other reason. Pure.

That is how the order works and mostly what is meant; it is what a reviewer should know, one line per such row.
Source: the design's proof, section 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tandem.agreement.compile import compile_agreement
from tandem.agreement.hosts import host_classes
from tandem.agreement.matrix import RankedRow, deciding_order
from tandem.agreement.merge import merge
from tandem.agreement.proof.budget import Budget, NotProven
from tandem.agreement.proof.example import Examples
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.order import narrower
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.uncovered import uncovered
from tandem.agreement.proof.vocabulary import FUNCTION, space_of
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.fields import clean


@dataclass(frozen=True, slots=True)
class Overruling:
    """A row that names no function, and the rows of another owner that it overrules by count only."""

    row: str
    owner: str
    rows: tuple[str, ...]
    """Ids, in deciding order."""
    alert: Mapping[str, Any]
    """One that goes to it instead of the first of ``rows``, for ``tandem agreement explain --alert``."""

    def __str__(self) -> str:
        """One sentence."""
        many = "1 row" if len(self.rows) == 1 else f"{len(self.rows)} rows"
        shown = ", ".join(self.rows[:3]) + (", ..." if len(self.rows) > 3 else "")
        return clean(
            f'the row "{self.row}" ({self.owner}) overrules {many} of another owner only because it names more fields'
            f" ({shown}); a function's row that shall win there names as many, or says priority"
        )


def overrulings(
    tenant: TenantDocument, provider: ProviderDocument | None = None, budget: Budget | None = None
) -> Iterator[Overruling]:
    """One for each wide row that overrules any; in deciding order.

    Args:
        tenant: the client's document.
        provider: the one that its ``use:`` names.
        budget: for the search; a pair for which it is spent is left out.
    """
    spending = budget or Budget()
    document = merge(tenant, provider)
    space = space_of(document)
    agreement = compile_agreement(tenant, provider, version=0)
    entries = deciding_order(agreement.rows, space, spending)
    index = Index(space, [entry.asks for entry in entries])
    by_id = {entry.row.id: entry for entry in entries}
    examples = Examples(document, space, host_classes(document.vocabulary.host_classes))
    for number, row in enumerate(index.rows):
        wide = by_id[row.name]
        if FUNCTION in row.accepts:
            continue
        found = [
            (other, part)
            for other in _overruled(index, number, by_id)
            if (part := _decided(index, number, other, spending))
        ]
        if found:
            at = found[0][1]
            alert = examples.of(at, lambda box, at=at: _meet(index, box, at)).body  # type: ignore[misc]
            names = tuple(index.rows[other].name for other, _ in found)
            yield Overruling(wide.row.id, wide.row.owner.value, names, alert)


def _overruled(index: Index, number: int, by_id: Mapping[str, RankedRow]) -> Iterator[int]:
    """Rows of a function and another owner that name fewer fields, meet it and do not contain it."""
    wide = index.rows[number]
    for other in numbers_in(index.reaching(wide.accepts) & index.naming(FUNCTION)):
        row = index.rows[other]
        differs = by_id[row.name].row.owner is not by_id[wide.name].row.owner
        if differs and len(row.accepts) < len(wide.accepts) and not narrower(wide, row):
            yield other


def _decided(index: Index, number: int, other: int, budget: Budget) -> Box | None:
    """Alerts of both that the wide row decides; None when other rows take all of them."""
    before = (1 << number) - 1
    box = index.space.meet(index.boxes[number], index.boxes[other])
    try:
        return uncovered(box, [(index, before | index.forbidden)], budget)
    except NotProven:
        return None


def _meet(index: Index, box: Box, at: Box) -> Box | None:
    part = index.space.meet(box, at)
    return part if all(part.values()) else None
