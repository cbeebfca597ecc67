"""Wiring of ingest: the book of integrations and its refresh, the acceptance, the lane, what /readyz asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from starlette.types import ASGIApp

from tandem.clock import Clock, wait_event
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.integration import Integration
from tandem.web.health import Check
from tandem.wire import codec
from tandem_ingest.accept import Acceptance, Appender
from tandem_ingest.api import AlertLane
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts

REFRESH_S = 2.0
"""How late a new integration, a rotated or a revoked secret may take effect."""
LOAD_S = 5.0
"""Deadline of one look at the source."""
APPENDS = 1
"""At once: the PostgreSQL bus has one connection for them, and more alerts then share a commit."""

Source = Callable[[], Awaitable[Sequence[Integration]]]
"""All integrations of the instance; raises Unavailable when they cannot be had now."""

log = structlog.get_logger("tandem.ingest")


class Ingest:
    """One ingest of a process."""

    def __init__(self, *, bus: Appender, integrations: Source, clock: Clock, metrics: Metrics) -> None:
        """``integrations`` is asked at the start and every REFRESH_S from then on."""
        self._source = integrations
        self._clock = clock
        self._counts = Counts(metrics)
        self._stopping = asyncio.Event()
        self._refreshing: asyncio.Task[None] | None = None
        self.book = IntegrationBook()
        self._acceptance = Acceptance(bus, encode=codec.encode, lanes=APPENDS)

    async def start(self) -> None:
        """Load the integrations if they can be had, and go on looking; without any, posts are answered 503."""
        await self.refresh()
        self._begin_refreshing()

    async def stop(self) -> None:
        """Stop looking and let what is accepted become durable; the server has stopped taking posts before."""
        self._stopping.set()
        if self._refreshing is not None:
            await asyncio.wait((self._refreshing,))
        await self._acceptance.drain()

    def lane(self, app: ASGIApp) -> AlertLane:
        """The application with the alert routes before it."""
        return AlertLane(app, book=self.book, acceptance=self._acceptance, clock=self._clock, counts=self._counts)

    def checks(self) -> Mapping[str, Check]:
        """What /readyz asks; red only when posts must be refused."""
        return {"integrations": self._integrations_known, "alerts": self._alerts_storable}

    async def refresh(self) -> None:
        """Look at the source once; the last known integrations stay when it does not answer."""
        try:
            async with asyncio.timeout(LOAD_S):
                self.book.replace(await self._source())
        except (Unavailable, TimeoutError, OSError) as fault:
            log.warning("integrations not refreshed", known=len(self.book), error=type(fault).__name__)

    def _begin_refreshing(self) -> None:
        self._refreshing = asyncio.create_task(self._keep_refreshing(), name="ingest integrations")
        self._refreshing.add_done_callback(self._refreshing_ended)

    def _refreshing_ended(self, task: asyncio.Task[None]) -> None:
        """A fault in the source's own code must not leave revoked secrets valid for ever."""
        if task.cancelled() or (fault := task.exception()) is None:
            return
        log.error("integrations not refreshed", known=len(self.book), error=repr(fault))
        if not self._stopping.is_set():
            self._begin_refreshing()

    async def _keep_refreshing(self) -> None:
        while not await wait_event(self._stopping, REFRESH_S):
            await self.refresh()

    async def _integrations_known(self) -> None:
        if not self.book.loaded:
            raise Unavailable("integrations", "not loaded yet")

    async def _alerts_storable(self) -> None:
        fault = self._acceptance.fault()
        if fault is not None:
            raise Unavailable("alerts", f"not durable: {fault}")
