"""Wiring of the console: stores, gate, desk, stream, routers, and the tasks that keep it going."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

import structlog
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp

from tandem.clock import Clock, wait_event
from tandem.db.pool import engine as make_engine
from tandem.errors import Unavailable
from tandem_console.api import (
    actions,
    adding,
    alerts,
    expected,
    incidents,
    integrations,
    pausing,
    quarantine,
    records,
    reports,
    suppressing,
    suppressions,
)
from tandem_console.api.allowed import Gate
from tandem_console.api.connecting import Connecting, Dialects, NoDialects, Trials
from tandem_console.api.desk import Appends, Desk
from tandem_console.api.putting_aside import NobodyRereads, PutAside, Rereads
from tandem_console.api.records import OnCall, nobody_knows
from tandem_console.api.remember import KEPT as REQUESTS_KEPT
from tandem_console.api.remember import Remember
from tandem_console.feed import Feed
from tandem_console.pages import assets, checks, connect, incident, queue, sign_in, welcome
from tandem_console.pages import integrations as integration_pages
from tandem_console.pages import quarantine as quarantine_pages
from tandem_console.pages.fragments import Fragments
from tandem_console.pages.names import Agreements, Names, NoAgreements
from tandem_console.pages.render import Templates
from tandem_console.pages.shield import Shield
from tandem_console.store.accounts import AccountStore
from tandem_console.store.checks import CheckStore
from tandem_console.store.incidents import IncidentStore
from tandem_console.store.integrations import IntegrationStore
from tandem_console.store.quarantine import QuarantineStore
from tandem_console.store.records import RecordStore
from tandem_console.stream import events
from tandem_console.stream.tail import Tail
from tandem_console.welcome import WelcomeStep

FEED_KEPT = timedelta(days=7)
SESSIONS_KEPT = timedelta(days=30)
"""After they ended, for the audit's sake."""
CLEANED_EVERY_S = 600.0
ROLE = "tandem_console"

Task = Callable[[asyncio.Event], Awaitable[None]]

_log = structlog.stdlib.get_logger(__name__)


async def _nobody_listens() -> None:
    """For a console whose process holds no agreements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """What the console needs to know of its process."""

    secret: bytes = field(repr=False)
    """The instance's key; what is signed here is signed by keys made of it."""
    public_url: str | None = None
    """How people reach the console, when that is not the address it listens on."""
    secure_cookies: bool = False
    """People come by https; cookies are then ``__Host-`` ones."""
    ingest_url: str = ""
    """Where tools reach the way in, for the addresses that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePorts:
    """Whom the console asks; where nobody is wired it says so, and everything else works."""

    agreements: Agreements = field(default_factory=NoAgreements)
    """For names; without it ids stand for themselves."""
    on_call: OnCall = nobody_knows
    """Who is on call; without it nobody is known to be."""
    policy: AsyncEngine | None = None
    """Writes silences and maintenance windows; without it they can only be looked at elsewhere."""
    policy_changed: Callable[[], Awaitable[None]] = _nobody_listens
    """Called after such a write."""
    aside: Rereads = field(default_factory=NobodyRereads)
    """Replays and discards posts that were put aside; without it they can only be looked at."""
    dialects: Dialects = field(default_factory=NoDialects)
    """Reads bodies and knows the tools; without it a mapping cannot be tried."""
    trials: Trials | None = None
    """Sends test alerts; without it none can be sent from here."""
    owners: checks.Owners = checks.nobody_knows
    """Whose a check's alert would be; without it nobody can say."""


