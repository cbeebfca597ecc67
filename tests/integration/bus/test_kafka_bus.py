"""The Kafka bus when members come, go and stand still: order per key holds, nothing is lost, an old owner is fenced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete

from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_consumer import KafkaConsumer
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.kafka_topics import admin
from tandem.bus.kafka_watch import Watch
from tandem.bus.partition import partition_of
from tandem.bus.port import Batch, Consumer, Record
from tandem.bus.postgres import run
from tandem.bus.topics import URGENT
from tandem.clock import SystemClock, monotonic
from tandem.db.link import Link
from tandem.db.write import Writes
from tandem.errors import Fenced, PoisonRecord, Unavailable
from tandem.metrics import Metrics
from tests.support.kafka.bus import kafka_bus
from tests.support.kafka.fixtures import KafkaRoom
from tests.support.postgres import Database

pytestmark = pytest.mark.kafka

TOPIC = "tandem.alerts"
COME_S = 60.0


def record(key: str, value: object) -> Record:
    return Record(TOPIC, key, str(value).encode())


async def commit(database: Database, bus: KafkaBus, batch: Batch) -> None:
    writes = Writes()
    bus.commit(writes, "router", batch.spans)
    link = Link(database.dsn, "tandem_router")
    try:
        async with link.use() as connection, connection.transaction():
            await run(connection, writes)
    finally:
        await link.close()


async def next_batch(member: Consumer, limit: int = 500) -> Batch:
    """Something, however long a member takes to join."""
    until = monotonic() + COME_S
    while monotonic() < until:
        if batch := await member.fetch(limit, 1.0):
            return batch
    raise AssertionError("no record came")


@pytest.fixture
async def room(kafka_room: KafkaRoom) -> KafkaRoom:
    await kafka_room.create([TOPIC])
    return kafka_room


@pytest.fixture
async def bus(room: KafkaRoom, database: Database):
    async with kafka_bus(room.settings, database) as started:
        yield started


async def test_a_process_has_one_producer_whatever_it_appends_and_whoever_it_reads_for(
    room: KafkaRoom, database: Database
):
    metrics = Metrics()
    async with kafka_bus(room.settings, database, metrics=metrics) as bus:
        members = [await bus.consumer(group, [TOPIC]) for group in ("router", "console")]
        await asyncio.gather(*(bus.append([record(f"acme/{n}", n)]) for n in range(50)))
        for member in members:
            await next_batch(member)

        async with admin(room.settings) as client:
            connected = await client.describe_cluster()
        assert connected
        assert metrics.registry.get_sample_value("tandem_kafka_producers") == 1

    assert metrics.registry.get_sample_value("tandem_kafka_producers") == 0


async def test_two_members_share_the_partitions_and_a_rebalance_loses_and_reorders_nothing(
    room: KafkaRoom, database: Database
):
    seen: dict[str, list[int]] = {}
    stopping = asyncio.Event()

    async def work(bus: KafkaBus, until: asyncio.Event) -> None:
        member = await bus.consumer("router", [TOPIC])
        while not until.is_set():
            try:
                batch = await member.fetch(100, 0.2)
                if not batch:
                    continue
                await commit(database, bus, batch)
            except Unavailable:  # fenced included: the other one has it
                await member.rewind()
                continue
            for each in batch.records:
                seen.setdefault(each.key, []).append(int(each.value))
        await member.close()

    async with kafka_bus(room.settings, database) as one, kafka_bus(room.settings, database) as two:
        first = asyncio.create_task(work(one, stopping))
        leaves = asyncio.Event()
        await append_steadily(one, range(15))
        second = asyncio.create_task(work(two, leaves))
        await append_steadily(one, range(15, 40))
        leaves.set()
        await append_steadily(one, range(40, 60))
        until = monotonic() + COME_S
        while sum(map(len, seen.values())) < 600 and monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        stopping.set()
        await asyncio.gather(first, second)

    assert seen == {f"acme/{key}": list(range(60)) for key in range(10)}


async def append_steadily(bus: KafkaBus, numbers: Iterable[int]) -> None:
    for n in numbers:
        await bus.append([record(f"acme/{key}", n) for key in range(10)])
        await asyncio.sleep(0.1)


async def test_a_member_that_stood_still_while_its_partitions_moved_cannot_commit(room: KafkaRoom, database: Database):
    async with kafka_bus(room.settings, database) as old, kafka_bus(room.settings, database) as new:
        paused = await old.consumer("router", [TOPIC])
        await old.append([record("acme/a", 1)])
        stale = await next_batch(paused)
        heir = await new.consumer("router", [TOPIC])
        # The paused one heartbeats on, as a process does whose loop turns and whose work hangs; the group takes half
        # of its partitions, so the heir is given everything by the old one's leaving.
        await paused.close()

        again = await next_batch(heir)
        with pytest.raises(Fenced):
            await commit(database, old, stale)

        await commit(database, new, again)
        assert [r.value for r in again.records] == [b"1"]


async def test_a_batch_that_cannot_be_delivered_spoils_nothing_that_comes_after(room: KafkaRoom, bus: KafkaBus):
    async with admin(room.settings) as client:
        name = room.settings.topic("tandem.routed.msp.small")
        await client.create_topics([NewTopic(name, 1, 1, topic_configs={"max.message.bytes": "2000"})])
    small = "tandem.routed.msp.small"
    await bus.append([Record(small, "acme/a", b"fits")])

    with pytest.raises(PoisonRecord, match="larger than its topic takes"):
        await bus.append([Record(small, "acme/a", b"x" * 5000)])
    await bus.append([Record(small, "acme/a", b"fits again")])


async def test_a_record_that_no_topic_takes_is_refused_before_it_is_sent(bus: KafkaBus):
    with pytest.raises(PoisonRecord, match="more than a topic takes"):
        await bus.append([Record(TOPIC, "acme/a", b"x" * (5 << 20))])


async def test_a_record_of_a_megabyte_and_more_travels(bus: KafkaBus):
    member = await bus.consumer("router", [TOPIC])

    await bus.append([Record(TOPIC, "acme/a", b"x" * (3 << 20)), record("acme/a", "small")])

    sizes = [len(r.value) for r in (await next_batch(member)).records]
    while len(sizes) < 2:
        sizes += [len(r.value) for r in (await next_batch(member)).records]
    assert sizes == [3 << 20, 5]


async def test_a_missing_topic_is_named_with_the_command_that_makes_it(kafka_room: KafkaRoom, database: Database):
    async with kafka_bus(kafka_room.settings, database) as bus:
        member = await bus.consumer("router", [TOPIC])

        with pytest.raises(Unavailable, match="ensure-topics"):
            await bus.append([record("acme/a", 1)])
        with pytest.raises(Unavailable, match="ensure-topics"):
            await member.fetch(1, 0.1)


async def test_before_the_topic_of_what_is_urgent_is_made_its_copies_stand_aside_and_stop_nothing(
    room: KafkaRoom, bus: KafkaBus, database: Database
):
    writes = Writes()
    bus.publish(writes, [Record(URGENT.name, "acme/a", b"copy"), record("acme/a", 1)])
    link = Link(database.dsn, "tandem_router")
    async with link.use() as connection, connection.transaction():
        await run(connection, writes)
    await link.close()
    bus.notify([TOPIC])

    async with asyncio.timeout(COME_S):
        while not await room.values(TOPIC):  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.1)
    asked = await database.admin()
    async with asyncio.timeout(COME_S):
        while not await asked.fetchval("select count(*) from bus.outbox_parked"):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    assert await asked.fetchval("select topic from bus.outbox_parked") == URGENT.name


async def test_a_topic_with_another_number_of_partitions_is_refused(room: KafkaRoom, database: Database):
    async with kafka_bus(room.again(partitions=5), database) as bus:
        with pytest.raises(Unavailable, match="TANDEM_KAFKA_PARTITIONS=8"):
            await bus.append([record("acme/a", 1)])


async def test_records_that_kafka_deleted_are_counted_and_reading_goes_on(room: KafkaRoom, database: Database):
    metrics = Metrics()
    place = TopicPartition(room.settings.topic(TOPIC), partition_of("acme/a"))
    async with kafka_bus(room.settings, database, metrics=metrics) as bus:
        member = await bus.consumer("router", [TOPIC])
        await bus.append([record("acme/a", 0)])
        await commit(database, bus, await next_batch(member))
        await member.close()
        await bus.append([record("acme/a", n) for n in range(1, 6)])
        await delete_before(room.settings, place, 4)

        late = await bus.consumer("router", [TOPIC])
        batch = await next_batch(late)
        await commit(database, bus, batch)

    assert [r.value for r in batch.records] == [b"4", b"5"]
    labels = {"topic": TOPIC, "group": "router"}
    assert metrics.registry.get_sample_value("tandem_consumer_skipped_records_total", labels) == 3


async def delete_before(settings: KafkaSettings, place: TopicPartition, offset: int) -> None:
    async with admin(settings) as client:
        await client.delete_records({place: RecordsToDelete(before_offset=offset)})


async def test_kafka_is_told_the_committed_offsets_for_other_tools(room: KafkaRoom, bus: KafkaBus, database: Database):
    member = await bus.consumer("router", [TOPIC])
    await bus.append([record("acme/a", n) for n in range(3)])
    batch = await next_batch(member)
    await commit(database, bus, batch)
    place = TopicPartition(room.settings.topic(TOPIC), partition_of("acme/a"))

    told = -1
    until = monotonic() + 30
    async with admin(room.settings) as client:
        while told != 3 and monotonic() < until:
            await member.fetch(1, 0.2)
            offsets = await client.list_consumer_group_offsets(room.settings.group("router"))
            told = offsets[place].offset if place in offsets else -1

    assert told == 3


async def test_how_far_a_topic_reaches_is_written_down_and_its_mark_moves_on_once_it_was_read(
    room: KafkaRoom, bus: KafkaBus, database: Database
):
    part = partition_of("acme/a")
    rows = "select end_offset, marked_offset from bus.reach where grp = 'router' and topic = $1 and part = $2"
    connection = await database.admin()
    member = await bus.consumer("router", [TOPIC])
    await bus.append([record("acme/a", n) for n in range(3)])
    batch = await next_batch(member)

    await bus.reach.look()
    await bus.append([record("acme/a", 3)])
    await bus.reach.look()
    assert tuple(await connection.fetchrow(rows, TOPIC, part) or ()) == (4, 3), "three of four have been waiting longer"
    await commit(database, bus, batch)
    await bus.reach.look()

    assert tuple(await connection.fetchrow(rows, TOPIC, part) or ()) == (4, 4)
    assert await connection.fetchval("select count(*) from bus.reach") == room.settings.partitions


async def reading_member(database: Database, bus: KafkaBus) -> KafkaConsumer:
    """A member that has read and committed what there is."""
    member = await bus.consumer("router", [TOPIC])
    assert isinstance(member, KafkaConsumer)
    await bus.append([record("acme/a", 0)])
    await commit(database, bus, await next_batch(member))
    return member


def stop_fetching(member: KafkaConsumer) -> None:
    """As a client does that the broker's restart has confused."""
    assert member._client is not None
    member._client.pause(*member._client.assignment())


