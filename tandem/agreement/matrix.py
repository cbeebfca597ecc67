"""The scope matrix in deciding order, and the index that finds the row of an alert.

Order (one sentence): the row that names more fields wins; among equals the higher ``priority_order``; among equals the
narrower one; otherwise it is a tie, which ``lint`` refuses. Position never decides. A condition that accepts every
value of a closed field is not counted: writing all severities buys no rank.

Source: the design's proof, section 1.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tandem.agreement.compiled import RowAnswer, RowQuery
from tandem.agreement.schema.scope import ScopeRow
from tandem.model.alert import Severity

UNKNOWN = "unknown"
MOST_RUNNERS_UP = 5
FIELDS = ("category", "site", "asset_tag", "severity")
"""What a row may name beside its function, in the order in which an explanation looks at them."""


@dataclass(frozen=True, slots=True)
class RankedRow:
    """A row with its canonical conditions; a field it does not name is absent."""

    row: ScopeRow
    accepts: dict[str, frozenset[str]]

    @property
    def rank(self) -> tuple[int, int]:
        """(named fields, priority_order); the function counts as one."""
        return (1 + len(self.accepts), self.row.priority_order)

    def contains(self, other: RankedRow) -> bool:
        """Whether every alert that ``other`` takes of a function they share is one that this takes too."""
        functions = set(other.row.function) <= set(self.row.function)
        return functions and all(
            name in other.accepts and other.accepts[name] <= accepted for name, accepted in self.accepts.items()
        )

    def refusal(self, query: RowQuery) -> tuple[str, str] | None:
        """(field, the alert's value) of the first condition that fails; None when the row takes the alert."""
        for name, accepted in self.accepts.items():
            if not accepted & values_of(query, name):
                return name, ", ".join(sorted(values_of(query, name)))
        return None

    def beats(self, other: RankedRow) -> bool:
        """The strict partial order of deciding."""
        if self.rank != other.rank:
            return self.rank > other.rank
        return other.contains(self) and not self.contains(other)


def values_of(query: RowQuery, name: str) -> frozenset[str]:
    """What the alert says for a field of a row; an alert that says nothing says ``unknown``."""
    if name == "asset_tag":
        return query.asset_tags or frozenset({UNKNOWN})
    value = getattr(query, name)
    return frozenset({value or UNKNOWN})


def ranked(row: ScopeRow, sites: Iterable[str] = ()) -> RankedRow:
    """``row`` with conditions that accept everything dropped. ``sites``: all sites of the tenant."""
    everything = {"severity": frozenset(str(word) for word in Severity), "site": frozenset({*sites, UNKNOWN})}
    accepts = {name: frozenset(values) for name in FIELDS if (values := getattr(row, name)) is not None}
    return RankedRow(
        row, {name: values for name, values in accepts.items() if not values >= everything.get(name, {""})}
    )


def deciding_order(rows: Iterable[ScopeRow], sites: Iterable[str] = ()) -> tuple[RankedRow, ...]:
    """Rows so that the first that takes an alert decides it: by rank, then the contained before what contains it."""
    names = tuple(sites)

    def key(entry: RankedRow) -> tuple[int, int, int, int]:
        fields, order = entry.rank
        # A contained row accepts fewer values in some field and no more in any other.
        return (-fields, -order, len(entry.row.function), sum(len(accepted) for accepted in entry.accepts.values()))

    return tuple(sorted((ranked(row, names) for row in rows), key=key))


def row_finder(rows: Sequence[RankedRow]) -> Callable[[RowQuery], RowAnswer]:
    """The index over ``rows`` in deciding order. Asking costs as much as the function has rows, not the matrix."""
    by_function: dict[str, list[RankedRow]] = {}
    for entry in rows:
        for function in entry.row.function:
            by_function.setdefault(function, []).append(entry)

    def find_row(query: RowQuery) -> RowAnswer:
        candidates = by_function.get(query.function, [])
        winner: RankedRow | None = None
        runners_up: list[tuple[str, str]] = []
        for entry in candidates:
            if winner is not None and len(runners_up) >= MOST_RUNNERS_UP:
                break
            refusal = entry.refusal(query)
            if refusal is None and winner is None:
                winner = entry
            elif len(runners_up) < MOST_RUNNERS_UP:
                runners_up.append((entry.row.id, _why_not(entry, refusal, winner)))
        return RowAnswer(winner.row if winner else None, tuple(runners_up))

    return find_row


def _why_not(entry: RankedRow, refusal: tuple[str, str] | None, winner: RankedRow | None) -> str:
    if refusal is not None:
        name, value = refusal
        return f"{name} is {value}, the row asks for {', '.join(sorted(entry.accepts[name]))}"
    fields, order = entry.rank
    if winner is None or winner.rank[0] > fields:
        return f"takes it too, but names fewer fields ({fields})"
    if winner.rank[1] > order:
        return f"takes it too, but its priority_order is lower ({order})"
    return "takes it too, but is wider"
