"""Many starts on one data directory, of which one may serve."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from tests.support.served import READY_S
from tests.support.supervisor import Supervisor, supervisor


async def one_of_many_serves(count: int) -> None:
    """Start ``count`` processes at once on an empty data directory; all but one exit 3 and name it."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(supervisor())
        others = [await stack.enter_async_context(supervisor(data=first.data_dir)) for _ in range(1, count)]
        starts = [first, *others]
        for each in starts:
            await each.spawn()
        async with asyncio.timeout(READY_S):
            await _all_but_one_end(starts)

        (serving,) = [each for each in starts if each.running]
        facts = await serving.wait_ready()
        for each in starts:
            if each is not serving:
                assert await each.ended() == 3
                assert f"pid {facts.pid}" in each.said()
                assert facts.address in each.said()
        assert await serving.stop() == 0


async def _all_but_one_end(starts: Sequence[Supervisor]) -> None:
    endings = {asyncio.ensure_future(each.process.wait()) for each in starts if each.process is not None}
    while len(endings) > 1:
        _, endings = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
    for ending in endings:
        ending.cancel()
