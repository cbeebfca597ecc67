"""Where one member reads: the partitions that Kafka gave it, at the offsets that PostgreSQL holds.

A partition that is assigned is paused at once, without asking anybody: a rebalance must not wait for the database. The
next fetch raises its epoch there, which fences whoever had it, and reads on at the offset that stands there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError

from tandem.bus.kafka_settings import REQUEST_S, SESSION_S, KafkaSettings
from tandem.bus.port import Span
from tandem.bus.statements import ASSIGN, POSITIONS
from tandem.clock import monotonic
from tandem.db.link import Link
from tandem.metrics import Metrics

Place = tuple[str, int]
"""Topic (without prefix) and partition."""

log = structlog.get_logger("tandem.bus")


@dataclass(slots=True)
class _Position:
    epoch: int
    stored: int
    """What the database holds, or will when what was fetched is committed: the next span begins here."""
    next: int
    """Where reading goes on; differs from ``stored`` when records in between are gone."""


class Positions:
    """Of one member."""

    def __init__(
        self, settings: KafkaSettings, group: str, topics: Sequence[str], link: Link, metrics: Metrics | None
    ) -> None:
        """``link`` reaches the offsets of ``group``."""
        self.moved_at = monotonic()
        """When something was given, taken or read last."""
        self._settings = settings
        self._group = group
        self._topics = tuple(topics)
        self._link = link
        self._metrics = metrics
        self._assigned: set[Place] = set()
        self._lost: dict[Place, float] = {}
        """Places that somebody else took although Kafka says they are ours, and when that was seen."""
        self._held: dict[Place, _Position] = {}
        self._gaps: dict[Place, int] = {}
        """Where reading went on behind records that were missing, at the first look."""

    def __bool__(self) -> bool:
        """Whether anything is held."""
        return bool(self._held)

    def epochs(self) -> Mapping[Place, int]:
        """Of what is held."""
        return {place: position.epoch for place, position in self._held.items()}

    def nexts(self) -> Mapping[Place, int]:
        """Where reading goes on."""
        return {place: position.next for place, position in self._held.items()}

    def tp(self, place: Place) -> TopicPartition:
        """As the client names it."""
        return TopicPartition(self._settings.topic(place[0]), place[1])

    def place(self, tp: TopicPartition) -> Place:
        """As the bus names it."""
        return self._settings.name(tp.topic), tp.partition

    # -- given and taken ----------------------------------------------------------------------------------------

    def assigned(self, client: AIOKafkaConsumer | None, partitions: Iterable[TopicPartition]) -> None:
        """Kafka gave ``partitions``; they are paused until ``take``."""
        partitions = list(partitions)
        if client is not None and partitions:
            client.pause(*partitions)
        self._assigned = {self.place(tp) for tp in partitions}
        self.moved_at = monotonic()
        log.info("kafka gave partitions", group=self._group, partitions=len(partitions))

    def revoked(self) -> None:
        """Kafka takes everything back; what was fetched may still be committed until somebody else takes it."""
        self._assigned.clear()
        self._held.clear()
        self._lost.clear()

    def forget(self) -> None:
        """Take everything again before the next fetch, each with a new epoch."""
        self._held.clear()

    async def take(self, client: AIOKafkaConsumer) -> None:
        """Raise the epoch of what was assigned and go to where the database says."""
        now = monotonic()
        free = sorted(
            place
            for place in self._assigned - self._held.keys()
            if now - self._lost.get(place, -SESSION_S) >= SESSION_S
        )
        if not free:
            return
        topics, parts = [topic for topic, _ in free], [part for _, part in free]
        async with self._link.use() as connection:
            rows = await connection.fetch(ASSIGN, self._group, topics, parts)
        taken = {(row["topic"], row["part"]): row for row in rows}
        held = [place for place in free if place in self._assigned]  # a rebalance may have come between
        for place in held:
            row = taken[place]
            self._held[place] = _Position(row["epoch"], row["next_offset"], row["next_offset"])
        try:
            await self._seek(client, held)
        except BaseException:
            for place in held:
                self._held.pop(place, None)
            raise

    async def rewind(self, client: AIOKafkaConsumer) -> None:
        """Go back to the committed offsets; what somebody else took meanwhile is lost."""
        async with self._link.use() as connection:
            rows = await connection.fetch(POSITIONS, self._group, list(self._topics))
        again = []
        for row in rows:
            place = (row["topic"], row["part"])
            position = self._held.get(place)
            if position is None:
                continue
            if row["epoch"] != position.epoch:
                self._lose(client, place)
            else:
                position.stored = row["next_offset"]
                again.append(place)
        await self._seek(client, again)

    def _lose(self, client: AIOKafkaConsumer, place: Place) -> None:
        """Somebody else raised the epoch. Kafka tells within a session whose it is; until then it is left alone."""
        del self._held[place]
        self._lost[place] = monotonic()
        client.pause(self.tp(place))

    async def _seek(self, client: AIOKafkaConsumer, places: Sequence[Place]) -> None:
        """Read ``places`` on from what is stored, or from the oldest record where that is gone."""
        if not places:
            return
        tps = {place: self.tp(place) for place in places}
        async with asyncio.timeout(REQUEST_S):
            oldest, ends = await asyncio.gather(
                client.beginning_offsets(list(tps.values())), client.end_offsets(list(tps.values()))
            )
        for place, tp in tps.items():
            position = self._held.get(place)
            if position is None:
                continue
            position.next = self._reachable(place, position.stored, oldest[tp], ends[tp])
            try:
                client.seek(tp, position.next)
                client.resume(tp)
            except IllegalStateError:  # revoked just now
                self._held.pop(place, None)
        self.moved_at = monotonic()

    def _reachable(self, place: Place, stored: int, oldest: int, end: int) -> int:
        """Where to read on: records older than their retention are gone, and a topic made anew begins at 0."""
        if oldest <= stored <= end:
            return stored
        if stored > 0:
            self._tell_skipped(place, stored, oldest, end)
        return oldest

    def _tell_skipped(self, place: Place, stored: int, oldest: int, end: int | None) -> None:
        log.error(
            "records are not on the broker any more, reading on from the oldest behind them",
            group=self._group,
            topic=place[0],
            partition=place[1],
            stored=stored,
            oldest=oldest,
            end=end,
        )
        if self._metrics is not None:
            self._metrics.skipped_records.labels(place[0], self._group).inc(max(0, oldest - stored))

    # -- read ---------------------------------------------------------------------------------------------------

    def advance(self, place: Place, got: Sequence[ConsumerRecord]) -> tuple[list[ConsumerRecord], Span] | None:
        """What of ``got`` is new here, and the span it makes; None when nothing is."""
        position = self._held.get(place)
        fresh = [each for each in got if position is not None and each.offset >= position.next]
        if position is None or not fresh:
            return None
        if fresh[0].offset > position.next and self._is_new_gap(place, position.next, fresh[0].offset):
            del self._held[place]
            return None
        span = Span(*place, position.epoch, position.stored, fresh[-1].offset + 1)
        position.stored = position.next = fresh[-1].offset + 1
        self.moved_at = monotonic()
        return fresh, span

    def _is_new_gap(self, place: Place, expected: int, found: int) -> bool:
        """Records are missing: the client has lost them, and a second look finds them, or the broker has.

        Nothing here is compacted and nobody writes in Kafka's transactions, so offsets have no holes by themselves.
        """
        if self._gaps.get(place) != found:
            self._gaps[place] = found
            log.warning("records are missing, looking again", group=self._group, topic=place[0], partition=place[1])
            return True
        del self._gaps[place]
        self._tell_skipped(place, expected, oldest=found, end=None)
        return False
