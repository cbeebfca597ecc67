"""A console on a real database for tests, with browsers and programs that use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import httpx
from starlette.types import ASGIApp

from tandem.clock import ManualClock
from tandem.db.pool import engine as make_engine
from tandem.metrics import Metrics
from tandem.model.ownership import Party
from tandem.web.application import build_app
from tandem_console.access import Role
from tandem_console.accounts import create_token, create_user
from tandem_console.service import Console, ConsolePorts, ConsoleSettings
from tests.support.answering_bus import AnsweringBus
from tests.support.console_rows import NOW, Rows

PASSWORD = "correct horse battery"
BASE = "http://console.test"


class Agreements:
    """The console's part of the agreement book: which tenants there are, without any names."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def active(self, tenant: str) -> None:
        return None

    def tenants(self) -> list[str]:
        return self._rows.agreed


@dataclass(slots=True)
class World:
    """A console with everything around it."""

    console: Console
    app: ASGIApp
    bus: AnsweringBus
    rows: Rows
    clock: ManualClock
    database: Any
    tokens: dict[tuple[Any, ...], str] = field(default_factory=dict)
    ingest: Any = None
    """A pool that writes as ingest does, once a test needs one."""

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """A client that keeps cookies and follows nothing by itself."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"accept": "text/html", **headers})

    async def token(self, role: str = "responder", party: str = "internal", tenants: Sequence[str] = ("acme",)) -> str:
        """A token's text."""
        key = (role, party, *tenants)
        if key not in self.tokens:
            _, text = await create_token(
                self.console.accounts,
                name=f"{role} of {party}",
                person=f"{party}-{role}",
                party=Party(party),
                role=Role(role),
                tenants=tenants,
                now=self.clock.now(),
            )
            self.tokens[key] = text
        return self.tokens[key]

    async def api(
        self, role: str = "responder", party: str = "internal", tenants: Sequence[str] = ("acme",)
    ) -> httpx.AsyncClient:
        """A program with a token."""
        bearer = f"Bearer {await self.token(role, party, tenants)}"
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers={"authorization": bearer})

    async def user(
        self, name: str = "ana", role: str = "responder", party: str = "internal", tenants: Sequence[str] = ("acme",)
    ) -> str:
        """Somebody who can sign in with PASSWORD."""
        await create_user(
            self.console.accounts,
            name=name,
            password=PASSWORD,
            party=Party(party),
            role=Role(role),
            tenants=tenants,
            now=self.clock.now(),
        )
        return name

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A browser of a user."""
        browser = self.browser(origin=BASE)
        await sign_in(browser, name)
        return browser


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """Fill the form as a person would."""
    page = await browser.get("/sign-in")
    return await browser.post(
        "/sign-in", data={"csrf": csrf_of(page.text), "name": name, "password": password, "next": "/"}
    )


def csrf_of(page: str) -> str:
    """The hidden field of a page's form."""
    return page.split('name="csrf" value="', 1)[1].split('"', 1)[0]


async def make_world(database: Any, **options: Any) -> World:
    """A console on ``database``; ``options``: fields of its settings and ports, ``clock`` and ``welcome_steps``."""
    rows = Rows(
        *[await database.pool(f"tandem_{role}", max_size=2) for role in ("router", "sla_clock", "notifier", "policy")]
    )
    clock = options.pop("clock", None) or ManualClock(NOW)
    bus = AnsweringBus(rows, clock)
    engine = make_engine(database.dsn, "tandem_console", application_name="test console", pool_size=4)
    steps = options.pop("welcome_steps", ())
    known = {each.name for each in fields(ConsoleSettings)} & options.keys()
    settings = ConsoleSettings(**{"secret": b"k" * 32, **{name: options.pop(name) for name in known}})
    ports = ConsolePorts(**{"agreements": Agreements(rows), **options})
    console = Console(database=engine, bus=bus, clock=clock, settings=settings, ports=ports, welcome_steps=steps)
    app = build_app(
        routers=console.routers(), lanes=console.lanes(), metrics=Metrics(version="test"), checks=console.checks()
    )
    return World(console, app, bus, rows, clock, database)


async def close_world(world: World) -> None:
    """Let go of the engine."""
    await world.console._engine.dispose()
