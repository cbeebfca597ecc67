"""The scope matrix in deciding order, and the index that finds the row of an alert.

Order (one sentence): the row that names more fields wins; among equals the higher ``priority``; among equals the
narrower one; otherwise it is a tie, which ``check`` refuses. Position never decides. A condition that says nothing is
not counted: writing all severities buys no rank, nor ``kind: backup`` beside a function that only comes from backup.

Source: the design's proof, section 1.3; the order itself is ``proof/order.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tandem.agreement.bits import Numbers, bits, lowest, mask_of, packed
from tandem.agreement.compiled import RowAnswer, RowQuery
from tandem.agreement.proof.budget import Budget, NotProven
from tandem.agreement.proof.canonical import canonical
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.order import Row, beats, deciding_key, narrower
from tandem.agreement.proof.space import Space, bits_of
from tandem.agreement.proof.vocabulary import FUNCTION, TAG, box_of, spelled
from tandem.agreement.proof.wording import asked
from tandem.agreement.schema.matrix import UNKNOWN, Scenario, ScopeRow

MOST_RUNNERS_UP = 5
INCIDENT = str(Scenario.INCIDENT)
"""What an alert is when nothing says otherwise."""


@dataclass(frozen=True, slots=True)
class RankedRow:
    """A row with its canonical conditions."""

    row: ScopeRow
    asks: Row
    """What it asks for; the function counts as one named field."""
    adds_nothing: tuple[str, ...] = ()
    """Fields whose condition follows from the others, so that it does not count."""
    proven: bool = True
    """False: the search for such conditions was given up, so all of them count."""

    @property
    def rank(self) -> tuple[int, int]:
        """(named fields, priority)."""
        return self.asks.rank

    def beats(self, other: RankedRow) -> bool:
        """The strict partial order of deciding."""
        return beats(self.asks, other.asks)


def deciding_order(rows: Iterable[ScopeRow], space: Space, budget: Budget | None = None) -> tuple[RankedRow, ...]:
    """Rows so that the first that takes an alert decides it.

    Args:
        rows: in any order.
        space: the document's vocabulary (``proof.vocabulary.space_of``), which holds every value that a row names.
        budget: for the search for conditions that say nothing; a row for which it is spent keeps all of its own.
    """
    spending = budget or Budget()
    forbidden = Index(space, ())
    return tuple(
        sorted((_ranked(row, forbidden, spending) for row in rows), key=lambda entry: deciding_key(entry.asks))
    )


def _ranked(row: ScopeRow, forbidden: Index, budget: Budget) -> RankedRow:
    space = forbidden.space
    written = box_of(row, space)
    try:
        accepts, adds_nothing = canonical(forbidden, written, budget, keep=FUNCTION)
    except NotProven:
        accepts = {name: written[name] for name in space.ordered(written) if written[name] != space.full[name]}
        return RankedRow(row, Row(row.id, accepts, row.priority), proven=False)
    return RankedRow(row, Row(row.id, accepts, row.priority), adds_nothing)


def row_finder(rows: Sequence[RankedRow], space: Space) -> Callable[[RowQuery], RowAnswer]:
    """The index over ``rows`` in deciding order. Asking costs as much as the function has rows, not the matrix."""
    index = Index(space, [entry.asks for entry in rows])
    numbers = {name: _numbered(name, values) for name, values in space.fields.items()}
    candidates = [_candidate(entry) for entry in rows]
    slices: dict[str, _Slice] = {}

    def find_row(query: RowQuery) -> RowAnswer:
        found = slices.get(query.function)
        if found is None:
            number = numbers[FUNCTION].get(query.function)
            if number is None:
                return RowAnswer(None)
            # Made when it is first needed: most tenants never see an alert of most of their functions.
            own = numbers_in(index.reaching({FUNCTION: 1 << number}) & index.all_rows)
            found = slices.setdefault(query.function, _Slice([candidates[place] for place in own], space, numbers))
        return found.find(query)

    return find_row


def _numbered(name: str, values: Sequence[str]) -> dict[str | None, int]:
    """Value -> its number; None is what the vocabulary does not have: ``unknown``, or an incident."""
    numbers: dict[str | None, int] = {value: number for number, value in enumerate(values)}
    if name != FUNCTION and not name.startswith(TAG):
        numbers[None] = numbers[INCIDENT if name == "scenario" else UNKNOWN]
    return numbers


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What an answer says of a row. Kept small: of a large matrix each alert meets other rows, far apart in memory."""

    row: ScopeRow
    name: str
    asks: Row
    texts: Mapping[str, str]
    """Field -> what the row asks for there."""


