"""The second door of the demo: beside services that run as processes of their own (``docker compose up``).

It seeds their database, plays the phones and posts the feed through their doors; it decides and stores nothing else.
"""

from __future__ import annotations

import asyncio
from functools import partial
from importlib.metadata import version

from sqlalchemy import text

from tandem.app.database_start import await_schema
from tandem.app.demo.doors import Doors
from tandem.app.demo.feed import Feed
from tandem.app.demo.inbox import Inbox
from tandem.app.demo.seed import Bed, Seeded, seed
from tandem.app.demo.stylesheet import style_router
from tandem.app.demo.telling import Tell, announce, steps
from tandem.app.lifecycle import Lifecycle
from tandem.app.settings import Settings, envelope_key
from tandem.app.welcome import write_steps
from tandem.db.clock import DatabaseClock
from tandem.db.pool import engine, unavailable
from tandem.errors import StartFailed
from tandem.metrics import Metrics
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind

WELCOME = "welcome.json"
"""In the data directory; ``TANDEM_WELCOME_FILE`` of the console names it."""


class Beside:
    """A running demo without services; ``run`` returns its exit code."""

    def __init__(self, settings: Settings, doors: Doors, *, feed: bool, tell: Tell) -> None:
        """``settings`` name the installation's database and key."""
        self._settings = settings
        self._doors = doors
        self._feed = feed
        self._tell = tell
        self.lifecycle = Lifecycle(shutdown_s=settings.shutdown_s)

    async def run(self) -> int:
        """Play until ``lifecycle.stop``; 0 after a wish to stop, 1 after a failure.

        Raises:
            StartFailed: it never played.
        """
        return await self.lifecycle.live(self._start)

    async def _start(self) -> None:
        if self._settings.database_url is None:
            message = "tandem demo --beside plays beside running services: set their TANDEM_DATABASE_URL"
            raise StartFailed(message, exit_code=2)
        listening = bind(*self._settings.host_port)
        self.lifecycle.on_close("socket", lambda: asyncio.to_thread(listening.close))
        bed = await self._bed(self._settings.database_url)
        self._tell("making the example clients, people and secrets")
        seeded = await seed(bed)
        inbox = Inbox(bed.clock, queue_url=self._doors.console.outside)

        async def database_answers() -> None:
            with unavailable():
                async with bed.policy.connect() as connection:
                    await connection.execute(text("select 1"))

        checks = {"database": database_answers, "tasks": self.lifecycle.running}
        metrics = Metrics(version=version("tandem"))
        app = build_app(routers=[inbox.router(), style_router()], metrics=metrics, checks=checks, docs=False)
        server = WebServer(app, listening=listening, stopping=asyncio.Event())
        await server.start()
        self.lifecycle.on_close("listener", lambda: server.stop(self._settings.shutdown_s / 3))
        if self._feed:
            self.lifecycle.supervise("demo feed", Feed(seeded, bed.clock).run)
        self._announce(seeded)

    async def _bed(self, dsn: str) -> Bed:
        await await_schema(dsn)
        key = envelope_key(self._settings)
        clock = DatabaseClock(dsn, offset_file=self._settings.clock_offset_file)
        await clock.start()
        self.lifecycle.on_close("clock", clock.stop)
        policy = engine(dsn, "tandem_policy", application_name="tandem demo", pool_size=2)
        self.lifecycle.on_close("policy", policy.dispose)
        console = engine(dsn, "tandem_console", application_name="tandem demo", pool_size=2)
        self.lifecycle.on_close("console", console.dispose)
        data_dir = self._settings.data_dir
        await asyncio.to_thread(data_dir.mkdir, parents=True, exist_ok=True)
        return Bed(policy=policy, console=console, key=key, clock=clock, data_dir=data_dir, doors=self._doors)

    def _announce(self, seeded: Seeded) -> None:
        welcome = self._settings.data_dir / WELCOME
        write_steps(welcome, steps(seeded))
        told = announce(seeded, self._settings.data_dir, self._tell, stop="docker compose down stops it")
        for file in (welcome, told):
            self.lifecycle.on_close(file.name, partial(asyncio.to_thread, file.unlink, missing_ok=True))
