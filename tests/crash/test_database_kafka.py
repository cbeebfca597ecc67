"""On Kafka PostgreSQL is restarted and killed under load, and intake goes on; with the broker away too it refuses (F4)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.support.effort import measured, rounds, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.ledger import Outcome, Post

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 20
AWAY_S = seconds(5, 20)
ANSWERED_S = 2.5
"""Two are demanded; the rest is a busy machine. Ingest gives a post 1.6."""
BACK_S = 30.0
"""Fifteen are demanded."""


async def caught_up(fleet: Installation[Fleet]) -> float:
    """How long until an alert posted from now on is paged, and with it what came before on its partition."""
    began = time.monotonic()
    await fleet.paged(await fleet.deliver(fleet.alert()), within_s=BACK_S)
    return time.monotonic() - began


def tries(posts: list[Post], outcome: Outcome) -> list[float]:
    """Seconds of each try that ended so."""
    found = [each for post in posts for each in post.tries if each.outcome is outcome]
    return [(each.ended_at or 0.0) - each.intended_at for each in found]


async def treated(
    fleet: Installation[Fleet], what: str, treat: Callable[[], Awaitable[None]], *, per_second: float = PER_SECOND
) -> list[Post]:
    """Under load: treat, wait until decisions catch up, hold everything against the promise; returns the posts."""
    sent, took, began = len(fleet.ledger.posts), 0.0, time.time() + 1

    async def treatment() -> None:
        nonlocal took
        await asyncio.sleep(1)
        await treat()
        took = await caught_up(fleet)

    await fleet.under_load(treatment(), per_second=per_second)

    posts = fleet.ledger.posts[sent:]
    spans = [*tries(posts, Outcome.ACCEPTED), *tries(posts, Outcome.REFUSED)]
    unanswered = [each for post in posts for each in post.tries if each.outcome is Outcome.UNKNOWN]
    assert not unanswered, "tries had no answer, s after the treatment began: " + ", ".join(
        f"{each.intended_at - began:.1f} to {(each.ended_at or 0.0) - began:.1f}" for each in unanswered
    )
    assert max(spans) < ANSWERED_S
    refused = tries(posts, Outcome.REFUSED)
    measured(what, posts=len(posts), refused=len(refused), longest_answer_s=max(spans), caught_up_after_s=took)
    return posts


async def test_a_restart_of_the_database_refuses_no_post_and_decisions_catch_up(kafka_fleet: Installation[Fleet]):
    fleet, server = kafka_fleet, kafka_fleet.supervisor.server

    async def restart() -> None:
        await server.stop()
        await asyncio.sleep(AWAY_S)
        await server.start()

    for _ in range(rounds(1, 5)):
        posts = await treated(fleet, f"F4 PostgreSQL restarted, {AWAY_S:.0f} s away", restart)
        assert not tries(posts, Outcome.REFUSED)
    assert all(member.running for member in fleet.supervisor.members.values())


async def test_kill_minus_nine_of_the_database_refuses_no_post_and_loses_nothing(kafka_fleet: Installation[Fleet]):
    fleet, server = kafka_fleet, kafka_fleet.supervisor.server

    async def kill() -> None:
        await server.kill()
        await server.start()

    for _ in range(rounds(1, 5)):
        posts = await treated(fleet, "F4 PostgreSQL killed", kill)
        assert not tries(posts, Outcome.REFUSED)


@pytest.mark.parametrize("how", ["killed", "stands still"])
async def test_with_the_broker_away_too_every_try_is_answered_soon_and_what_was_accepted_is_paged(
    kafka_fleet: Installation[Fleet], how: str
):
    fleet, server, broker = kafka_fleet, kafka_fleet.supervisor.server, kafka_fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)

    async def both() -> None:
        broker.freeze() if how == "stands still" else await broker.kill()
        await server.kill()
        await asyncio.sleep(AWAY_S)
        await server.start()
        broker.thaw() if how == "stands still" else await broker.start()

    for _ in range(rounds(1, 5)):
        posts = await treated(fleet, f"PostgreSQL killed, the broker {how}, {AWAY_S:.0f} s", both)
        assert tries(posts, Outcome.REFUSED), "nothing was refused, so both were never away"
