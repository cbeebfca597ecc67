"""A process starts, serves and stops as it was told, also when it is told while it still starts."""

from __future__ import annotations

import asyncio

import pytest

from tandem.app.lifecycle import Lifecycle
from tandem.errors import StartFailed, Unavailable

WITHIN_S = 30.0
"""Past it something hangs."""


class Part:
    """Something that is opened at the start; ``waits_for`` is what it needs first."""

    def __init__(self, lifecycle: Lifecycle, waits_for: asyncio.Event | None = None) -> None:
        self.lifecycle = lifecycle
        self.waits_for = waits_for
        self.begun, self.opened = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        self.lifecycle.on_close("part", self.close)
        self.begun.set()
        if self.waits_for is not None:
            await self.waits_for.wait()
        self.opened.set()

    async def close(self) -> None:
        self.opened.clear()
        self.begun.clear()


async def test_a_process_serves_until_it_is_told_to_stop_and_closes_what_it_opened():
    lifecycle = Lifecycle(shutdown_s=5)
    part = Part(lifecycle)
    living = asyncio.create_task(lifecycle.live(part.start))
    await asyncio.wait_for(part.opened.wait(), WITHIN_S)

    lifecycle.stop()

    assert await asyncio.wait_for(living, WITHIN_S) == 0
    assert not part.begun.is_set()


async def test_a_stop_ends_a_start_that_still_waits():
    lifecycle = Lifecycle(shutdown_s=5)
    part = Part(lifecycle, waits_for=asyncio.Event())
    living = asyncio.create_task(lifecycle.live(part.start))
    await asyncio.wait_for(part.begun.wait(), WITHIN_S)

    lifecycle.stop()

    assert await asyncio.wait_for(living, WITHIN_S) == 0
    assert not part.begun.is_set()


async def test_a_start_that_fails_says_why_and_closes_what_was_open():
    lifecycle = Lifecycle(shutdown_s=5)
    part = Part(lifecycle)

    async def start() -> None:
        await part.start()
        raise StartFailed("no room")

    with pytest.raises(StartFailed, match="no room"):
        await asyncio.wait_for(lifecycle.live(start), WITHIN_S)
    assert not part.begun.is_set()


async def test_a_failure_while_serving_ends_with_one():
    lifecycle = Lifecycle(shutdown_s=5)
    living = asyncio.create_task(lifecycle.live(Part(lifecycle).start))
    await asyncio.sleep(0)

    lifecycle.stop("PostgreSQL ended")

    assert await asyncio.wait_for(living, WITHIN_S) == 1


async def live(lifecycle: Lifecycle) -> asyncio.Task[int]:
    """A process that serves."""
    part = Part(lifecycle)
    living = asyncio.create_task(lifecycle.live(part.start))
    async with asyncio.timeout(WITHIN_S):
        while not lifecycle.serving:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
    return living


async def test_a_process_that_gives_notice_is_not_ready_but_works_on_until_the_notice_is_over():
    lifecycle = Lifecycle(shutdown_s=5, notice_s=0.2)
    living = await live(lifecycle)
    await lifecycle.staying()

    lifecycle.stop()

    assert lifecycle.leaving.is_set()
    assert not lifecycle.stopping.is_set()
    with pytest.raises(Unavailable, match="stopping"):
        await lifecycle.staying()
    assert await asyncio.wait_for(living, WITHIN_S) == 0


async def test_a_second_wish_to_stop_and_a_failure_cut_the_notice_short():
    for again in (None, "the database ended"):
        lifecycle = Lifecycle(shutdown_s=5, notice_s=3600)
        living = await live(lifecycle)
        lifecycle.stop()

        lifecycle.stop(again)

        assert await asyncio.wait_for(living, WITHIN_S) == (1 if again else 0)


async def test_nobody_is_given_notice_of_a_process_that_never_served():
    lifecycle = Lifecycle(shutdown_s=5, notice_s=3600)
    part = Part(lifecycle, waits_for=asyncio.Event())
    living = asyncio.create_task(lifecycle.live(part.start))
    await asyncio.wait_for(part.begun.wait(), WITHIN_S)

    lifecycle.stop()

    assert await asyncio.wait_for(living, WITHIN_S) == 0
