"""Where a client's matrix differs from its provider's standard rows, in words. Pure; what a reviewer reads first."""

from __future__ import annotations

from dataclasses import dataclass

from tandem.agreement.load import Source
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.fields import clean
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.tables.columns import MATRIX
from tandem.agreement.tables.rows import said
from tandem.errors import Problem

NOTHING = "not said"
LONGEST = 80
"""Characters of a value that are shown."""
MOST_TOLD = 50
"""Rows that one note lists."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A row of the client that the provider's standard does not have, or has otherwise."""

    row: str
    index: int
    """In the client's matrix."""
    added: bool
    """The standard has no row of this id."""
    words: str
    """``owner msp -> internal, runbook ... -> not said``; of an added row what it says."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.row}: {'added, ' if self.added else ''}{self.words}"


def deviations(tenant: TenantDocument, provider: ProviderDocument) -> tuple[Deviation, ...]:
    """In the order of the client's matrix; a row that says the same as the standard one is none."""
    standard = {row.id: row for row in provider.matrix}
    found = []
    for index, row in enumerate(tenant.matrix):
        other = standard.get(row.id)
        words = _difference(other, row) if other is not None else _whole(row)
        if words:
            found.append(Deviation(row.id, index, other is None, words))
    return tuple(found)


def deviation_note(tenant: Source[TenantDocument], provider: Source[ProviderDocument]) -> Problem | None:
    """All of them as one note at the first such row; None when the client takes the standard as it is."""
    found = deviations(tenant.document, provider.document)
    if not found:
        return None
    listed = "".join(f"\n  {deviation}" for deviation in found[:MOST_TOLD])
    more = f"\n  and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    rows = f"{len(found)} rows differ" if len(found) > 1 else "one row differs"
    message = f"{rows} from the standard of {provider.document.provider.name}:{listed}{more}"
    return tenant.problem(("matrix", found[0].index), message, level="note")


def _difference(old: ScopeRow, new: ScopeRow) -> str:
    before, after = said(old), said(new)
    texts = [(column.name, column.text_of(before), column.text_of(after)) for column in MATRIX]
    changes = [f"{name} {_shown(was)} -> {_shown(now)}" for name, was, now in texts if was != now]
    return ", ".join(changes) if old != new else ""


def _whole(row: ScopeRow) -> str:
    entry = said(row)
    texts = [(column.name, column.text_of(entry)) for column in MATRIX if column.name != "id"]
    return ", ".join(f"{name} {_shown(text)}" for name, text in texts if text)


def _shown(text: str) -> str:
    return clean(text if len(text) <= LONGEST else text[:LONGEST] + "...") or NOTHING
