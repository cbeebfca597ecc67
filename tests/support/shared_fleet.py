"""One fleet that tests use one after the other: its start costs, and a check looks at all of its history.

After a test that failed the next one gets a new fleet, or what was wrong once would fail every test to come; what the
processes wrote is kept. A fleet that is some minutes old makes room for a new one as well: nobody acknowledges what the
tests post, so that thousands of incidents would escalate at once, and nothing would ever be at rest.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.fleet import Fleet
from tests.support.installation import Installation

LASTS_S = 300.0
"""No test begins on an older fleet: ten minutes after an alert its path goes on."""
KEPT = Path(__file__).parents[2] / "crash-results"
"""Not below test-results, which the browser tests empty at their start."""


class SharedFleet:
    """See the module."""

    def __init__(
        self, make: Callable[[], AbstractAsyncContextManager[Installation[Fleet]]], *, settles_s: float = 0.0
    ) -> None:
        """``settles_s`` are waited after each start."""
        self._make = make
        self._settles_s = settles_s
        self._stack = AsyncExitStack()
        self._made: Installation[Fleet] | None = None
        self._began = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @asynccontextmanager
    async def lent(self, failed: Callable[[], str | None]) -> AsyncIterator[Installation[Fleet]]:
        """The fleet, all of it running and every way clear; ``failed`` names the test afterwards if it failed."""
        made = await self._running()
        yield made
        print(made.supervisor.said())
        if (test := failed()) is not None:
            print(f"what every process wrote: {keep_logs(made.supervisor.base, test)}")
            await self._end()

    async def _running(self) -> Installation[Fleet]:
        if time.monotonic() - self._began > LASTS_S:
            await self._end()
        if self._made is None:
            self._began = time.monotonic()
            self._made = await self._stack.enter_async_context(self._make())
            await asyncio.sleep(self._settles_s)
        await self._made.run()
        self._made.provider.faults.clear()
        self._made.provider.ill.clear()
        return self._made

    async def _end(self) -> None:
        self._made = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()


def keep_logs(base: Path, test: str) -> Path:
    """Copy every log below ``base`` to a folder of the test, in place of an older one; returns the folder."""
    folder = KEPT / "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in test)[:120]
    shutil.rmtree(folder, ignore_errors=True)
    for log in base.rglob("*.log"):
        kept = folder / log.relative_to(base)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, kept)
    return folder
