"""Records that nobody can read, and records that come again, written straight to the broker's topics (F12, F13)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from tandem.bus.kafka_leaving import leave
from tandem.bus.partition import partition_of
from tandem.bus.topics import ALERTS, INCIDENTS, PAGES, PARTITIONS, SLA, SUPPRESSIONS, alert_key
from tests.support.effort import measured, rounds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.known import known
from tests.support.ledger import Post

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PAGED_S = 30.0
POISONED = b"\xff poison"
"""The key of what nobody can read."""
POISON = {
    "no protobuf": b"\xff\xfe\xfd not a record",
    "a schema of the future": b"\xfa\xff\xff\xff\x07\x04abcd" * 8,
    "nothing": b"",
    "three and a half mebibytes": bytes(7 << 19),
}


@pytest.fixture
async def producer(kafka_fleet: Installation[Fleet]) -> AsyncIterator[AIOKafkaProducer]:
    """Writes as somebody does who has the right to."""
    broker = kafka_fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)
    made = AIOKafkaProducer(**broker.settings.producer("somebody"))
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("raw", POISON.values(), ids=POISON.keys())
async def test_what_nobody_can_read_goes_to_quarantine_and_its_partition_moves_on(
    kafka_fleet: Installation[Fleet], producer: AIOKafkaProducer, raw: bytes
):
    fleet, post = kafka_fleet, kafka_fleet.alert()
    fleet.oracle = replace(fleet.oracle, quarantined=fleet.oracle.quarantined + 1)

    await producer.send_and_wait(ALERTS.name, raw, POISONED, partition=place_of(post))
    await fleet.deliver(post)

    late = await fleet.paged(post, within_s=PAGED_S)
    measured(f"F12 alert behind {len(raw)} bytes of poison, alert to page in s", late=late)
    await fleet.stands()
    rows = await fleet.supervisor.server.ask("select reason, raw from bus.quarantine order by at desc limit 1")
    assert rows[0]["raw"] == raw
    assert rows[0]["reason"]


async def test_a_log_that_is_played_again_changes_nothing_and_pages_nobody(
    kafka_fleet: Installation[Fleet], producer: AIOKafkaProducer
):
    """As after a relay that was killed between an append and its commit, or a producer whose answer was lost."""
    fleet = kafka_fleet
    posts = [await fleet.deliver(fleet.alert()) for _ in range(10)]
    before = await known(fleet, posts)

    for topic in (ALERTS, INCIDENTS, SLA, PAGES, SUPPRESSIONS) * rounds(1, 5):
        for record in await last(fleet, topic.name):
            if record.key != POISONED:
                await producer.send_and_wait(topic.name, record.value, record.key, partition=record.partition)
        await fleet.settled()

    await fleet.stands()
    assert before["arrived"] >= len(posts)
    assert await known(fleet, posts) == before


async def last(fleet: Installation[Fleet], topic: str) -> list[ConsumerRecord]:
    """The last records of each partition, twenty at most."""
    broker = fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)
    ends = {TopicPartition(*place): end for place, end in (await broker.ends()).items() if place[0] == topic}
    consumer = AIOKafkaConsumer(**broker.settings.client("somebody"), enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(list(ends))
        for place, end in ends.items():
            consumer.seek(place, max(0, end - 20))
        found: list[ConsumerRecord] = []
        wanted = sum(min(20, end) for end in ends.values())
        while len(found) < wanted:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found.extend(records)
        return found
    finally:
        await leave(consumer)


def place_of(post: Post) -> int:
    """The partition of the alert of ``post``."""
    return partition_of(alert_key(post.tenant, post.dedup_key), PARTITIONS)
