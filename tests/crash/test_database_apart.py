"""PostgreSQL is restarted, killed, hung and full underneath separate processes (F4, F15, F19)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tandem.db.migrate import status
from tests.support.effort import measured, rounds, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.ledger import Outcome, Post
from tests.support.postgres_server import PostgresServer
from tests.support.served import TANDEM, launch

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

PER_SECOND = 10
ANSWERED_S = 4.0
"""Two are demanded of a refusal; the rest is a busy machine."""
BACK_S = 30.0
"""Fifteen are demanded."""
KINDS = ("tandem bus append", "tandem router", "tandem notifier", "tandem sender", "tandem sla-clock")
"""Sessions of which one is stopped."""


async def back(fleet: Installation[Fleet]) -> float:
    """How long until an alert posted from now on is paged."""
    began = time.monotonic()
    await fleet.paged(await fleet.deliver(fleet.alert()), within_s=BACK_S)
    return time.monotonic() - began


def refusals(posts: list[Post]) -> tuple[int, float]:
    """How many tries were refused, and the longest; every try that found somebody had an answer in time."""
    tries = [each for post in posts for each in post.tries if each.ended_at is not None]
    spans = [(each.ended_at or 0.0) - each.intended_at for each in tries if each.outcome is Outcome.REFUSED]
    assert {each.status for each in tries if each.outcome is Outcome.REFUSED} <= {503}
    assert not [each for each in tries if each.outcome is Outcome.UNKNOWN], "a try had no answer"
    return len(spans), max(spans, default=0.0)


async def treated(fleet: Installation[Fleet], what: str, treat: Callable[[], Awaitable[None]]) -> None:
    """Under load: treat, wait until it is back, then hold everything against the promise."""
    sent = len(fleet.ledger.posts)
    took = 0.0

    async def treatment() -> None:
        nonlocal took
        await asyncio.sleep(1)
        await treat()
        took = await back(fleet)

    await fleet.under_load(treatment(), per_second=PER_SECOND)

    count, longest = refusals(fleet.ledger.posts[sent:])
    measured(what, refused=count, longest_refusal_s=longest, alert_to_page_after_it_s=took)
    assert longest < ANSWERED_S


async def test_a_restart_is_answered_503_in_time_and_everything_goes_on_by_itself(fleet: Installation[Fleet]):
    before = (await fleet.check()).repeated

    async def restart() -> None:
        await fleet.supervisor.server.stop()
        await asyncio.sleep(seconds(3, 8))
        await fleet.supervisor.server.start()

    for _ in range(rounds(1, 5)):
        await treated(fleet, "F4 PostgreSQL restarted", restart)

    assert (await fleet.check()).repeated == before
    assert all(member.running for member in fleet.supervisor.members.values())


async def test_kill_minus_nine_of_the_server_loses_nothing(fleet: Installation[Fleet]):
    async def kill() -> None:
        await fleet.supervisor.server.kill()
        await fleet.supervisor.server.start()

    for _ in range(rounds(1, 5)):
        await treated(fleet, "F4 PostgreSQL killed", kill)


async def test_a_backend_that_hangs_stops_nobody_for_long(fleet: Installation[Fleet], chance: random.Random):
    """What waits for it gives up in time and goes another way; with a row in its hands it would keep that row's partition."""
    kinds = chance.sample(KINDS, rounds(2, len(KINDS)))
    for kind in kinds:
        pid = chance.choice(await fleet.supervisor.server.backends(kind))

        async def hang(pid: int = pid, kind: str = kind) -> None:
            async with fleet.supervisor.server.paused(pid):
                took = [await back(fleet) for _ in range(8)]
                measured(f"F4 hung session of {kind}, alert to page in s", worst=max(took))

        await fleet.under_load(hang(), per_second=PER_SECOND)


async def test_without_free_connections_intake_refuses_in_time_and_recovers(fleet: Installation[Fleet]):
    server = fleet.supervisor.server
    sent = len(fleet.ledger.posts)

    async def exhaust() -> None:
        await server.ask("alter role tandem connection limit 0")
        await server.ask("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tandem'")
        post = fleet.ledger.add(fleet.alert())
        assert (await fleet.sender.attempt(post)).status == 503
        assert (await fleet.supervisor.members["ingest-1"].readiness())[0] == 503
        await asyncio.sleep(seconds(3, 10))
        await server.ask("alter role tandem connection limit -1")
        await fleet.sender.deliver(post)

    try:
        await treated(fleet, "F15 no free connections", exhaust)
    finally:
        await server.ask("alter role tandem connection limit -1")
    assert refusals(fleet.ledger.posts[sent:])[0] > 0
    for name in fleet.supervisor.members:
        await ready_again(fleet, name)


async def ready_again(fleet: Installation[Fleet], name: str) -> None:
    until = time.monotonic() + BACK_S
    while (answer := await fleet.supervisor.members[name].readiness())[0] != 200:
        assert time.monotonic() < until, (name, answer)
        await asyncio.sleep(0.2)


async def test_a_migration_that_fails_half_way_leaves_what_runs_running(fleet: Installation[Fleet]):
    """The newest revision of every schema runs once more; one of them meets what it has already made.

    Those before it succeed, as in an upgrade that fails half-way: what they did must be taken back with it.
    """
    server = fleet.supervisor.server
    found = await status(server.dsn)
    back = [
        (f"{each.schema}_{each.head:04}", f"{each.schema}_{each.head - 1:04}")
        for each in found.branches
        if each.head > 1
    ]

    async def fail() -> None:
        await renamed(server, back)
        before = str(await status(server.dsn))
        code, said = await upgrade(fleet)
        assert code != 0, said
        assert str(await status(server.dsn)) == before
        await renamed(server, [(older, newest) for newest, older in back])
        code, said = await upgrade(fleet)
        assert code == 0, said

    await fleet.under_load(fail(), per_second=PER_SECOND)

    assert str(await status(server.dsn)) == str(found)


async def renamed(server: PostgresServer, versions: Sequence[tuple[str, str]]) -> None:
    """Have the database say that it stands at the second of each two."""
    for old, new in versions:
        await server.ask("update tandem.alembic_version set version_num = $1 where version_num = $2", new, old)


async def test_a_schema_that_is_newer_serves_and_an_older_upgrade_says_so(fleet: Installation[Fleet]):
    server = fleet.supervisor.server
    found = await status(server.dsn)
    router = next(branch for branch in found.branches if branch.schema == "router")
    newest, newer = f"router_{router.head:04}", f"router_{router.head + 1:04}"
    await server.ask("update tandem.alembic_version set version_num = $1 where version_num = $2", newer, newest)
    try:
        code, said = await upgrade(fleet)
        assert code != 0
        assert "newer than this release" in said
        await fleet.under_load(fleet.supervisor.roll(["router-2"]), per_second=PER_SECOND)
    finally:
        await server.ask("update tandem.alembic_version set version_num = $1 where version_num = $2", newest, newer)


async def upgrade(fleet: Installation[Fleet]) -> tuple[int, str]:
    """``tandem db upgrade`` while everything runs; its exit code and words."""
    log = fleet.supervisor.base / "upgrade-again.log"
    member = fleet.supervisor.members["router-1"]
    process = await launch([str(TANDEM), "db", "upgrade"], log, member.environment)
    async with asyncio.timeout(120):
        code = await process.wait()
    return code, log.read_text()