async def test_a_member_that_gets_nothing_although_records_wait_reads_on_with_a_client_made_anew(
    bus: KafkaBus, database: Database
):
    said: list[str] = []
    watch = Watch(bus, stuck=said.append, renew_s=1.0, every_s=0.2)
    member = await reading_member(database, bus)
    async with watching(watch):
        await asyncio.sleep(1.5)
        stop_fetching(member)
        await bus.append([record("acme/a", 1)])

        batch = await next_batch(member)

    assert [each.value for each in batch.records] == [b"1"]
    assert not said


async def test_a_member_that_is_stuck_again_although_its_client_was_made_anew_is_told_of(
    bus: KafkaBus, database: Database
):
    said: list[str] = []
    watch = Watch(bus, stuck=said.append, renew_s=1.0, stuck_s=2.0, every_s=0.2)
    member = await reading_member(database, bus)
    async with watching(watch):
        until = monotonic() + COME_S
        await bus.append([record("acme/a", 1)])
        while not said and monotonic() < until:
            if member._client is not None:
                stop_fetching(member)
            await member.fetch(10, 0.2)

    assert "1 records wait in tandem.alerts" in said[0]


async def test_a_member_that_does_not_read_what_its_group_gave_it_is_told_of(
    room: KafkaRoom, bus: KafkaBus, database: Database
):
    said: list[str] = []
    watch = Watch(bus, stuck=said.append, renew_s=0.5, stuck_s=1.0, every_s=0.2)
    member = await reading_member(database, bus)
    async with watching(watch):
        until = monotonic() + COME_S
        while not said and monotonic() < until:
            member.revoked()  # as a client whose rebalance never ends; nothing is written and nothing waits
            assert not await member.fetch(10, 0.2)

    assert f"which it does not read ({room.settings.partitions} of {room.settings.partitions})" in said[0]


