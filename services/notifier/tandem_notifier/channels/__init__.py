"""Channels: how a page leaves the house. One file per kind; ``Channel`` is what the sender asks of each."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from tandem_notifier.paging import Page

TIMEOUT_S = 10.0
"""Of one attempt."""


class Channel(Protocol):
    """One way to reach people."""

    async def deliver(self, page: Page, link: str | None, at: datetime) -> None:
        """Make one attempt, within ten seconds.

        Args:
            page: what to say and where.
            link: acknowledges the page; None when there is nothing to acknowledge.
            at: instant of the attempt, for signatures.

        Raises:
            DeliveryFailed: it did not arrive, or nobody knows; says whether trying again may help.
        """
        ...
