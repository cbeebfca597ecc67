"""The way between a service and the broker is cut or goes silent while everybody else's is well (F11)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.effort import WHOLE, measured, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.lateness import lateness
from tests.support.ledger import Outcome

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 10
SPOILT_S = seconds(16.0, 20.0)
"""Longer than a session: the partitions of whoever cannot be heard go to others."""
LATE_S = 90.0
WAYS: dict[str, dict[str, Any]] = {"cut": {"cut": True}, "half-open": {"half_open": True}}
EVERY = [(kind, name) for kind in WAYS for name in ("ingest-1", "router-1", "sla-clock-1", "notifier-1")]
SOME = [("half-open", "ingest-1"), ("half-open", "router-1"), ("cut", "router-1")]


@pytest.mark.parametrize(("kind", "name"), EVERY if WHOLE else SOME)
async def test_a_spoilt_way_to_the_broker_refuses_no_post_and_loses_and_doubles_nothing(
    kafka_fleet: Installation[Fleet], kind: str, name: str
):
    fleet, sent = kafka_fleet, len(kafka_fleet.ledger.posts)
    way = fleet.supervisor.members[name].to_broker
    assert way is not None

    async def spoil() -> None:
        async with way.being(**WAYS[kind]):
            await asyncio.sleep(SPOILT_S)

    await fleet.under_load(spoil(), per_second=PER_SECOND)

    posts = fleet.ledger.posts[sent:]
    late = lateness(posts, fleet.provider.pages).values()
    measured(f"F11 way of {name} to the broker {kind} for {SPOILT_S:.0f} s", worst_alert_to_page_s=max(late))
    assert {each.outcome for post in posts for each in post.tries} == {Outcome.ACCEPTED}
    assert max(late) < LATE_S
