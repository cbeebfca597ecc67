"""Nothing lost and nothing doubled through kill -9, in under a minute: a part of every `make test`."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tandem.killpoint import POINTS
from tests.support.installation import Installation
from tests.support.pager_provider import Fault
from tests.support.starts import one_of_many_serves

pytestmark = [pytest.mark.chaos_fast, pytest.mark.timeout(400)]  # up to nine starts, also on a busy machine

PER_SECOND = 200
STARTS = 6
READY_AGAIN_S = 30.0
"""Generous; what it took is printed, and is to be under five seconds on an idle machine."""
PASSINGS = 20
"""A kill point kills at one of so many passings; some come before the first alert."""


async def test_every_accepted_alert_has_its_incident_clocks_and_page_after_kills_at_random_moments_under_load(
    running: Installation, chance: random.Random
):
    async def kill_twice() -> None:
        for _ in range(2):
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            await running.supervisor.kill()
            await running.supervisor.restart()

    await running.under_load(kill_twice(), per_second=PER_SECOND)


async def test_a_kill_at_any_named_point_loses_nothing_and_doubles_nothing(
    running: Installation, chance: random.Random
):
    async def walk() -> None:
        await running.supervisor.stop()
        # Each start deals with what the kill before left behind, and dies at the next point.
        for point in POINTS:
            await running.supervisor.run_to(f"{point}:{chance.randint(1, PASSINGS)}")
        await running.supervisor.start()

    await running.under_load(walk(), per_second=30)


async def test_a_delivery_that_comes_ten_times_is_one_alert_one_incident_and_one_page(running: Installation):
    post = running.ledger.add(running.alert())

    await asyncio.gather(*(running.sender.deliver(post) for _ in range(5)))
    for _ in range(5):
        await running.sender.deliver(post)
    await running.stands()

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
    await running.stands()

    rows = await running.settled()
    (incident,) = [row for row in rows.incidents if row.dedup_key == key]
    assert running.provider.of(str(incident.id))


async def test_an_answer_that_is_lost_repeats_the_page_with_the_same_idempotency_key(running: Installation):
    running.provider.faults.append(Fault.SWALLOW)

    post = await running.deliver(running.alert())
    await running.stands()

    rows = await running.settled()
    (incident,) = [row for row in rows.incidents if row.dedup_key == post.dedup_key]
    pages = running.provider.of(str(incident.id))  # at night the other party is told besides, by a page of its own
    (lost,) = [page for page in pages if not page.answered]
    assert [page.body["attempt"] for page in pages if page.webhook_id == lost.webhook_id] == [1, 2]
    assert len(pages) == len({page.webhook_id for page in pages}) + 1


async def test_after_a_kill_of_everything_it_is_soon_ready_again_although_somebody_has_the_old_servers_pid(
    running: Installation,
):
    await running.supervisor.kill_all()
    with somebody_of(running.supervisor.data_dir / "postgres") as pid:
        (lock,) = (running.supervisor.data_dir / "postgres").glob("*/.s.PGSQL.*.lock")
        _, rest = lock.read_text().split("\n", 1)
        lock.write_text(f"{pid}\n{rest}")

        ready = await running.supervisor.restart()

    print(f"ready {ready.seconds:.1f} s after the start")
    assert ready.seconds < READY_AGAIN_S
    await running.stands()


async def test_of_six_starts_on_one_data_directory_one_serves_and_five_say_which():
    await one_of_many_serves(STARTS)


@contextmanager
def somebody_of(directory: Path) -> Iterator[int]:
    """The pid of a process of the account that owns ``directory``."""
    owner = directory.stat()
    user, group = (owner.st_uid, owner.st_gid) if os.geteuid() == 0 else (None, None)
    with subprocess.Popen(["sleep", "60"], user=user, group=group) as process:
        try:
            yield process.pid
        finally:
            process.kill()
