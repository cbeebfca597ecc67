"""The database's clock: never back, never still, one offset for all processes of a test."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tandem.db.clock import DatabaseClock, Line
from tandem.errors import Unavailable

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def offset_file(tmp_path):
    return tmp_path / "offset"


@pytest.fixture
async def clock(database, offset_file):
    clock = DatabaseClock(database.dsn, offset_file=offset_file)
    await clock.start()
    yield clock
    await clock.stop()


def put_offset(path, seconds):
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(path)


async def test_it_tells_the_servers_time(database, clock):
    admin = await database.admin()

    before = await admin.fetchval("select clock_timestamp()")
    told = clock.now()
    after = await admin.fetchval("select clock_timestamp()")

    assert told.tzinfo is not None
    assert before - SECOND <= told <= after + SECOND


async def test_it_tells_no_time_before_it_asked():
    clock = DatabaseClock("postgresql:///tandem?host=/nonexistent&user=tandem")

    with pytest.raises(Unavailable):
        clock.now()
    with pytest.raises(Unavailable):
        await clock.start()
    await clock.stop()


async def test_the_offset_file_moves_it_forward_and_never_back(clock, offset_file):
    before = clock.now()
    put_offset(offset_file, 3600)
    moved = clock.now()
    put_offset(offset_file, 0)
    after = clock.now()

    assert timedelta(hours=1) <= moved - before < timedelta(hours=1, minutes=2)
    assert after >= moved


async def test_an_unreadable_offset_changes_nothing(clock, offset_file):
    put_offset(offset_file, 60)
    before = clock.now()
    for nonsense in ("", "soon", "nan", "inf", "1e300"):
        put_offset(offset_file, nonsense)
        assert abs(clock.now() - before) < 30 * SECOND


async def test_a_sleeper_wakes_when_the_offset_passes_its_instant(clock, offset_file):
    sleeper = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(days=1)))
    put_offset(offset_file, 86_400)

    await asyncio.wait_for(sleeper, 30)


async def test_a_sleeper_wakes_when_asked(clock):
    wake = asyncio.Event()
    sleeper = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(days=1), wake))
    wake.set()

    await asyncio.wait_for(sleeper, 30)


async def test_an_instant_in_the_past_is_reached_already(clock):
    await asyncio.wait_for(clock.sleep_until(clock.now() - SECOND), 30)


def test_between_samples_it_follows_the_monotonic_clock():
    line = Line(NOON, 100.0)

    assert line.at(103.5) == NOON + 3.5 * SECOND


def test_a_sample_ahead_is_followed_at_once():
    line = Line(NOON + 60 * SECOND, 110.0).behind(Line(NOON, 100.0))

    assert line.at(110.0) == NOON + 60 * SECOND


def test_after_a_sample_behind_it_neither_goes_back_nor_stands_still_and_meets_the_server_again():
    before = Line(NOON, 100.0)
    line = Line(NOON - 3600 * SECOND, 110.0).behind(before)  # the server's clock was put back an hour

    shown = [line.at(110.0 + minutes * 60) for minutes in range(0, 200, 10)]

    assert shown[0] == before.at(110.0)
    assert all(later - earlier >= 300 * SECOND for earlier, later in pairwise(shown))
    assert line.at(110.0 + 3 * 3600) == NOON + 2 * 3600 * SECOND
