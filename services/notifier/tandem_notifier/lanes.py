"""Lanes: fairness between targets. One bad target must not hold up pages for others (F8).

Pure. A lane is what goes to one address; it has few places at once, fewer while its last attempt failed, and a bounded
queue. What finds no place stays in the table for the claim loop.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tandem_notifier.paging import Page

FIRST_AT_ONCE, HEALTHY_AT_ONCE, AILING_AT_ONCE = 4, 16, 1
"""Attempts at once to one target: before it ever answered, while it does, and after a failure."""
HEALTHY_QUEUE, AILING_QUEUE = 500, 2
LANES_KEPT = 2000


@dataclass(slots=True)
class _Lane:
    active: int = 0
    at_once: int = FIRST_AT_ONCE
    waiting: deque[Page] = field(default_factory=deque)

    @property
    def ailing(self) -> bool:
        return self.at_once == AILING_AT_ONCE

    @property
    def room(self) -> int:
        return AILING_QUEUE if self.ailing else HEALTHY_QUEUE


class Lanes:
    """Which page may be sent now."""

    def __init__(self) -> None:
        """No lane yet."""
        self._lanes: dict[str, _Lane] = {}

    def enter(self, page: Page) -> bool | None:
        """True: send now. False: waits its turn. None: no room."""
        lane = self._lanes.get(page.target)
        if lane is None:
            self._make_room()
            lane = self._lanes[page.target] = _Lane()
        if lane.active < lane.at_once:
            lane.active += 1
            return True
        if len(lane.waiting) >= lane.room:
            return None
        lane.waiting.append(page)
        return False

    def leave(self, page: Page, *, healthy: bool | None) -> tuple[list[Page], list[Page]]:
        """An attempt ended; returns the pages to send now and those that lost their place.

        Args:
            healthy: whether the target took it; None: it was not tried.
        """
        lane = self._lanes[page.target]
        lane.active -= 1
        if healthy is not None:
            lane.at_once = HEALTHY_AT_ONCE if healthy else AILING_AT_ONCE
        dropped = [lane.waiting.pop() for _ in range(len(lane.waiting) - lane.room)]
        start: list[Page] = []
        while lane.waiting and lane.active < lane.at_once:
            lane.active += 1
            start.append(lane.waiting.popleft())
        return start, dropped

    def ailing(self) -> list[str]:
        """Targets whose last attempt failed."""
        return [target for target, lane in self._lanes.items() if lane.ailing]

    def is_ailing(self, target: str) -> bool:
        """Whether the last attempt there failed."""
        lane = self._lanes.get(target)
        return lane is not None and lane.ailing

    def _make_room(self) -> None:
        if len(self._lanes) < LANES_KEPT:
            return
        for target in [target for target, lane in self._lanes.items() if not lane.active and not lane.waiting]:
            del self._lanes[target]
