"""The disk of the data directory fills under load, also to the last byte of the log, and has room again (F6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.support.disk import Disk, small_disk
from tests.support.effort import measured, rounds, seconds
from tests.support.full import refused_only, why_not
from tests.support.installation import Installation, installation
from tests.support.served import EndedEarly, Kill
from tests.support.supervisor import Supervisor, supervisor

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

DISK_MIB = 256
"""Holds a cluster of some 60 and what a round adds to it."""
PER_SECOND = 10
FULL_S = seconds(5, 30)
AGAIN_S = 30.0
"""From room on the disk to the next page; the relations of ours that wait for each other retry every few seconds."""
_EATS_LOG = "select pg_logical_emit_message(true, 'test', repeat('x', 8 << 20))"
_READ_ONLY = "alter system set default_transaction_read_only = {}"


@pytest.fixture(scope="module")
async def disk() -> AsyncIterator[Disk]:
    with small_disk(DISK_MIB) as made:
        yield made


@pytest.fixture(scope="module")
async def shared_cramped(disk: Disk) -> AsyncIterator[Installation[Supervisor]]:
    async with installation(disk.place / "data") as made:
        yield made


@pytest.fixture
async def cramped(shared_cramped: Installation[Supervisor], disk: Disk) -> Installation[Supervisor]:
    """An installation on a disk of its own, running, with room."""
    disk.free()
    await shared_cramped.run()
    return shared_cramped


async def goes_on(running: Installation[Supervisor]) -> float:
    """How long until an alert posted from now on is paged."""
    began = time.monotonic()
    await running.paged(await running.deliver(running.alert()), within_s=AGAIN_S)
    return time.monotonic() - began


async def test_a_full_disk_refuses_with_advice_and_with_room_again_it_goes_on_by_itself(
    cramped: Installation[Supervisor], disk: Disk
):
    process, took = cramped.supervisor.process, 0.0

    async def fill() -> None:
        nonlocal took
        await asyncio.sleep(1)
        disk.fill()
        await asyncio.sleep(FULL_S)
        said, refused = await why_not(cramped)
        assert "No space left on device" in said
        disk.free()
        await cramped.sender.deliver(refused)
        took = await goes_on(cramped)

    for _ in range(rounds(1, 3)):
        sent = len(cramped.ledger.posts)
        await cramped.under_load(fill(), per_second=PER_SECOND)
        longest = refused_only(cramped.ledger.posts[sent:])
        measured(f"F6 disk full for {FULL_S:.0f} s", longest_answer_s=longest, paged_after_room_s=took)

    assert cramped.supervisor.process is process, "it had to be started again"


async def _fill_the_log(running: Installation[Supervisor], disk: Disk) -> None:
    """Until PostgreSQL can write its log no longer, and ends."""
    connection = await asyncpg.connect(running.supervisor.admin_dsn)
    while True:
        disk.fill()
        await connection.execute(_EATS_LOG)


async def test_without_room_for_the_log_it_ends_and_says_why_and_starts_once_there_is_room(
    cramped: Installation[Supervisor], disk: Disk
):
    """PostgreSQL itself ends when it cannot write its log; everything durable comes back with it."""

    async def eat_the_log() -> None:
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await _fill_the_log(cramped, disk)
        cramped.supervisor.kills.append(Kill(time.monotonic(), "end of PostgreSQL without room"))
        assert await cramped.supervisor.ended() == 1
        assert "No space left on device" in cramped.supervisor.said().rpartition("PostgreSQL ended: ")[2]
        with pytest.raises(EndedEarly, match="No space left on device") as early:
            await cramped.supervisor.start()
        assert early.value.code == 3
        assert "Traceback" not in cramped.supervisor.said()
        disk.free()
        await cramped.supervisor.start()

    await cramped.under_load(eat_the_log(), per_second=2)


async def test_a_database_that_turned_read_only_refuses_with_advice_and_goes_on_when_it_is_writable(
    cramped: Installation[Supervisor],
):
    """As managed databases do before their disk is full."""

    async def turn(word: str) -> None:
        connection = await asyncpg.connect(cramped.supervisor.admin_dsn)
        await connection.execute(_READ_ONLY.format(word))
        await connection.execute("select pg_reload_conf()")
        await connection.close()

    async def be_read_only() -> None:
        await asyncio.sleep(1)
        await turn("on")
        await asyncio.sleep(FULL_S)
        said, refused = await why_not(cramped)
        assert "read-only" in said
        await turn("off")
        await cramped.sender.deliver(refused)
        measured(f"read-only for {FULL_S:.0f} s", paged_afterwards_s=await goes_on(cramped))

    sent = len(cramped.ledger.posts)
    await cramped.under_load(be_read_only(), per_second=PER_SECOND)
    refused_only(cramped.ledger.posts[sent:])


@pytest.mark.parametrize("mib", [1, 45], ids=["not even for a cluster", "for a cluster and no schema"])
async def test_a_first_start_without_room_ends_with_a_line_that_says_so(mib: int):
    with small_disk(mib) as tiny:
        async with supervisor(data=tiny.place / "data") as first:
            with pytest.raises(EndedEarly, match="No space left on device") as early:
                await first.start()

            assert early.value.code == 3
            assert "Traceback" not in first.said()
