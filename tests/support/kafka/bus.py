"""A Kafka bus as one process has it: with its relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_settings import KafkaSettings
from tandem.bus.outbox import Relay
from tandem.clock import SystemClock
from tandem.metrics import Metrics
from tests.support.postgres import Database

BUSY_S = 15.0
"""Deadline of an append where it is not what is tested: machines that run tests are busy."""


@asynccontextmanager
async def kafka_bus(
    settings: KafkaSettings, database: Database, *, metrics: Metrics | None = None, append_s: float = BUSY_S
) -> AsyncIterator[KafkaBus]:
    """A started bus over ``database``; stopped with its relay at the end."""
    role = "tandem_router"
    metrics = metrics or Metrics()
    bus = KafkaBus(settings, database.dsn, role, clock=SystemClock(), metrics=metrics, append_s=append_s)
    relay = Relay(dsn=database.dsn, role=role, append=bus.append, clock=SystemClock(), metrics=metrics)
    bus.published = relay.wake
    stopping = asyncio.Event()
    await bus.start()
    relaying = asyncio.create_task(relay.run(stopping))
    try:
        yield bus
    finally:
        stopping.set()
        relay.wake()
        await relaying
        await bus.stop()
