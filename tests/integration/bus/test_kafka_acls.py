"""A cluster that decides by ACLs: who may read and write what, as ``tandem kafka grant-reader`` and ``grant-service`` give it.

The broker is a real one with SASL/SCRAM and StandardAuthorizer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError, for_code
from aiokafka.protocol.fetch import FetchRequest

from tandem.bus.kafka_acls import Granted, Operation, Pattern, Resource, Rule, grant, reader_rules, service_rules
from tandem.bus.kafka_settings import KafkaSettings, Security
from tandem.bus.kafka_topics import OUTSIDE_PARTITIONS, admin
from tandem.bus.port import Record
from tandem.bus.topics import ALERTS, INCIDENTS, MISSING, routed_topic
from tandem.errors import Unavailable
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.cluster import Login
from tests.support.kafka.fixtures import FAIRHAVEN, INGEST, NORTHWIND, ROUTER, KafkaRoom, as_user
from tests.support.postgres import Database

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]  # the first test starts the broker

OURS = routed_topic("internal", "northwind")
THEIRS = routed_topic("internal", "fairhaven")
COME_S = 30.0


@contextlib.asynccontextmanager
async def reader(room: KafkaRoom, login: Login, topic: str, group: str) -> AsyncIterator[AIOKafkaConsumer]:
    """As a program outside has it: by the user's password, in a group of its own."""
    settings = as_user(room.settings, login)
    consumer = AIOKafkaConsumer(
        **settings.client(login.name), group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.subscribe([settings.topic(topic)])
        yield consumer
    finally:
        await consumer.stop()


async def granted(room: KafkaRoom, login: Login, topic: str) -> Granted:
    """The reader's rules, given; groups in this room begin with the room's prefix."""
    rules = reader_rules(room.settings, login.name, topic, groups_of(room, login))
    given = await grant(room.settings, rules)
    await in_force(room, rules)
    return given


async def in_force(room: KafkaRoom, rules: list[Rule]) -> None:
    """The controller has them; the broker follows a moment later."""
    async with asyncio.timeout(COME_S):
        while (await grant(room.settings, rules, dry_run=True)).new:  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)


def groups_of(room: KafkaRoom, login: Login) -> str:
    return f"{room.settings.prefix}{login.name}."


@pytest.fixture
async def room(secured_room: KafkaRoom, database: Database) -> KafkaRoom:
    """Two clients' outside topics with a record each."""
    await secured_room.create([OURS, THEIRS, ALERTS.name, MISSING.name, INCIDENTS.name])
    async with kafka_bus(secured_room.settings, database) as bus:
        await bus.append([Record(OURS, "northwind/1", b"ours"), Record(THEIRS, "fairhaven/1", b"theirs")])
    return secured_room


async def test_a_reader_gets_its_own_topic_and_is_refused_the_neighbours(room: KafkaRoom):
    await granted(room, NORTHWIND, OURS)
    await granted(room, FAIRHAVEN, THEIRS)
    group = f"{groups_of(room, NORTHWIND)}desk"

    async with reader(room, NORTHWIND, OURS, group) as consumer, asyncio.timeout(COME_S):
        record = await consumer.getone()
    ours = await fetched(as_user(room.settings, NORTHWIND), OURS)
    theirs = await fetched(as_user(room.settings, NORTHWIND), THEIRS)

    assert (record.topic, record.value) == (room.settings.topic(OURS), b"ours")
    assert (b"ours" in ours.data, ours.refusals) == (True, set())
    assert (theirs.data, theirs.refusals) == (b"", {TopicAuthorizationFailedError})


async def test_a_reader_does_not_even_see_which_topics_there_are(room: KafkaRoom):
    await granted(room, NORTHWIND, OURS)

    async with admin(as_user(room.settings, NORTHWIND)) as client:
        seen = [name for name in await client.list_topics() if name.startswith(room.settings.prefix)]

    assert seen == [room.settings.topic(OURS)]


async def test_a_reader_cannot_join_a_group_of_the_neighbours_or_of_tandem(room: KafkaRoom):
    await granted(room, NORTHWIND, OURS)

    for group in (f"{groups_of(room, FAIRHAVEN)}desk", room.settings.group("router")):
        with pytest.raises(GroupAuthorizationFailedError):
            async with reader(room, NORTHWIND, OURS, group) as consumer, asyncio.timeout(COME_S):
                await consumer.getone()


