"""A fragment is rendered once a second per (who sees the same, filter) and shared: viewers cost bytes, not work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from tandem.clock import monotonic, pause

FRESH_S = 1.0
MOST = 200
"""Fragments kept; beyond that all are forgotten."""


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    made_at: float = float("-inf")
    stamp: object = None
    text: str = ""


class Fragments:
    """Fragments by key."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: dict[Hashable, _Kept] = {}
        self.rendered = 0
        """How often something was really rendered."""

    async def get(self, key: Hashable, make: Callable[[], Awaitable[str]], *, stamp: object = None) -> str:
        """The fragment of ``key``, at most ``FRESH_S`` old; those who ask meanwhile wait for the one rendering.

        Args:
            stamp: what happened last as the caller knows it. A fragment of another stamp is not good enough, however
                fresh: the caller waits until the next rendering is allowed, or it would never see what it was told of.
        """
        if len(self._kept) > MOST:
            self._kept.clear()
        kept = self._kept.setdefault(key, _Kept())
        async with kept.lock:
            left = kept.made_at + FRESH_S - monotonic()
            if left > 0 and stamp in {None, kept.stamp}:
                return kept.text
            if left > 0:
                await pause(left)
            kept.text = await make()
            kept.made_at, kept.stamp = monotonic(), stamp
            self.rendered += 1
            return kept.text

    def forget(self) -> None:
        """Render anew at the next call: somebody just changed something and looks at the result."""
        for kept in self._kept.values():
            kept.made_at = float("-inf")
