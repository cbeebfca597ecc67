"""Pages in flight: in memory, waiting for their turn, being attempted, or with an outcome that is not written yet.

Pure. Their number is bounded; what finds no room stays in the table, and ``sender.py`` looks there again.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tandem_notifier.lanes import Kind, Lanes
from tandem_notifier.paging import Page
from tandem_notifier.urgency import Urgency


class InFlight:
    """Those of one process."""

    def __init__(self, *, room: int, room_for_p1: int) -> None:
        """``room``: pages at most; ``room_for_p1``: more than that, for pages of a P1 only."""
        self._most = room
        self._more_for_p1 = room_for_p1
        self._lanes = Lanes()
        self._pages: dict[UUID, Page] = {}
        self._begun: set[UUID] = set()
        """Of those, the ones whose attempt was begun: their receiver may have them."""
        self._low = -1

    def __len__(self) -> int:
        """How many they are."""
        return len(self._pages)

    @property
    def ids(self) -> list[UUID]:
        """Which they are."""
        return list(self._pages)

    @property
    def ailing(self) -> list[str]:
        """Targets whose last attempt failed."""
        return self._lanes.ailing()

    @property
    def has_room_again(self) -> bool:
        """Whether enough has ended since ``expect_room`` to look for what waits in the table."""
        return len(self) <= self._low

    def room(self, urgency: Urgency) -> int:
        """How many more pages of ``urgency`` there may be."""
        more = self._more_for_p1 if urgency is Urgency.P1 else 0
        return self._most + more - len(self)

    def take(self, page: Page, *, claimed: bool = False) -> bool:
        """Whether to send ``page`` now; else it waits its turn, here or in the table, or is here already."""
        if page.page_id in self._pages:
            return False
        if self.room(page.urgency) <= 0:
            self._lanes.leave_in_table(page)
            return False
        now = self._lanes.enter(page, claimed=claimed)
        if now is None:
            return False
        self._pages[page.page_id] = page
        return now

    def begin(self, page: Page) -> None:
        """From now on its receiver may have it."""
        self._begun.add(page.page_id)

    def leave(self, page: Page, *, healthy: bool | None) -> tuple[list[Page], bool]:
        """An attempt ended; ``page`` stays until it is forgotten, those that lose their place are.

        Args:
            healthy: whether the target took it; None: it was not tried.

        Returns:
            The pages to send now, and whether the target answers again.
        """
        recovers = healthy is True and self._lanes.is_ailing(page.target)
        start, dropped = self._lanes.leave(page, healthy=healthy)
        for lost in dropped:
            self.forget(lost)
        return start, recovers

    def forget(self, page: Page) -> None:
        """It is the table's again."""
        del self._pages[page.page_id]
        self._begun.discard(page.page_id)

    def looked(self, more: Iterable[Kind]) -> None:
        """The table was looked at: what still waits there is of these kinds."""
        self._lanes.looked(more)

    def expect_room(self) -> None:
        """While pages wait in the table, look again when half of these have ended, not at a poll."""
        self._low = len(self) // 2 if self._lanes.left else -1

    def give_up(self) -> list[UUID]:
        """None is sent any more; returns those whose attempt was begun."""
        begun, self._begun = list(self._begun), set()
        self._pages.clear()
        return begun
