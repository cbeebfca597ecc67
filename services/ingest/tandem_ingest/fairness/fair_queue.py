"""The order in which waiting alerts are let go: by turns of (tenant, urgency), the urgent ones more often. Pure.

Start-time fair queueing: each flow has a tag, the lowest goes next and moves on by its stride. A flow that appears
starts at the present tag, so it neither waits for those before it nor makes up for the time it had nothing. Goyal,
Vin, Cheng: Start-time Fair Queueing, SIGCOMM 1996.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from tandem.model.alert import Severity

WEIGHTS = (16, 8, 3, 1)
"""Turns of urgency 0, 1, 2 and 3 of one tenant against those of every other."""
_STRIDES = tuple(48 // weight for weight in WEIGHTS)
_URGENCY: Mapping[Severity, int] = {
    Severity.CRITICAL: 0,
    Severity.HIGH: 1,
    Severity.LOW: 3,
    Severity.INFO: 3,
}

UNGRADED = 2

Flow = tuple[str, int]
"""(tenant, urgency)."""


def urgency_of(severity: Severity) -> int:
    """0 is the most urgent and is for itself: what becomes a P1 is hardly ever less, and much that is high is none.

    What nobody graded is as urgent as what is medium.
    """
    return _URGENCY.get(severity, UNGRADED)


@dataclass(frozen=True, slots=True)
class Place:
    """One waiting alert."""

    position: int
    """Grows with every alert that begins to wait."""
    tenant: str
    urgency: int
    key: str
    """The condition, over all tenants: what has one key leaves in the order of positions."""
    size: int
    """Bytes."""


@dataclass(slots=True)
class _Condition:
    """What waits of one key; as urgent as the most urgent of it, or that one would stand behind the others."""

    tenant: str
    urgency: int
    places: deque[Place] = field(default_factory=deque)


class FairQueue:
    """Places in, positions out."""

    def __init__(self) -> None:
        """Empty."""
        self._conditions: dict[str, _Condition] = {}
        self._flows: dict[Flow, list[tuple[int, str]]] = {}
        """Heaps of (position of a condition's first place, key); one that a condition has left is skipped."""
        self._turns: list[tuple[int, int, str]] = []
        """A heap of (tag, urgency, tenant), one per flow in ``_flows``."""
        self._last: dict[Flow, int] = {}
        self._now = 0
        self._size = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._size

    def add(self, place: Place) -> None:
        """Have ``place`` wait; positions of one key must come in order."""
        condition = self._conditions.get(place.key)
        if condition is None:
            condition = self._conditions[place.key] = _Condition(place.tenant, place.urgency)
            condition.places.append(place)
            self._enter(condition)
        else:
            condition.places.append(place)
            if place.urgency < condition.urgency:
                condition.urgency = place.urgency
                self._enter(condition)
        self._size += 1

    def take(self, records: int, size: int) -> list[Place]:
        """The next ``records`` places; one that brings the bytes to ``size`` is the last."""
        taken: list[Place] = []
        while len(taken) < records and size > 0 and (place := self._next()) is not None:
            taken.append(place)
            size -= place.size
        return taken

    def _next(self) -> Place | None:
        while self._turns:
            tag, urgency, tenant = heappop(self._turns)
            place = self._first((tenant, urgency))
            if place is not None:
                self._now = tag
                self._last[tenant, urgency] = tag
                heappush(self._turns, (tag + _STRIDES[urgency], urgency, tenant))
                return place
            del self._flows[tenant, urgency]
        self._last.clear()
        self._now = 0
        return None

    def _first(self, flow: Flow) -> Place | None:
        """Take the oldest place of ``flow``."""
        heap = self._flows[flow]
        while heap:
            position, key = heappop(heap)
            condition = self._conditions.get(key)
            if condition is None or condition.urgency != flow[1] or condition.places[0].position != position:
                continue
            place = condition.places.popleft()
            self._size -= 1
            if condition.places:
                heappush(heap, (condition.places[0].position, key))
            else:
                del self._conditions[key]
            return place
        return None

    def _enter(self, condition: _Condition) -> None:
        """Put ``condition`` into the flow of its urgency, which gets a turn if it had none."""
        first = condition.places[0]
        flow = (condition.tenant, condition.urgency)
        if flow not in self._flows:
            self._flows[flow] = []
            tag = max(self._now, self._last.get(flow, 0)) + _STRIDES[condition.urgency]
            heappush(self._turns, (tag, condition.urgency, condition.tenant))
        heappush(self._flows[flow], (first.position, first.key))
