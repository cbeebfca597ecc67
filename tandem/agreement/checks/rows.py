"""The matrix of a context as its proof needs it: rows in deciding order, where each stands, examples to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from tandem.agreement.checks.context import Context
from tandem.agreement.compiled import RowAnswer, RowQuery
from tandem.agreement.hosts import host_classes
from tandem.agreement.matrix import RankedRow, deciding_order, row_finder
from tandem.agreement.proof.budget import Budget, NotProven
from tandem.agreement.proof.example import Example, Examples, Find
from tandem.agreement.proof.index import Index, numbers_in
from tandem.agreement.proof.order import beats
from tandem.agreement.proof.space import Box
from tandem.agreement.proof.vocabulary import FUNCTION, TAG, YES, space_of
from tandem.agreement.proof.wording import said
from tandem.agreement.schema.matrix import UNKNOWN, ScopeRow
from tandem.errors import Problem

_MOST_SAID = 6


class Rows:
    """Numbers are places in deciding order, as in ``index``."""

    def __init__(self, context: Context, budget: Budget) -> None:
        self.context = context
        self.budget = budget
        self.space = space_of(context.whole)
        self.ranked: tuple[RankedRow, ...] = deciding_order(context.whole.matrix, self.space, budget)
        self.index = Index(self.space, [entry.asks for entry in self.ranked])
        self.names = {function.id: function.name for function in context.whole.functions}
        self._written = {row.id: place for place, row in reversed(list(enumerate(context.whole.matrix)))}
        self._places = {row.id: place for place, row in reversed(list(context.entries("matrix")))}

    def row(self, number: int) -> ScopeRow:
        """The row as it is written."""
        return self.ranked[number].row

    def place(self, number: int) -> int | None:
        """The row's place in the document that is checked; None when it stands in the provider's."""
        return self._places.get(self.row(number).id)

    def written(self, number: int) -> int:
        """Sorts rows as they are written, the provider's after the client's."""
        return self._written[self.row(number).id]

    def line(self, number: int) -> str:
        """``line 12``, or ``brightwater.yaml line 12``."""
        return self.context.place("matrix", self.row(number).id)

    def problem(
        self,
        number: int | None,
        message: str,
        *,
        key: str | None = None,
        level: str = "error",
        witness: Mapping[str, object] | None = None,
    ) -> Problem:
        """``message`` at a row or one of its keys; at the document's head when the row stands elsewhere."""
        place = None if number is None else self.place(number)
        head = "tenant" if self.context.tenant is not None else "provider"
        path: tuple[int | str, ...] = (head, "id") if place is None else ("matrix", place, *([key] if key else []))
        found = self.context.problem(path, message, level=level)
        return Problem(found.file, found.line, found.column, found.message, found.level, witness)

    def of_function(self, function: str) -> list[int]:
        """The rows that name a function, in the order in which they are written."""
        reaching = self.index.reaching({FUNCTION: self.space.mask(FUNCTION, (function,))})
        named = (n for n in numbers_in(reaching & self.index.all_rows) if function in (self.row(n).function or ()))
        return sorted(named, key=self.written)

    def first_of(self, numbers: list[int]) -> int | None:
        """Of ``numbers`` the row that stands first in the document that is checked."""
        return min((number for number in numbers if self.place(number) is not None), key=self.written, default=None)

    @cached_property
    def _examples(self) -> Examples:
        return Examples(self.context.whole, self.space, host_classes(self.context.whole.vocabulary.host_classes))

    def example(self, at: Box, find: Find) -> Example:
        """An alert of the part ``at``, or of another part that ``find`` gives; of an existing asset if possible."""
        try:
            return self._examples.of(at, find)
        except NotProven:
            return self._examples.of(at, lambda _box: None)

    def told(self, example: Example, fields: Mapping[str, int]) -> str:
        """An example in words; ``fields`` are those that matter."""
        name = self.names.get(example.values[FUNCTION], example.values[FUNCTION])
        of_an_asset = any(
            value == YES or (field == "data_class" and value != UNKNOWN)
            for field, value in example.values.items()
            if field.startswith(TAG) or field == "data_class"
        )
        names = [field for field in self.space.ordered(fields) if field != FUNCTION][:_MOST_SAID]
        details = [said(example.values, names)] if names else []
        if example.asset is None and of_an_asset:
            details.append("no such asset today")
        where = f" on {example.body['host']}" if example.asset is not None else ""
        return f'an alert for "{name}"{where}' + (f" ({'; '.join(details)})" if details else "")

    def see(self, name: str) -> str:
        """The one command that shows it."""
        command = f"tandem agreement explain --agreement {self.context.own.file} --alert {name}.json"
        return f"{command} (check --witness-dir . writes that file)"

    def deciders(self, example: Example) -> list[int]:
        """The rows that take an example and that no other such row beats: none, one, or a tie.

        Asks the finder that decides in production too; that it contradicts the proof would be a fault of ours.
        """
        point = {name: self.space.mask(name, (value,)) for name, value in example.values.items()}
        matching = numbers_in(self.index.reaching(point) & self.index.all_rows)
        asks = [self.ranked[number].asks for number in matching]
        unbeaten = [n for n in matching if not any(beats(other, self.ranked[n].asks) for other in asks)]
        found = self._finder(example.query).row
        if (found is None) is not (not unbeaten) or (found and found.id not in {self.row(n).id for n in unbeaten}):
            raise RuntimeError(f"the proof and the row finder disagree about {dict(example.body)!r}")
        return unbeaten

    @cached_property
    def _finder(self) -> Callable[[RowQuery], RowAnswer]:
        return row_finder(self.ranked, self.space)
