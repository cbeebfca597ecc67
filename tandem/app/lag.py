"""How far behind each consumer group is, for Prometheus; on the PostgreSQL bus, read from its own tables."""

from __future__ import annotations

import asyncio

import structlog

from tandem.clock import wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem.metrics import Metrics

EVERY_S = 5.0
_LAG = """
SELECT o.topic, o.grp, sum(greatest(p.next_offset - o.next_offset, 0))::bigint AS records
FROM bus.consumer_offset o JOIN bus.partition p USING (topic, part) GROUP BY o.topic, o.grp"""

log = structlog.get_logger("tandem.app")


async def measure_lag(link: Link, metrics: Metrics) -> None:
    """Set ``tandem_consumer_lag_records`` once."""
    async with link.use() as connection:
        rows = await connection.fetch(_LAG)
    for row in rows:
        metrics.consumer_lag.labels(row["topic"], row["grp"]).set(row["records"])


async def keep_measuring_lag(link: Link, metrics: Metrics, stopping: asyncio.Event) -> None:
    """Measure now and every five seconds until the process stops."""
    while True:
        try:
            await measure_lag(link, metrics)
        except Unavailable as fault:
            log.warning("lag not measured", fault=str(fault))
        if await wait_event(stopping, EVERY_S):
            return await link.close()
