"""A cluster with logins and ACLs: a service does what it may, and is told in one line what it may not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_settings import KafkaSettings, Security
from tandem.bus.kafka_topics import admin
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.clock import SystemClock, monotonic
from tandem.db.write import Writes
from tandem.errors import Unavailable
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.cluster import ADMIN, MECHANISM, Cluster, Login
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.postgres import Database

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

INGEST = Login("ingest", "ingest-password")
ALERTS, INCIDENTS = "tandem.alerts", "tandem.incidents"
OUTSIDE = "tandem.routed.msp.brightwater"


@pytest.fixture(scope="module")
async def secured() -> AsyncIterator[KafkaSettings]:
    """Settings of the administrator; ``INGEST`` may write alerts and read them as group ``router``, nothing else."""
    cluster = Cluster(users=[INGEST])
    try:
        await cluster.start()
        settings = KafkaSettings(
            bootstrap=cluster.bootstrap,
            security=Security.SASL_PLAINTEXT,
            mechanism=MECHANISM,
            username=ADMIN.name,
            password=ADMIN.password,
        )
        await KafkaRoom(settings).create([ALERTS, INCIDENTS])
        await cluster.allow(INGEST, ["Write", "Read", "Describe"], topic=ALERTS)
        await cluster.allow(INGEST, ["Read"], group="tandem.router")
        # Reserved for the test that makes it.
        await cluster.allow(INGEST, ["Write", "Describe"], topic=OUTSIDE)
        yield replace(settings, username=INGEST.name, password=INGEST.password)
    finally:
        await asyncio.to_thread(cluster.stop)


async def test_a_service_writes_and_reads_what_it_may(secured: KafkaSettings, database: Database):
    async with kafka_bus(secured, database) as bus:
        member = await bus.consumer("router", [ALERTS])
        await bus.append([Record(ALERTS, "acme/a", b"1")])
        until = monotonic() + 60
        batch = await member.fetch(10, 1)
        while not batch and monotonic() < until:
            batch = await member.fetch(10, 1)

    assert [r.value for r in batch.records] == [b"1"]


async def test_a_topic_it_may_not_write_is_refused_and_the_others_go_on(secured: KafkaSettings, database: Database):
    async with kafka_bus(secured, database) as bus:
        with pytest.raises(Unavailable, match=INCIDENTS):
            await bus.append([Record(INCIDENTS, "acme/a", b"1")])

        await bus.append([Record(ALERTS, "acme/a", b"2")])


async def test_an_outside_topic_that_it_may_not_make_stops_no_other_and_is_written_once_it_is_there(
    secured: KafkaSettings, database: Database
):
    connection: Any = await (await database.pool("tandem_router")).acquire()
    administrator = replace(secured, username=ADMIN.name, password=ADMIN.password)
    room = KafkaRoom(administrator)

    async def publish(*values: bytes) -> None:
        writes = Writes()
        for value in values:
            bus.publish(writes, [Record(OUTSIDE, "acme/a", value), Record(ALERTS, "acme/a", value)])
        async with connection.transaction():
            await run(connection, writes)
        bus.notify([ALERTS])

    async with kafka_bus(secured, database) as bus:
        await publish(b"first", b"second")
        await come(room, ALERTS, b"second")
        await room.create([OUTSIDE])
        await publish(b"third")
        await come(room, OUTSIDE, b"third")

    assert await room.values(OUTSIDE) == [b"first", b"second", b"third"]


async def come(room: KafkaRoom, topic: str, value: bytes) -> None:
    """Wait until ``topic`` has ``value``."""
    until = monotonic() + 90
    while value not in await room.values(topic):
        assert monotonic() < until, f"{topic} never got {value!r}"
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    "wrong",
    [{"password": "wrong"}, {"username": "nobody"}, {"mechanism": "PLAIN"}],
    ids=["password", "name", "mechanism"],
)
async def test_a_login_that_is_refused_is_told_as_one_with_what_to_do(
    secured: KafkaSettings, database: Database, wrong: dict[str, Any]
):
    refused = replace(secured, **wrong)
    bus = KafkaBus(refused, database.dsn, "tandem_router", clock=SystemClock())

    with pytest.raises(Unavailable, match=r"authentication failed for user .* TANDEM_KAFKA_SASL_PASSWORD"):
        await bus.start()
    await bus.stop()
    with pytest.raises(Unavailable, match="authentication failed for user"):
        async with admin(refused):
            pass
