"""What follows from the keys of a body alone, remembered: bodies of one sender have the same keys in the same order.

Keys come from outside, so what is kept is bounded in number and in characters, and made only of keys that come again
and again: senders whose keys are never the same, or more of them than is kept, cost no more than the look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")
Asked = TypeVar("Asked", bound="Keys | Nested")
Keys = tuple[str, ...]
Nested = tuple[Keys | None, ...]
"""Keys of an object and of objects in it; None for what is none."""
MOST = 512
MOST_KEYS = 100
MOST_CHARACTERS = 2_000
"""Of one set of keys."""
OFTEN = 8
"""How often keys come before anything is made of them."""


class Remembered(Generic[Asked, Made]):
    """What ``make`` made of the keys that came often."""

    def __init__(self, make: Callable[[Asked], Made], most: int = MOST) -> None:
        """``make`` is pure; ``most``: how many are kept, the oldest go."""
        self._make = make
        self._most = most
        self._known: dict[Asked, Made] = {}
        self._seen: dict[int, int] = {}

    def of(self, keys: Asked) -> Made | None:
        """What was made of ``keys``, in the body's order; None for such as are new or too many."""
        try:
            return self._known[keys]
        except KeyError:
            return self._learnt(keys)

    def _learnt(self, keys: Asked) -> Made | None:
        if not _is_short(keys) or not self._is_often(hash(keys)):
            return None
        if len(self._known) >= self._most:
            self._known.pop(next(iter(self._known)))
        found = self._known[keys] = self._make(keys)
        return found

    def _is_often(self, keys: int) -> bool:
        count = self._seen.pop(keys, 0) + 1
        if count >= OFTEN:
            return True
        if len(self._seen) >= MOST:
            self._seen.clear()
        self._seen[keys] = count
        return False


def _is_short(keys: Keys | Nested) -> bool:
    several = [each if isinstance(each, tuple) else (each,) for each in keys if each is not None]
    return sum(map(len, several)) <= MOST_KEYS and sum(len(key) for each in several for key in each) <= MOST_CHARACTERS
