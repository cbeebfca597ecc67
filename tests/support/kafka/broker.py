"""A broker under a fleet: killed, frozen and brought back, with a way of its own for every process.

A client is told by the broker where to connect, so each way is a listener that names the proxy's address.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.kafka_topics import admin
from tandem.bus.topics import ALL, PARTITIONS
from tests.support.kafka.cluster import Cluster, Listener
from tests.support.ports import free_ports
from tests.support.proxy import Proxy, proxy, tcp

_ASK_S = 20.0
_OURS = {topic.name for topic in ALL}


@dataclass
class KafkaBroker:
    """See ``tests.support.broker.Broker``; one node."""

    cluster: Cluster = field(default_factory=Cluster)
    _listeners: list[Listener] = field(default_factory=list)
    _frozen: bool = False

    @property
    def address(self) -> str:
        """Past every proxy."""
        return self.cluster.bootstrap

    @property
    def settings(self) -> KafkaSettings:
        """Past every proxy."""
        return KafkaSettings(bootstrap=self.address)

    @property
    def copies(self) -> int:
        """One broker, one copy."""
        return 1

    @property
    def running(self) -> bool:
        return bool(self.cluster.members) and self.cluster.members[0].runs

    async def way(self, stack: AsyncExitStack) -> Proxy:
        """Another way in, closed with ``stack``; before the first start."""
        assert not self.cluster.members, "a broker learns its listeners when it is made"
        (port,) = free_ports(1)
        made = await stack.enter_async_context(proxy(tcp("127.0.0.1", port)))
        self._listeners.append(Listener(port, made.address))
        return made

    async def start(self) -> None:
        """Start, or again on what there is; returns when it answers."""
        if not self.cluster.members:
            self.cluster.listeners = self._listeners
            await self.cluster.start()
            return
        self.cluster.run(self.cluster.members[0])
        await self.cluster.answers()

    async def stop(self) -> None:
        """End it and remove its files."""
        await asyncio.to_thread(self.cluster.stop)

    async def kill(self) -> None:
        """SIGKILL."""
        await asyncio.to_thread(self.cluster.kill)

    async def end(self) -> None:
        """SIGTERM, as an operator does; ``start`` brings it back."""
        await asyncio.to_thread(self.cluster.kill, how=signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        self._frozen = True
        self.cluster.pause()

    def thaw(self) -> None:
        """SIGCONT, if it was frozen."""
        if self._frozen:
            self._frozen = False
            self.cluster.go_on()

    async def ends(self) -> dict[tuple[str, int], int]:
        """(topic, partition) of ours -> the offset behind its last record."""
        return await ends_of_ours(self.settings)

    async def shares(self, group: str) -> list[int]:
        """How many partitions each member of a group has, fewest first; empty while it rebalances."""
        async with asyncio.timeout(_ASK_S), admin(self.settings) as client:
            (answer,) = await client.describe_consumer_groups([self.settings.group(group)])
        ((_, _, state, _, _, members, *_),) = answer.groups
        if state != "Stable":
            return []
        held = Counter({member[0]: len(_assigned(member[4])) for member in members})
        return sorted(held.values())


async def ends_of_ours(settings: KafkaSettings) -> dict[tuple[str, int], int]:
    """(topic, partition) of Tandem's topics -> the offset behind its last record."""
    async with asyncio.timeout(_ASK_S):
        client = AIOKafkaConsumer(**settings.client("fleet"), enable_auto_commit=False)
        await client.start()
        try:
            topics = await client.topics() & _OURS
            places = [TopicPartition(topic, part) for topic in topics for part in range(PARTITIONS)]
            return {(tp.topic, tp.partition): end for tp, end in (await client.end_offsets(places)).items()}
        finally:
            await client.stop()


def _assigned(raw: bytes) -> list[TopicPartition]:
    return ConsumerProtocolMemberAssignment.decode(raw).partitions() if raw else []
