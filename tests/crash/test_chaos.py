"""The same promise through longer and rougher treatment, on the embedded default: `make chaos`."""

from __future__ import annotations

import asyncio
import random

import pytest

from tandem.killpoint import POINTS
from tests.support.effort import rounds
from tests.support.installation import Installation
from tests.support.pager_provider import Fault
from tests.support.starts import one_of_many_serves

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

ROUNDS = rounds(4, 10)
WALKS = rounds(1, 2)
PER_SECOND = 200
STARTS = 20
AWAY_S = 10.0
PAUSED_S = 12.0


async def test_kills_at_random_moments_every_other_with_the_database_lose_and_double_nothing(
    running: Installation, chance: random.Random
):
    async def kill_again_and_again() -> None:
        for number in range(ROUNDS):
            await asyncio.sleep(chance.uniform(0.2, 2.5))
            await (running.supervisor.kill_all() if number % 2 else running.supervisor.kill())
            await running.supervisor.restart()

    await running.under_load(kill_again_and_again(), per_second=PER_SECOND)


async def test_kills_while_it_is_still_starting_lose_and_double_nothing(running: Installation, chance: random.Random):
    async def kill_at_start() -> None:
        await running.supervisor.kill()
        for _ in range(6):
            await running.supervisor.spawn()
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            await (running.supervisor.kill_all() if chance.random() < 0.5 else running.supervisor.kill())
        await running.supervisor.restart()

    await running.under_load(kill_at_start(), per_second=50)


async def test_kills_at_every_named_point_at_random_passings_lose_and_double_nothing(
    running: Installation, chance: random.Random
):
    async def walk() -> None:
        await running.supervisor.stop()
        for point in chance.sample(POINTS * WALKS, len(POINTS) * WALKS):
            await running.supervisor.run_to(f"{point}:{chance.randint(1, 40)}")
        await running.supervisor.start()

    await running.under_load(walk(), per_second=100)


async def test_when_postgresql_is_killed_underneath_the_process_ends_with_1_and_a_restart_recovers(
    running: Installation,
):
    async def kill_postgres() -> None:
        await asyncio.sleep(1)
        assert await running.supervisor.kill_postgres() == 1
        assert "PostgreSQL ended" in running.supervisor.said()
        await running.supervisor.restart()

    await running.under_load(kill_postgres(), per_second=PER_SECOND)


async def test_an_orderly_stop_under_load_ends_with_0_and_repeats_no_page(running: Installation):
    before = (await running.check()).repeated

    async def stop() -> None:
        await asyncio.sleep(1)
        assert await running.supervisor.stop() == 0
        await running.supervisor.start()

    await running.under_load(stop(), per_second=PER_SECOND)

    assert (await running.check()).repeated == before


async def test_a_provider_that_is_away_for_ten_seconds_gets_every_page_when_it_is_back(running: Installation):
    async def be_away() -> None:
        await asyncio.sleep(1)
        await running.provider.down()
        await asyncio.sleep(AWAY_S)
        await running.provider.up()

    await running.under_load(be_away(), per_second=50)


async def test_a_provider_that_refuses_hangs_and_loses_answers_gets_every_page(
    running: Installation, chance: random.Random
):
    async def misbehave() -> None:
        running.provider.faults.extend(chance.choices([None, *Fault], weights=[20, 3, 1, 3, 2, 2, 2], k=200))
        await asyncio.sleep(4)

    await running.under_load(misbehave(), per_second=50)

    running.provider.faults.clear()


async def test_a_process_that_stood_still_goes_on_where_it_was(running: Installation):
    async def stand_still() -> None:
        await asyncio.sleep(1)
        await running.supervisor.pause(PAUSED_S)
        await asyncio.sleep(1)

    await running.under_load(stand_still(), per_second=50)


async def test_of_twenty_starts_on_one_data_directory_one_serves_and_nineteen_say_which():
    await one_of_many_serves(STARTS)
