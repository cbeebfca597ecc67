"""The outbox: what services publish on Kafka commits with their work, and a relay takes it to the broker.

Four shards, a key always in the same one. Any number of processes may relay, of which one at a time moves a shard: in
order per key, at least once. Nothing overtakes, urgent or not (docs/decisions/0022-nothing-overtakes-in-the-outbox.md);
copies of what is urgent have a shard of their own (0045-a-p1-opens-on-a-topic-of-its-own.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from tandem.bus.backlog import Backlog
from tandem.bus.drain import Append, Drain
from tandem.bus.parking import Parking
from tandem.bus.port import Record
from tandem.bus.queue import queue
from tandem.bus.topics import URGENT
from tandem.clock import Clock
from tandem.db.write import Writes
from tandem.metrics import Metrics

OUTBOX = queue("bus.outbox", shards=4, beside=URGENT.name)
_GAUGES_S = 1.0


def put_outbox(writes: Writes, records: Sequence[Record], at: datetime) -> None:
    """Add ``records`` to a transaction's writes; they wait for the relay once it commits, and never otherwise.

    Args:
        at: aware UTC, when they were published.
    """
    OUTBOX.put(writes, records, at)


class Relay:
    """One candidate to move the outbox.

    A dead process's shards are taken over within two seconds, those of one that stands still within twenty.
    """

    def __init__(self, *, dsn: str, role: str, append: Append, clock: Clock, metrics: Metrics) -> None:
        """``append`` makes records durable in order per key, as ``tandem.bus.port.Bus.append``."""
        self._clock = clock
        self._metrics = metrics
        parking = Parking(OUTBOX, metrics)
        self._drain = Drain(OUTBOX, dsn=dsn, role=role, append=append, clock=clock, metrics=metrics, parking=parking)
        self._backlog = Backlog(OUTBOX, dsn=dsn, role=role, looked=self._measure)

    def wake(self) -> None:
        """Something was published in this process."""
        self._drain.wake()

    async def run(self, stopping: asyncio.Event) -> None:
        """Move records until ``stopping`` is set; ends within two seconds of it, and an append's deadline."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._drain.run(stopping), name="outbox drain")
            parts.create_task(self._backlog.run(stopping, rest_s=_GAUGES_S), name="outbox backlog")

    def _measure(self) -> None:
        self._metrics.outbox_oldest.set(self._backlog.last.oldest_s(self._clock.now()))
        self._metrics.outbox_waiting.set(self._backlog.last.records)
