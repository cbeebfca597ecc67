"""Routers on Kafka are killed, stand still, come and go: their partitions move, a late commit is refused (F2, F14)."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_settings import SESSION_S
from tandem.bus.topics import ALERTS, COMMANDS, PARTITIONS
from tandem.clock import SystemClock
from tandem.errors import Unavailable
from tandem_router.service import Router
from tests.support.effort import FULL, measured, rounds, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.lateness import lateness

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 20
ALL = len(Router.inputs) * PARTITIONS
"""Of alerts, signals and commands."""
HALF = ALL // 2
BUSY_S = 15.0
"""What a rebalance and a busy machine may add to a session."""
EVERY_S, WINDOW_S = 3.0, 30.0
REFUSED = "bus_commit: 0 of"
STOOD_S = 20.0 if FULL else 0.0
"""How long one stands still at least; the other has taken over long before."""


async def until_shared(fleet: Installation[Fleet], *wanted: int, within_s: float = 60.0) -> float:
    """Wait until the routers share so; returns how long it took."""
    broker = fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)
    began = time.monotonic()
    while (held := await broker.shares("router")) != list(wanted):
        assert time.monotonic() - began < within_s, f"held: {held}, wanted: {wanted}\n{fleet.supervisor.said()}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


async def test_two_routers_share_the_partitions_and_those_of_a_killed_one_go_over_within_its_session(
    kafka_fleet: Installation[Fleet],
):
    fleet = kafka_fleet
    await until_shared(fleet, HALF, HALF)

    async def kill_one() -> None:
        await asyncio.sleep(1)
        await fleet.supervisor.kill("router-1")
        moved_after = await until_shared(fleet, ALL)
        await fleet.supervisor.restart("router-1")
        shared_after = await until_shared(fleet, HALF, HALF)
        measured("F2 partitions of a killed router in s", taken_over=moved_after, shared_again_after_start=shared_after)
        assert moved_after < SESSION_S + BUSY_S

    for _ in range(rounds(1, 5)):
        await fleet.under_load(kill_one(), per_second=PER_SECOND)


async def test_a_late_commit_of_a_router_that_stood_still_is_refused_and_nothing_is_routed_twice(
    kafka_fleet: Installation[Fleet],
):
    fleet, zombie = kafka_fleet, kafka_fleet.supervisor.members["router-1"]

    async def stand_still_with_a_batch_in_hand() -> None:
        await fleet.supervisor.stand_at("router-1", "runner.fetched:2")
        moved_after = await until_shared(fleet, ALL)
        measured("F2 partitions of a stopped router taken over after s", stop=moved_after)
        await asyncio.sleep(max(3.0, STOOD_S - moved_after))
        zombie.thaw()
        await until_shared(fleet, HALF, HALF)

    for _ in range(rounds(1, 20)):
        refused = zombie.wrote(REFUSED)
        await fleet.under_load(stand_still_with_a_batch_in_hand(), per_second=PER_SECOND)
        assert zombie.wrote(REFUSED) > refused, "it had nothing to commit, so nothing was shown"


async def test_work_goes_on_while_a_consumer_comes_and_goes_every_three_seconds(kafka_fleet: Installation[Fleet]):
    """The one that comes takes its part and handles nothing of it, as one that crashes while it starts."""
    fleet, broker, sent = kafka_fleet, kafka_fleet.supervisor.broker, len(kafka_fleet.ledger.posts)
    assert isinstance(broker, KafkaBroker)
    bus = KafkaBus(broker.settings, fleet.supervisor.dsn, "tandem_router", clock=SystemClock())

    async def come_and_go() -> None:
        until = time.monotonic() + seconds(WINDOW_S, 4 * WINDOW_S)
        window, paged = time.monotonic(), len(fleet.provider.pages)
        while time.monotonic() < until:
            guest = await bus.consumer("router", [ALERTS.name, COMMANDS.name])
            leaves = time.monotonic() + EVERY_S
            while time.monotonic() < leaves:
                with suppress(Unavailable):
                    await guest.fetch(1, 0.2)
            await guest.close()
            if time.monotonic() - window >= WINDOW_S:
                assert len(fleet.provider.pages) > paged, "nothing was paged in a whole window"
                window, paged = time.monotonic(), len(fleet.provider.pages)

    try:
        await fleet.under_load(come_and_go(), per_second=PER_SECOND)
    finally:
        await bus.stop()

    late = lateness(fleet.ledger.posts[sent:], fleet.provider.pages)
    measured("F14 rebalance every 3 s, alert to page in s", worst=max(late.values()))
