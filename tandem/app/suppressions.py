"""Keeps the windows' timers armed: at the start, and when an agreement, a silence or a maintenance window changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from tandem.app.following import FOLLOW_S
from tandem.app.ground import Ground
from tandem.bus.consume import Runner
from tandem.clock import wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem_router.service import Router

log = structlog.get_logger("tandem.app")


async def keep_announcing(
    ground: Ground, runners: Sequence[Runner], stage: Router, link: Link, stopping: asyncio.Event
) -> None:
    """Look now and whenever the book was refreshed, until the process stops; ``runners`` fill as stages start."""
    while True:
        now = ground.clock.now()
        try:
            async with link.use() as connection:
                armed = await stage.arm(connection, ground.book.tenants(), now)
        except Unavailable as fault:
            log.warning("windows are looked at later", fault=str(fault))
        else:
            for runner in runners if armed else ():
                runner.expect(stage.group, now)
        if await wait_event(stopping, FOLLOW_S):
            return await link.close()
