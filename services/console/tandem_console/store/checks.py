"""Expected signals as the router publishes them: checks, their history, their periods counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.model.integration import AuthKind
from tandem_console.store.scoped import seeing

Row = dict[str, Any]

_CHECKS = text(
    "select tenant, check_id, phase, sort, asset, name, due_at, trouble, state from router.checks"
    " where cast(:check_id as text) is null or check_id = :check_id order by tenant, check_id"
)
_HISTORY = text(
    "select id, at, outcome, due_at, run_id, duration_s, exit_code, note, party, person, agreement_version"
    " from router.check_results where tenant = :tenant and check_id = :check_id order by at desc, id desc limit :limit"
)
_COUNTS = text(
    "select tenant, check_id, count(*) filter (where outcome = 'verified') as verified,"
    " count(*) filter (where outcome = 'verified' and was_missing) as late,"
    " count(*) filter (where outcome = 'failed') as failed, count(*) filter (where outcome = 'missing') as missing"
    " from router.check_periods where due_at >= :start"
    " and (cast(:end as timestamptz) is null or due_at < :end) group by tenant, check_id"
)
_INCIDENTS = text(
    "select distinct on (a.tenant, a.dedup_key) a.tenant, w.check_id, a.incident_id"
    " from unnest(cast(:tenants as text[]), cast(:checks as text[]), cast(:ways as text[])) as w(tenant, check_id, way)"
    " join router.alerts a on a.tenant = w.tenant"
    " and (a.integration || '/' || a.dedup_key) = w.way || '/expected:' || w.check_id"
    " where a.incident_id is not null order by a.tenant, a.dedup_key, a.received_at desc"
)
_WAYS = text(
    "select name, tenant, vendor, auth, header from agreement.integrations where tenant = :tenant and enabled"
    " and auth not in ('hmac', 'sns') and (name = :name or :name = 'INTEGRATION') order by name limit 20"
)
NOTHING = {"verified": 0, "late": 0, "failed": 0, "missing": 0}


class CheckStore:
    """``engine`` connects as tandem_console."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before the first call."""
        self._engine = engine

    async def checks(
        self, tenants: Iterable[str], *, start: datetime, end: datetime | None = None, check_id: str | None = None
    ) -> list[Row]:
        """Checks by tenant and id, each with its periods counted that are due within ``[start, end)``.

        Without ``end`` also those that were paid before they are due.
        """
        async with seeing(self._engine, tenants) as connection:
            found = (await connection.execute(_CHECKS, {"check_id": check_id})).mappings().all()
            counts = (await connection.execute(_COUNTS, {"start": start, "end": end})).mappings()
            counted = {(row["tenant"], row["check_id"]): {name: row[name] for name in NOTHING} for row in counts}
        return [{**row, "counts": counted.get((row["tenant"], row["check_id"]), NOTHING)} for row in found]

    async def history(self, tenants: Iterable[str], tenant: str, check_id: str, *, limit: int) -> list[Row]:
        """What was said and what was not, newest first."""
        async with seeing(self._engine, tenants) as connection:
            values = {"tenant": tenant, "check_id": check_id, "limit": limit}
            return [dict(row) for row in (await connection.execute(_HISTORY, values)).mappings()]

    async def incidents(
        self, tenants: Iterable[str], checks: Iterable[tuple[str, str, str]]
    ) -> dict[tuple[str, str], Any]:
        """(tenant, check) -> the incident of its last alert; ``checks`` are (tenant, check, way in)."""
        listed = list(checks)
        if not listed:
            return {}
        names, ids, ways = zip(*listed, strict=True)
        values = {"tenants": [*names], "checks": [*ids], "ways": [*ways]}
        async with seeing(self._engine, tenants) as connection:
            rows = (await connection.execute(_INCIDENTS, values)).mappings()
            return {(row["tenant"], row["check_id"]): row["incident_id"] for row in rows}

    async def ways(self, tenants: Iterable[str], tenant: str, name: str) -> list[Row]:
        """Ways in of ``tenant`` that take a check-in: the one of that name, or all for ``INTEGRATION``."""
        async with seeing(self._engine, tenants) as connection:
            rows = (await connection.execute(_WAYS, {"tenant": tenant, "name": name})).mappings()
            return [{**row, "auth": AuthKind(row["auth"]), "header": row["header"] or "X-Tandem-Key"} for row in rows]
