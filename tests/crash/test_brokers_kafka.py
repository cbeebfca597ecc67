"""Three brokers, two copies in sync at least: one that dies costs nothing, two that die cost the wait until they are back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tandem.bus.kafka_topics import admin, look
from tandem.bus.topics import ALL
from tests.crash.test_broker_kafka import accepted_at_once, all_paged
from tests.crash.test_database_kafka import ANSWERED_S, tries
from tests.support.apart import SMALL, apart
from tests.support.effort import FULL, measured, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.kafka.trio import NODES, Trio
from tests.support.lateness import lateness
from tests.support.ledger import Outcome

pytestmark = [
    pytest.mark.chaos_kafka,
    pytest.mark.kafka,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not FULL, reason="three brokers take minutes to start: make soak, or CHAOS_EFFORT=full"),
]

PER_SECOND = 20
AWAY_S = seconds(8, 30)
KNOWN_S = 2.5
"""By then every ingest knows the ways in."""


@pytest.fixture(scope="module")
async def trio_fleet() -> AsyncIterator[Installation[Fleet]]:
    async with apart(SMALL, broker=Trio()) as made:
        await asyncio.sleep(KNOWN_S)
        yield made


@pytest.fixture
async def fleet(trio_fleet: Installation[Fleet]) -> AsyncIterator[Installation[Fleet]]:
    """The installation with every broker back and level."""
    await trio_fleet.run()
    await trio(trio_fleet).level()
    yield trio_fleet
    print(trio_fleet.supervisor.said())


def trio(fleet: Installation[Fleet]) -> Trio:
    broker = fleet.supervisor.broker
    assert isinstance(broker, Trio)
    return broker


async def test_topics_are_kept_three_times_and_acknowledged_by_two(fleet: Installation[Fleet]):
    settings = trio(fleet).settings
    async with admin(settings) as client:
        found = await look(client, [settings.topic(topic.name) for topic in ALL])

    assert len(found) == len(ALL)
    assert {(each.replication, each.configs["min.insync.replicas"]) for each in found.values()} == {(3, "2")}


async def test_one_of_three_brokers_that_is_killed_costs_no_post_and_no_page(fleet: Installation[Fleet]):
    sent = len(fleet.ledger.posts)
    drained = 0.0

    async def treatment() -> None:
        nonlocal drained
        await asyncio.sleep(1)
        await trio(fleet).kill(await trio(fleet).leader())
        await asyncio.sleep(AWAY_S)
        drained = await all_paged(fleet, fleet.ledger.posts[sent:])  # with two brokers, before the third is back
        await trio(fleet).start()

    await fleet.under_load(treatment(), per_second=PER_SECOND)

    posts = fleet.ledger.posts[sent:]
    late = lateness(posts, fleet.provider.pages).values()
    longest = accepted_at_once(posts)
    measured(
        "one of three brokers killed",
        posts=len(posts),
        longest_answer_s=longest,
        paged_after_s=drained,
        worst=max(late),
    )


async def test_with_two_of_three_brokers_killed_every_try_is_answered_and_what_was_accepted_is_paged(
    fleet: Installation[Fleet],
):
    sent = len(fleet.ledger.posts)
    drained = 0.0

    async def treatment() -> None:
        nonlocal drained
        await asyncio.sleep(1)
        leader = await trio(fleet).leader()
        await trio(fleet).kill(leader, next(number for number in NODES if number != leader))
        await asyncio.sleep(AWAY_S)
        await trio(fleet).start()
        drained = await all_paged(fleet, fleet.ledger.posts[sent:])

    await fleet.under_load(treatment(), per_second=PER_SECOND)

    posts = fleet.ledger.posts[sent:]
    accepted, refused = tries(posts, Outcome.ACCEPTED), tries(posts, Outcome.REFUSED)
    late, longest = lateness(posts, fleet.provider.pages).values(), max(accepted + refused)
    measured(
        "two of three brokers killed",
        posts=len(posts),
        refused=len(refused),
        longest_answer_s=longest,
        paged_after_return_s=drained,
        worst=max(late),
    )
    assert not tries(posts, Outcome.UNKNOWN), "every try has an answer"
    assert longest < ANSWERED_S
