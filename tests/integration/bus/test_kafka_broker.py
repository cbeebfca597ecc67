"""The Kafka bus when its broker is killed, stands still or comes back: it says so in time, goes on by itself, and stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tandem.bus.kafka import APPEND_S, KafkaBus
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.port import Consumer, Record
from tandem.clock import SystemClock, monotonic
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.cluster import Cluster
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.postgres import Database

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TOPIC = "tandem.alerts"
COME_S = 90.0
STOPPED_S = 12.0
"""Five seconds are promised; a busy machine gets more than twice that."""


@pytest.fixture(scope="module")
async def cluster() -> AsyncIterator[Cluster]:
    """A broker that the tests of this module may take away; each leaves it running."""
    made = Cluster()
    try:
        await made.start()
        yield made
    finally:
        await asyncio.to_thread(made.stop)


@pytest.fixture
async def settings(cluster: Cluster, request: pytest.FixtureRequest) -> KafkaSettings:
    settings = KafkaSettings(bootstrap=cluster.bootstrap, prefix=f"t{abs(hash(request.node.name))}.")
    await KafkaRoom(settings).create([TOPIC])
    return settings


async def read_until(member: Consumer, wanted: set[bytes]) -> list[bytes]:
    got: list[bytes] = []
    until = monotonic() + COME_S
    while not wanted <= set(got):
        assert monotonic() < until, f"{len(wanted - set(got))} records did not come"
        try:
            got += [r.value for r in (await member.fetch(500, 0.5)).records]
        except Unavailable:
            await asyncio.sleep(0.1)
    return got


async def append_until_taken(bus: KafkaBus, value: bytes) -> None:
    until = monotonic() + COME_S
    while True:
        try:
            return await bus.append([Record(TOPIC, f"acme/{value.decode()}", value)])
        except Unavailable:
            assert monotonic() < until, "the broker takes nothing any more"
            await asyncio.sleep(0.1)


async def test_after_a_kill_of_the_broker_producer_and_members_go_on_by_themselves(
    cluster: Cluster, settings: KafkaSettings, database: Database
):
    metrics = Metrics()
    async with kafka_bus(settings, database, metrics=metrics, append_s=APPEND_S) as bus:
        members = [await bus.consumer(group, [TOPIC]) for group in ("router", "console")]
        await bus.append([Record(TOPIC, f"acme/{n}", b"before") for n in range(16)])
        for member in members:
            await read_until(member, {b"before"})

        cluster.kill()
        began = monotonic()
        with pytest.raises(Unavailable, match="kafka"):
            await bus.append([Record(TOPIC, "acme/a", b"during")])
        assert monotonic() - began < 15
        with pytest.raises(Unavailable, match="kafka"):
            await bus.answers()
        await cluster.restart()

        after = {f"after-{n}".encode() for n in range(16)}
        await asyncio.gather(*(append_until_taken(bus, value) for value in after))
        for member in members:
            await read_until(member, after)
        await bus.answers()
        assert metrics.registry.get_sample_value("tandem_kafka_producers") == 1


async def test_a_broker_that_stands_still_is_noticed_and_forgiven(
    cluster: Cluster, settings: KafkaSettings, database: Database
):
    async with kafka_bus(settings, database, append_s=APPEND_S) as bus:
        member = await bus.consumer("router", [TOPIC])
        await append_until_taken(bus, b"before")
        await read_until(member, {b"before"})

        cluster.pause()
        try:
            began = monotonic()
            with pytest.raises(Unavailable, match="not acknowledged within 2 s"):
                await bus.append([Record(TOPIC, "acme/a", b"during")])
            took = monotonic() - began
            await asyncio.sleep(12)  # longer than a session
        finally:
            cluster.go_on()

        assert took < 12
        await append_until_taken(bus, b"after")
        await read_until(member, {b"after"})


async def test_a_process_stops_although_its_broker_is_gone(
    cluster: Cluster, settings: KafkaSettings, database: Database
):
    bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock())
    await bus.start()
    members = [await bus.consumer(group, [TOPIC]) for group in ("router", "sla-clock", "notifier", "console")]
    await append_until_taken(bus, b"before")
    for member in members:
        await read_until(member, {b"before"})
    others = asyncio.all_tasks()

    cluster.kill()
    with pytest.raises(Unavailable):  # something is left in the producer that can never be delivered
        await bus.append([Record(TOPIC, "acme/a", b"never")])
    began = monotonic()
    await bus.stop()
    took = monotonic() - began

    await cluster.restart()
    assert took < STOPPED_S
    await asyncio.sleep(0.5)
    left = [task for task in asyncio.all_tasks() & others if "aiokafka" in repr(task)]
    assert not left, left


async def test_a_process_stops_although_its_broker_stands_still(
    cluster: Cluster, settings: KafkaSettings, database: Database
):
    bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock())
    await bus.start()
    member = await bus.consumer("router", [TOPIC])
    await append_until_taken(bus, b"before")
    await read_until(member, {b"before"})

    cluster.pause()
    try:
        began = monotonic()
        await bus.stop()
        took = monotonic() - began
    finally:
        cluster.go_on()

    assert took < STOPPED_S
