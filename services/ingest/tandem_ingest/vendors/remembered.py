"""What follows from the keys of a body alone, remembered: bodies of one sender have the same keys in the same order.

Keys come from outside, so what is kept is bounded in number and in characters, and only what comes a second time is: a
sender that never writes the same keys twice costs no more than the look. Values are never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Made = TypeVar("Made")
Keys = tuple[str, ...]
MOST = 512
MOST_KEYS = 48
MOST_CHARACTERS = 1_000
"""Of one set of keys."""


class Remembered(Generic[Made]):
    """What ``make`` made of the keys that came twice."""

    def __init__(self, make: Callable[[Keys], Made]) -> None:
        """``make`` is pure."""
        self._make = make
        self._known: dict[Keys, Made] = {}
        self._seen: set[int] = set()

    def of(self, body: Iterable[str]) -> Made | None:
        """What was made of the keys of ``body``; None for such as are new or too many."""
        keys = tuple(body)
        try:
            return self._known[keys]
        except KeyError:
            return self._learnt(keys)

    def _learnt(self, keys: Keys) -> Made | None:
        if len(keys) > MOST_KEYS or sum(map(len, keys)) > MOST_CHARACTERS:
            return None
        if (seen := hash(keys)) not in self._seen:
            if len(self._seen) >= MOST:
                self._seen.clear()
            self._seen.add(seen)
            return None
        if len(self._known) >= MOST:
            self._known.pop(next(iter(self._known)))
        found = self._known[keys] = self._make(keys)
        return found