@asynccontextmanager
async def watching(watch: Watch) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    task = asyncio.create_task(watch.run(stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


async def test_a_member_without_partitions_is_not_stuck_while_its_group_knows_it(room: KafkaRoom, database: Database):
    single = "tandem.routed.msp.single"
    async with admin(room.settings) as client:
        await client.create_topics([NewTopic(room.settings.topic(single), 1, 1)])
    async with kafka_bus(room.settings, database) as bus:
        said: list[str] = []
        watch = Watch(bus, stuck=said.append, renew_s=0.5, every_s=0.2)
        members = [await bus.consumer("outside", [single]) for _ in range(2)]
        until = monotonic() + COME_S
        while not any(member.epochs() for member in members) and monotonic() < until:
            await asyncio.gather(*(member.fetch(1, 0.2) for member in members))
        async with watching(watch):
            for _ in range(20):
                await asyncio.gather(*(member.fetch(1, 0.2) for member in members))

        assert not watch._renewed

    assert not said


async def test_positions_of_another_topic_life_are_not_taken_for_this_one(room: KafkaRoom, database: Database):
    """A topic that was made anew begins at 0; what stands in the database is from before."""
    asked = await database.admin()
    await asked.execute(
        "insert into bus.consumer_offset (grp, topic, part, epoch, next_offset) values ('router', $1, $2, 7, 5000)",
        TOPIC,
        partition_of("acme/a"),
    )
    async with kafka_bus(room.settings, database) as bus:
        member = await bus.consumer("router", [TOPIC])
        await bus.append([record("acme/a", 1)])

        batch = await next_batch(member)
        await commit(database, bus, batch)

        assert [r.value for r in batch.records] == [b"1"]
        assert (
            await asked.fetchval("select next_offset from bus.consumer_offset where part = $1", partition_of("acme/a"))
            == batch.records[-1].offset + 1
        )


async def test_a_broker_that_is_not_there_is_said_within_the_deadline(database: Database):
    settings = KafkaSettings(bootstrap="127.0.0.1:1")
    bus = KafkaBus(settings, database.dsn, "tandem_router", clock=SystemClock())
    began = monotonic()

    with pytest.raises(Unavailable, match="kafka"):
        await bus.append([record("acme/a", 1)])

    assert monotonic() - began < 15
    await bus.stop()