def _candidate(entry: RankedRow) -> _Candidate:
    named = [name for name in entry.asks.accepts if name != FUNCTION and not name.startswith(TAG)]
    return _Candidate(entry.row, entry.row.id, entry.asks, {name: asked(entry.row, name) for name in named})


class _Slice:
    """The rows that one function can hit, in deciding order; sets of them are bit sets."""

    __slots__ = ("all", "fields", "rows", "tags")

    def __init__(self, rows: list[_Candidate], space: Space, numbers: Mapping[str, Mapping[str | None, int]]) -> None:
        self.rows = rows
        self.all = (1 << len(rows)) - 1
        named = space.ordered({name for entry in rows for name in entry.asks.accepts} - {FUNCTION})
        tables = [(name, self._free(name), self._table(name, len(space.fields[name]))) for name in named]
        self.fields = [(name, numbers[name], free, rows) for name, free, rows in tables if not name.startswith(TAG)]
        self.tags = [
            (name, name.removeprefix(TAG), tuple(free | bits(each) for each in rows))
            for name, free, rows in tables
            if name.startswith(TAG)
        ]

    def _free(self, name: str) -> int:
        """The rows that say nothing of a field."""
        return mask_of((n for n, entry in enumerate(self.rows) if name not in entry.asks.accepts), len(self.rows))

    def _table(self, name: str, values: int) -> tuple[Numbers, ...]:
        """For each value of a field the rows that ask for it: few of many, so that a large matrix stays small."""
        asking: list[list[int]] = [[] for _ in range(values)]
        for number, entry in enumerate(self.rows):
            for value in bits_of(entry.asks.accepts.get(name, 0)):
                asking[value].append(number)
        return tuple(packed(each, len(self.rows)) for each in asking)

    def find(self, query: RowQuery) -> RowAnswer:
        """The first row that takes the alert, and the rows that come closest to it."""
        taking, nearly, seen = self.all, 0, list[tuple[str, int]]()
        for name, numbers, free, table in self.fields:
            value = getattr(query, name)
            number = numbers.get(spelled(name, value) if value else None)
            asking = table[numbers[None] if number is None else number]
            takes = free | bits(asking) if asking else free
            seen.append((name, takes))
            left = taking & takes
            nearly = nearly & takes | taking ^ left
            taking = left
        for name, tag, (missing, carried) in self.tags:
            takes = carried if tag in query.tags else missing
            seen.append((name, takes))
            left = taking & takes
            nearly = nearly & takes | taking ^ left
            taking = left
        winner = next(iter(lowest(taking, 1)), -1)
        others = self._runners_up(winner, taking | nearly)
        return RowAnswer(
            None if winner < 0 else self.rows[winner].row,
            tuple((self.rows[number].name, self._why_not(number, winner, seen, query)) for number in others),
        )

    def _runners_up(self, winner: int, closest: int) -> list[int]:
        """Rows that take it too or fail in one condition, then others; each lot in deciding order."""
        found = [number for number in lowest(closest, MOST_RUNNERS_UP + 1) if number != winner][:MOST_RUNNERS_UP]
        if len(found) < MOST_RUNNERS_UP:
            found += lowest(self.all ^ closest, MOST_RUNNERS_UP - len(found))
        return found

    def _why_not(self, number: int, winner: int, seen: list[tuple[str, int]], query: RowQuery) -> str:
        entry = self.rows[number]
        for name, takes in seen:
            if not takes & 1 << number:
                return _refusal(entry, name, query)
        (best, highest), (fields, priority) = self.rows[winner].asks.rank, entry.asks.rank
        if best > fields:
            return f"takes it too, but names fewer fields ({fields})"
        if highest > priority:
            return f"takes it too, but its priority is lower ({priority})"
        if narrower(self.rows[winner].asks, entry.asks):
            return "takes it too, but is wider"
        return "takes it too, and nothing says which of both wins: a tie, which check refuses"


def _refusal(entry: _Candidate, name: str, query: RowQuery) -> str:
    if name.startswith(TAG):
        tag = name.removeprefix(TAG)
        carried = tag in query.tags
        return f"the asset has the tag {tag}, the row wants it without" if carried else f"the asset has no tag {tag}"
    return f"{name} is {getattr(query, name) or UNKNOWN}, the row asks for {entry.texts[name]}"
