"""What is done with a batch that failed: every record alone, then the timers; what keeps failing goes to quarantine.

``except Exception`` stands here as in the loop: whatever a stage raises must not lose a record or skip one silently.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from tandem.bus.commit import Commit, describe
from tandem.bus.lane import Lane
from tandem.bus.port import Batch
from tandem.bus.postgres import run
from tandem.bus.quarantine import put_poison, put_timer
from tandem.db.timers import claim_due, next_due
from tandem.db.write import Writes
from tandem.errors import PoisonRecord, Unavailable
from tandem.metrics import Metrics

TRIES = 3
"""How often a single record may fail before it is quarantined."""

log = structlog.get_logger("tandem.bus")


class OneByOne:
    """Remembers what failed how often."""

    def __init__(self, commit: Commit, metrics: Metrics | None) -> None:
        """``commit`` is the loop's own."""
        self._commit = commit
        self._metrics = metrics
        self._failures: dict[tuple[str, int, int] | str, int] = {}

    async def work(self, lane: Lane, batch: Batch) -> None:
        """Every record in a transaction of its own, then timers; what fails ``TRIES`` times is quarantined.

        Raises:
            Unavailable: the rest was not tried; the caller rewinds.
        """
        for single in singles(batch):
            try:
                await self._commit.batch([lane], single, timers=False)
            except Unavailable:
                raise
            except Exception as fault:
                record = single.records[0]
                if not self._tried_enough((record.topic, record.partition, record.offset), fault):
                    await lane.consumer.rewind()
                    return
                await self._quarantine(lane, single, fault)
        await self._timers_one_by_one(lane)

    async def _timers_one_by_one(self, lane: Lane) -> None:
        while lane.timers_due(self._commit.clock.now()):
            try:
                await self._commit.batch([lane], Batch(), timer_limit=1)
            except Unavailable:
                raise
            except Exception as fault:
                if not self._tried_enough(f"timer {lane.stage.group}", fault):
                    return
                await self._drop_timer(lane, fault)

    async def _quarantine(self, lane: Lane, single: Batch, fault: Exception) -> None:
        """Store the record with its reason and move past it, in one transaction."""
        writes = Writes()
        put_poison(
            writes, single.records[0], service=lane.stage.group, reason=describe(fault), at=self._commit.clock.now()
        )
        self._commit.bus.commit(writes, lane.stage.group, single.spans)
        async with self._commit.transaction() as connection:
            await run(connection, writes)
        if self._metrics is not None:
            self._metrics.quarantined_records.labels(single.records[0].topic).inc()
        log.error("record quarantined", group=lane.stage.group, topic=single.records[0].topic, fault=describe(fault))

    async def _drop_timer(self, lane: Lane, fault: Exception) -> None:
        """Take the failing timer out of the way, into quarantine."""
        if lane.stage.timer_schema is None:
            return
        now = self._commit.clock.now()
        async with self._commit.transaction() as connection:
            timers = await claim_due(connection, lane.stage.timer_schema, now, 1)
            writes = Writes()
            for timer in timers:
                put_timer(writes, timer, service=lane.stage.group, reason=describe(fault), at=now)
            await run(connection, writes)
            lane.saw(await next_due(connection, lane.stage.timer_schema), now)
        log.error("timer quarantined", group=lane.stage.group, fault=describe(fault))

    def _tried_enough(self, what: tuple[str, int, int] | str, fault: Exception) -> bool:
        tries = self._failures.get(what, 0) + 1
        self._failures[what] = tries
        if tries < TRIES and not isinstance(fault, PoisonRecord):
            return False
        del self._failures[what]
        return True


def singles(batch: Batch) -> Iterable[Batch]:
    """The batch cut into one record each, spans included; on Kafka a span may be wider than its record."""
    spans = {(span.topic, span.partition): span for span in batch.spans}
    for record in batch.records:
        place = (record.topic, record.partition)
        span = spans[place]
        yield replace(batch, records=(record,), spans=(replace(span, next=record.offset + 1),))
        spans[place] = replace(span, first=record.offset + 1)
