"""Two processes with every service on Kafka: they share the work, and one of them killed costs nothing."""

from __future__ import annotations

import asyncio

import pytest

from tandem.bus.topics import PARTITIONS
from tandem_router.service import Router
from tests.support.apart import apart
from tests.support.effort import rounds
from tests.support.kafka.broker import KafkaBroker

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 10
SHARED_S = 60.0
HALF = len(Router.inputs) * PARTITIONS // 2


async def test_two_processes_with_everything_share_the_partitions_and_a_killed_one_loses_and_doubles_nothing():
    broker = KafkaBroker()
    async with apart(("all-1", "all-2"), broker=broker) as made:
        async with asyncio.timeout(SHARED_S):
            while await broker.shares("router") != [HALF, HALF]:  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.2)

        async def kill_one() -> None:
            for _ in range(rounds(1, 20)):
                await asyncio.sleep(2)
                await made.supervisor.kill("all-1")
                await made.supervisor.restart("all-1")

        await made.under_load(kill_one(), per_second=PER_SECOND)
