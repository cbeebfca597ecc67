"""How full, how busy and how far away the database is, for Prometheus."""

from __future__ import annotations

import asyncio

import structlog

from tandem.clock import monotonic, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem.metrics import Metrics

EVERY_S = 15.0
_ASK = """
SELECT pg_database_size(current_database()) AS bytes, numbackends AS connections,
  current_setting('max_connections')::int AS most
FROM pg_stat_database WHERE datname = current_database()"""
"""One row, whoever asks."""

log = structlog.get_logger("tandem.app")


async def measure_database(link: Link, metrics: Metrics) -> None:
    """Set ``tandem_database_*`` once."""
    async with link.use() as connection:
        asked = monotonic()
        await connection.fetchval("SELECT 1")
        metrics.database_round_trip.set(monotonic() - asked)
        (row,) = await connection.fetch(_ASK)
    metrics.database_bytes.set(row["bytes"])
    metrics.database_connections.set(row["connections"])
    metrics.database_connections_most.set(row["most"])


async def keep_measuring_database(link: Link, metrics: Metrics, stopping: asyncio.Event) -> None:
    """Measure now and every fifteen seconds until the process stops."""
    while True:
        try:
            await measure_database(link, metrics)
        except Unavailable as fault:
            log.warning("database not measured", fault=str(fault))
        if await wait_event(stopping, EVERY_S):
            return await link.close()
