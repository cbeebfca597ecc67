"""A process per service on Kafka and one PostgreSQL: a posted alert pages, and everything is ready, named and stopped."""

from __future__ import annotations

import asyncio
import json
import re
import time

import aiohttp
import pytest

from tandem.db.pool import engine
from tandem.model.integration import AuthKind
from tests.support.installation import Way, make_way
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.kafka.services import KEY, SERVICES, Services, services
from tests.support.pager_provider import PagerProvider, pager_provider
from tests.support.postgres import Database

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
PAGED_S = 90.0


@pytest.fixture
async def pager():
    async with pager_provider() as provider:
        yield provider


@pytest.fixture
async def installation(kafka_room: KafkaRoom, database: Database, pager: PagerProvider):
    async with services(database, kafka_room.settings, inbox=pager.inbox, port=pager.port) as made:
        yield made


async def way_in(database: Database) -> Way:
    policy = engine(database.dsn, "tandem_policy", pooled=False)
    try:
        return await make_way(policy, KEY, "disks-cedarline", "cedarline", AuthKind.HEADER)
    finally:
        await policy.dispose()


async def post(session: aiohttp.ClientSession, installation: Services, way: Way, key: str) -> None:
    says = {
        "title": f"Volume C: is full on server {key}",
        "status": "firing",
        "severity": "high",
        "host": f"srv-{key}",
        "dedup_key": key,
    }
    body = json.dumps(says).encode()
    headers = {"Content-Type": "application/json", **way.headers(body)}
    until = time.monotonic() + 60
    while True:
        async with session.post(
            f"{installation.address('ingest')}/v1/alerts/{way.name}", data=body, headers=headers
        ) as answer:
            if answer.status == 202:
                return
            assert time.monotonic() < until, await answer.text()
        await asyncio.sleep(0.2)


async def paged(pager: PagerProvider, *keys: str) -> None:
    until = time.monotonic() + PAGED_S
    while not all(any(key in page.body["title"] for page in pager.pages) for key in keys):
        assert time.monotonic() < until, f"{len(pager.pages)} pages, not about all of {keys}"
        await asyncio.sleep(0.1)


async def test_a_posted_alert_pages_through_five_processes(
    installation: Services, database: Database, pager: PagerProvider
):
    code, said = await installation.command("agreement", "apply", str(installation.base / "agreement"))
    assert code == 0, said
    code, said = await installation.command("kafka", "ensure-topics")
    assert code == 0, said
    assert "tandem.routed.internal.northwind" in said
    assert "tandem.routed.msp.brightwater" in said
    way = await way_in(database)

    await installation.start()
    async with aiohttp.ClientSession() as session:
        await post(session, installation, way, "disk-1")
        await paged(pager, "disk-1")

        for name in SERVICES:
            async with session.get(f"{installation.address(name)}/readyz") as answer:
                assert answer.status == 200, (name, await answer.text())
            async with session.get(f"{installation.address(name)}/metrics") as answer:
                assert re.search(r"^tandem_kafka_producers 1\.0$", await answer.text(), re.MULTILINE), name

        code, said = await installation.command("doctor", "--output", "json")
        looked = {row["check"]: row["state"] for row in json.loads(said)}
        assert (code, looked.pop("alarm_url"), looked.pop("heartbeat_url")) == (0, "not set", "not set"), said
        assert {"stuck_consumers", "kafka", "kafka_topics"} <= set(looked)
        assert set(looked.values()) == {"ok"}, said

        # What comes while a service is away is worked on when it is back.
        assert await installation.processes["notifier"].stop() == 0
        await post(session, installation, way, "disk-2")
        await installation.start(["notifier"])
        await paged(pager, "disk-2")

    connection = await database.admin()
    assert await connection.fetchval("select count(*) from bus.log") == 0
    assert await connection.fetchval("select count(*) from bus.quarantine") == 0
    assert await connection.fetchval("select count(distinct grp) from bus.consumer_offset") == 4
    codes = await asyncio.gather(*(installation.processes[name].stop() for name in SERVICES))
    assert codes == [0] * len(SERVICES)
