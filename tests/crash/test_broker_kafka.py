"""The broker is killed, ended or stands still under load: every post is accepted, and everything is paged (F3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.support.effort import measured, rounds, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.lateness import lateness
from tests.support.ledger import Outcome, Post

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 50
AWAY_S = seconds(15, 60)
DRAINED_S = 60.0
"""From the broker's return until everything that was accepted by then has been paged."""
ANSWERED_S = 4.0
"""Two are demanded; the rest is a busy machine."""


async def treated(fleet: Installation[Fleet], what: str, treat: Callable[[KafkaBroker], Awaitable[None]]) -> None:
    """Under load: take the broker away and give it back, then hold everything against the promise."""
    broker = fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)
    sent = len(fleet.ledger.posts)
    drained = 0.0

    async def treatment() -> None:
        nonlocal drained
        await asyncio.sleep(1)
        await treat(broker)
        drained = await all_paged(fleet, fleet.ledger.posts[sent:])

    await fleet.under_load(treatment(), per_second=PER_SECOND)

    posts = fleet.ledger.posts[sent:]
    late = lateness(posts, fleet.provider.pages).values()
    longest = accepted_at_once(posts)
    measured(what, posts=len(posts), longest_answer_s=longest, paged_after_return_s=drained, worst_page_s=max(late))
    assert longest < ANSWERED_S
    assert max(late) < AWAY_S + DRAINED_S + 10


async def all_paged(fleet: Installation[Fleet], posts: list[Post]) -> float:
    """Wait until ``posts`` have been paged, those on their way too; returns how long it took."""
    began = time.monotonic()
    while missing := sum(post.dedup_key not in fleet.provider.first for post in posts):
        assert time.monotonic() - began < DRAINED_S, f"{missing} of {len(posts)} not paged\n{fleet.supervisor.said()}"
        await asyncio.sleep(0.2)
    return time.monotonic() - began


def accepted_at_once(posts: list[Post]) -> float:
    """Every post had its 202 at the first try; returns the longest of them in seconds."""
    tries = [each for post in posts for each in post.tries]
    assert {each.outcome for each in tries} == {Outcome.ACCEPTED}, {each.status for each in tries}
    assert len(tries) == len(posts)
    return max((each.ended_at or 0.0) - each.intended_at for each in tries)


async def test_a_broker_that_is_killed_costs_no_post_and_no_page(kafka_fleet: Installation[Fleet]):
    async def kill(broker: KafkaBroker) -> None:
        await broker.kill()
        await asyncio.sleep(AWAY_S)
        await broker.start()

    for _ in range(rounds(1, 5)):
        await treated(kafka_fleet, f"F3 broker killed for {AWAY_S:.0f} s", kill)


async def test_a_broker_that_an_operator_restarts_costs_no_post_and_no_page(kafka_fleet: Installation[Fleet]):
    async def restart(broker: KafkaBroker) -> None:
        await broker.end()
        await asyncio.sleep(AWAY_S / 3)
        await broker.start()

    for _ in range(rounds(1, 5)):
        await treated(kafka_fleet, f"F3 broker ended by SIGTERM, {AWAY_S / 3:.0f} s away", restart)


async def test_a_broker_that_stands_still_costs_no_post_and_no_page(kafka_fleet: Installation[Fleet]):
    async def stand_still(broker: KafkaBroker) -> None:
        broker.freeze()
        try:
            await asyncio.sleep(AWAY_S)
        finally:
            broker.thaw()

    for _ in range(rounds(1, 5)):
        await treated(kafka_fleet, f"F3 broker stopped for {AWAY_S:.0f} s", stand_still)
