"""Processes that start while Kafka is away: the edge takes alerts all the same, the others wait for the broker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tandem.app.outside import ensure_all
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.topics import ALERTS
from tandem.clock import monotonic
from tandem.model.alert import Alert
from tandem.wire import codec
from tests.support.kafka.cluster import Cluster
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.outside import COME_S, House
from tests.support.postgres import Database, new_base, quick_room

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]  # two processes and a broker, which starts twice

_ROUTED = "select count(*) from router.alert where dedup_key = 'srv-1'"
_SPOOLED = "select count(*) from ingest.spool"


async def test_the_edge_starts_without_a_broker_and_what_it_took_follows_in_order(
    own_kafka: Cluster, database: Database
):
    room = KafkaRoom(KafkaSettings(bootstrap=own_kafka.bootstrap))
    await ensure_all(room.settings, database.dsn, dry_run=False)
    edge = House(room, database, new_base(quick_room()), "ingest")
    router = House(room, database, new_base(quick_room()), "router")
    admin = await database.admin()
    own_kafka.kill()
    try:
        await edge.start(None)
        await router.spawn(None)
        await edge.add_ways(["northwind"])

        for n in range(5):
            await edge.post("northwind", "srv-1", f"Volume C: is full on server srv-1, {n}")
        while_away = (await edge.readiness(), await admin.fetchval(_SPOOLED), router.ready_file.exists())
        await own_kafka.restart()
        await router.ready()
        await edge.post("northwind", "srv-1", "Volume C: is full on server srv-1, 5")
        await all_routed(admin, 6)

        assert (while_away[0][0], while_away[1], while_away[2]) == (200, 5, False), while_away[0][1]
        assert await appended(room) == [f"Volume C: is full on server srv-1, {n}" for n in range(6)]
        assert await admin.fetchval(_SPOOLED) == 0
        assert (await edge.readiness())[0] == 200
        assert "waiting for kafka" in router.said()
    finally:
        await edge.stop()
        await router.stop()


async def appended(room: KafkaRoom) -> list[str]:
    """The condition's alerts in the order in which the router gets them."""
    alerts = [codec.decode(Alert, value) for value in await room.values(ALERTS.name)]
    return [alert.title for alert in alerts if alert.dedup_key == "srv-1"]


async def all_routed(admin: Any, count: int) -> None:
    until = monotonic() + COME_S
    while (routed := await admin.fetchval(_ROUTED)) < count:
        assert monotonic() < until, f"{routed} of {count} alerts are routed"
        await asyncio.sleep(0.1)
