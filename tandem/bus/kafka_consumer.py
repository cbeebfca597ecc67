"""One member of a group on Kafka: partitions come from Kafka's group protocol, positions from PostgreSQL.

Here is its membership: how it joins, what Kafka gives it and takes, when its client is made anew, how it leaves.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from tandem.bus.kafka_leaving import leave
from tandem.bus.kafka_positions import Place, Positions
from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_reading import Reading
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.bus.kafka_told import Told
from tandem.bus.port import Batch
from tandem.clock import monotonic
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem.metrics import Metrics

_FAULTS = 3
"""So many failed fetches in a row, and the client is made anew."""
_PROCESS = f"{socket.gethostname()[:40]}-{secrets.token_hex(3)}"
"""Replicas number their members alike, and in containers their processes too: the watch must tell them apart."""

log = structlog.get_logger("tandem.bus")
_numbers = count(1)


class KafkaConsumer:
    """See ``tandem.bus.port.Consumer``."""

    def __init__(
        self,
        settings: KafkaSettings,
        dsn: str,
        role: str,
        *,
        group: str,
        topics: Sequence[str],
        metrics: Metrics | None = None,
        left: Callable[[KafkaConsumer], None] | None = None,
    ) -> None:
        """Joins at the first fetch. ``left`` is called once when the member has closed."""
        self.group = group
        self.client_id = f"tandem-{group}-{_PROCESS}-{next(_numbers)}"
        """This member's alone, in every process there is."""
        self.polled_at = monotonic()
        """When it was last asked for records."""
        self._settings = settings
        self._topics = tuple(topics)
        self._left = left
        self._link = Link(dsn, role, name=f"tandem {group}")
        self._positions = Positions(settings, group, topics, self._link, metrics)
        self._reading = Reading(self._positions)
        self._told = Told(self._positions, group, topics, self._link, metrics)
        self._client: AIOKafkaConsumer | None = None
        self._telling: asyncio.Task[None] | None = None
        self._faults = 0
        self._stale = False
        self._closed = False

    @property
    def moved_at(self) -> float:
        """When it last got records, or had nothing to get."""
        return self._positions.moved_at

    def epochs(self) -> Mapping[Place, int]:
        """(topic, partition) -> epoch of what this member holds."""
        return self._positions.epochs()

    def nexts(self) -> Mapping[Place, int]:
        """(topic, partition) -> where reading goes on."""
        return self._positions.nexts()

    def wake(self) -> None:
        """Make a waiting fetch return."""
        self._reading.wake()

    def renew(self) -> None:
        """Leave with this client and join with another, at the next fetch."""
        self._stale = True
        self._reading.wake()

    async def fetch(self, limit: int, wait_s: float) -> Batch:
        """Up to ``limit`` records; see the port."""
        self.polled_at = monotonic()
        if self._stale:
            await self._drop()
        try:
            client = await self._joined()
            await self._positions.take(client)
            batch = await self._reading.fetch(client, limit, wait_s)
        except Unavailable:
            raise
        except (KafkaError, OSError, TimeoutError, AssertionError) as fault:
            await self._failed(fault)
            raise Unavailable("kafka", describe(fault)) from fault
        self._faults = 0
        return batch

    async def rewind(self) -> None:
        """Take positions from the committed offsets again."""
        if not self._positions or self._client is None:
            return
        try:
            await self._positions.rewind(self._client)
        except BaseException as fault:
            # What was read and not committed is read again all the same, also when nothing new ever comes.
            self._positions.forget()
            if isinstance(fault, (KafkaError, TimeoutError, AssertionError)):
                raise Unavailable("kafka", describe(fault)) from fault
            raise

    async def close(self) -> None:
        """Leave the group, within five seconds whatever the broker does."""
        self._closed = True
        self._reading.wake()
        self._positions.forget()
        await self._drop()
        await self._link.close()
        if self._left is not None:
            self._left(self)
            self._left = None

    def revoked(self) -> None:
        """Kafka takes everything back."""
        log.info("kafka took partitions back", group=self.group, partitions=len(self._positions.nexts()))
        self._positions.revoked()

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """Kafka gave ``partitions``; the next fetch takes them."""
        self._positions.assigned(self._client, partitions)
        self._reading.wake()

    async def _joined(self) -> AIOKafkaConsumer:
        if self._client is not None:
            return self._client
        if self._closed:
            raise Unavailable("kafka", "this member has left")
        client = AIOKafkaConsumer(**self._settings.consumer(self.client_id, self.group))
        try:
            async with asyncio.timeout(REQUEST_S):
                await client.start()
                await self._check_topics(client)
        except BaseException:
            await leave(client)
            raise
        client.subscribe([self._settings.topic(topic) for topic in self._topics], listener=_Listener(self))
        self._client = client
        self._telling = asyncio.create_task(self._told.keep(client), name=f"offsets of {self.group}")
        self._positions.moved_at = monotonic()
        return client

    async def _check_topics(self, client: AIOKafkaConsumer) -> None:
        """A group on a topic that is missing would wait for ever and say nothing.

        Raises:
            Unavailable: which, and what to do.
        """
        existing = await client.topics()
        for topic in self._topics:
            name = self._settings.topic(topic)
            if name not in existing:
                raise Unavailable("kafka", f"topic {name} is missing: run `tandem kafka ensure-topics`")

    async def _failed(self, fault: BaseException) -> None:
        self._faults += 1
        log.warning("kafka fetch failed", group=self.group, fault=describe(fault))
        if self._faults >= _FAULTS and self._client is not None:
            self._faults = 0
            log.warning("kafka consumer is made anew", group=self.group)
            await self._drop()

    async def _drop(self) -> None:
        self._stale = False
        client, self._client = self._client, None
        telling, self._telling = self._telling, None
        self._positions.revoked()
        if telling is not None:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        if client is not None:
            await leave(client)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka ships no types
    """Tells a member what Kafka gives and takes; both return at once."""

    def __init__(self, member: KafkaConsumer) -> None:
        self._member = member

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        if revoked:
            self._member.revoked()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._member.assigned(assigned)
