"""One transaction of one or several lanes: what was fetched is planned, state, outgoing records and offsets written."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from tandem.bus.lane import TIMERS_AT_ONCE, Lane, Turn
from tandem.bus.plan import Inbox, Outgoing, Plan
from tandem.bus.port import Batch, Bus, Record
from tandem.bus.postgres import run
from tandem.bus.statements import PASS_ON
from tandem.bus.topics import BY_NAME, Topic
from tandem.clock import Clock
from tandem.db.link import Link
from tandem.db.timers import claim_due, next_due
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tandem.killpoint import passing
from tandem.wire import codec


class Commit:
    """Commits batches on one connection."""

    def __init__(self, bus: Bus, link: Link, clock: Clock) -> None:
        """``bus`` takes what is published; ``link`` reaches every schema the stages write."""
        self.bus = bus
        self.clock = clock
        self._link = link

    async def batch(
        self, lanes: Sequence[Lane], batch: Batch, *, timers: bool = True, timer_limit: int = TIMERS_AT_ONCE
    ) -> None:
        """One transaction over ``lanes``; then wake who waits for what it published.

        Raises:
            Unavailable: the database is away or lacks a table or right; Fenced where a partition has moved.
        """
        now = self.clock.now()
        if batch:
            passing("runner.fetched")
        try:
            async with self.transaction() as connection:
                turns = await self._plan(connection, lanes, batch, now, timer_limit if timers else 0)
                writes, topics = self._compose(turns, batch, following=lanes[1:])
                await run(connection, writes)
                passing("runner.before_commit")
        except BaseException:
            for lane in lanes:
                lane.looked = False  # timers claimed in what was rolled back are still there
            raise
        passing("runner.after_commit")
        self.bus.notify(topics)
        for turn in turns:
            turn.lane.expect(turn.plan.next_due)
            turn.lane.stage.committed(turn.plan)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
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
            self.bus.publish(writes, records)
            self._pass_on(writes, records, following)
        for turn in turns:
            writes.extend(turn.plan.writes)
        self.bus.commit(writes, turns[0].lane.stage.group, batch.spans)
        return writes, sorted({record.topic for record in records})

    def _pass_on(self, writes: Writes, records: Iterable[Record], following: Sequence[Lane]) -> None:
        """Followers have handled these records in this transaction: their offsets move with the append."""
        places = {(record.topic, self.bus.partition_of(record.key)) for record in records}
        for lane in following:
            inputs = {topic.name for topic in lane.stage.inputs}
            epochs = lane.consumer.epochs()
            for topic, part in places:
                if topic in inputs:
                    key = (lane.stage.group, topic, part)
                    writes.put(PASS_ON, key, (*key, epochs.get((topic, part), -1)))


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


def describe(fault: BaseException) -> str:
    """One bounded line for logs and the quarantine."""
    return f"{type(fault).__name__}: {fault}".replace("\n", " ")[:500]
