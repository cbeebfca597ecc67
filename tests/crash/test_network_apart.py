"""The way between each service and PostgreSQL is cut, goes silent, is slow or crawls (F11)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.support.apart import SMALL
from tests.support.effort import cases, measured, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.lateness import lateness

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

PER_SECOND = 5
SPOILT_S = seconds(16.0, 20.0)
DETECTED_S = 15.0
BACK_S = 45.0
"""Fifteen are demanded; the machine may be busy."""
WAYS: dict[str, dict[str, Any]] = {
    "cut": {"cut": True},
    "half-open": {"half_open": True},
    "late by 300 ms": {"latency_s": 0.3},
    "one byte a second": {"bytes_per_s": 1.0},
}
EVERY = [(kind, name) for kind in WAYS for name in SMALL]
SOME = [
    ("cut", "notifier-1"),
    ("half-open", "router-1"),
    ("late by 300 ms", "ingest-1"),
    ("one byte a second", "ingest-1"),
]
UNUSABLE = {"cut", "half-open", "one byte a second"}
GROWTH = 26
"""Open files more than before: a pool that is being made anew has some of its old ones left, and a notifier has 16 ways to a
target. A connection left behind at each try would be some fifty."""


async def says(fleet: Installation[Fleet], name: str, wanted: int, *, within_s: float) -> float:
    """Wait until ``/readyz`` says so; returns how long it took."""
    began = time.monotonic()
    while (answer := await fleet.supervisor.members[name].readiness())[0] != wanted:
        assert time.monotonic() - began < within_s, (name, answer)
        await asyncio.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.parametrize(("kind", "name"), cases(SOME, EVERY))
async def test_a_spoilt_way_to_the_database_is_noticed_survived_and_forgotten(
    fleet: Installation[Fleet], kind: str, name: str
):
    await fleet.paged(await fleet.deliver(fleet.alert()))  # a new fleet has not opened all its connections yet
    await fleet.settled()
    held, sent = fleet.supervisor.members[name].holds(), len(fleet.ledger.posts)
    way = fleet.supervisor.way(name)
    noticed = back = 0.0

    async def spoil() -> None:
        nonlocal noticed, back
        async with way.being(**WAYS[kind]):
            began = time.monotonic()
            await fleet.supervisor.note_spoilt_way(name)
            if kind in UNUSABLE:
                noticed = await says(fleet, name, 503, within_s=DETECTED_S)
            await asyncio.sleep(max(0.0, SPOILT_S - (time.monotonic() - began)))
        back = await says(fleet, name, 200, within_s=BACK_S)

    await fleet.under_load(spoil(), per_second=PER_SECOND)

    late = lateness(fleet.ledger.posts[sent:], fleet.provider.pages).values()
    measured(f"F11 {name}: {kind}", noticed_s=noticed, back_s=back, worst_alert_to_page_s=max(late))
    now = fleet.supervisor.members[name].holds()
    assert now["threads"] <= held["threads"] + 2
    assert now["files"] <= held["files"] + GROWTH
