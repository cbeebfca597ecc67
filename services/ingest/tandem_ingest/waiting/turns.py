"""What the acceptance asks: the gate's answer for a post, and the way of what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from tandem.bus.port import Record
from tandem.clock import monotonic
from tandem.errors import Unavailable
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem_ingest.fairness.fair_queue import WEIGHTS, urgency_of
from tandem_ingest.fairness.gate import Gate, Way
from tandem_ingest.normalise import Post
from tandem_ingest.waiting.table import URGENCY

_MARKS = tuple({URGENCY: str(urgency)} for urgency in range(len(WEIGHTS)))

log = structlog.get_logger("tandem.ingest")


class Appender(Protocol):
    """The bus, or the way around it."""

    async def append(self, records: Sequence[Record]) -> None:
        """See ``tandem.bus.port.Bus.append``."""
        ...


class Puts(Protocol):
    """The part of ``Waiting`` that is needed."""

    async def put(self, records: Sequence[Record]) -> None:
        """See ``Waiting.put``."""
        ...


class Queued:
    """Appends to what waits; to the bus when that cannot be: out of turn is better than refused."""

    def __init__(self, waiting: Puts, bus: Appender, *, put: Callable[[], None] = lambda: None) -> None:
        """``bus`` is the second way; ``put`` is called when something waits: whoever lets it go here hears it so."""
        self._waiting = waiting
        self._bus = bus
        self._put = put
        self._passed_by = False
        """Whether the last ones went to the bus: said when it changes, not with every post."""

    async def append(self, records: Sequence[Record]) -> None:
        """Make ``records`` durable; raises Unavailable when neither way does."""
        try:
            await self._waiting.put(records)
        except Unavailable as fault:
            if not self._passed_by:
                log.warning("alerts that should wait go straight to the bus", fault=str(fault))
            self._passed_by = True
            await self._bus.append([Record(each.topic, each.key, each.value) for each in records])
            return
        if self._passed_by:
            log.info("alerts wait again")
        self._passed_by = False
        self._put()


class Turns:
    """One process's."""

    def __init__(self, gate: Gate, queued: Queued, *, waits: Callable[[Integration, int], None]) -> None:
        """``waits`` counts what was accepted and waits."""
        self._gate = gate
        self.queued = queued
        self.waits = waits

    def way(self, post: Post, alerts: Sequence[Alert]) -> Way:
        """Where the alerts of ``post`` go, all of them the same way; raises TooMany."""
        now, found = monotonic(), Way.STRAIGHT
        if len(alerts) == 1:  # most posts
            return self._gate.way(post.integration, alerts[0].tenant, 1, retries=post.vendor.retries, now=now)
        counts: dict[str, int] = {}
        for alert in alerts:
            counts[alert.tenant] = counts.get(alert.tenant, 0) + 1
        for tenant, count in counts.items():
            if self._gate.way(post.integration, tenant, count, retries=post.vendor.retries, now=now) is Way.WAITS:
                found = Way.WAITS
        return found

    def marked(self, records: Sequence[Record], alerts: Sequence[Alert]) -> list[Record]:
        """``records`` as they wait: each says how urgent its alert is."""
        return [
            Record(record.topic, record.key, record.value, _MARKS[urgency_of(alert.severity)])
            for record, alert in zip(records, alerts, strict=True)
        ]
