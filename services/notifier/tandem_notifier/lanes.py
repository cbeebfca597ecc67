"""Lanes: fairness between targets and, at one target, between clients (F8, F17).

Pure. A lane is what goes to one address; it has few places at once, fewer while its last attempt failed, and a bounded
queue. A bad target must not hold up pages for others; and one address serves many clients of a provider, who take
turns there, or a storm of one would stand before the page about another. What finds no place stays in the table for
the claim loop.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tandem_notifier.paging import Page

FIRST_AT_ONCE, HEALTHY_AT_ONCE, AILING_AT_ONCE = 4, 16, 1
"""Attempts at once to one target: before it ever answered, while it does, and after a failure."""
HEALTHY_QUEUE, AILING_QUEUE = 500, 2
"""Pages that wait: of one client at a healthy target, of all together at an ailing one."""
LANES_KEPT = 2000


@dataclass(slots=True)
class _Lane:
    active: int = 0
    at_once: int = FIRST_AT_ONCE
    waiting: dict[str, deque[Page]] = field(default_factory=dict)
    """By client, whose turn it is first; nobody's queue is empty."""
    length: int = 0

    @property
    def ailing(self) -> bool:
        return self.at_once == AILING_AT_ONCE

    def put(self, page: Page) -> bool:
        """Whether there is room for it to wait."""
        queue = self.waiting.get(page.tenant, ())
        if (self.length >= AILING_QUEUE) if self.ailing else (len(queue) >= HEALTHY_QUEUE):
            return False
        self.waiting.setdefault(page.tenant, deque()).append(page)
        self.length += 1
        return True

    def next(self) -> Page:
        """Take the page whose turn it is; its client's next one comes after everybody else's."""
        tenant = next(iter(self.waiting))
        queue = self.waiting.pop(tenant)
        page = queue.popleft()
        if queue:
            self.waiting[tenant] = queue
        self.length -= 1
        return page

    def drop(self) -> Page:
        """Take the last page of whom most waits."""
        tenant = max(self.waiting, key=lambda name: len(self.waiting[name]))
        page = self.waiting[tenant].pop()
        if not self.waiting[tenant]:
            del self.waiting[tenant]
        self.length -= 1
        return page


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
        return False if lane.put(page) else None

    def leave(self, page: Page, *, healthy: bool | None) -> tuple[list[Page], list[Page]]:
        """An attempt ended; returns the pages to send now and those that lost their place.

        Args:
            healthy: whether the target took it; None: it was not tried.
        """
        lane = self._lanes[page.target]
        lane.active -= 1
        if healthy is not None:
            lane.at_once = HEALTHY_AT_ONCE if healthy else AILING_AT_ONCE
        dropped = [lane.drop() for _ in range(lane.length - AILING_QUEUE if lane.ailing else 0)]
        start: list[Page] = []
        while lane.waiting and lane.active < lane.at_once:
            lane.active += 1
            start.append(lane.next())
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
