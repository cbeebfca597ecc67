"""The one producer of a process, made when it is first needed and again when it is spoiled.

One per process and not one per request: a broker keeps state for each, and a fleet that made them freely has taken a
cluster down. A failed batch leaves a hole in the sequence that an idempotent producer numbers its batches by, and the
broker refuses everything of that partition afterwards: so a producer whose batch failed for good is replaced.

A producer ends behind the back of whoever is done with it. The client's own end waits for what is on its way, and on
the way it swallows a cancellation: a caller that waited for it has been seen to wait for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tandem.bus.kafka_flood import calm
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.clock import within
from tandem.errors import Unavailable
from tandem.metrics import Metrics

START_S = 2 * REQUEST_S
_FLUSH_S = 1.0
_END_S = 2.0

log = structlog.get_logger("tandem.bus")


class OneProducer:
    """Holds the producer; ``tandem_kafka_producers`` counts it."""

    def __init__(
        self,
        settings: KafkaSettings,
        metrics: Metrics | None,
        *,
        make: Callable[..., AIOKafkaProducer] = AIOKafkaProducer,
    ) -> None:
        """Connects at first use; ``make`` is the client's own."""
        calm()
        self._settings = settings
        self._metrics = metrics
        self._make = make
        self._lock = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def get(self) -> AIOKafkaProducer:
        """The producer, connected.

        Raises:
            Unavailable: no broker takes us.
        """
        if self._producer is not None:
            return self._producer
        async with self._lock:
            if self._producer is None:
                self._producer = await self._started()
                self._count(1)
            return self._producer

    def spoiled(self, producer: AIOKafkaProducer) -> None:
        """``producer`` must not be used again; who waits for it waits until his deadline."""
        if self._producer is producer:
            log.warning("kafka producer is replaced")
            self._producer = None
            self._count(0)
            self._end_behind(producer)

    def renew(self) -> None:
        """Whatever the producer is at: the next use makes another."""
        if self._producer is not None:
            self.spoiled(self._producer)

    async def close(self) -> None:
        """Give what is on its way a second, then end; bounded whatever the broker does."""
        producer = self._producer
        if producer is not None:
            try:
                await within(_FLUSH_S, producer.flush())
            except TimeoutError:
                log.warning("kafka did not take everything before the stop")
            self._producer = None
            self._count(0)
            self._end_behind(producer)
        if self._ending:
            await asyncio.wait(tuple(self._ending), timeout=_END_S)

    async def _started(self) -> AIOKafkaProducer:
        producer = self._make(**self._settings.producer("tandem"))
        try:
            await within(START_S, producer.start())
        except BaseException as fault:
            self._end_behind(producer)
            if isinstance(fault, KafkaError | OSError):
                raise Unavailable("kafka", describe(fault)) from fault
            raise
        return producer

    def _end_behind(self, producer: AIOKafkaProducer) -> None:
        ending = asyncio.create_task(_end(producer), name="kafka producer ends")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _count(self, producers: int) -> None:
        if self._metrics is not None:
            self._metrics.kafka_producers.set(producers)


async def _end(producer: AIOKafkaProducer) -> None:
    """The client's own stop first waits for what it holds, however long; its parts are ended one by one instead."""
    producer._closed = True  # noqa: SLF001 - what its stop does besides waiting is done here
    for part in (producer._sender.close, producer.client.close):  # noqa: SLF001 - as above
        try:
            await within(_END_S / 2, part())
        except (TimeoutError, KafkaError, OSError) as fault:
            log.warning("kafka producer did not end in order", fault=describe(fault))


def describe(fault: BaseException) -> str:
    """One line about a client's fault."""
    return f"{type(fault).__name__}: {fault}".replace("\n", " ").removesuffix(": ")[:200]
