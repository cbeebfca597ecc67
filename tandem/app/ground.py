"""What every target stands on: the data directory, the database, the clock, the bus, the agreements.

Opened in order, registered with the lifecycle as they open, so that whatever fails half-way is closed again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.kafka import open_kafka
from tandem.app.lifecycle import Lifecycle
from tandem.app.settings import Settings, envelope_key, kafka_settings
from tandem.bus.absent import AbsentBus
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.port import Bus
from tandem.bus.postgres import PostgresBus
from tandem.bus.postgres_consumer import Sharing
from tandem.clock import Clock, wait_event
from tandem.db.clock import DatabaseClock
from tandem.db.datadir import DataDirLock
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade, wait_for_schema
from tandem.db.pool import engine
from tandem.errors import StartFailed, Unavailable
from tandem.metrics import Metrics
from tandem.policy.book import AgreementBook

SCHEMA_WAIT_S = 600.0
"""How long a service waits for `tandem db upgrade` before it gives up and lets its supervisor decide."""
FOLLOW_S = 2.0
"""How late a process follows a new agreement version."""

log = structlog.get_logger("tandem.app")


class BusUse(Enum):
    """What a process needs of the bus."""

    ALL = "all"
    INTAKE = "intake"
    """It only takes alerts; see ``open_kafka``."""
    NONE = "none"
    """Nothing: the bus may be away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBus:
    """How a process stands on the bus."""

    role: str
    """The database role under which it reads and writes."""
    use: BusUse = BusUse.ALL
    split: bool = False
    """Other processes share the bus."""
    share: bool = False
    """Replicas of this process share the partitions of its groups."""


@dataclass(slots=True, kw_only=True)
class Ground:
    """Open resources of one process; closed by the lifecycle."""

    settings: Settings
    lifecycle: Lifecycle
    metrics: Metrics
    key: bytes
    dsn: str
    embedded: EmbeddedPostgres | None
    lock: DataDirLock | None
    clock: Clock
    bus: Bus
    policy: AsyncEngine
    """Reads and writes the agreement schema."""
    book: AgreementBook
    address: str
    """Where this process answers, http://HOST:PORT."""
    _console: AsyncEngine | None = None

    @property
    def public_url(self) -> str:
        """What links in pages begin with, for people."""
        return (self.settings.public_url or self.address).rstrip("/")

    @property
    def answer_url(self) -> str:
        """What ack links begin with."""
        return (self.settings.answer_url or self.public_url).rstrip("/")

    def console_engine(self) -> AsyncEngine:
        """The console's way to the database, made once: accounts are seeded through it too."""
        if self._console is None:
            self._console = engine(self.dsn, "tandem_console", application_name="tandem console", pool_size=6)
            self.lifecycle.on_close("engine console", self._console.dispose)
        return self._console

    async def database_answers(self) -> None:
        """For ``/readyz``; raises Unavailable."""
        await self.book.refresh()


