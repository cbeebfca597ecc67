"""Which of two rows decides: the one that names more fields, then the higher priority, then the narrower one.

Anything else is a tie. Position never decides. A strict partial order, so a list in which nobody comes before one that
beats it exists, and the first row of it that takes an alert is the row that decides.

Source: the design's proof, section 1.3.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from tandem.agreement.proof.space import Box, inside


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the matrix as the proof sees it."""

    name: str
    """Its id; also the last word where a list needs an order and the rows do not give one."""
    accepts: Box
    """Canonical conditions (``canonical.py``); a field that it does not name is absent."""
    priority: int = 0
    outcome: Hashable = None
    """What it says about the alerts that it decides; only ``change`` looks at it."""

    @property
    def rank(self) -> tuple[int, int]:
        """(named fields, priority), compared left to right."""
        return (len(self.accepts), self.priority)


def narrower(one: Row, other: Row) -> bool:
    """Whether ``one`` lies strictly inside ``other``."""
    return one.accepts != other.accepts and inside(one.accepts, other.accepts)


def beats(one: Row, other: Row) -> bool:
    """Whether ``one`` decides wherever both match."""
    if one.rank != other.rank:
        return one.rank > other.rank
    return narrower(one, other)


def deciding_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """``rows`` so that each comes before all that it beats."""
    return tuple(sorted(rows, key=deciding_key))


def deciding_key(row: Row) -> tuple[int, int, int, str]:
    """Sorts rows into deciding order."""
    # Of two rows of equal rank the one inside the other accepts fewer values in some field and more in none.
    size = sum(mask.bit_count() for mask in row.accepts.values())
    return (-len(row.accepts), -row.priority, size, row.name)
