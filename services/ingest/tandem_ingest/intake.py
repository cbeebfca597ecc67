"""What became of what each integration posted, per minute, in the database: for both parties to see.

Counted in memory and written every few seconds; a process that is killed loses what it counted since. The alerts
themselves are not counted from here.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from tandem.clock import Clock, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable
from tandem.model.integration import Integration

EVERY_S = 3.0
KEEP = timedelta(days=35)
_FORGET_EVERY = timedelta(hours=1)
_ROLE = "tandem_ingest"
QUEUED = "queued"
"""Accepted, and waits its turn: counted beside ``accepted``."""
SHOWN: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("accepted", "duplicate", "quarantined", "truncated", QUEUED, "ignored")},
        **{name: name for name in ("refused_rate", "refused_overload", "unauthenticated")},
        "unavailable": "refused_overload",
        "too_many": "refused_rate",
    }
)
"""What is counted -> what is shown; any other refusal is ``refused``."""
_ADD = """
INSERT INTO ingest.intake AS i (tenant, integration, minute, result, n)
SELECT tenant, integration, $5, result, n FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    AS r(tenant, integration, result, n) ORDER BY integration, result, tenant
ON CONFLICT (integration, minute, result, tenant) DO UPDATE SET n = i.n + excluded.n"""
_FORGET = "DELETE FROM ingest.intake WHERE minute < $1"

log = structlog.get_logger("tandem.ingest")


class Intake:
    """One process's counts since they were last written."""

    def __init__(self, *, dsn: str, clock: Clock) -> None:
        """Connects at the first write."""
        self._clock = clock
        self._link = Link(dsn, _ROLE, name="tandem intake", command_timeout_s=5.0)
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._forgot_at: datetime | None = None

    def add(self, integration: Integration, result: str, alerts: int) -> None:
        """Count; only integrations that exist get here, so a guesser makes no rows."""
        self._counts[integration.tenant, integration.name, SHOWN.get(result, "refused")] += alerts

    async def write(self) -> None:
        """Write what was counted, into the minute it is now.

        Raises:
            Unavailable: the database is away; the counts are kept.
        """
        counts, self._counts = self._counts, Counter()
        now = self._clock.now()
        try:
            async with self._link.use() as connection:
                if counts:
                    tenants, names, results = zip(*counts, strict=True)
                    minute = now.replace(second=0, microsecond=0)
                    await connection.execute(_ADD, tenants, names, results, list(counts.values()), minute)
                    counts = Counter()
                if self._forgot_at is None or now - self._forgot_at > _FORGET_EVERY:
                    await connection.execute(_FORGET, now - KEEP)
                    self._forgot_at = now
        finally:
            self._counts.update(counts)

    async def run(self, stopping: asyncio.Event) -> None:
        """Write until ``stopping`` is set, and once more: the listener has stopped by then."""
        last = False
        while not last:
            last = await wait_event(stopping, EVERY_S)
            await self._written()
        await self._link.close()

    async def _written(self) -> None:
        try:
            await self.write()
        except Unavailable as fault:
            log.warning("intake counts not written", fault=str(fault))