async def open_ground(
    settings: Settings,
    lifecycle: Lifecycle,
    metrics: Metrics,
    *,
    address: str,
    on_bus: OnBus,
    waiting: Callable[[str], None] = lambda _: None,
) -> Ground:
    """Open everything.

    Args:
        address: where this process will answer; whoever finds the data directory held is told it.
        on_bus: what the process needs of the bus.
        waiting: told what keeps a database of one's own, or the broker, from being used, for ``/readyz``.

    Raises:
        StartFailed: in one line, what to do.
    """
    kafka = kafka_settings(settings)
    embedded, lock = None, None
    dsn = settings.database_url
    if dsn is None:
        lock = DataDirLock(settings.data_dir, address=address).acquire()
        lifecycle.on_close("data directory", partial(_release, lock))
        embedded = EmbeddedPostgres(settings.data_dir, lock=lock)
        dsn = await embedded.start()
        lifecycle.on_close("database", embedded.stop)
        lifecycle.supervise("database", lambda stopping: _watch(embedded, lifecycle, stopping))
        await _made(embedded, dsn)
    else:
        await await_schema(dsn, waiting)
    key = envelope_key(settings)
    clock = DatabaseClock(dsn, offset_file=settings.clock_offset_file)
    await clock.start()
    lifecycle.on_close("clock", clock.stop)
    bus = await _open_bus(kafka, lifecycle, metrics, dsn=dsn, clock=clock, on_bus=on_bus, waiting=waiting)
    policy = engine(dsn, "tandem_policy", application_name="tandem policy", pool_size=2)
    lifecycle.on_close("policy", policy.dispose)
    book = AgreementBook(policy, clock=clock)
    await book.refresh()
    lifecycle.supervise("agreements", lambda stopping: keep_following(book, metrics, stopping))
    return Ground(
        settings=settings,
        lifecycle=lifecycle,
        metrics=metrics,
        key=key,
        dsn=dsn,
        embedded=embedded,
        lock=lock,
        clock=clock,
        bus=bus,
        policy=policy,
        book=book,
        address=address,
    )


async def _made(embedded: EmbeddedPostgres, dsn: str) -> None:
    """Bring the schema up to date.

    Raises:
        StartFailed: the server ended underneath, as on a full disk; why, by its own words.
    """
    try:
        await upgrade(dsn)
    except Unavailable as fault:
        raise StartFailed(f"{fault}: {embedded.complaint()}") from fault


async def _open_bus(
    kafka: KafkaSettings | None,
    lifecycle: Lifecycle,
    metrics: Metrics,
    *,
    dsn: str,
    clock: Clock,
    on_bus: OnBus,
    waiting: Callable[[str], None],
) -> Bus:
    if on_bus.use is BusUse.NONE:
        return AbsentBus()
    if kafka is not None:
        intake_only = on_bus.use is BusUse.INTAKE
        return await open_kafka(
            kafka,
            lifecycle,
            metrics,
            dsn=dsn,
            role=on_bus.role,
            clock=clock,
            intake_only=intake_only,
            waiting=waiting,
        )
    sharing = Sharing() if on_bus.share else None
    bus = PostgresBus(dsn, on_bus.role, clock=clock, split=on_bus.split, sharing=sharing)
    await bus.start()
    lifecycle.on_close("bus", bus.stop)
    return bus


async def await_schema(dsn: str, waiting: Callable[[str], None] = lambda _: None) -> None:
    """Wait for `tandem db upgrade`, and for the database itself.

    Args:
        waiting: told what it waits for.

    Raises:
        StartFailed: not within ``SCHEMA_WAIT_S``; what is missing.
    """
    try:
        await wait_for_schema(dsn, seconds=SCHEMA_WAIT_S, waiting=waiting)
    except Unavailable as fault:
        raise StartFailed(str(fault)) from fault


async def _watch(embedded: EmbeddedPostgres, lifecycle: Lifecycle, stopping: asyncio.Event) -> None:
    """The database's death is ours: a supervisor starts both again."""
    died = asyncio.ensure_future(embedded.died())
    stop = asyncio.ensure_future(stopping.wait())
    await asyncio.wait([died, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not stopping.is_set():
        lifecycle.stop(f"PostgreSQL ended: {died.result()}")
    died.cancel()


async def keep_following(book: AgreementBook, metrics: Metrics, stopping: asyncio.Event) -> None:
    """Keep the book at the active versions: looks every two seconds until ``stopping``."""
    while True:
        try:
            await book.refresh()
        except Unavailable as fault:
            log.warning("agreements not refreshed", fault=str(fault))
        for tenant in book.tenants():
            agreement = book.active(tenant)
            if agreement is not None:
                metrics.agreement_active_version.labels(tenant).set(agreement.version)
        if await wait_event(stopping, FOLLOW_S):
            return


async def _release(lock: DataDirLock) -> None:
    lock.release()