class Console:
    """The console of one process."""

    def __init__(
        self,
        *,
        database: str | AsyncEngine,
        bus: Appends,
        clock: Clock,
        settings: ConsoleSettings,
        ports: ConsolePorts,
        welcome_steps: Iterable[WelcomeStep] = (),
    ) -> None:
        """Connects at first use.

        Args:
            database: a DSN, or an engine that connects as tandem_console.
            welcome_steps: for ``/welcome``; the last one's command is offered where the queue is empty.
        """
        self._owns_engine = isinstance(database, str)
        self._engine = (
            make_engine(database, ROLE, application_name="tandem console") if isinstance(database, str) else database
        )
        self._bus = bus
        self._clock = clock
        self._ports = ports
        self._cursor_key = _key(settings.secret, "cursor")
        self.accounts = AccountStore(self._engine)
        self.incidents = IncidentStore(self._engine)
        self.records = RecordStore(self._engine)
        self.tail = Tail(self.records)
        self.stage = Feed(self.tail.wake)
        self.gate = self._gate(settings)
        self.desk = Desk(bus=bus, incidents=self.incidents, records=self.records, clock=clock)
        self.aside = PutAside(
            store=QuarantineStore(self._engine), records=self.records, clock=clock, rereads=ports.aside
        )
        self.connecting = self._connecting(settings)
        self._assets = assets.Assets()
        self.templates = Templates(self._assets)
        self._names = Names(ports.agreements)
        self.fragments = Fragments()
        self.welcome_steps = tuple(welcome_steps)

    def _gate(self, settings: ConsoleSettings) -> Gate:
        return Gate(
            accounts=self.accounts,
            clock=self._clock,
            every_tenant=self._ports.agreements.tenants,
            key=_key(settings.secret, "gate"),
            public_url=settings.public_url,
            secure=settings.secure_cookies,
        )

    def _connecting(self, settings: ConsoleSettings) -> Connecting:
        return Connecting(
            store=IntegrationStore(self._engine),
            records=self.records,
            clock=self._clock,
            key=settings.secret,
            policy=self._ports.policy,
            dialects=self._ports.dialects,
            trials=self._ports.trials,
            base=settings.ingest_url,
        )

    def routers(self) -> list[APIRouter]:
        """Every route; each declares ``allowed(scope)``."""
        return [*self._api(), *self._pages()]

    def lanes(self) -> list[Callable[[ASGIApp], ASGIApp]]:
        """Wraps the application: security headers, and problems as pages for people."""

        def shield(app: ASGIApp) -> ASGIApp:
            return Shield(app, templates=self.templates, clock=self._clock, secure=self.gate.secure)

        return [shield]

    def checks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """For ``/readyz``."""
        return {"console database": self.incidents.ready}

    def tasks(self) -> list[tuple[str, Task]]:
        """(name, coroutine function) to be supervised; each ends with the event it is given."""
        return [("console tail", self.tail.run), ("console retention", self.clean)]

    async def start(self) -> None:
        """Nothing waits for the database: ``/readyz`` tells."""

    async def stop(self) -> None:
        """Close what was opened here."""
        if self._owns_engine:
            await self._engine.dispose()

    async def clean(self, stopping: asyncio.Event) -> None:
        """Drop what is kept for a while only, now and every ten minutes."""
        while not stopping.is_set():
            try:
                await self.clean_once()
            except Unavailable as fault:
                _log.warning("retention waits for the database", fault=str(fault))
            await wait_event(stopping, CLEANED_EVERY_S)

    async def clean_once(self) -> None:
        """One round of retention."""
        now = self._clock.now()
        await self.records.forget(feed_before=now - FEED_KEPT, requests_before=now - REQUESTS_KEPT)
        await self.accounts.forget_before(now - SESSIONS_KEPT)

    def _api(self) -> list[APIRouter]:
        reading = incidents.Reading(self.gate, self.incidents, self._clock, self._cursor_key)
        remember = Remember(self.records, self._clock)
        acting = actions.Acting(self.gate, self.incidents, self.desk, remember)
        holding = suppressions.Suppressions(
            gate=self.gate,
            clock=self._clock,
            desk=self.desk,
            remember=remember,
            records=self.records,
            agreements=self._ports.agreements,
            policy=self._ports.policy,
            changed=self._ports.policy_changed,
        )
        around = records.Records(self.gate, self.records, self._clock, self._cursor_key, self._ports.on_call)
        return [
            incidents.router(reading),
            alerts.router(alerts.Alerts(self.gate, self._engine)),
            actions.router(acting),
            records.router(around),
            quarantine.router(quarantine.Quarantine(gate=self.gate, aside=self.aside, key=self._cursor_key)),
            reports.router(reports.Reports(self.gate, self.records, self._clock)),
            suppressions.router(holding),
            suppressing.router(holding),
            expected.router(self._expecting()),
            pausing.router(self._expecting()),
            integrations.router(self._integrations()),
            adding.router(self._integrations()),
            events.router(events.Streaming(self.gate, self.records, self.tail)),
        ]

    def _expecting(self) -> expected.Expecting:
        return expected.Expecting(
            gate=self.gate,
            clock=self._clock,
            desk=self.desk,
            bus=self._bus,
            checks=CheckStore(self._engine),
            records=self.records,
            agreements=self._ports.agreements,
        )

    def _integrations(self) -> integrations.Integrations:
        return integrations.Integrations(self.gate, self.connecting, self._ports.agreements)

    def _pages(self) -> list[APIRouter]:
        gate, templates, clock = self.gate, self.templates, self._clock
        lanes = queue.Queue(
            gate=gate,
            incidents=self.incidents,
            templates=templates,
            clock=clock,
            names=self._names,
            fragments=self.fragments,
            tail=self.tail,
            welcome=lambda: self.welcome_steps,
        )
        ways = integration_pages.Pages(self._integrations(), self.templates, clock, self._names, self.aside)
        single = incident.Incidents(
            gate=gate,
            incidents=self.incidents,
            desk=self.desk,
            templates=templates,
            clock=clock,
            names=self._names,
            fragments=self.fragments,
        )
        return [
            assets.router(gate, self._assets),
            sign_in.router(sign_in.SigningIn(gate, self.accounts, self.records, templates, clock)),
            queue.router(lanes),
            incident.router(single),
            integration_pages.router(ways),
            connect.router(connect.Pages(ways)),
            checks.router(
                checks.Pages(
                    parts=self._expecting(),
                    templates=templates,
                    names=self._names,
                    owners=self._ports.owners,
                    base=self.connecting.base,
                )
            ),
            quarantine_pages.router(
                quarantine_pages.Pages(
                    gate=gate,
                    aside=self.aside,
                    templates=templates,
                    clock=clock,
                    names=self._names,
                    key=self._cursor_key,
                )
            ),
            welcome.router(welcome.Welcoming(gate, templates, clock, lambda: self.welcome_steps)),
        ]


def _key(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose."""
    return hmac.new(secret, b"tandem console " + purpose.encode(), sha256).digest()
