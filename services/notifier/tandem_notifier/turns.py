"""The order in which waiting pages leave: the urgent first, the others not never, and within one urgency by clients.

Pure. Start-time fair queueing over urgencies (``urgency.STRIDES``; the paper: ``tandem_ingest.fairness.fair_queue``).
Strict priority would be shorter, and an outage that pages P1s for an hour would keep from everybody what is only told.
Here each urgency has a tag, the lowest goes next and moves on by its stride; one that appears starts at the present
tag, so a fresh P1 is the very next however many others wait, and what waits long keeps its share. Ties go to the more
urgent.

Clients take turns within an urgency, not before it: else the P1 of one would wait for a turn of everybody's P3.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tandem_notifier.paging import Page
from tandem_notifier.urgency import STRIDES, Urgency


@dataclass(slots=True)
class _Flow:
    """What waits of one urgency."""

    tag: int
    """When its next page is due, in strides."""
    clients: dict[str, deque[Page]] = field(default_factory=dict)
    """Whose turn it is first; nobody's queue is empty."""
    length: int = 0


class Turns:
    """Pages in, pages out."""

    def __init__(self) -> None:
        """Empty."""
        self._flows = {urgency: _Flow(0) for urgency in Urgency}
        self._now = 0

    def __len__(self) -> int:
        """How many wait."""
        return sum(flow.length for flow in self._flows.values())

    def of(self, urgency: Urgency) -> int:
        """How many wait of one urgency."""
        return self._flows[urgency].length

    def like(self, page: Page) -> int:
        """How many wait of the same urgency and client."""
        return len(self._flows[page.urgency].clients.get(page.tenant, ()))

    def put(self, page: Page) -> None:
        """Have ``page`` wait, behind those of its urgency and client."""
        flow = self._flows[page.urgency]
        if not flow.length:
            flow.tag = max(flow.tag, self._now)
        flow.clients.setdefault(page.tenant, deque()).append(page)
        flow.length += 1

    def next(self) -> Page:
        """Take the page whose turn it is; something must wait."""
        waiting = (urgency for urgency, flow in self._flows.items() if flow.length)
        urgency = min(waiting, key=lambda each: (self._flows[each].tag, each))
        flow = self._flows[urgency]
        self._now = flow.tag
        flow.tag += STRIDES[urgency]
        flow.length -= 1
        tenant = next(iter(flow.clients))
        queue = flow.clients.pop(tenant)
        page = queue.popleft()
        if queue:
            flow.clients[tenant] = queue  # its next one comes after everybody else's
        return page

    def drop(self, urgency: Urgency) -> Page:
        """Take the last page of whom most waits of one urgency; something of it must wait."""
        flow = self._flows[urgency]
        tenant = max(flow.clients, key=lambda name: len(flow.clients[name]))
        page = flow.clients[tenant].pop()
        if not flow.clients[tenant]:
            del flow.clients[tenant]
        flow.length -= 1
        return page
