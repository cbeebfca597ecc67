"""What Kafka is told of a group's positions, for people's lag tools; nothing here reads it back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from tandem.bus.kafka_positions import Place, Positions
from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_settings import REQUEST_S
from tandem.bus.statements import POSITIONS
from tandem.clock import pause
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem.metrics import Metrics

TELL_EVERY_S = 5.0
"""How often the committed offsets are told to Kafka, where other tools look for lag."""

log = structlog.get_logger("tandem.bus")


class Told:
    """Of one member."""

    def __init__(
        self, positions: Positions, group: str, topics: Sequence[str], link: Link, metrics: Metrics | None
    ) -> None:
        """``link`` reaches the offsets of ``group``."""
        self._positions = positions
        self._group = group
        self._topics = tuple(topics)
        self._link = link
        self._metrics = metrics

    async def keep(self, client: AIOKafkaConsumer) -> None:
        """Commit to Kafka what PostgreSQL holds, now and then, until cancelled."""
        while True:
            await pause(TELL_EVERY_S)
            try:
                await self._tell(client)
            except (Unavailable, KafkaError, TimeoutError, OSError) as fault:
                log.debug("offsets not told to kafka", group=self._group, fault=describe(fault))

    async def _tell(self, client: AIOKafkaConsumer) -> None:
        places = set(self._positions.nexts())
        if not places:
            return
        async with self._link.use() as connection:
            rows = await connection.fetch(POSITIONS, self._group, list(self._topics))
        stored = {(row["topic"], row["part"]): row["next_offset"] for row in rows}
        still_held = places & self._positions.nexts().keys()
        told = {self._positions.tp(place): stored[place] for place in still_held & stored.keys()}
        self._measure(client, stored)
        if told:
            async with asyncio.timeout(REQUEST_S):
                await client.commit(told)

    def _measure(self, client: AIOKafkaConsumer, stored: Mapping[Place, int]) -> None:
        """``tandem_consumer_lag_records`` over the partitions held here."""
        if self._metrics is None:
            return
        lags = dict.fromkeys(self._topics, 0)
        for place in self._positions.nexts():
            end = client.highwater(self._positions.tp(place))
            if end is not None and place in stored:
                lags[place[0]] += max(0, end - stored[place])
        for topic, lag in lags.items():
            self._metrics.consumer_lag.labels(topic, self._group).set(lag)
