"""What goes on holding is not forgotten: its owner hears of it every week, with what it has held so far.

A silence of Northwind's from Friday 2026-11-20, 09:00 in Newark, for three weeks; Ben owns it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tandem.model.alert import Severity
from tandem.model.ownership import Party
from tandem_router.service import Router
from tests.support.postgres import Database
from tests.support.system import System, make_system
from tests.support.windows import agreements, northwind, silence, weekly

DISK = "Volume C: on nw-file-02 has 2 % free"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
QUIET = silence("2026-11-20T09:00", "2026-12-11T09:00")

Start = Callable[..., Awaitable[System]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """Starts a system whose windows are looked at, on Northwind's agreement with sections of the test."""
    async with AsyncExitStack() as stack:

        async def begin(at: datetime = FRIDAY_NINE, *, apart: bool = False, **sections: Any) -> System:
            system = await make_system(database, at, agreements(**sections), apart=apart)
            stack.push_async_callback(system.stop)
            await arm(system)
            return system

        yield begin


async def arm(system: System) -> None:
    """As a process does at its start."""
    await Router(agreements=system.agreements).arm(system.admin, system.agreements.tenants(), system.clock.now())
    for runner in system.runners:
        runner.expect("router", system.clock.now())
    await system.settle()


def reminders(system: System) -> list[tuple[datetime, Party, str]]:
    """When, whose, to whom."""
    return [(at, page.party, page.person) for at, page in system.phones.got if page.reason.endswith(" reminded")]


async def test_the_owner_of_a_silence_hears_of_it_each_week_until_it_ends(start: Start):
    system = await start(silences=[QUIET])

    await system.fast_forward(days=30)

    assert reminders(system) == [
        (FRIDAY_NINE + WEEK, Party.INTERNAL, "ben-carter"),
        (FRIDAY_NINE + 2 * WEEK, Party.INTERNAL, "ben-carter"),
    ]


async def test_they_are_told_and_not_paged_of_what_it_has_held_so_far(start: Start):
    system = await start(silences=[QUIET])
    await system.fast_forward(days=2)
    await system.receive(DISK, host="nw-file-02", severity=Severity.HIGH)
    await system.receive(DISK, host="nw-file-02", severity=Severity.LOW)
    await system.receive("Volume D: on nw-file-02 has 9 % free", host="nw-file-02")

    await system.fast_forward(days=6)

    (page,) = [page for _, page in system.phones.got if page.reason == "silence reminded"]
    said = msgspec.json.decode(page.content)
    assert page.told
    assert system.paged == []
    assert said["title"] == "Silence quiet still holds alerts back"
    assert "It has held 3 alerts of 2 conditions, worst severity high so far." in said["text"]
    assert "Why: Monthly patches (Ben Carter)" in said["text"]
    row = await system.admin.fetchrow("select * from router.suppression where step = 'reminded'")
    assert (row["at"], row["held"], row["conditions"], row["worst"]) == (FRIDAY_NINE + WEEK, 3, 2, "high")


@pytest.mark.parametrize("apart", [False, True])
async def test_processes_that_start_again_remind_of_nothing_twice(start: Start, apart: bool):
    system = await start(apart=apart, silences=[QUIET])
    await system.fast_forward(days=8)

    await arm(system)
    await system.fast_forward(days=1)
    await arm(system)

    assert len(reminders(system)) == 1


async def test_after_a_long_standstill_there_is_one_reminder_and_not_one_for_each_week(start: Start):
    system = await start(silences=[QUIET])

    system.clock.set(FRIDAY_NINE + timedelta(days=15))
    await arm(system)

    rows = await system.admin.fetch("select at from router.suppression where step = 'reminded'")
    assert [row["at"] for row in rows] == [FRIDAY_NINE + 2 * WEEK]
    assert len(reminders(system)) == 1


async def test_what_is_over_within_the_week_reminds_nobody(start: Start):
    system = await start(maintenance=[weekly("fri", "08:00", "10:00")])

    await system.fast_forward(days=22)

    assert reminders(system) == []


async def test_a_window_that_runs_for_long_is_reminded_of_too(start: Start):
    long = {"once": {"from": "2026-11-20T09:00", "to": "2026-12-02T09:00"}}
    window = {key: value for key, value in weekly("fri", "08:00", "10:00").items() if key != "weekly"} | long
    system = await start(maintenance=[window])

    await system.fast_forward(days=20)

    assert [at for at, _, _ in reminders(system)] == [FRIDAY_NINE + WEEK]


async def test_how_often_is_the_agreements_to_say_and_a_new_version_counts_at_once(start: Start):
    system = await start(silences=[QUIET], timing={"suppression_reminder": "0s"})
    await system.fast_forward(days=9)
    assert reminders(system) == []

    system.agreements.replace(northwind(silences=[QUIET], timing={"suppression_reminder": "10d"}))
    await arm(system)
    await system.fast_forward(days=12)

    assert [at for at, _, _ in reminders(system)] == [
        FRIDAY_NINE + timedelta(days=10),
        FRIDAY_NINE + timedelta(days=20),
    ]


async def test_in_observe_mode_nobody_is_told(start: Start):
    system = await start(silences=[QUIET], tenant={"mode": "observe"})

    await system.fast_forward(days=8)

    assert reminders(system) == []
    assert await system.admin.fetchval("select count(*) from router.suppression where step = 'reminded'") == 1
