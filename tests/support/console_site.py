"""A console behind a real listener in a thread of its own, for browser tests, which are synchronous.

Everything is real but the router: ``AnsweringBus`` answers commands, and what it does is fed to the live stream.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from tandem.bus.plan import Inbox
from tandem.bus.postgres import run
from tandem.clock import SystemClock
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade
from tandem.db.pool import engine as make_engine
from tandem.model.events import Fact, FactKind, IncidentEvent
from tandem.model.incident import Incident
from tandem.web.server import WebServer, bind
from tests.support.console import World, close_world, make_world
from tests.support.console_rows import incident
from tests.support.postgres import Database, new_base


class Site:
    """A running console; ``do`` runs a coroutine where it lives."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="console site", daemon=True)
        self._open: list[Callable[[], Coroutine[Any, Any, Any]]] = []
        self.world: World
        self.url = ""
        self.stopping: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self.do(self._start(), 90)
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._stop(), 60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, Any], seconds: float = 60) -> Any:
        """Run ``work`` on the site's loop and give its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def now(self) -> datetime:
        """The console's instant."""
        return SystemClock().now()

    def open(
        self, *, ago: timedelta = timedelta(minutes=10), clocks: dict[str, timedelta] | None = None, **changes: Any
    ) -> Incident:
        """An incident that opened ``ago``, with running clocks, told to the stream."""
        return self.do(self._opened(incident(opened_at=self.now() - ago, **changes), clocks or {}))

    async def _opened(self, made: Incident, clocks: dict[str, timedelta]) -> Incident:
        made = await self.world.bus.add(made)
        for name, target in clocks.items():
            clock, _, party = name.partition("/")
            await self.world.rows.clock(made, clock, party=party or None, target=target)
        await self.feed(made, FactKind.OPENED)
        return made

    async def feed(self, made: Incident, kind: FactKind) -> None:
        """What the console's consumer does with a fact."""
        now = self.now()
        fact = Fact(
            tenant=made.tenant,
            incident_id=made.incident_id,
            version=made.version,
            kind=kind,
            effective_at=now,
            received_at=now,
            priority=made.priority,
            owner=made.owner,
            responsible_party=made.responsible_party,
        )
        stage = self.world.console.stage
        connection: Any
        async with self._pool.acquire() as connection, connection.transaction():
            plan = stage.plan(Inbox([IncidentEvent(fact=fact, incident=made)]), None, now)
            await run(connection, plan.writes)
        stage.committed(plan)

    async def cut_streams(self) -> None:
        """End every open stream, as a restart of the process would."""
        for watcher in list(self.world.console.tail._watchers):
            watcher.end()

    async def _start(self) -> None:
        base = new_base()
        postgres = EmbeddedPostgres(base, settings={"fsync": "off"})
        dsn = await postgres.start()
        await upgrade(dsn)
        database = Database("site", dsn, postgres.admin_dsn)
        self._pool = await database.pool("tandem_console", max_size=2)
        policy = make_engine(dsn, "tandem_policy", pool_size=2)
        self.world = await make_world(database, clock=SystemClock(), policy=policy, **self._options)
        self._tell_of_commands()
        self.stopping = asyncio.Event()
        self._tasks = [asyncio.ensure_future(work(self.stopping)) for _, work in self.world.console.tasks()]
        server = WebServer(self.world.app, listening=bind("127.0.0.1", 0), stopping=self.stopping)
        await server.start()
        self.url = "http://{}:{}".format(*server.address)
        self._open = [
            lambda: server.stop(5),
            lambda: asyncio.wait(self._tasks, timeout=10),
            lambda: close_world(self.world),
            policy.dispose,
            database.close,
            postgres.stop,
            lambda: asyncio.to_thread(shutil.rmtree, base, ignore_errors=True),
        ]

    def _tell_of_commands(self) -> None:
        answer = self.world.bus._answer

        async def told(command: Any) -> None:
            await answer(command)
            made = self.world.bus.incidents.get(command.incident_id)
            if made is not None:
                await self.feed(replace(made), FactKind.NOTED)

        self.world.bus._answer = told  # type: ignore[method-assign]

    async def _stop(self) -> None:
        for close in self._open:
            await close()
