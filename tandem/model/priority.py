"""Priority, ours: P1 (most urgent) to P5 (informational: no clock, no page)."""

from __future__ import annotations

from enum import StrEnum


class Priority(StrEnum):
    """Compare by ``rank``, not by the text."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"

    @property
    def rank(self) -> int:
        """1 for P1 ... 5 for P5; smaller is more urgent."""
        return int(self.value[1])

    def at_least(self, other: Priority) -> bool:
        """True when this is as urgent as ``other`` or more."""
        return self.rank <= other.rank

    @property
    def pages(self) -> bool:
        """P1 and P2 page people; P3 and P4 wait in a queue (R-E6); P5 is recorded."""
        return self.rank <= 2


def most_urgent(*priorities: Priority) -> Priority:
    """The most urgent of at least one priority (R-P1)."""
    return min(priorities, key=lambda priority: priority.rank)
