"""How much waits: before the broker, on its way there, and on the broker for each group.

One connection to each stays open, because it is asked several times a second beside what is measured.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.topics import ALL, PARTITIONS, Topic
from tandem.clock import monotonic
from tests.support.behind import ON_THE_WAY

Place = tuple[str, int]
"""Topic and partition."""
_POSITIONS = "select grp, topic, part, next_offset from bus.consumer_offset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What has not been worked on by everybody who reads it."""

    at: float = field(default_factory=monotonic)
    on_the_way: int
    """Records that wait before the broker: accepted alerts, and what services publish."""
    by_group: Mapping[str, int]
    """Records on the broker that a group has yet to commit."""

    @property
    def to_route(self) -> int:
        """Alerts that are not routed yet, wherever they wait, and what was published for others and is on its way."""
        return self.by_group["router"] + self.on_the_way

    @property
    def count(self) -> int:
        """0 when everything is done."""
        return self.on_the_way + sum(self.by_group.values())


def lags(
    ends: Mapping[Place, int], positions: Mapping[tuple[str, Place], int], topics: Sequence[Topic] = ALL
) -> dict[str, int]:
    """Group -> records it has yet to commit, over all it reads; a place without a position has not been begun.

    Args:
        ends: the offset behind each place's last record.
        positions: (group, place) -> the offset behind the last record committed.
    """
    found: dict[str, int] = {}
    for topic in topics:
        for group in topic.readers:
            behind = sum(
                max(0, end - positions.get((group, place), 0)) for place, end in ends.items() if place[0] == topic.name
            )
            found[group] = found.get(group, 0) + behind
    return found


def rate(looks: Sequence[tuple[float, int]]) -> float:
    """Records a second from the first look to the first that found nothing left; nan when none did.

    Args:
        looks: (instant in seconds, records left), in order.
    """
    ended = next((at for at, left in looks if left == 0), None)
    if ended is None or ended <= looks[0][0]:
        return float("nan")
    return looks[0][1] / (ended - looks[0][0])


class Watch:
    """Asks the database and the broker; see ``watch``."""

    def __init__(self, database: asyncpg.Connection[asyncpg.Record], broker: AIOKafkaConsumer) -> None:
        """Both are connected."""
        self._database = database
        self._broker = broker
        self._places = [TopicPartition(topic.name, part) for topic in ALL for part in range(PARTITIONS)]

    async def look(self) -> Waiting:
        """The broker is asked last: what was read by then and not on its way had been worked on at that moment."""
        async with self._database.transaction(isolation="repeatable_read"):
            on_the_way: int = await self._database.fetchval(ON_THE_WAY)
            positions = {(row[0], (row[1], row[2])): row[3] for row in await self._database.fetch(_POSITIONS)}
        ends = await self._broker.end_offsets(self._places)
        return Waiting(
            on_the_way=on_the_way,
            by_group=lags({(place.topic, place.partition): end for place, end in ends.items()}, positions),
        )


@asynccontextmanager
async def watch(admin_dsn: str, broker: str) -> AsyncIterator[Watch]:
    """A watch over the database at ``admin_dsn``, whose login sees every row, and the broker at HOST:PORT."""
    database = await asyncpg.connect(admin_dsn)
    client = AIOKafkaConsumer(**KafkaSettings(bootstrap=broker).client("bench"), enable_auto_commit=False)
    try:
        await client.start()
        yield Watch(database, client)
    finally:
        await client.stop()
        await database.close()
