"""Reads a topic on Kafka from its oldest record on, for a person who looks: no group, and nothing is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_refusal import refusal
from tandem.bus.kafka_settings import REQUEST_S, KafkaSettings
from tandem.bus.port import Record
from tandem.clock import within
from tandem.errors import Unavailable

_WAIT_S = 0.5
_STOP_S = 2.0


async def tail(settings: KafkaSettings, topic: str, *, follow: bool) -> AsyncIterator[Record]:
    """Every record of ``topic``, in order within a partition; ends at what was its end, or with ``follow`` never.

    Raises:
        Unavailable: no broker answers, or there is no such topic; what to do.
    """
    given = {**settings.client("tandem-tail"), "request_timeout_ms": int(REQUEST_S * 1000)}
    client = AIOKafkaConsumer(**given, enable_auto_commit=False)
    try:
        await _connect(settings, client)
        left = await _begin(settings, client, topic)
        while left or follow:
            for tp, records in (await client.getmany(timeout_ms=int(_WAIT_S * 1000))).items():
                for each in records:
                    key = (each.key or b"").decode("utf-8", "replace")
                    yield Record(topic, key, each.value or b"", None, each.partition, each.offset)
                if await client.position(tp) >= left.get(tp, 0):
                    left.pop(tp, None)
    except (KafkaError, OSError) as fault:
        raise Unavailable("kafka", describe(fault)) from fault
    finally:
        with suppress(TimeoutError, KafkaError, OSError):
            await within(_STOP_S, client.stop())


async def _connect(settings: KafkaSettings, client: AIOKafkaConsumer) -> None:
    try:
        await client.start()
    except KafkaConnectionError as fault:
        raise Unavailable("kafka", await refusal(settings) or describe(fault)) from fault


async def _begin(settings: KafkaSettings, client: AIOKafkaConsumer, topic: str) -> dict[TopicPartition, int]:
    """Go to the oldest records; where each partition ends that holds any."""
    name = settings.topic(topic)
    cluster = await client._client.fetch_all_metadata()  # noqa: SLF001 - the public call keeps the partitions to itself
    tps = [TopicPartition(name, part) for part in sorted(cluster.partitions_for_topic(name) or ())]
    if not tps:
        raise Unavailable("kafka", f"topic {name} is missing, or our login may not read it")
    client.assign(tps)
    begins, ends = await asyncio.gather(client.beginning_offsets(tps), client.end_offsets(tps))
    for tp in tps:
        client.seek(tp, begins[tp])
    return {tp: ends[tp] for tp in tps if ends[tp] > begins[tp]}