@pytest.mark.parametrize("how", ["without a password", "with a wrong password"])
async def test_whoever_does_not_prove_who_they_are_gets_nothing(room: KafkaRoom, how: str):
    stranger = as_user(room.settings, replace(NORTHWIND, password="guessed"))
    if how == "without a password":
        stranger = replace(stranger, security=Security.PLAINTEXT, username=None, password=None)
    consumer = AIOKafkaConsumer(**stranger.client("stranger"), request_timeout_ms=3000)

    with pytest.raises(KafkaError):
        async with asyncio.timeout(COME_S):
            await consumer.start()
    await consumer.stop()


async def test_who_relays_writes_what_any_of_them_publishes_and_only_the_edge_writes_alerts(
    room: KafkaRoom, database: Database
):
    for login, service in ((ROUTER, "router"), (INGEST, "ingest")):
        rules = service_rules(room.settings, login.name, service)
        await grant(room.settings, rules)
        await in_force(room, rules)

    async with kafka_bus(as_user(room.settings, ROUTER), database) as bus:
        await bus.append([Record(INCIDENTS.name, "northwind/1", b"a fact")])
        await bus.append([Record(OURS, "northwind/1", b"routed")])
        await bus.append([Record(MISSING.name, "northwind/2", b"a check is silent")])
        with pytest.raises(Unavailable, match=ALERTS.name):
            await bus.append([Record(ALERTS.name, "northwind/2", b"forged by the router")])
        await bus.append([Record(INCIDENTS.name, "northwind/1", b"goes on")])
    async with kafka_bus(as_user(room.settings, INGEST), database) as bus:
        await bus.append([Record(ALERTS.name, "northwind/1", b"an alert")])
        with pytest.raises(Unavailable):  # it does not even see the topic
            await bus.append([Record(INCIDENTS.name, "northwind/1", b"forged")])
        await bus.append([Record(ALERTS.name, "northwind/1", b"goes on")])

    assert sorted(await room.values(ALERTS.name)) == [b"an alert", b"goes on"]
    assert await room.values(MISSING.name) == [b"a check is silent"]
    assert await room.values(INCIDENTS.name) == [b"a fact", b"goes on"]


async def test_granting_again_changes_nothing_and_tells_what_a_user_may_besides(room: KafkaRoom):
    user = f"{room.settings.prefix}somebody"
    more = Rule(user, Resource.TOPIC, room.settings.topic(THEIRS), Operation.READ)
    wish = reader_rules(room.settings, user, OURS)
    would = await grant(room.settings, wish, dry_run=True)
    first = await grant(room.settings, wish)
    await grant(room.settings, [more])

    again = await grant(room.settings, wish)

    assert (would.new, would.same, first.new, first.same) == (wish, [], wish, [])
    assert (again.new, again.same, again.besides) == ([], wish, [more])
    assert {str(rule) for rule in wish} == {
        f"READ topic {room.settings.prefix}{OURS}",
        f"DESCRIBE topic {room.settings.prefix}{OURS}",
        f"READ group {user}.*",
    }


async def test_without_the_right_to_grant_the_broker_s_refusal_is_told(room: KafkaRoom):
    settings = as_user(room.settings, NORTHWIND)

    with pytest.raises(Unavailable, match="needs DESCRIBE permission"):
        await grant(settings, [Rule("friend", Resource.TOPIC, "t", Operation.READ, Pattern.LITERAL)])


async def test_a_cluster_without_an_authorizer_says_so(kafka_room: KafkaRoom):
    with pytest.raises(Unavailable, match=r"authorizer\.class\.name"):
        await grant(kafka_room.settings, reader_rules(kafka_room.settings, "soc", OURS))


@dataclass(frozen=True)
class Fetched:
    """What a broker answered to somebody who asked for every partition by its number."""

    data: bytes
    refusals: set[type[KafkaError]]


async def fetched(settings: KafkaSettings, topic: str) -> Fetched:
    """Without a consumer's good manners, which wait in silence for a topic that they may not see."""
    client = AIOKafkaClient(**settings.client("by hand"))
    await client.bootstrap()
    try:
        parts = [(part, 0, 1 << 20) for part in range(OUTSIDE_PARTITIONS)]
        request = FetchRequest(500, 1, 1 << 20, 0, [(settings.topic(topic), parts)])
        answer = await client.send(client.get_random_node(), request)
    finally:
        await client.close()
    partitions = [partition for _, found in answer.topics for partition in found]
    assert len(partitions) == OUTSIDE_PARTITIONS
    data = b"".join(partition[-1] or b"" for partition in partitions)
    return Fetched(data, {for_code(partition[1]) for partition in partitions if partition[1]})
