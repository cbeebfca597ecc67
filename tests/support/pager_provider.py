"""A provider of pages on this machine: real HTTP, an append-only list of what arrived, faults by script.

Its list lives in the test's process, which nobody kills.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from aiohttp import web

SLOW_S = 1.0
_KEY = re.compile(r"on server (\S+)")


class Fault(StrEnum):
    """What becomes of one request."""

    ERROR = "error"
    """Answered 500, not taken."""
    HANG = "hang"
    """Not taken and never answered."""
    SWALLOW = "swallow"
    """Taken, and the connection is cut before the answer."""
    SLOW = "slow"
    """Taken and answered after a second."""
    THROTTLE = "throttle"
    """Answered 429 with Retry-After, not taken."""
    GARBAGE = "garbage"
    """Taken, and answered 200 with something that nobody can read."""


@dataclass(frozen=True)
class Received:
    """One page that was taken."""

    received_at: float
    """``time.monotonic``."""
    path: str
    """The last segment of the inbox's URL: whose phone it is."""
    webhook_id: str
    body: dict[str, Any]
    answered: bool = True
    """False: the sender cannot know that it was taken."""

    @cached_property
    def about(self) -> str | None:
        """The dedup key of the condition it pages about, looked for once: tests ask again and again."""
        said = _KEY.search(str(self.body.get("title", "")))
        return said[1] if said and self.body.get("kind") == "page" else None


@dataclass
class PagerProvider:
    """See the module."""

    port: int = 0
    pages: list[Received] = field(default_factory=list)
    """What was taken, in order."""
    first: dict[str, Received] = field(default_factory=dict)
    """Dedup key of a condition -> the first page about it."""
    refused: int = 0
    faults: deque[Fault | None] = field(default_factory=deque)
    """Of the next requests, first first."""
    ill: dict[str, Fault] = field(default_factory=dict)
    """Whose inbox has a fault for as long as it stands here."""
    heard: bool = True
    """False while a network loses the answers."""
    _runner: web.AppRunner | None = None
    _site: web.TCPSite | None = None

    @property
    def inbox(self) -> str:
        """What stands for ``${PAGER_INBOX}``."""
        return f"http://127.0.0.1:{self.port}/inbox"

    async def up(self) -> None:
        """Listen, on the same port as before."""
        app = web.Application()
        app.router.add_post("/inbox/{whose}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Refuse connections and cut those there are."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def of(self, incident_id: str) -> list[Received]:
        """Pages about one incident."""
        return [page for page in self.pages if page.body.get("incident_id") == incident_id]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        whose = request.match_info["whose"]
        fault = self.ill.get(whose) or (self.faults.popleft() if self.faults else None)
        if fault is Fault.ERROR:
            self.refused += 1
            return web.Response(status=500)
        if fault is Fault.THROTTLE:
            self.refused += 1
            return web.Response(status=429, headers={"Retry-After": "1"})
        if fault is Fault.HANG:
            self.refused += 1
            await asyncio.sleep(3600)
        taken = Received(
            received_at=time.monotonic(),
            path=whose,
            webhook_id=request.headers["webhook-id"],
            body=json.loads(body),
            answered=fault is not Fault.SWALLOW and self.heard,
        )
        self.pages.append(taken)
        if taken.about is not None:
            self.first.setdefault(taken.about, taken)
        if fault is Fault.SWALLOW and request.transport is not None:
            request.transport.abort()
        if fault is Fault.SLOW:
            await asyncio.sleep(SLOW_S)
        if fault is Fault.GARBAGE:
            return web.Response(body=b"\x00\xff{", content_type="application/json")
        return web.Response(status=204)


@asynccontextmanager
async def pager_provider() -> AsyncIterator[PagerProvider]:
    """A provider that is up."""
    made = PagerProvider()
    await made.up()
    try:
        yield made
    finally:
        await made.down()
