"""Of a backlog a batch takes a share of every partition, so what is urgent is in the next one."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition

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
