"""One of two routers stands still, the other takes over, the first wakes up: its late commit is refused (F2, F14)."""

from __future__ import annotations

import asyncio
import time

import pytest

from tandem.bus.postgres import PostgresBus
from tandem.bus.postgres_consumer import Sharing
from tandem.bus.topics import ALERTS, COMMANDS, PARTITIONS
from tandem.clock import SystemClock
from tandem_router.service import Router
from tests.support.effort import FULL, measured, rounds, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.lateness import lateness

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

PER_SECOND = 10
SESSION_S = Sharing().session_s
TAKEN_OVER_S = 2 * SESSION_S + 10
"""The session's end, two looks, and a busy machine."""
REFUSED = "bus_commit: 0 of"
STOOD_S = 20.0 if FULL else 0.0
"""How long one stands still at least; the other has taken over long before."""
WINDOW_S = 30.0
EVERY_S = 3.0

_HOLDERS = """
SELECT pid, count(*) AS parts FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objsubid = 1 AND pid IN
 (SELECT pid FROM pg_stat_activity WHERE application_name = 'tandem router') GROUP BY pid ORDER BY parts"""


async def held(fleet: Installation[Fleet]) -> list[int]:
    """How many partitions each session of a router holds."""
    return [row["parts"] for row in await fleet.supervisor.server.ask(_HOLDERS, 0x7A11D)]


async def until_held(fleet: Installation[Fleet], wanted: list[int], *, within_s: float = TAKEN_OVER_S) -> float:
    began = time.monotonic()
    while (parts := await held(fleet)) != wanted:
        assert time.monotonic() - began < within_s, f"held: {parts}, wanted: {wanted}\n{fleet.supervisor.said()}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


ALL = len(Router.inputs) * PARTITIONS
HALF = ALL // 2
"""Of the partitions of alerts, signals and commands."""


async def test_two_routers_share_the_partitions_and_those_of_a_killed_one_go_over_in_time(fleet: Installation[Fleet]):
    shared_after = await until_held(fleet, [HALF, HALF])

    async def kill_one() -> None:
        await asyncio.sleep(1)
        await fleet.supervisor.kill("router-1")
        moved_after = await until_held(fleet, [ALL])
        measured("partitions of a killed router taken over after s", kill=moved_after, shared_before=shared_after)
        assert moved_after < SESSION_S
        await fleet.supervisor.restart("router-1")
        await until_held(fleet, [HALF, HALF])

    await fleet.under_load(kill_one(), per_second=PER_SECOND)


async def test_a_late_commit_of_a_router_that_stood_still_is_refused_and_nothing_is_routed_twice(
    fleet: Installation[Fleet],
):
    zombie = fleet.supervisor.members["router-1"]
    for _ in range(rounds(1, 20)):
        refused = zombie.wrote(REFUSED)

        async def stand_still_with_a_batch_in_hand() -> None:
            await fleet.supervisor.stand_at("router-1", "runner.fetched:2")
            moved_after = await until_held(fleet, [ALL])
            measured("partitions of a paused router taken over after s", pause=moved_after)
            await asyncio.sleep(max(3.0, STOOD_S - moved_after))
            zombie.thaw()
            await until_held(fleet, [HALF, HALF])

        await fleet.under_load(stand_still_with_a_batch_in_hand(), per_second=PER_SECOND)

        assert zombie.wrote(REFUSED) > refused, "it had nothing to commit, so nothing was shown"


async def test_a_notifier_that_stood_still_beyond_its_leases_repeats_at_most_what_it_had_in_hand(
    fleet: Installation[Fleet],
):
    async def stand_still() -> None:
        await asyncio.sleep(1)
        await fleet.supervisor.stand_still("notifier-1", seconds(18, 20))
        await asyncio.sleep(2)

    await fleet.under_load(stand_still(), per_second=PER_SECOND)


async def test_work_goes_on_while_a_consumer_comes_and_goes_every_three_seconds(fleet: Installation[Fleet]):
    """The one that comes takes its part and handles nothing of it, as one that crashes while it starts."""
    sent = len(fleet.ledger.posts)
    bus = PostgresBus(fleet.supervisor.dsn, "tandem_router", clock=SystemClock(), split=True, sharing=Sharing())
    await bus.start()

    async def come_and_go() -> None:
        until = time.monotonic() + seconds(WINDOW_S, 4 * WINDOW_S)
        paged = len(fleet.provider.pages)
        window = time.monotonic()
        while time.monotonic() < until:
            guest = await bus.consumer("router", [ALERTS.name, COMMANDS.name])
            leaves = time.monotonic() + EVERY_S
            while time.monotonic() < leaves:
                await guest.fetch(1, 0.2)
            await guest.close()
            if time.monotonic() - window >= WINDOW_S:
                assert len(fleet.provider.pages) > paged
                window, paged = time.monotonic(), len(fleet.provider.pages)

    try:
        await fleet.under_load(come_and_go(), per_second=PER_SECOND)
    finally:
        await bus.stop()

    late = lateness(fleet.ledger.posts[sent:], fleet.provider.pages)
    measured("F14 rebalance every 3 s, alert to page in s", worst=max(late.values()))
