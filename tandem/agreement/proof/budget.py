"""How long a proof may search. The question is as hard as any in NP, so every search has an end that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tandem.errors import TandemError

WORK = 8_000_000
"""Rows looked at in all: three to eight seconds. A count, not seconds, so that every machine gives the same answer."""
WORK_PER_ROW = 800
"""On top of it, so that many easy rows are no hard matrix: 5,000 rows of a usual kind take half of both."""
WORK_PER_QUESTION = 3_000_000
"""One hard corner may not use up what the rest of the matrix needs."""

_ASKING = 150
"""What it costs to put a question, in rows: millions of easy questions are an end too."""


class NotProven(TandemError):
    """The search was given up: neither an example nor a proof. Never to be read as "ok"."""


def _never() -> bool:
    return False


@dataclass(slots=True)
class Budget:
    """What is left to spend; one for all questions about one agreement."""

    left: int = WORK
    per_question: int = WORK_PER_QUESTION
    spent: Callable[[], bool] = _never
    """The caller's deadline, asked at every step; True ends the search."""
    _asked: int = 0

    @property
    def gone(self) -> bool:
        """Whether nothing is left for any further question."""
        return self.left < 0 or self.spent()

    def ask(self) -> None:
        """A new question begins. Raises NotProven when nothing is left for it."""
        self._asked = 0
        self.spend(_ASKING)

    def spend(self, rows: int) -> None:
        """Account for looking at so many rows. Raises NotProven when this question's or all of the budget is gone."""
        self.left -= rows
        self._asked += rows
        if self._asked > self.per_question or self.gone:
            raise NotProven("too many combinations to try")
