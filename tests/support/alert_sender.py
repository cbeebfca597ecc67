"""A tool that posts alerts as vendors do: over kept-alive connections, again with the same bytes until it hears 2xx.

Every try is written into the ledger before it is made and after it ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

import aiohttp

from tests.support.ledger import Ledger, Outcome, Post, Try

TRY_S = 5.0
DELIVERED_S = 240.0
"""Longer than everything takes to start again on a busy machine."""
MOST_WAITING = 500
"""Posts on their way at once. Without a bound a long outage at a high rate leaves thousands that try again all the time,
and the sender takes the CPU from the start it waits for. Each may have a connection: a try that waited for another's would be counted
as an answer that came late."""
_AGAIN_S = 0.05


class AlertSender:
    """Posts to wherever the installation answers at the moment."""

    def __init__(self, ledger: Ledger, address: Callable[[], str | None]) -> None:
        """``address`` is None while nothing answers; a real tool would be refused meanwhile, and so is this."""
        self.ledger = ledger
        self._address = address
        self._last_address = ""
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        connector = aiohttp.TCPConnector(limit=MOST_WAITING)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(total=TRY_S), trust_env=False
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def deliver(self, post: Post) -> None:
        """Send until accepted."""
        async with asyncio.timeout(DELIVERED_S):
            while (await self.attempt(post)).outcome is not Outcome.ACCEPTED:  # noqa: ASYNC110 - the other side decides
                await asyncio.sleep(_AGAIN_S)

    async def attempt(self, post: Post) -> Try:
        """Send once."""
        assert self._session is not None
        self._last_address = self._address() or self._last_address
        intent = post.intend()
        try:
            async with self._session.post(
                self._last_address + post.path, data=post.body, headers=post.headers
            ) as answer:
                body = await answer.json(content_type=None)
                intent.status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            intent.outcome = Outcome.UNKNOWN
            return intent
        finally:
            intent.ended_at = time.time()
        if intent.status == 202:
            intent.alert_ids = tuple(UUID(each["alert_id"]) for each in body["accepted"])
            intent.outcome = Outcome.ACCEPTED
        else:
            # A way in that was just made is known within two seconds.
            assert intent.status in {401, 429, 503}, f"{intent.status}: {body}"
            intent.outcome = Outcome.REFUSED
        return intent

    async def stream(self, make: Callable[[], Post], *, per_second: float, until: Callable[[], bool]) -> int:
        """Deliver new posts at a steady rate until told; returns how many, when all of them are accepted.

        What cannot be delivered yet does not hold up what comes after it, but for ``MOST_WAITING``.
        """
        started, sent = time.monotonic(), 0
        waiting: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as deliveries:
            while not until():
                while sent < (time.monotonic() - started) * per_second and len(waiting) < MOST_WAITING:
                    task = deliveries.create_task(self.deliver(self.ledger.add(make())))
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
                    sent += 1
                await asyncio.sleep(0.005)
        return sent
