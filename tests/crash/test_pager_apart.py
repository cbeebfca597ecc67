"""The provider of pages misbehaves, and so does the way to it (F8, F9)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.support.effort import measured, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.lateness import lateness, quantile
from tests.support.pager_provider import Fault

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1800)]

PER_SECOND = 10
HEALTHY_S = 10.0
"""A page to a healthy target while another hangs: one second more is demanded (p99), the rest is a busy machine."""


async def test_a_provider_that_errs_throttles_hangs_and_babbles_gets_every_page(
    fleet: Installation[Fleet], chance: random.Random
):
    async def misbehave() -> None:
        fleet.provider.faults.extend(chance.choices([None, *Fault], weights=[20, 3, 1, 3, 2, 3, 3], k=150))
        await asyncio.sleep(seconds(8, 60))
        fleet.provider.faults.clear()

    await fleet.under_load(misbehave(), per_second=PER_SECOND)


async def test_the_way_to_the_provider_is_cut_and_every_page_arrives_afterwards(fleet: Installation[Fleet]):
    async def cut() -> None:
        await asyncio.sleep(1)
        fleet.provider.heard = False  # of what it takes at this moment the answer may be lost
        async with fleet.supervisor.pager.being(cut=True):
            await asyncio.sleep(seconds(8, 60))
        fleet.provider.heard = True

    await fleet.under_load(cut(), per_second=PER_SECOND)


async def test_lost_answers_repeat_pages_with_the_same_idempotency_key(fleet: Installation[Fleet]):
    taken = len(fleet.provider.pages)

    async def lose() -> None:
        fleet.provider.heard = False
        async with fleet.supervisor.pager.being(swallow_replies=True):
            await fleet.deliver(fleet.alert())
            await asyncio.sleep(3)
        fleet.provider.heard = True

    await fleet.under_load(lose(), per_second=2)

    arrivals = Counter(page.webhook_id for page in fleet.provider.pages[taken:])
    measured("F9 arrivals of one page whose answers were lost", most=max(arrivals.values()))
    assert max(arrivals.values()) > 1


async def test_a_target_that_hangs_delays_no_other_targets_pages(fleet: Installation[Fleet]):
    post = await fleet.deliver(fleet.alert())
    await fleet.paged(post)
    ill = next(p.path for p in reversed(fleet.provider.pages) if post.dedup_key in str(p.body.get("title", "")))
    sent, taken = len(fleet.ledger.posts), len(fleet.provider.pages)

    async def hang() -> None:
        fleet.provider.ill[ill] = Fault.HANG
        await asyncio.sleep(seconds(15, 60))
        healthy = fleet.provider.pages[taken:]
        late = lateness(fleet.ledger.posts[sent:], healthy).values()
        measured(f"F8 {ill} hangs, the others' alert to page in s", p99=quantile(late, 0.99), pages=len(healthy))
        assert late
        assert quantile(late, 0.99) < HEALTHY_S
        fleet.provider.ill.clear()

    await fleet.under_load(hang(), per_second=PER_SECOND)
