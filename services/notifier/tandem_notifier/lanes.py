"""Lanes: fairness between targets and, at one target, between urgencies and clients (F8, F16, F17).

Pure. A lane is what goes to one address; it has few places at once, fewer while its last attempt failed, and bounded
queues, one per urgency: a backlog of the less urgent never takes the room of a P1 (``turns.py`` has the order). A bad
target must not hold up pages for others; and one address serves many clients of a provider, who take turns there, or a
storm of one would stand before the page about another. What finds no place stays in the table for the claim loop, and
while it does, what is new of its kind stays there too: the older would else wait for as long as new ones come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tandem_notifier.paging import Page
from tandem_notifier.turns import Turns
from tandem_notifier.urgency import Urgency

FIRST_AT_ONCE, HEALTHY_AT_ONCE, AILING_AT_ONCE = 4, 16, 1
"""Attempts at once to one target: before it ever answered, while it does, and after a failure."""
HEALTHY_QUEUE, AILING_QUEUE = 500, 2
"""Pages of one urgency that wait: of one client at a healthy target, of all together at an ailing one."""
LANES_KEPT = 2000

Kind = tuple[str, str, Urgency]
"""Pages that leave in their order: target, client, urgency."""


def kind_of(page: Page) -> Kind:
    """Where ``page`` waits."""
    return page.target, page.tenant, page.urgency


@dataclass(slots=True)
class _Lane:
    active: int = 0
    at_once: int = FIRST_AT_ONCE
    waiting: Turns = field(default_factory=Turns)

    @property
    def ailing(self) -> bool:
        return self.at_once == AILING_AT_ONCE

    def put(self, page: Page) -> bool:
        """Whether there is room for it to wait."""
        full = (
            self.waiting.of(page.urgency) >= AILING_QUEUE if self.ailing else self.waiting.like(page) >= HEALTHY_QUEUE
        )
        if not full:
            self.waiting.put(page)
        return not full

    def shed(self) -> list[Page]:
        """What an ailing lane has no room for."""
        if not self.ailing:
            return []
        too_many = {urgency: self.waiting.of(urgency) - AILING_QUEUE for urgency in Urgency}
        return [self.waiting.drop(urgency) for urgency, count in too_many.items() for _ in range(count)]


class Lanes:
    """Which page may be sent now."""

    def __init__(self) -> None:
        """No lane yet."""
        self._lanes: dict[str, _Lane] = {}
        self._left: set[Kind] = set()

    @property
    def left(self) -> bool:
        """Whether pages are known to wait in the table for a place."""
        return bool(self._left)

    def enter(self, page: Page, *, claimed: bool = False) -> bool | None:
        """True: send now. False: waits its turn. None: no room, or older ones of its kind wait in the table.

        Args:
            claimed: it comes from the table, where it was the oldest of its kind.
        """
        if not claimed and kind_of(page) in self._left:
            return None
        lane = self._lanes.get(page.target)
        if lane is None:
            self._make_room()
            lane = self._lanes[page.target] = _Lane()
        if lane.active < lane.at_once:
            lane.active += 1
            return True
        if lane.put(page):
            return False
        self.leave_in_table(page)
        return None

    def leave_in_table(self, page: Page) -> None:
        """There is no place for ``page``."""
        self._left.add(kind_of(page))

    def looked(self, more: Iterable[Kind]) -> None:
        """The table was looked at: what still waits there is of these kinds."""
        self._left = set(more)

    def leave(self, page: Page, *, healthy: bool | None) -> tuple[list[Page], list[Page]]:
        """An attempt ended; returns the pages to send now and those that lost their place.

        Args:
            healthy: whether the target took it; None: it was not tried.
        """
        lane = self._lanes[page.target]
        lane.active -= 1
        if healthy is not None:
            lane.at_once = HEALTHY_AT_ONCE if healthy else AILING_AT_ONCE
        dropped = lane.shed()
        self._left.update(map(kind_of, dropped))
        start: list[Page] = []
        while lane.waiting and lane.active < lane.at_once:
            lane.active += 1
            start.append(lane.waiting.next())
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
