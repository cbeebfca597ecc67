"""Which alerts another matrix decides otherwise: proven over the vocabulary, with an alert to try for each. Pure.

A backtest says what the alerts of last week would have done; this finds also what has not come yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.hosts import host_classes
from tandem.agreement.matrix import deciding_order
from tandem.agreement.merge import merge, merge_vocabulary
from tandem.agreement.proof.budget import Budget
from tandem.agreement.proof.change import Change, changes
from tandem.agreement.proof.example import Examples
from tandem.agreement.proof.findings import Unproven
from tandem.agreement.proof.index import Index
from tandem.agreement.proof.order import Row
from tandem.agreement.proof.space import Box, Space
from tandem.agreement.proof.vocabulary import FUNCTION, space_of
from tandem.agreement.proof.wording import listed, written
from tandem.agreement.schema.documents import ProviderDocument, TenantDocument
from tandem.agreement.schema.matrix import ScopeRow

MOST = 50
"""Changes that are shown; there may be more."""
_ASKED = frozenset({"id", "function", "priority", "tags", "asset_tag"})
_CONDITIONS = ("scenario", "category", "site", "severity", "kind", "vendor", "data_class", "host_class")

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Redecided:
    """Alerts that one row decided and another would."""

    function: str
    when: str
    """What is further true of them: ``site hq, severity low``."""
    old: str | None
    """Id of the row that decides now; None: the safety row."""
    new: str | None
    says: str
    """What is otherwise: ``owner internal -> msp``."""
    alert: Mapping[str, Any]
    """One of them, for ``tandem agreement explain --alert``."""

    def __str__(self) -> str:
        """One line."""
        rows = f"{self.old or 'the safety row'} -> {self.new or 'the safety row'}"
        further = "" if self.when == "nothing further" else f", {self.when}"
        return f"{self.function}{further}: {rows} ({self.says})"


@dataclass(frozen=True, slots=True)
class Redecisions:
    """What was found."""

    found: tuple[Redecided, ...]
    complete: bool
    """False: there is more, or the search was given up; never to be read as "nothing else"."""


def redecided(
    old: tuple[TenantDocument, ProviderDocument | None],
    new: tuple[TenantDocument, ProviderDocument | None],
    budget: Budget | None = None,
) -> Redecisions:
    """An example for each pair of rows of which ``new`` lets another decide with another outcome.

    Args:
        old: the tenant's document and its provider's.
        new: the same, later.
        budget: for the search; the usual one by default.
    """
    spending = budget or Budget()
    before, after = merge(*old), merge(*new)
    both = _both(before, after)
    space = space_of(both)
    agreements = compile_agreement(*old, version=0), compile_agreement(*new, version=0)
    was, would = (_index(agreement, space, spending) for agreement in agreements)
    found = list(islice(changes(was, would, spending), MOST + 1))
    examples = Examples(both, space, host_classes(both.vocabulary.host_classes))
    rows = [{row.id: row for row in agreement.rows} for agreement in agreements]
    shown = [_shown(each, space, examples, rows) for each in found[:MOST] if isinstance(each, Change)]
    complete = len(found) <= MOST and not any(isinstance(each, Unproven) for each in found)
    return Redecisions(tuple(shown), complete)


def _both(old: TenantDocument, new: TenantDocument) -> TenantDocument:
    """A document whose vocabulary holds what either says; what cannot occur is the new one's word."""
    return new.model_copy(
        update={
            "functions": _united(new.functions, old.functions),
            "sites": _united(new.sites, old.sites),
            "classification": (*new.classification, *old.classification),
            "integrations": (*new.integrations, *old.integrations),
            "matrix": (*new.matrix, *old.matrix),
            "vocabulary": merge_vocabulary(new.vocabulary, old.vocabulary),
        }
    )


def _united(first: tuple[Entry, ...], second: tuple[Entry, ...]) -> tuple[Entry, ...]:
    known = {getattr(entry, "id", None) for entry in first}
    return (*first, *(entry for entry in second if getattr(entry, "id", None) not in known))


def _index(agreement: Agreement, space: Space, budget: Budget) -> Index:
    entries = deciding_order(agreement.rows, space, budget)
    return Index(space, [replace(entry.asks, outcome=_outcome(entry.row)) for entry in entries])


def _outcome(row: ScopeRow) -> str:
    """What the row says about the alerts that it decides, whatever it is called."""
    return row.model_dump_json(exclude={*_ASKED, *_CONDITIONS})


def _shown(change: Change, space: Space, examples: Examples, rows: list[dict[str, ScopeRow]]) -> Redecided:
    def within(box: Box) -> Box | None:
        part = space.meet(box, change.at)
        return part if all(part.values()) else None

    old, new = (
        None if row is None else by_id[row.name] for row, by_id in zip((change.old, change.new), rows, strict=True)
    )
    functions = space.values(FUNCTION, change.at[FUNCTION]) if FUNCTION in change.at else ()
    return Redecided(
        function=listed(functions, last="and") or "every function",
        when=written(change.at, space),
        old=_name(change.old),
        new=_name(change.new),
        says="; ".join(_differences(old, new)),
        alert=examples.of(change.at, within).body,
    )


def _name(row: Row | None) -> str | None:
    return None if row is None else row.name


def _differences(old: ScopeRow | None, new: ScopeRow | None) -> Iterator[str]:
    """The outcome's fields that differ."""
    if old is None or new is None:
        row = old or new
        owner = row.owner.value if row is not None else "nobody"
        yield f"{owner} -> nobody named" if new is None else f"nobody named -> {owner}"
        return
    for name in type(old).model_fields:
        was, now = getattr(old, name), getattr(new, name)
        if name not in _ASKED and name not in _CONDITIONS and was != now:
            yield f"{name} {_word(was)} -> {_word(now)}"


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(getattr(value, "value", value))
