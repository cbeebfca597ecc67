"""Starts the demo: everything in one process, seeded, with its phones and its feed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tandem.app.demo.feed import Feed
from tandem.app.demo.inbox import Inbox
from tandem.app.demo.seed import PERSONAS, Seeded, seed, way_in, write
from tandem.app.demo.stylesheet import style_router
from tandem.app.ground import Ground
from tandem.app.process import Process
from tandem.app.settings import Settings
from tandem.app.targets import ALL, Parts
from tandem_console.welcome import WelcomeStep

Tell = Callable[[str], None]


def demo_process(settings: Settings, *, feed: bool, tell: Tell) -> Process:
    """A process with every target and the demo's own parts."""

    async def extend(ground: Ground, parts: Parts) -> None:
        tell("making the example clients, people and secrets")
        seeded = await seed(ground)
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


def _ready(ground: Ground, seeded: Seeded, tell: Tell) -> None:
    file = write(seeded, ground.settings.data_dir)
    ground.lifecycle.on_close("demo.json", lambda: asyncio.to_thread(file.unlink, missing_ok=True))
    names = ", ".join(f"{persona.person} ({persona.role})" for persona in PERSONAS)
    password = seeded.facts["sign_ins"]["admin"]["password"]
    tell(f"Tandem demo: {seeded.facts['console_url']}/welcome   sign in as {names}; password {password}")
    tell(f"phones: {seeded.facts['pager_inbox_url']}   everything else: {file}   Ctrl-C stops all of it")


def steps(seeded: Seeded) -> tuple[WelcomeStep, ...]:
    """What a visitor is told on /welcome."""
    way = seeded.integrations["cedarline-generic"]
    curl = (
        f"curl -s {way['url']} -H 'Content-Type: application/json' "
        '-d \'{"title": "My own alert: disk almost full on my-server", "severity": "high", "host": "my-server"}\''
    )
    return (
        WelcomeStep(
            title="Look at the queue",
            text="Alerts of three clients arrive by themselves. Each lies in the lane of the party that owns it.",
            link="/",
            link_text="Open the queue",
        ),
        WelcomeStep(
            title="Ask why",
            text="Open an incident: which rule and row of the agreement decided, and which came close.",
            link="/",
            link_text="Choose one",
        ),
        WelcomeStep(
            title="Answer a page",
            text="The pager inbox plays everybody's phone. Acknowledge there, and watch both parties' clocks.",
            link=seeded.facts["pager_inbox_url"],
            link_text="Open the phones",
        ),
        WelcomeStep(
            title="Send your own alert",
            text="Paste this into a shell and see it come in. Cedarline is fully managed, so the MSP gets it.",
            command=curl,
        ),
    )


__all__ = ["demo_process", "steps", "way_in"]
