"""Plays the scenes: posts through the real webhooks and acts through the real API, over and over."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import aiohttp
import structlog

from tandem.app.demo.scenes import ACTS, POSTS, ROUND, Act, Post
from tandem.app.demo.seed import Seeded
from tandem.clock import Clock, wait_event

_DEADLINE = aiohttp.ClientTimeout(total=10)
_LOOK_S = 3.0
"""Between looks at a door that is not open yet."""

log = structlog.get_logger("tandem.demo")


class Feed:
    """One loop; nothing it does fails the demo."""

    def __init__(self, seeded: Seeded, clock: Clock) -> None:
        """``seeded`` says where to post and as whom to act."""
        self._seeded = seeded
        self._clock = clock

    async def run(self, stopping: asyncio.Event) -> None:
        """Rounds until ``stopping``."""
        turn = int(self._clock.now().timestamp())
        async with aiohttp.ClientSession(timeout=_DEADLINE, trust_env=False) as session:
            await self._doors_open(session, stopping)
            while not stopping.is_set():
                await self._round(session, turn, stopping)
                turn += 1

    async def _doors_open(self, session: aiohttp.ClientSession, stopping: asyncio.Event) -> None:
        """Wait for the parts that run elsewhere: a scene that meets a closed door is missed for a whole round."""
        doors = self._seeded.doors
        elsewhere = {doors.ingest.inside, doors.console.inside} - {doors.inbox.inside}
        while elsewhere and not stopping.is_set():
            elsewhere = {url for url in elsewhere if not await _ready(session, url)}
            # The last look is followed by a wait too: services follow new ways in and agreements within two seconds.
            await wait_event(stopping, _LOOK_S)

    async def _round(self, session: aiohttp.ClientSession, turn: int, stopping: asyncio.Event) -> None:
        began = self._clock.now()
        scenes: list[Post | Act] = [*POSTS, *ACTS]
        for scene in sorted(scenes, key=lambda scene: scene.at):
            if await self._wait_until(began + scene.at, stopping):
                return
            try:
                await self._play(session, scene, turn)
            except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as fault:
                log.info("demo scene left out", scene=type(scene).__name__, fault=f"{type(fault).__name__}: {fault}")
        await self._wait_until(began + ROUND, stopping)

    async def _wait_until(self, at: datetime, stopping: asyncio.Event) -> bool:
        seconds = (at - self._clock.now()) / timedelta(seconds=1)
        return await wait_event(stopping, max(0.0, seconds))

    async def _play(self, session: aiohttp.ClientSession, scene: Post | Act, turn: int) -> None:
        if isinstance(scene, Act):
            await self._act(session, scene)
            return
        way = self._seeded.integrations[scene.integration]
        body = json.dumps(scene.body(turn, self._clock.now())).encode()
        url = self._seeded.doors.ingest.from_inside(way["url"])
        async with session.post(url, data=body, headers=signed(way, body)) as answer:
            answer.raise_for_status()

    async def _act(self, session: aiohttp.ClientSession, act: Act) -> None:
        begin = f"{self._seeded.doors.console.inside}/api/v1/incidents"
        headers = {"Authorization": f"Bearer {self._seeded.facts['tokens'][act.role]}"}
        query = f"?tenant={act.tenant}&q={quote(act.about)}&limit=1"
        async with session.get(begin + query, headers=headers) as answer:
            found = (await answer.json())["items"]
        if not found:
            return
        body = {"text": act.text} if act.text else {}
        async with session.post(f"{begin}/{found[0]['id']}/{act.action}", json=body, headers=headers) as answer:
            await answer.read()


async def _ready(session: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with session.get(f"{address}/readyz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def signed(way: Mapping[str, Any], body: bytes) -> dict[str, str]:
    """The headers of a post, with its signature where the way in wants one."""
    headers = dict(way["headers"])
    scheme = way["hmac"]
    if scheme is not None:
        digest = hmac.new(scheme["secret"].encode(), body, sha256).hexdigest()
        headers[scheme["header"]] = f"{scheme['prefix']}{digest}"
    return headers
