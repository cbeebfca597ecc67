"""Nothing lost and nothing doubled through kill -9, in under a minute: a part of every `make test`."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import pytest

from tandem.killpoint import POINTS
from tests.support.installation import Installation
from tests.support.ledger import Findings, Outcome, Post
from tests.support.pager_provider import Fault
from tests.support.supervisor import KILLED, EndedEarly

pytestmark = pytest.mark.chaos_fast

PER_SECOND = 200
PASSINGS = {"ingest": 5, "runner": 12, "sender": 3}
"""Which passing kills: a runner passes its points a few times before the first alert."""


def tell(findings: Findings, installation: Installation) -> None:
    """The figures of a run; pytest shows them with -s, and with a failure."""
    restarts = installation.supervisor.restarts
    print(
        f"{len(installation.ledger.posts)} posts, {len(installation.provider.pages)} pages,"
        f" {len(installation.supervisor.kills)} kills: {findings.lost} lost, {findings.doubled} doubled,"
        f" {findings.repeated} pages repeated ({findings.worst_kill} after one kill at most);"
        f" start to ready {[round(seconds, 1) for seconds in restarts]} s"
    )


async def stands(installation: Installation) -> None:
    """Our promise, over everything sent so far."""
    findings = await installation.check()
    tell(findings, installation)
    assert findings.violations == []


async def test_every_accepted_alert_has_its_incident_clocks_and_page_after_kills_at_random_moments_under_load(
    running: Installation, chance: random.Random
):
    async def kill_twice() -> None:
        for _ in range(2):
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            await running.supervisor.kill()
            await running.supervisor.restart()

    killing = asyncio.create_task(kill_twice())
    sent = await running.sender.stream(running.alert, per_second=PER_SECOND, until=killing.done)
    await killing

    print(f"{sent} posts at {PER_SECOND} a second")
    await stands(running)


async def test_a_kill_at_any_named_point_loses_nothing_and_doubles_nothing(running: Installation):
    await running.supervisor.stop()
    over = False
    sending = asyncio.create_task(running.sender.stream(running.alert, per_second=50, until=lambda: over))

    # Each start deals with what the kill before left behind, and dies at the next point.
    for point in POINTS:
        await running.supervisor.run_to(f"{point}:{PASSINGS[point.partition('.')[0]]}")
    await running.supervisor.start()
    over = True
    await sending

    await stands(running)


async def test_a_delivery_that_comes_ten_times_is_one_alert_one_incident_and_one_page(running: Installation):
    post = running.ledger.add(running.alert())

    await asyncio.gather(*(running.sender.deliver(post) for _ in range(5)))
    for _ in range(5):
        await running.sender.deliver(post)
    await stands(running)

    rows = await running.settled()
    (incident,) = [row for row in rows.incidents if row.dedup_key == post.dedup_key]
    assert len(post.alert_ids) == 1
    assert len([row for row in rows.alerts if row.dedup_key == post.dedup_key]) == 1
    assert len([page for page in running.provider.of(str(incident.id)) if page.body["kind"] == "page"]) == 1


async def test_a_clear_that_overtakes_its_alert_does_not_silence_it(running: Installation):
    key = "overtaken"
    clear, alert = running.alert(firing=False, key=key), running.alert(key=key)
    while alert.tenant != clear.tenant:
        alert = running.alert(key=key)

    await running.deliver(clear)
    await running.deliver(alert)
    await stands(running)

    rows = await running.settled()
    (incident,) = [row for row in rows.incidents if row.dedup_key == key]
    assert running.provider.of(str(incident.id))


async def test_an_answer_that_is_lost_repeats_the_page_with_the_same_idempotency_key(running: Installation):
    running.provider.faults.append(Fault.SWALLOW)

    post = await running.deliver(running.alert())
    await stands(running)

    rows = await running.settled()
    (incident,) = [row for row in rows.incidents if row.dedup_key == post.dedup_key]
    pages = running.provider.of(str(incident.id))
    assert [page.answered for page in pages] == [False, True]
    assert len({page.webhook_id for page in pages}) == 1
    assert [page.body["attempt"] for page in pages] == [1, 2]
