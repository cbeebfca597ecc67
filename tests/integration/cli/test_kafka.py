"""`tandem kafka ensure-topics` on a real broker: makes, sets, names what a person has to decide, and can be run twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic

from tandem.bus.kafka_topics import admin, look
from tandem.bus.port import Record
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.kafka.services import environment_of
from tests.support.postgres import Database
from tests.support.served import TANDEM, launch

pytestmark = pytest.mark.kafka


async def ensure(room: KafkaRoom, database: Database, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    log = tmp_path / "out.log"
    command = [str(TANDEM), "kafka", "ensure-topics", *arguments]
    process = await launch(command, log, environment_of(database, room.settings))
    return await process.wait(), log.read_text()


async def test_topics_are_made_once_set_when_they_differ_and_a_dry_run_makes_nothing(
    kafka_room: KafkaRoom, database: Database, tmp_path: Path
):
    alerts, pages = (kafka_room.settings.topic(name) for name in ("tandem.alerts", "tandem.pages"))
    async with admin(kafka_room.settings) as client:
        await client.create_topics([NewTopic(alerts, 8, 1, topic_configs={"segment.bytes": "2000000"})])

        code, said = await ensure(kafka_room, database, tmp_path, "--dry-run", "--output", "json")
        assert code == 0, said
        told = {row["topic"]: row["is"] for row in json.loads(said)}
        assert (told[alerts], told[pages]) == ("to be set", "to be created")
        assert set(await look(client, [alerts, pages])) == {alerts}

        assert (await ensure(kafka_room, database, tmp_path))[0] == 0
        there = await look(client, [alerts, pages])
        assert there[pages].partitions == 8
        assert there[alerts].configs["retention.ms"] == str(7 * 24 * 3600 * 1000)
        assert there[alerts].own["segment.bytes"] == "2000000"

    code, said = await ensure(kafka_room, database, tmp_path, "--output", "json")
    assert code == 0, said
    assert {row["is"] for row in json.loads(said)} == {"as it should be"}


async def test_a_topic_with_other_partitions_is_a_problem_and_exit_1(
    kafka_room: KafkaRoom, database: Database, tmp_path: Path
):
    async with admin(kafka_room.settings) as client:
        await client.create_topics([NewTopic(kafka_room.settings.topic("tandem.alerts"), 3, 1)])

    code, said = await ensure(kafka_room, database, tmp_path)

    assert code == 1
    assert "tandem.alerts has 3 partitions, not 8" in said
    assert "TANDEM_KAFKA_PARTITIONS=3" in said


async def test_a_broker_that_is_not_there_is_exit_3_in_one_line(
    kafka_room: KafkaRoom, database: Database, tmp_path: Path
):
    nowhere = KafkaRoom(kafka_room.again(bootstrap="127.0.0.1:1"))

    code, said = await ensure(nowhere, database, tmp_path)

    assert code == 3
    assert said.strip().splitlines()[-1].startswith("kafka: ")


async def test_a_database_without_its_schema_is_exit_3_with_what_to_run(
    kafka_room: KafkaRoom, empty_database: Database, tmp_path: Path
):
    code, said = await ensure(kafka_room, empty_database, tmp_path)

    assert (code, len(said.strip().splitlines())) == (3, 1), said
    assert "tandem db upgrade" in said


async def tailed(room: KafkaRoom, database: Database, tmp_path: Path, topic: str) -> tuple[int, str]:
    log = tmp_path / "tail.log"
    process = await launch([str(TANDEM), "bus", "tail", topic], log, environment_of(database, room.settings))
    async with asyncio.timeout(60):
        return await process.wait(), log.read_text()


async def test_what_travels_on_a_topic_is_shown_from_the_broker_oldest_first(
    kafka_room: KafkaRoom, database: Database, tmp_path: Path
):
    outside = "tandem.routed.internal.acme"
    await kafka_room.create(["tandem.alerts", outside])
    async with kafka_bus(kafka_room.settings, database) as bus:
        await bus.append([Record("tandem.alerts", "acme/a", f"odd {n}".encode()) for n in range(1200)])
        await bus.append([Record(outside, "acme/a", b'{"id": "e1"}'), Record(outside, "acme/a", b"no json")])

    code, said = await tailed(kafka_room, database, tmp_path, "alerts")
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert code == 0, said
    assert [row["offset"] for row in rows] == list(range(1200))
    assert (rows[0]["key"], set(rows[0]["payload"])) == ("acme/a", {"unreadable"})

    code, said = await tailed(kafka_room, database, tmp_path, "routed.internal.acme")
    payloads = [json.loads(line)["payload"] for line in said.splitlines() if line.startswith("{")]
    assert payloads[0] == {"id": "e1"}
    assert set(payloads[1]) == {"unreadable"}


@pytest.mark.parametrize("topic", ["pages", "routed.msp.nobody"])
async def test_a_topic_that_is_not_on_the_broker_is_said_to_be_missing(
    kafka_room: KafkaRoom, database: Database, tmp_path: Path, topic: str
):
    code, said = await tailed(kafka_room, database, tmp_path, topic)

    assert code == 3, said
    assert f"tandem.{topic} is missing" in said
