"""Whether the alerts of a post go to the router at once, wait their turn, or are refused. Pure, time is an argument.

Without overload it costs a few additions. Who waits is decided per tenant and not per alert: while something of a
tenant waits all that follows does, so nothing of a condition is overtaken. Contract: interfaces.md section 4, ADR 35.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from tandem.errors import Unavailable
from tandem.model.integration import Integration
from tandem_ingest.fairness.bucket import Bucket
from tandem_ingest.fairness.recent import Recent
from tandem_ingest.fairness.room import Room

RATE = 50.0
"""Alerts a second of one integration in the long run, once others are disturbed."""
BURST_S = 60.0
"""What an integration may post at once: its rate over so long. An outage's first minute is not refused."""
WAITING = 10_000
"""Alerts of one tenant that wait at most, by contract."""
WAITING_ALONE = 1_000_000
"""Alerts that wait at most while no other tenant posts: nobody is disturbed, and the log would have held them."""


class Way(Enum):
    """Where the alerts of a post go."""

    STRAIGHT = "straight"
    WAITS = "waits"


class TooMany(Unavailable):
    """A rate was exceeded, or too much of the tenant waits; ``result`` is what is counted."""

    def __init__(self, result: str, detail: str) -> None:
        """``detail`` for people."""
        self.result = result
        super().__init__("intake", detail)


class Waits(Protocol):
    """What is known of what waits."""

    def holds(self, tenant: str) -> bool:
        """Whether something of ``tenant`` waits, or may."""
        ...

    def waiting(self, tenant: str) -> int:
        """About how many of ``tenant`` wait."""
        ...

    @property
    def most(self) -> int:
        """No more than so many wait of all tenants together."""
        ...

    @property
    def empty(self) -> bool:
        """Nothing waits, of nobody."""
        ...

    @property
    def away(self) -> bool:
        """It cannot be kept or looked at now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The operator's figures; see RATE, BURST_S, WAITING, WAITING_ALONE."""

    rate: float = RATE
    """0: none, unless the integration has one."""
    burst_s: float = BURST_S
    waiting: int = WAITING
    waiting_alone: int = WAITING_ALONE


class Gate:
    """One process's."""

    def __init__(self, room: Room, waits: Waits, bounds: Bounds | None = None, *, look: Callable[[], None]) -> None:
        """``look`` asks for a new sample of the router's backlog."""
        self._room = room
        self._waits = waits
        self._bounds = bounds or Bounds()
        self._look = look
        self._recent = Recent()
        self._buckets: dict[str, Bucket] = {}

    def way(self, integration: Integration, tenant: str, alerts: int, *, retries: bool, now: float) -> Way:
        """Where the next ``alerts`` of ``tenant`` go.

        Args:
            retries: whether the dialect posts again when it is refused.
            now: ``monotonic()``.

        Raises:
            TooMany: they are not taken.
        """
        within = self._within_rate(integration, alerts, now)
        self._recent.add(tenant, alerts, now)
        room = self._room
        if room.worth_a_look:
            self._look()
        if not room.behind and self._waits.empty and (within or integration.rate is None):
            room.put(alerts)
            return Way.STRAIGHT
        if not within and retries and (integration.rate is not None or self._disturbs(tenant, now)):
            raise TooMany("refused_rate", f"more than {self._rate_of(integration):g} alerts a second")
        if self._waits.away or not self._must_wait(integration, tenant, within=within):
            room.put(alerts)
            return Way.STRAIGHT
        waiting = self._waits.waiting(tenant) + alerts
        if waiting > self._bounds.waiting and not self._may_have_a_million(tenant, now):
            raise TooMany("refused_overload", "too many alerts of this client wait to be routed")
        return Way.WAITS

    def _disturbs(self, tenant: str, now: float) -> bool:
        return self._room.behind and not self._recent.alone(tenant, now)

    def _may_have_a_million(self, tenant: str, now: float) -> bool:
        return self._recent.alone(tenant, now) and self._waits.most < self._bounds.waiting_alone

    def _must_wait(self, integration: Integration, tenant: str, *, within: bool) -> bool:
        if self._waits.holds(tenant) or self._room.overfull or (not within and integration.rate is not None):
            return True
        return self._room.behind and self._recent.of(tenant) > self._room.target / self._recent.posting()

    def _rate_of(self, integration: Integration) -> float:
        return self._bounds.rate if integration.rate is None else integration.rate

    def _within_rate(self, integration: Integration, alerts: int, now: float) -> bool:
        rate = self._rate_of(integration)
        if rate <= 0:
            return True
        bucket = self._buckets.get(integration.name)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[integration.name] = Bucket.full(rate, max(1.0, rate * self._bounds.burst_s), now)
        return bucket.take(alerts, now)
