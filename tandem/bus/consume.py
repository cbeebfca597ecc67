"""The one loop: fetch a batch, plan it, commit state, outgoing records and offsets in one transaction, then act.

One lane alone is a service on Kafka. Several lanes are the embedded chain: what one stage publishes goes to the next
stage's inbox as it is, and the whole batch is one commit, because commits and statements cost and rows do not. When a
composed batch fails, each lane works alone until all are level again, so that one service's fault never stops
another's work; a record that keeps failing goes to quarantine and its partition moves on.

``except Exception`` stands here: whatever a stage raises must not end the loop, lose a record or skip one silently.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import structlog

from tandem.bus.lane import TIMERS_AT_ONCE, Lane, Turn
from tandem.bus.plan import Inbox, Outgoing, Plan
from tandem.bus.port import Batch, Bus, Record
from tandem.bus.postgres import run
from tandem.bus.quarantine import put_poison, put_timer
from tandem.bus.statements import PASS_ON
from tandem.bus.topics import BY_NAME, Topic
from tandem.clock import Clock, pause, wait_event
from tandem.db.link import Link
from tandem.db.timers import claim_due, next_due
from tandem.db.write import Writes
from tandem.errors import Fenced, PoisonRecord, Unavailable
from tandem.killpoint import passing
from tandem.metrics import Metrics
from tandem.wire import codec

BATCH = 500
"""Records of one transaction at most."""
TRIES = 3
"""How often a single record may fail before it is quarantined."""
IDLE_S = 1.0
"""Longest wait for records; timers of other processes are looked for this often."""
_BACKOFF_S = (0.05, 0.2, 0.5, 1.0, 2.0)

log = structlog.get_logger("tandem.bus")


class Runner:
    """Runs one or several lanes on one connection."""

    def __init__(
        self, *, bus: Bus, lanes: Sequence[Lane], link: Link, clock: Clock, metrics: Metrics | None = None
    ) -> None:
        """``lanes`` in the order of the pipeline; each lane's consumer reads its stage's inputs."""
        self._metrics = metrics
        self._bus = bus
        self._lanes = list(lanes)
        self._link = link
        self._clock = clock
        self._apart = True  # nobody knows yet whether the followers are level
        self._failures: dict[tuple[str, int, int] | str, int] = {}
        self._faults = 0
        self.working = False
        """A batch may be at hand, so its stages may yet want something."""

    @property
    def name(self) -> str:
        """The groups it serves."""
        return "+".join(lane.stage.group for lane in self._lanes)

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until ``stopping`` is set; the batch at hand is finished, and the groups are left at once.

        Other members wait for our partitions, and the rest of a process may take seconds to end.
        """
        waking = asyncio.create_task(self._wake_at(stopping), name=f"end of {self.name}")
        self.working = True
        try:
            await self._work(stopping)
        finally:
            waking.cancel()
            self.working = False
        await self._leave()

    async def _work(self, stopping: asyncio.Event) -> None:
        rest_s = min(lane.rest_s for lane in self._lanes)
        while not stopping.is_set():
            worked = await self.step(IDLE_S)
            if worked and rest_s:
                await wait_event(stopping, rest_s)

    async def _wake_at(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.wake()

    def wake(self) -> None:
        """Look for work now."""
        for lane in self._lanes:
            lane.consumer.wake()

    def expect(self, group: str, due_at: datetime) -> None:
        """A timer of ``group`` was set outside its stage."""
        for lane in self._lanes:
            if lane.stage.group == group:
                lane.expect(due_at)
                self._lanes[0].consumer.wake()

    async def step(self, wait_s: float) -> bool:
        """One round; true when something was done. Never raises but on cancellation: faults are logged and retried."""
        try:
            done = await (self._step_apart(wait_s) if self._apart else self._step_composed(wait_s))
        except Unavailable as fault:
            await self._back_off(fault)
            return False
        self._faults = 0
        return done

    async def close(self) -> None:
        """Leave the groups, if that has not been done, and close the connection."""
        await self._leave()
        await self._link.close()

    async def _leave(self) -> None:
        for lane in self._lanes:
            await lane.consumer.close()

    async def _step_composed(self, wait_s: float) -> bool:
        head = self._lanes[0]
        batch = await head.consumer.fetch(BATCH, self._patience(wait_s))
        if not batch and not self._any_due():
            return False
        try:
            await self._commit(self._lanes, batch)
        except Fenced as fault:
            await self._behind(fault)
        except Unavailable:
            await self._rewind()
            raise
        except Exception as fault:
            log.warning("batch failed, services work apart", records=len(batch.records), fault=describe(fault))
            await self._rewind()
            self._apart = True
        return True

    async def _step_apart(self, wait_s: float) -> bool:
        """Each lane alone, in order; composed again when a whole round found nothing."""
        worked = False
        for lane in self._lanes:
            worked = await self._alone(lane, 0 if len(self._lanes) > 1 else wait_s) or worked
        if not worked and len(self._lanes) > 1:
            self._apart = False
        return worked or len(self._lanes) > 1

    async def _alone(self, lane: Lane, wait_s: float) -> bool:
        batch = await lane.consumer.fetch(BATCH, self._patience(wait_s))
        if not batch and not lane.timers_due(self._clock.now()):
            return False
        try:
            await self._worked(lane, batch)
        except Unavailable:
            await lane.consumer.rewind()
            raise
        return True

    async def _worked(self, lane: Lane, batch: Batch) -> None:
        """The batch as a whole, or what can be of it."""
        try:
            await self._commit([lane], batch)
        except Unavailable:
            raise
        except Exception as fault:
            log.warning("batch failed, one by one", group=lane.stage.group, fault=describe(fault))
            await self._one_by_one(lane, batch)

    async def _one_by_one(self, lane: Lane, batch: Batch) -> None:
        """Every record in a transaction of its own, then timers; what fails ``TRIES`` times is quarantined."""
        for single in singles(batch):
            try:
                await self._commit([lane], single, timers=False)
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
        while lane.timers_due(self._clock.now()):
            try:
                await self._commit([lane], Batch(), timer_limit=1)
            except Unavailable:
                raise
            except Exception as fault:
                if not self._tried_enough(f"timer {lane.stage.group}", fault):
                    return
                await self._drop_timer(lane, fault)

    async def _commit(
        self, lanes: Sequence[Lane], batch: Batch, *, timers: bool = True, timer_limit: int = TIMERS_AT_ONCE
    ) -> None:
        """One transaction over ``lanes``; then wake who waits for what it published."""
        now = self._clock.now()
        if batch:
            passing("runner.fetched")
        try:
            async with self._transaction() as connection:
                turns = await self._plan(connection, lanes, batch, now, timer_limit if timers else 0)
                writes, topics = self._compose(turns, batch, following=lanes[1:])
                await run(connection, writes)
                passing("runner.before_commit")
        except BaseException:
            for lane in lanes:
                lane.looked = False  # timers claimed in what was rolled back are still there
            raise
        passing("runner.after_commit")
        self._bus.notify(topics)
        for turn in turns:
            turn.lane.expect(turn.plan.next_due)
            turn.lane.stage.committed(turn.plan)

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """On our one connection; raises Unavailable."""
        try:
            async with self._link.use() as connection, connection.transaction():
                yield connection
        except asyncpg.SyntaxOrAccessError as fault:
            # A missing table or right is the installation's fault: waiting loses nothing, quarantining would.
            raise Unavailable("schema", describe(fault)) from fault

    async def _plan(
        self,
        connection: asyncpg.Connection[asyncpg.Record],
        lanes: Sequence[Lane],
        batch: Batch,
        now: datetime,
        limit: int,
    ) -> list[Turn]:
        turns: list[Turn] = []
        passed: list[Outgoing] = []
        for lane in lanes:
            inbox = Inbox(decode(batch.records) if lane is lanes[0] else wanted(passed, lane.stage.inputs))
            if limit and lane.timers_due(now):
                await self._claim(connection, lane, inbox, now, limit)
            plan = Plan()
            if inbox:
                state = await lane.stage.load(connection, inbox, now)
                plan = lane.stage.plan(inbox, state, now)
            passed.extend(plan.outgoing)
            turns.append(Turn(lane, inbox, plan, batch))
        return turns

    async def _claim(
        self, connection: asyncpg.Connection[asyncpg.Record], lane: Lane, inbox: Inbox, now: datetime, limit: int
    ) -> None:
        schema = lane.stage.timer_schema
        if schema is None:
            return
        inbox.timers = await claim_due(connection, schema, now, limit)
        lane.saw(await next_due(connection, schema), now)

    def _compose(self, turns: Sequence[Turn], batch: Batch, *, following: Sequence[Lane]) -> tuple[Writes, list[str]]:
        """Everything the turns want, as one set of writes."""
        writes = Writes()
        records = [encode(outgoing) for turn in turns for outgoing in turn.plan.outgoing]
        if records:
            self._bus.publish(writes, records)
            self._pass_on(writes, records, following)
        for turn in turns:
            writes.extend(turn.plan.writes)
        self._bus.commit(writes, turns[0].lane.stage.group, batch.spans)
        return writes, sorted({record.topic for record in records})

    def _pass_on(self, writes: Writes, records: Iterable[Record], following: Sequence[Lane]) -> None:
        """Followers have handled these records in this transaction: their offsets move with the append."""
        places = {(record.topic, self._bus.partition_of(record.key)) for record in records}
        for lane in following:
            inputs = {topic.name for topic in lane.stage.inputs}
            epochs = lane.consumer.epochs()
            for topic, part in places:
                if topic in inputs:
                    key = (lane.stage.group, topic, part)
                    writes.put(PASS_ON, key, (*key, epochs.get((topic, part), -1)))

    async def _quarantine(self, lane: Lane, single: Batch, fault: Exception) -> None:
        """Store the record with its reason and move past it, in one transaction."""
        writes = Writes()
        put_poison(writes, single.records[0], service=lane.stage.group, reason=describe(fault), at=self._clock.now())
        self._bus.commit(writes, lane.stage.group, single.spans)
        async with self._transaction() as connection:
            await run(connection, writes)
        if self._metrics is not None:
            self._metrics.quarantined_records.labels(single.records[0].topic).inc()
        log.error("record quarantined", group=lane.stage.group, topic=single.records[0].topic, fault=describe(fault))

    async def _drop_timer(self, lane: Lane, fault: Exception) -> None:
        """Take the failing timer out of the way, into quarantine."""
        if lane.stage.timer_schema is None:
            return
        now = self._clock.now()
        async with self._transaction() as connection:
            timers = await claim_due(connection, lane.stage.timer_schema, now, 1)
            writes = Writes()
            for timer in timers:
                put_timer(writes, timer, service=lane.stage.group, reason=describe(fault), at=now)
            await run(connection, writes)
            lane.saw(await next_due(connection, lane.stage.timer_schema), now)
        log.error("timer quarantined", group=lane.stage.group, fault=describe(fault))

    async def _behind(self, fault: Fenced) -> None:
        """Nothing was committed: a partition moved, or a follower has older records to read first."""
        log.info("batch refused, services catch up apart", fault=str(fault))
        await self._rewind()
        self._apart = True

    async def _rewind(self) -> None:
        for lane in self._lanes:
            await lane.consumer.rewind()

    def _any_due(self) -> bool:
        now = self._clock.now()
        return any(lane.timers_due(now) for lane in self._lanes)

    def _patience(self, wait_s: float) -> float:
        """How long to wait for records: not past the next timer."""
        now = self._clock.now()
        if self._any_due():
            return 0.0
        dues = [lane.next_due for lane in self._lanes if lane.next_due is not None]
        if not dues:
            return wait_s
        return max(0.0, min(wait_s, (min(dues) - now) / timedelta(seconds=1)))

    def _tried_enough(self, what: tuple[str, int, int] | str, fault: Exception) -> bool:
        tries = self._failures.get(what, 0) + 1
        self._failures[what] = tries
        if tries < TRIES and not isinstance(fault, PoisonRecord):
            return False
        del self._failures[what]
        return True

    async def _back_off(self, fault: Unavailable) -> None:
        delay = _BACKOFF_S[min(self._faults, len(_BACKOFF_S) - 1)]
        self._faults += 1
        log.warning("waiting for what is away", group=self.name, fault=str(fault), seconds=delay)
        await pause(delay * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, guards nothing


def decode(records: Sequence[Record]) -> list[Any]:
    """Payloads of topics we know; raises PoisonRecord for what cannot be read."""
    return [codec.decode(BY_NAME[record.topic].payload, record.value) for record in records]


def encode(outgoing: Outgoing) -> Record:
    """The record of a payload; outside topics carry their bytes as they are."""
    if outgoing.topic is None:
        return Record(outgoing.name, outgoing.key, outgoing.payload, outgoing.headers)
    return Record(outgoing.topic.name, outgoing.key, codec.encode(outgoing.payload), outgoing.headers)


def wanted(passed: Sequence[Outgoing], inputs: Sequence[Topic]) -> list[Any]:
    """Payloads that earlier stages publish on a stage's inputs, in order."""
    return [outgoing.payload for outgoing in passed if outgoing.topic in inputs]


def singles(batch: Batch) -> Iterable[Batch]:
    """The batch cut into one record each, spans included; on Kafka a span may be wider than its record."""
    spans = {(span.topic, span.partition): span for span in batch.spans}
    for record in batch.records:
        place = (record.topic, record.partition)
        span = spans[place]
        yield replace(batch, records=(record,), spans=(replace(span, next=record.offset + 1),))
        spans[place] = replace(span, first=record.offset + 1)


def describe(fault: BaseException) -> str:
    """One bounded line for logs and the quarantine."""
    return f"{type(fault).__name__}: {fault}".replace("\n", " ")[:500]
