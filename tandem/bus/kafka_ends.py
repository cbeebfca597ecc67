"""How far partitions reach on the broker, asked over a connection of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.clock import within

_STOP_S = 2.0


async def ends_of(settings: KafkaSettings, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """(topic, partition) -> the offset behind its last record.

    Raises:
        KafkaError: no broker answers, or a topic is missing or forbidden.
    """
    probe = AIOKafkaConsumer(**settings.client("tandem-watch"), request_timeout_ms=int(REQUEST_S * 1000))
    tps = {TopicPartition(settings.topic(topic), part): (topic, part) for topic, part in places}
    try:
        await probe.start()
        return {tps[tp]: end for tp, end in (await probe.end_offsets(list(tps))).items()}
    finally:
        with suppress(TimeoutError, KafkaError, OSError):
            await within(_STOP_S, probe.stop())
