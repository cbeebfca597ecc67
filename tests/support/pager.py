"""The notifier on a real PostgreSQL with real HTTP: its stage committed as the runner does, senders as processes do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.people import Contact
from tandem.bus.commit import encode
from tandem.bus.plan import Inbox, Plan
from tandem.bus.postgres import PostgresBus, run
from tandem.clock import Clock, SystemClock
from tandem.db.link import Link
from tandem.db.timers import claim_due
from tandem.db.write import Writes
from tandem.egress import parse_allowed
from tandem.errors import Unavailable
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem.metrics import Metrics
from tandem.model.events import FactKind
from tandem_notifier.channels import Channel
from tandem_notifier.channels.email import EmailChannel
from tandem_notifier.channels.ntfy import NtfyChannel
from tandem_notifier.channels.webhook import WebhookChannel
from tandem_notifier.paging import Page
from tandem_notifier.sender import Sender, SenderSettings
from tandem_notifier.service import Notifier, NotifierSettings
from tests.support.ladder import INTERNAL, PATHS, PEOPLE, agreement, event, incident, person
from tests.support.postgres import Database

KEY = bytes(range(32))
PATIENCE_S = 60.0
ANSWER_URL = "https://answer.example"


class OneAgreement:
    """A book with one agreement, whatever is asked for."""

    def __init__(self, compiled: Agreement) -> None:
        self.compiled = compiled

    async def ensure(self, pairs: Iterable[tuple[str, int | None]]) -> None:
        """It is here."""

    def at(self, _tenant: str, _version: int) -> Agreement:
        return self.compiled


class Cuttable:
    """A connection that is away while ``away`` is set."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.away = False
        self.refused = 0

    @asynccontextmanager
    async def use(self):
        if self.away:
            self.refused += 1
            raise Unavailable("database")
        async with self._link.use() as connection:
            yield connection

    async def close(self) -> None:
        await self._link.close()


@dataclass
class Pager:
    """One database and as many senders as a test starts."""

    database: Database
    admin: Any
    link: Link
    bus: PostgresBus
    clock: Clock
    book: OneAgreement
    offered: list[Page] = field(default_factory=list)
    """Pages that ``commit`` handed over; a test decides which sender gets them."""
    timers: list[datetime] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    sender_link: Cuttable | None = None
    """Of the sender started last."""
    trusts_version_one: bool = True
    """See ``NotifierSettings``."""

    def stage(self, boot: str = "boot-1") -> Notifier:
        settings = NotifierSettings(
            boot=boot, public_url="https://tandem.example", trusts_version_one=self.trusts_version_one
        )
        return Notifier(self.book, settings, send=self.offered.extend)

    async def commit(self, *payloads: Any, boot: str = "boot-1") -> Plan:
        """One batch, as the runner commits it."""
        stage, inbox, now = self.stage(boot), Inbox(list(payloads)), self.clock.now()
        async with self.link.use() as connection, connection.transaction():
            inbox.timers = await claim_due(connection, "notifier", now, 100)
            state = await stage.load(connection, inbox, now)
            plan = stage.plan(inbox, state, now)
            writes = Writes()
            if plan.outgoing:
                self.bus.publish(writes, [encode(outgoing) for outgoing in plan.outgoing])
            writes.extend(plan.writes)
            await run(connection, writes)
        stage.committed(plan)
        return plan

    async def open(self, number: int = 1, **fields: Any) -> Plan:
        """A new P1 of internal IT, numbered so that each is another incident."""
        now = self.clock.now()
        base = {"incident_id": UUID(int=number), "opened_at": now, "detected_at": now, "occurred_at": now}
        return await self.commit(event(incident(**(base | fields)), FactKind.OPENED, now))

    @asynccontextmanager
    async def sender(
        self,
        *,
        boot: str = "boot-1",
        sole: bool = False,
        channels: dict[str, Channel] | None = None,
        more_to_come: Callable[[], bool] = lambda: False,
    ):
        """A running sender; ended as a process that is asked to stop."""
        http = AiohttpClient(Guard(parse_allowed("127.0.0.1")))
        link = Cuttable(Link(self.database.dsn, "tandem_notifier", name="sender"))
        self.sender_link = link
        made = Sender(
            database=link,
            bus=self.bus,
            clock=self.clock,
            channels=channels
            or {
                "webhook": WebhookChannel(http, KEY),
                "ntfy": NtfyChannel(http),
                "email": EmailChannel(None, "tandem@example.org"),
            },
            metrics=self.metrics,
            settings=SenderSettings(boot=boot, key=KEY, answer_url=ANSWER_URL, sole=sole),
            timer_set=self.timers.append,
            more_to_come=more_to_come,
        )
        stopping = asyncio.Event()
        running = asyncio.ensure_future(made.run(stopping))
        try:
            yield made
        finally:
            stopping.set()
            await running
            await http.close()
            await link.close()

    def take(self) -> list[Page]:
        """What was handed over since."""
        taken, self.offered = self.offered, []
        return taken

    async def rows(self, what: str = "*") -> list[Any]:
        return [
            tuple(row.values())
            for row in await self.admin.fetch(f"select {what} from notifier.page order by planned_at, page_id")
        ]

    async def states(self) -> list[str]:
        return [state for (state,) in await self.rows("state")]

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until ``holds``, with a generous deadline."""
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():  # noqa: ASYNC110 - what it waits for happens in a database
                await asyncio.sleep(0.01)

    async def until_states(self, *wanted: str) -> None:
        async def hold() -> bool:
            return sorted(await self.states()) == sorted(wanted)

        await self.until(hold)


def paging(*urls: str, channel: str = "webhook", **people: Any) -> Agreement:
    """An agreement whose internal primary has these contacts."""
    contacts = tuple(Contact(channel=channel, to=url) for url in urls)  # type: ignore[arg-type]
    ina = person(INTERNAL).model_copy(update={"contacts": contacts})
    return agreement(people={**PEOPLE, "ina": ina, **people}, paths=PATHS)


def parsed(request: bytes) -> tuple[str, dict[str, str], Any]:
    """(path, headers, JSON body) of a raw request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return first.split(" ")[1], headers, json.loads(body) if body else None


@asynccontextmanager
async def pager_on(database: Database, clock: Clock | None = None):
    """A pager over a fresh database."""
    clock = clock or SystemClock()
    link = Link(database.dsn, "tandem_chain", name="chain")
    bus = PostgresBus(database.dsn, "tandem_notifier", clock=clock)
    await bus.start()
    try:
        yield Pager(database, await database.admin(), link, bus, clock, OneAgreement(agreement()))
    finally:
        await bus.stop()
        await link.close()
