"""Which rows reach into a box: one AND per named field over bit sets of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import compress

from tandem.agreement.proof.order import Row, deciding_order, narrower
from tandem.agreement.proof.space import Box, Space, bits_of

_MOST_KEPT = 10_000
"""Sets kept by (field, mask); each is as long as there are rows."""
_FEW = 64
"""Fewer set bits than this are taken out one by one."""


class Index:
    """Rows in deciding order, then the forbidden boxes, each with a number; sets of them are bit sets.

    ``rows``, ``boxes`` and ``forbidden`` are for reading.
    """

    def __init__(self, space: Space, rows: Iterable[Row]) -> None:
        """``rows`` in any order."""
        self.space = space
        self.rows = deciding_order(rows)
        self.boxes: Sequence[Box] = [*(row.accepts for row in self.rows), *space.forbidden]
        self.never_free = frozenset(name for box in space.forbidden for name in box)
        """Fields that some forbidden box names."""
        self.all_rows = (1 << len(self.rows)) - 1
        self.forbidden = ((1 << len(self.boxes)) - 1) ^ self.all_rows
        self._first, self._last = _groups(self.rows)
        self._sized: dict[int, int] = {}
        self._free: dict[str, int] = dict.fromkeys(space.fields, self.all_rows | self.forbidden)
        self._by_value: dict[str, dict[int, int]] = {name: {} for name in space.fields}
        self._reached: dict[tuple[str, int], int] = {}
        self._inner: dict[int, int] = {}
        for number, box in enumerate(self.boxes):
            self._add(number, box)

    def _add(self, number: int, box: Box) -> None:
        if number < len(self.rows):
            self._sized[len(box)] = self._sized.get(len(box), 0) | 1 << number
        for name, mask in box.items():
            self._free[name] ^= 1 << number
            by_value = self._by_value[name]
            for value in bits_of(mask):
                by_value[value] = by_value.get(value, 0) | 1 << number

    def reaching(self, box: Box) -> int:
        """The rows and forbidden boxes with an alert in ``box``."""
        found = self.all_rows | self.forbidden
        for name, mask in box.items():
            found &= self._reach(name, mask)
        return found

    def _reach(self, name: str, mask: int) -> int:
        known = self._reached.get((name, mask))
        if known is None:
            known = self._free[name]
            by_value = self._by_value[name]
            for value in bits_of(mask):
                known |= by_value.get(value, 0)
            if len(self._reached) < _MOST_KEPT:
                self._reached[name, mask] = known
        return known

    def asking(self, name: str) -> int:
        """The rows and forbidden boxes that name a field."""
        return (self.all_rows | self.forbidden) ^ self._free[name]

    @cached_property
    def tables(self) -> list[tuple[str, int, list[int]]]:
        """Of every field that some box names: (its name, the boxes that name it, for each value those it is in).

        Last field first: what is rarely named tells rows apart best.
        """
        return [
            (
                name,
                self.asking(name),
                [self._free[name] | by_value.get(n, 0) for n in range(len(self.space.fields[name]))],
            )
            for name, by_value in reversed(self._by_value.items())
            if self.asking(name)
        ]

    def naming(self, name: str) -> int:
        """The rows that name a field."""
        return self.all_rows & ~self._free[name]

    def same_rank(self, number: int) -> int:
        """The rows with the rank of row ``number``, itself included."""
        return (1 << self._last[number]) - (1 << self._first[number])

    def same_fields(self, number: int) -> int:
        """The rows that name as many fields as row ``number``, itself included."""
        return self._sized[len(self.rows[number].accepts)]

    def beating(self, number: int, among: int) -> int:
        """The rows in ``among``, all of which reach into row ``number``, that beat it."""
        higher = (1 << self._first[number]) - 1
        return among & (higher | self._inside(number))

    def _inside(self, number: int) -> int:
        """The rows of the same rank that lie inside row ``number``; they come before it in the list."""
        known = self._inner.get(number)
        if known is None:
            row = self.rows[number]
            before = self.reaching(row.accepts) & ((1 << number) - (1 << self._first[number]))
            known = sum(1 << other for other in numbers_in(before) if narrower(self.rows[other], row))
            self._inner[number] = known
        return known

    def boxes_of(self, numbers: int) -> list[Box]:
        """The boxes of a set."""
        return [self.boxes[number] for number in numbers_in(numbers)]


def numbers_in(numbers: int) -> list[int]:
    """A set as a list, lowest number first."""
    if numbers.bit_count() < _FEW:
        return list(bits_of(numbers))
    digits = bin(numbers)[:1:-1]
    return list(compress(range(len(digits)), map("1".__eq__, digits)))


def _groups(rows: Sequence[Row]) -> tuple[list[int], list[int]]:
    """For each row of the list where the rows of its rank begin and end (exclusive)."""
    first, last = [0] * len(rows), [len(rows)] * len(rows)
    for number in range(1, len(rows)):
        same = rows[number].rank == rows[number - 1].rank
        first[number] = first[number - 1] if same else number
    for number in range(len(rows) - 2, -1, -1):
        same = rows[number].rank == rows[number + 1].rank
        last[number] = last[number + 1] if same else number + 1
    return first, last
