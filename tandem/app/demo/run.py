"""The first door of the demo: everything in one process, seeded, with its phones and its feed."""

from __future__ import annotations

import asyncio

from tandem.app.demo.doors import Doors
from tandem.app.demo.feed import Feed
from tandem.app.demo.inbox import Inbox
from tandem.app.demo.seed import Bed, Seeded, seed
from tandem.app.demo.stylesheet import style_router
from tandem.app.demo.telling import Tell, announce, steps
from tandem.app.ground import Ground
from tandem.app.process import Process
from tandem.app.settings import Settings
from tandem.app.targets import ALL, Parts


def demo_process(settings: Settings, *, feed: bool, tell: Tell) -> Process:
    """A process with every target and the demo's own parts."""

    async def extend(ground: Ground, parts: Parts) -> None:
        tell("making the example clients, people and secrets")
        seeded = await seed(_bed(ground))
        await ground.book.refresh()
        if parts.ingest is not None:
            await parts.ingest.refresh()
        inbox = Inbox(ground.clock)
        parts.routers.extend([inbox.router(), style_router()])
        if parts.console is not None:
            parts.console.welcome_steps = steps(seeded)
        if feed:
            parts.tasks.append(("demo feed", Feed(seeded, ground.clock).run))
        parts.when_ready.append(lambda: _ready(ground, seeded, tell))

    return Process(settings, ALL, extend=extend)


def _bed(ground: Ground) -> Bed:
    return Bed(
        policy=ground.policy,
        console=ground.console_engine(),
        key=ground.key,
        clock=ground.clock,
        data_dir=ground.settings.data_dir,
        doors=Doors.one(ground.address),
    )


def _ready(ground: Ground, seeded: Seeded, tell: Tell) -> None:
    file = announce(seeded, ground.settings.data_dir, tell)
    ground.lifecycle.on_close("demo.json", lambda: asyncio.to_thread(file.unlink, missing_ok=True))
