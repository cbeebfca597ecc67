"""What every target stands on: the data directory, the database, the clock, the bus, the agreements.

Opened in order, registered with the lifecycle as they open, so that whatever fails half-way is closed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.database_start import await_schema, open_own
from tandem.app.following import keep_following
from tandem.app.kafka import open_kafka
from tandem.app.lifecycle import Lifecycle
from tandem.app.settings import Settings, envelope_key, kafka_settings
from tandem.bus.absent import AbsentBus
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.port import Bus
from tandem.bus.postgres import PostgresBus
from tandem.bus.postgres_consumer import Sharing
from tandem.clock import Clock
from tandem.db.clock import DatabaseClock
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.pool import engine
from tandem.metrics import Metrics
from tandem.policy.book import AgreementBook


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
    embedded, dsn = None, settings.database_url
    if dsn is None:
        embedded, dsn = await open_own(settings, lifecycle, address=address)
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
        clock=clock,
        bus=bus,
        policy=policy,
        book=book,
        address=address,
    )


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
