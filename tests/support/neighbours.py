"""One client's tool storms while two others' post now and then (F17): what the others are kept waiting, and what all are told."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping

import asyncpg

from tandem.model.integration import AuthKind
from tests.support.effort import measured, seconds
from tests.support.installation import Installation, P, Way
from tests.support.lateness import lateness, quantile
from tests.support.ledger import Outcome, Post

NOISY_PER_S = float(os.environ.get("CRASH_NOISY_PER_S", "400"))
QUIET_PER_S = 1.0
BEFORE_S, STORM_S = seconds(8, 30), seconds(20, 60)
LATE_S = 5.0 * float(os.environ.get("CRASH_SLOWNESS", "1"))
"""The 99th of a hundred pages of the others; CRASH_SLOWNESS makes room for a machine that others use too."""
WRITTEN_S = 30.0

_SHOWN = "select result, sum(n)::int as n from ingest.intake where integration = $1 group by result"


async def storm_beside_two_quiet_clients(running: Installation[P]) -> None:
    """Post, and assert F17."""
    noisy = await running.way("storm", "cedarline", AuthKind.HEADER)
    quiet = [
        await running.way("quiet-northwind", "northwind", AuthKind.HEADER),
        await running.way("quiet-millbrook", "millbrook", AuthKind.HEADER),
    ]
    for way in (noisy, *quiet):
        await running.deliver(running.alert(way=way, firing=False))
    alone = await _quietly(running, quiet, BEFORE_S)
    sent = len(running.ledger.posts)

    storm = asyncio.create_task(_stream(running, noisy, NOISY_PER_S, STORM_S))
    beside = await _quietly(running, quiet, STORM_S)
    await storm
    await running.stands()

    stormed = [post for post in running.ledger.posts[sent:] if post.path.endswith(noisy.name)]
    pages = running.provider.pages
    before, during = _late(alone, pages), _late(beside, pages)
    theirs = _late(stormed, pages)
    assert len(during) == len(beside)
    shown = await _written(running, noisy, len(stormed) + 1)
    measured(
        "F17 alert to page in s, alone and beside a storm",
        before_p99=quantile(before, 0.99),
        during_p50=quantile(during, 0.5),
        during_p99=quantile(during, 0.99),
        storm_p50=quantile(theirs, 0.5),
        storm_worst=max(theirs),
        stormed=len(stormed),
        queued=shown["queued"],
        refused=shown["refused_rate"] + shown["refused_overload"],
    )
    assert quantile(during, 0.99) < LATE_S
    refusals = sum(each.outcome is Outcome.REFUSED for post in stormed for each in post.tries)
    assert shown["refused_rate"] + shown["refused_overload"] == refusals
    if quantile(theirs, 0.5) > LATE_S:
        assert shown["queued"] > 0


async def _quietly(running: Installation[P], ways: list[Way], for_s: float) -> list[Post]:
    sent = len(running.ledger.posts)
    async with asyncio.TaskGroup() as clients:
        for way in ways:
            clients.create_task(_stream(running, way, QUIET_PER_S, for_s))
    names = tuple(way.name for way in ways)
    return [post for post in running.ledger.posts[sent:] if post.path.endswith(names)]


async def _stream(running: Installation[P], way: Way, per_second: float, for_s: float) -> None:
    until = asyncio.get_running_loop().time() + for_s
    await running.sender.stream(
        lambda: running.alert(way=way), per_second=per_second, until=lambda: asyncio.get_running_loop().time() > until
    )


def _late(posts: list[Post], pages) -> list[float]:
    return list(lateness(posts, pages).values())


async def _written(running: Installation[P], way: Way, accepted: int) -> Mapping[str, int]:
    """What both parties are shown of ``way``, once everything accepted is counted there."""
    connection = await asyncpg.connect(running.supervisor.admin_dsn)
    try:
        async with asyncio.timeout(WRITTEN_S):
            while True:
                rows = await connection.fetch(_SHOWN, way.name)
                shown = Counter({str(row["result"]): int(row["n"]) for row in rows})
                if shown["accepted"] + shown["duplicate"] >= accepted:
                    return shown
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
