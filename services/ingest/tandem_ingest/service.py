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
from tandem_ingest.detour import Detour
from tandem_ingest.heartbeats import HeartbeatLane
from tandem_ingest.intake import Intake
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tandem_ingest.sns import SnsDoor
from tandem_ingest.spool import Spool
from tandem_ingest.unknown import UnknownTenants
from tandem_ingest.waiting.service import Fairness

REFRESH_S = 2.0
"""How late a new integration, a rotated or a revoked secret may take effect."""
LOAD_S = 5.0
"""Deadline of one look at the source."""
APPENDS = 1
"""At once: the PostgreSQL bus has one connection for them, and more alerts then share a commit (or a request)."""

Source = Callable[[], Awaitable[Sequence[Integration]]]
"""All integrations of the instance; raises Unavailable when they cannot be had now."""

log = structlog.get_logger("tandem.ingest")


class Ingest:
    """One ingest of a process."""

    def __init__(  # noqa: PLR0913 - the parts that a process may have or not
        self,
        *,
        bus: Appender,
        integrations: Source,
        clock: Clock,
        metrics: Metrics,
        spool: Spool | None = None,
        appends: int = APPENDS,
        unknown: UnknownTenants | None = None,
        sns: SnsDoor | None = None,
        fairness: Fairness | None = None,
        intake: Intake | None = None,
    ) -> None:
        """``integrations`` is asked at the start and every REFRESH_S from then on.

        Args:
            spool: takes what the bus does not, where the bus is not the database itself; whoever builds it runs it.
            appends: in flight at once; a partition has one of them.
            unknown: keeps alerts that no tenant owns yet; without it an integration that posts for many is refused.
            sns: proves what Amazon signs, and goes out for its certificates.
            fairness: holds back what would delay others; whoever builds it runs it, as with ``intake``, which is what
                both parties are shown.
        """
        self._source = integrations
        self._clock = clock
        self._counts = Counts(metrics, intake)
        self._stopping = asyncio.Event()
        self._refreshing: asyncio.Task[None] | None = None
        self.book = IntegrationBook()
        self._spool = spool
        way = bus if spool is None else Detour(bus.append, spool)
        self._unknown = unknown
        self._shared = False
        """Some integration posts for many customers: only then there is something to release."""
        self._sns = sns
        self._fairness = fairness
        turns = None if fairness is None else fairness.turns(way, self._counts.queued)
        self._acceptance = Acceptance(way, encode=codec.encode, lanes=appends, unknown=unknown, turns=turns)

    async def start(self) -> None:
        """Load the integrations if they can be had, and go on looking; without any, posts are answered 503."""
        await self.refresh()
        await self._look_at_spool()
        await self._release()
        self._begin_refreshing()

    async def stop(self) -> None:
        """Stop looking and let what is accepted become durable; the server has stopped taking posts before."""
        self._stopping.set()
        if self._refreshing is not None:
            await asyncio.wait((self._refreshing,))
        await self._acceptance.drain()
        for part in (self._sns, self._unknown, self._spool, self._fairness):
            if part is not None:
                await part.close()

    def lane(self, app: ASGIApp) -> AlertLane:
        """The application with the alert routes before it."""
        return AlertLane(
            app,
            book=self.book,
            acceptance=self._acceptance,
            clock=self._clock,
            counts=self._counts,
            sns=self._sns,
        )

    def heartbeats(self, app: ASGIApp) -> HeartbeatLane:
        """The application with the check-ins before it."""
        return HeartbeatLane(app, book=self.book, acceptance=self._acceptance, clock=self._clock, counts=self._counts)

    def deaf(self) -> str | None:
        """Why what is posted now cannot be read soon; None when it can."""
        if not self.book.loaded:
            return "integrations not loaded yet"
        waits = self._spool is not None and self._spool.waits
        return "the spool waits for the broker" if waits else self._acceptance.fault()

    def checks(self) -> Mapping[str, Check]:
        """What /readyz asks; red only when posts must be refused."""
        return {"integrations": self._integrations_known, "alerts": self._alerts_storable}

    async def refresh(self) -> None:
        """Look at the source once; the last known integrations stay when it does not answer."""
        try:
            async with asyncio.timeout(LOAD_S):
                found = await self._source()
            faults = self.book.replace(found)
            self._shared = any(each.tenant_from for each in found)
        except (Unavailable, TimeoutError, OSError) as fault:
            self.book.outdated = True
            log.warning("integrations not refreshed", known=len(self.book), error=type(fault).__name__)
            return
        for name, problem in faults.items():
            log.warning("mapping not used", integration=name, problem=problem)

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
            await self._release()

    async def _release(self) -> None:
        """Hand on what has an owner by now; what waits goes on waiting when that cannot be done."""
        try:
            if self._unknown is not None and self._shared:
                async with asyncio.timeout(LOAD_S):
                    await self._unknown.release(self.book.get, self._acceptance.append_alerts)
        except (Unavailable, TimeoutError, OSError) as fault:
            log.warning("unknown tenants not looked at", error=type(fault).__name__)

    async def _look_at_spool(self) -> None:
        """What waits there, or for its turn, from before must not be overtaken by the first post."""
        try:
            if self._spool is not None:
                await self._spool.look()
            if self._fairness is not None:
                await self._fairness.look()
        except Unavailable as fault:
            log.warning("spool or waiting alerts not looked at", error=str(fault))

    async def _integrations_known(self) -> None:
        if not self.book.loaded:
            raise Unavailable("integrations", "not loaded yet")

    async def _alerts_storable(self) -> None:
        fault = self._acceptance.fault()
        if fault is not None:
            raise Unavailable("alerts", f"not durable: {fault}")
