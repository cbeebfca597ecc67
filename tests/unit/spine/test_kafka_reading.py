"""What one member reads: a share of every partition, so what is urgent is in the next batch; nothing is passed over."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from tandem.bus.kafka_positions import Positions, _Position
from tandem.bus.kafka_reading import Reading
from tandem.bus.kafka_settings import KafkaSettings
from tandem.db.link import Link

TOPICS = ("tandem.urgent", "tandem.incidents", "tandem.sla")
PARTITIONS = 8


class Client:
    """Has so many records in each partition, and gives a part of them at once, as one fetched."""

    def __init__(self, held: dict[tuple[str, int], int]) -> None:
        self.left = dict(held)
        self.next: Counter[tuple[str, int]] = Counter()

    async def getmany(self, tp: TopicPartition, *, timeout_ms: int, max_records: int) -> dict:
        count = min(max_records, self.left.get(tuple(tp), 0))
        first = self.next[tuple(tp)]
        self.next[tuple(tp)] += count
        self.left[tuple(tp)] = self.left.get(tuple(tp), 0) - count
        made = [
            SimpleNamespace(offset=first + n, partition=tp.partition, key=b"acme/x", value=b"", headers=())
            for n in range(count)
        ]
        return {tp: made} if made else {}


class Held(Positions):
    """Every partition of the topics, from the beginning on, without a database."""

    def __init__(self) -> None:
        super().__init__(KafkaSettings(bootstrap="127.0.0.1:1"), "notifier", TOPICS, cast(Link, None), None)
        self._held = {(t, p): _Position(1, 0, 0) for t in TOPICS for p in range(PARTITIONS)}

    async def take(self, client: Any) -> None:
        """Nothing is free."""


async def read(held: dict[tuple[str, int], int], limit: int = 500) -> Counter[tuple[str, int]]:
    batch = await Reading(Held()).fetch(Client(held), limit, 0)
    for span in batch.spans:
        offsets = [r.offset for r in batch.records if (r.topic, r.partition) == (span.topic, span.partition)]
        assert offsets == list(range(span.first, span.next))
    return Counter((record.topic, record.partition) for record in batch.records)


async def test_behind_any_backlog_what_is_urgent_is_in_the_next_batch_whole():
    full = {(topic, part): 1000 for topic in TOPICS[1:] for part in range(PARTITIONS)}

    got = await read(full | {("tandem.urgent", 5): 3})

    assert got["tandem.urgent", 5] == 3
    assert min(got[place] for place in full) >= 16


class Flawed(Client):
    """One partition answers with a fault, after others have given what they had."""

    def __init__(self, held: dict[tuple[str, int], int], flaw: tuple[str, int]) -> None:
        super().__init__(held)
        self.flaw: tuple[str, int] | None = flaw

    async def getmany(self, tp: TopicPartition, *, timeout_ms: int, max_records: int) -> dict:
        if tuple(tp) == self.flaw:
            raise TopicAuthorizationFailedError
        return await super().getmany(tp, timeout_ms=timeout_ms, max_records=max_records)

    def seek(self, place: tuple[str, int], offset: int) -> None:
        self.left[place] = self.left.get(place, 0) + self.next[place] - offset
        self.next[place] = offset


class Taken(Held):
    """What is forgotten is taken again at what was committed: nothing."""

    async def take(self, client: Any) -> None:
        for place in {(t, p) for t in TOPICS for p in range(PARTITIONS)} - self._held.keys():
            self._held[place] = _Position(2, 0, 0)
            client.seek(place, 0)


@pytest.mark.parametrize("flaw", [(TOPICS[1], 0), (TOPICS[2], 7)])
async def test_a_partition_that_fails_has_no_record_of_another_passed_over(flaw: tuple[str, int]):
    client = Flawed({(topic, part): 3 for topic in TOPICS for part in range(PARTITIONS)}, flaw)
    reading = Reading(Taken())
    with pytest.raises(TopicAuthorizationFailedError):
        await reading.fetch(client, 500, 0)
    client.flaw = None

    batch = await reading.fetch(client, 500, 0)

    assert {(span.first, span.next) for span in batch.spans} == {(0, 3)}
    assert len(batch.records) == 3 * len(TOPICS) * PARTITIONS


class Careless(Flawed):
    """Hands out nothing of the first two records of a partition, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__({("tandem.sla", 4): 5}, flaw=("", 0))
        self.times = times

    async def getmany(self, tp: TopicPartition, *, timeout_ms: int, max_records: int) -> dict:
        if tuple(tp) == ("tandem.sla", 4) and self.next[tuple(tp)] == 0 and self.times:
            self.times -= 1
            self.seek(tuple(tp), 2)
        return await super().getmany(tp, timeout_ms=timeout_ms, max_records=max_records)


async def test_records_that_a_client_lost_are_read_at_a_second_look():
    batch = await Reading(Taken()).fetch(Careless(times=1), 500, 0)

    assert [record.offset for record in batch.records] == [0, 1, 2, 3, 4]


async def test_records_that_the_broker_lost_stop_nobody():
    batch = await Reading(Taken()).fetch(Careless(times=2), 500, 0)

    assert [record.offset for record in batch.records] == [2, 3, 4]
    assert [(span.first, span.next) for span in batch.spans] == [(0, 5)]
