"""Every service is started at once on an empty database and an empty broker, beside several upgrades (F5)."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.apart import SMALL, apart
from tests.support.effort import rounds
from tests.support.kafka.broker import KafkaBroker

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

AT_ONCE = 4
PAGED_S = 60.0


async def test_services_that_start_before_their_schemas_and_topics_wait_for_them_and_then_serve():
    for _ in range(rounds(1, 20)):
        async with apart(SMALL, broker=KafkaBroker(), begun=False) as made:
            fleet, broker = made.supervisor, made.supervisor.broker
            assert isinstance(broker, KafkaBroker)
            for member in fleet.members.values():
                await member.spawn()
            await asyncio.gather(fleet.server.start(), broker.start())

            await asyncio.gather(*(fleet.upgrade() for _ in range(AT_ONCE)))
            await asyncio.gather(*(fleet.command("kafka", "ensure-topics") for _ in range(AT_ONCE)))
            await fleet.agree()
            for member in fleet.members.values():
                await member.wait_ready()
            await made.open_ways()
            await made.paged(await made.deliver(made.alert()), within_s=PAGED_S)

            await made.stands()
