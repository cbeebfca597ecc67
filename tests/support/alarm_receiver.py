"""Who listens to the auditor: a real HTTP server that takes alarms and pings, or does not, by script."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Message:
    """An alarm as it came."""

    at: float
    """``time.monotonic``."""
    headers: dict[str, str]
    raw: bytes

    @property
    def said(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body

    @property
    def word(self) -> tuple[str, str]:
        return self.said["status"], self.said["invariant"]


@dataclass
class AlarmReceiver:
    """See the module."""

    port: int = 0
    alarms: list[Message] = field(default_factory=list)
    pings: list[float] = field(default_factory=list)
    """``time.monotonic`` of each."""
    tried: int = 0
    """Posts of alarms, also those that were refused."""
    answers: deque[int | None] = field(default_factory=deque)
    """Of the next alarms: a status, or None to hang."""
    hangs: bool = False
    """Neither alarms nor pings are answered."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def alarm_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alarm"

    @property
    def heartbeat_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping"

    @property
    def words(self) -> list[tuple[str, str]]:
        """(violated or cleared, invariant) in order."""
        return [message.word for message in self.alarms]

    async def until(self, word: str, invariant: str, *, seconds: float) -> Message:
        """The first such alarm, when it comes."""
        async with asyncio.timeout(seconds):
            while True:
                for message in self.alarms:
                    if message.word == (word, invariant):
                        return message
                self._news.clear()
                await self._news.wait()

    async def until_pinged(self, *, seconds: float) -> None:
        """Wait for the next ping."""
        known = len(self.pings)
        async with asyncio.timeout(seconds):
            while len(self.pings) == known:
                self._news.clear()
                await self._news.wait()

    async def take_alarm(self, request: web.Request) -> web.Response:
        self.tried += 1
        raw = await request.read()
        answer = self.answers.popleft() if self.answers else 204
        if answer is None or self.hangs:
            await asyncio.sleep(3600)
        if answer is not None and answer < 300:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.alarms.append(Message(time.monotonic(), headers, raw))
            self._news.set()
        return web.Response(status=answer or 500)

    async def take_ping(self, _request: web.Request) -> web.Response:
        if self.hangs:
            await asyncio.sleep(3600)
        self.pings.append(time.monotonic())
        self._news.set()
        return web.Response(text="OK")


@asynccontextmanager
async def alarm_receiver() -> AsyncIterator[AlarmReceiver]:
    """A receiver that listens."""
    made = AlarmReceiver()
    app = web.Application()
    app.router.add_post("/alarm", made.take_alarm)
    app.router.add_post("/ping", made.take_ping)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.port = runner.addresses[0][1]
        yield made
    finally:
        await runner.cleanup()
