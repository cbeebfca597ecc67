"""Pages that have a place in their lane and wait for a worker, the urgent ones first."""

from __future__ import annotations

import asyncio

from tandem_notifier.paging import Page
from tandem_notifier.turns import Turns


class Ready(asyncio.Queue[Page]):
    """Many slow targets may keep every worker; then a fresh P1 is the next that one takes (``turns.py``)."""

    def _init(self, _maxsize: int) -> None:
        self._queue = Turns()

    def _put(self, item: Page) -> None:
        self._queue.put(item)

    def _get(self) -> Page:
        return self._queue.next()
