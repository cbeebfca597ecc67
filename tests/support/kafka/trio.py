"""Three brokers under a fleet, each also a controller: what is acknowledged is on two of them at least.

No proxies: every process knows all three addresses, and it is the brokers that go.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.kafka_topics import admin
from tandem.bus.topics import ALERTS
from tests.support.kafka.broker import ends_of_ours
from tests.support.kafka.cluster import READY_S, Cluster
from tests.support.proxy import Proxy

NODES = (1, 2, 3)
HEAP = "256m"


@dataclass
class Trio:
    """See ``tests.support.broker.Broker``."""

    cluster: Cluster = field(default_factory=lambda: Cluster(nodes=len(NODES), heap=HEAP))

    def __post_init__(self) -> None:
        self.cluster.place()

    @property
    def address(self) -> str:
        """All three."""
        return self.cluster.bootstrap

    @property
    def settings(self) -> KafkaSettings:
        return KafkaSettings(bootstrap=self.address, replication=self.copies)

    @property
    def copies(self) -> int:
        return len(NODES)

    @property
    def running(self) -> bool:
        return all(node.runs for node in self.cluster.members)

    async def way(self, stack: AsyncExitStack) -> Proxy | None:
        """None: see the module."""
        return None

    async def start(self) -> None:
        """All three, or those that are missing; returns when every node answers."""
        if not any(node.process for node in self.cluster.members):
            await self.cluster.start()
            return
        for node in self.cluster.members:
            if not node.runs:
                self.cluster.run(node)
        await self.cluster.answers()

    async def stop(self) -> None:
        await asyncio.to_thread(self.cluster.stop)

    async def kill(self, *numbers: int) -> None:
        """SIGKILL to these, or to all."""
        for number in numbers or NODES:
            await asyncio.to_thread(self.cluster.kill, number)

    def freeze(self) -> None:
        """SIGSTOP to all."""
        for number in NODES:
            self.cluster.pause(number)

    def thaw(self) -> None:
        """SIGCONT to all."""
        for number in NODES:
            self.cluster.go_on(number)

    async def ends(self) -> dict[tuple[str, int], int]:
        return await ends_of_ours(self.settings)

    async def leader(self) -> int:
        """The node that leads most partitions of ``tandem.alerts``: its end is felt at once."""
        leaders = [part["leader"] for part in await self._alerts()]
        return max(NODES, key=leaders.count)

    async def level(self) -> None:
        """Wait until every copy of every alert is in sync again."""
        until = time.monotonic() + READY_S
        while any(len(part["isr"]) < self.copies for part in await self._alerts()):
            assert time.monotonic() < until, "the copies do not catch up"
            await asyncio.sleep(0.2)

    async def _alerts(self) -> list[dict]:
        async with admin(self.settings) as client:
            (topic,) = await client.describe_topics([self.settings.topic(ALERTS.name)])
        return topic["partitions"]
