"""A real listener with the hot lane in front of an empty application, and what stands behind it: a bus in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tandem.clock import Clock
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.api import AlertLane
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tests.support.fake_bus import FakeBus
from tests.support.web import NO_TLS


@dataclass
class Intake:
    """What a test of the doors needs."""

    http: httpx.AsyncClient
    bus: FakeBus
    book: IntegrationBook
    metrics: Metrics
    url: str

    async def post(self, path: str, body: bytes | object, **more: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(path, content=content, **more)

    @property
    def alerts(self) -> list[Alert]:
        """Everything durable, in order."""
        return [codec.decode(Alert, record.value) for record in self.bus.records]

    async def heard(self, of: Callable[[Alert], bool], *, within_s: float = 60.0) -> Alert:
        """The first alert that fits, when it has come."""
        async with asyncio.timeout(within_s):
            while (found := next(filter(of, self.alerts), None)) is None:
                self.bus.grew.clear()
                await self.bus.grew.wait()
        return found

    def count(self, result: str, integration: Integration | None = None) -> float:
        name, vendor = (integration.name, integration.vendor) if integration else ("unknown", "unknown")
        labels = {"integration": name, "result": result, "vendor": vendor}
        return self.metrics.registry.get_sample_value("tandem_alerts_received_total", labels) or 0.0


@asynccontextmanager
async def open_intake(integrations: Iterable[Integration], clock: Clock) -> AsyncIterator[Intake]:
    """Listening on a free port of the loopback."""
    bus, book, metrics = FakeBus(), IntegrationBook(), Metrics()
    book.replace(integrations)
    acceptance = Acceptance(bus, encode=codec.encode)

    def lane(app: Any) -> AlertLane:
        return AlertLane(app, book=book, acceptance=acceptance, clock=clock, counts=Counts(metrics), deadline_s=5.0)

    app = build_app(routers=[], lanes=[lane], metrics=metrics, checks={})
    server = WebServer(app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    url = "http://{}:{}".format(*server.address)
    async with httpx.AsyncClient(base_url=url, timeout=20.0, trust_env=False, verify=NO_TLS) as http:
        yield Intake(http, bus, book, metrics, url)
    await acceptance.drain()
    await server.stop(1.0)
