"""The bus on Kafka, for more than one machine. Offsets and outgoing records still commit in PostgreSQL.

What a service publishes goes into the outbox in its transaction, and a relay appends it here; what ingest accepts is
appended at once. Consumers take their partitions from Kafka's group protocol and their positions from PostgreSQL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from tandem.bus.kafka_advice import advice
from tandem.bus.kafka_consumer import KafkaConsumer
from tandem.bus.kafka_producer import OneProducer, describe
from tandem.bus.kafka_reach import Reach
from tandem.bus.kafka_refusal import refusal
from tandem.bus.kafka_settings import MAX_RECORD_BYTES, KafkaSettings
from tandem.bus.kafka_topics import create_outside
from tandem.bus.outbox import put_outbox
from tandem.bus.partition import partition_of
from tandem.bus.port import Consumer, Record, Span
from tandem.bus.statements import COMMIT
from tandem.bus.topics import ALERTS, URGENT, is_outside
from tandem.clock import Clock, monotonic, within
from tandem.db.write import Writes
from tandem.errors import PoisonRecord, TopicAway, Unavailable
from tandem.metrics import Metrics

APPEND_S = 2.0
"""Deadline of an append: past it the caller must take another way."""
FAILING_S = 20.0
"""A producer that has delivered nothing for so long although it was asked to is replaced."""
_OVERHEAD = 64 << 10
"""Room for key, headers and framing beside a value."""


class KafkaBus:
    """See ``tandem.bus.port.Bus``."""

    name = "kafka"

    def __init__(
        self,
        settings: KafkaSettings,
        dsn: str,
        role: str,
        *,
        clock: Clock,
        metrics: Metrics | None = None,
        published: Callable[[], None] = lambda: None,
        append_s: float = APPEND_S,
    ) -> None:
        """Positions are kept in the database at ``dsn``; ``published`` is called when a commit filled the outbox."""
        self.settings = settings
        self.published = published
        self.consumers: list[KafkaConsumer] = []
        self.reach = Reach(settings, dsn, role, clock=clock)
        self._dsn = dsn
        self._role = role
        self._clock = clock
        self._metrics = metrics
        self._append_s = append_s
        self._producer = OneProducer(settings, metrics)
        self._alerts = settings.topic(ALERTS.name)
        self.alert_ends: dict[int, int] = {}
        """Partition of ``tandem.alerts`` -> the offset after the last record this process appended to it."""
        self._failing_since: float | None = None

    async def start(self) -> None:
        """Connect the producer."""
        try:
            await within(self._append_s * 5, self._producer.get())
        except TimeoutError as fault:
            raise await self._no_answer() from fault
        except Unavailable as fault:
            raise await self._explained(fault) from fault

    async def stop(self) -> None:
        """Close consumers and the producer, side by side."""
        await asyncio.gather(*(consumer.close() for consumer in tuple(self.consumers)), self._producer.close())

    async def answers(self) -> None:
        """For ``/readyz``: ask for metadata.

        Raises:
            Unavailable: no broker answers.
        """
        try:
            producer = await self._producer.get()
        except Unavailable as fault:
            raise await self._explained(fault) from fault
        if not await producer.client.force_metadata_update():
            raise await self._no_answer()

    async def append(self, records: Sequence[Record]) -> None:
        """Send ``records`` and wait until every one is acknowledged; the deadline is two seconds.

        Raises:
            PoisonRecord: one of them is larger than the bus takes; others may be durable.
            Unavailable: see the port.
        """
        for record in records:
            if len(record.value) > MAX_RECORD_BYTES - _OVERHEAD:
                raise PoisonRecord(f"{len(record.value)} bytes are more than a topic takes", topic=record.topic)
        try:
            await within(self._append_s, self._appended(records))
        except TimeoutError as fault:
            self._failed()
            raise Unavailable("kafka", f"not acknowledged within {self._append_s:g} s") from fault
        self._failing_since = None

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join ``group`` for ``topics`` at the first fetch."""
        consumer = KafkaConsumer(
            self.settings,
            self._dsn,
            self._role,
            group=group,
            topics=topics,
            metrics=self._metrics,
            left=self.consumers.remove,
        )
        self.consumers.append(consumer)
        self.reach.groups.setdefault(group, set()).update(topics)
        return consumer

    def partition_of(self, key: str) -> int:
        """The same in every process that was told the same number of partitions."""
        return partition_of(key, self.settings.partitions)

    def publish(self, writes: Writes, records: Sequence[Record]) -> None:
        """Into the outbox in the transaction of ``writes``."""
        put_outbox(writes, records, self._clock.now())

    def commit(self, writes: Writes, group: str, spans: Sequence[Span]) -> None:
        """Move ``group`` past ``spans`` in the transaction of ``writes``."""
        for span in spans:
            row = (group, span.topic, span.partition, span.epoch, span.first, span.next)
            writes.put(COMMIT, (group, span.topic, span.partition), row)

    def notify(self, topics: Sequence[str]) -> None:
        """The relay of this process may have work; consumers are woken by the broker."""
        if topics:
            self.published()

    async def _no_answer(self) -> Unavailable:
        return Unavailable("kafka", await refusal(self.settings) or f"no answer from {self.settings.bootstrap}")

    async def _explained(self, fault: Unavailable) -> Unavailable:
        """The same with what to do about it, where a broker says why."""
        cause = fault.__cause__
        told = advice(self.settings, cause) if isinstance(cause, KafkaError) else None
        told = told or await refusal(self.settings)
        return Unavailable("kafka", told) if told else fault

    async def _appended(self, records: Sequence[Record]) -> None:
        await self._send(await self._producer.get(), records)

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> None:
        partitions = {topic: await self._known(producer, topic) for topic in sorted({r.topic for r in records})}
        sent = []
        try:
            for record in records:
                headers = [(name, value.encode()) for name, value in (record.headers or {}).items()]
                partition = partition_of(record.key, partitions[record.topic])
                topic, key = self.settings.topic(record.topic), record.key.encode("utf-8", "surrogatepass")
                sent.append(await producer.send(topic, record.value, key, partition, headers=headers))
        except KafkaError as fault:
            await asyncio.gather(*sent, return_exceptions=True)
            self._refused(producer, fault, records[len(sent)].topic)
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        for record, outcome in zip(records, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                self._refused(producer, outcome, record.topic)
            elif outcome.topic == self._alerts:
                self.alert_ends[outcome.partition] = max(outcome.offset + 1, self.alert_ends.get(outcome.partition, 0))

    async def _known(self, producer: AIOKafkaProducer, topic: str) -> int:
        """How many partitions ``topic`` has; an outside one is made by its first record, as on the PostgreSQL bus.

        Raises:
            TopicAway: an outside one is missing.
            Unavailable: ours is, or has another number than we were told: keys would leave their partition.
        """
        name = self.settings.topic(topic)
        count = _partitions(producer, name) or await self._looked_up(producer, name)
        if not count and is_outside(topic):
            await self._create(topic)
            count = await self._looked_up(producer, name)
        if not count:
            raise _away(topic, f"topic {name} is missing: run `tandem kafka ensure-topics`")
        if count != self.settings.partitions and not is_outside(topic):
            raise Unavailable("kafka", wrong_partitions(self.settings, topic, count))
        return count

    async def _create(self, topic: str) -> None:
        try:
            await create_outside(self.settings, topic)
        except TopicAway:
            raise
        except Unavailable as fault:
            told = str(fault).removeprefix("kafka: ")
            raise TopicAway(
                topic, f"{told}: make it by `tandem kafka ensure-topics`, or let our login create it"
            ) from fault

    async def _looked_up(self, producer: AIOKafkaProducer, name: str) -> int:
        producer.client.add_topic(name)
        await producer.client.force_metadata_update()
        return _partitions(producer, name)

    def _refused(self, producer: AIOKafkaProducer, fault: BaseException, topic: str) -> None:
        """A batch of ``topic`` failed for good.

        Raises:
            PoisonRecord: too large for its topic.
            TopicAway: it is an outside one and we may not write it.
            Unavailable: anything else.
        """
        self._producer.spoiled(producer)
        if isinstance(fault, MessageSizeTooLargeError | RecordListTooLargeError):
            raise PoisonRecord("larger than its topic takes (max.message.bytes)") from fault
        if isinstance(fault, TopicAuthorizationFailedError):
            raise _away(topic, f"our login may not write topic {self.settings.topic(topic)}") from fault
        if isinstance(fault, KafkaError | OSError):
            raise Unavailable("kafka", describe(fault)) from fault
        raise fault

    def _failed(self) -> None:
        """The client reconnects by itself; one that has not for long gets no more time."""
        now = monotonic()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > FAILING_S:
            self._failing_since = None
            self._producer.renew()


def _away(topic: str, detail: str) -> Unavailable:
    """The fault of one topic, if it is one outside, or one of copies.

    Ours go by the broker together or not at all: one that has just been started knows none of its topics for a moment,
    and pages must not stand aside for that.
    """
    may_stand_aside = is_outside(topic) or topic == URGENT.name
    return TopicAway(topic, detail) if may_stand_aside else Unavailable("kafka", detail)


def _partitions(producer: AIOKafkaProducer, name: str) -> int:
    return len(producer.client.cluster.partitions_for_topic(name) or ())


def wrong_partitions(settings: KafkaSettings, topic: str, count: int) -> str:
    """What to do about a topic with another number of partitions than we were told."""
    return (
        f"topic {settings.topic(topic)} has {count} partitions, not {settings.partitions}:"
        f" set TANDEM_KAFKA_PARTITIONS={count} in every process, or make the topic anew"
    )
