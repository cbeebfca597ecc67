"""What could not be read: posts, from what the router published, and records of the bus."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.model.aside import Aside
from tandem_console.store.scoped import seeing

Row = dict[str, Any]
AT_ONCE = 100
"""Posts replayed by one request."""

_LIST = text(
    "select * from (select id, 'record' as kind, tenant, at, service, integration, topic, part as partition,"
    ' "offset", reason, octet_length(raw) as bytes, null::bytea as raw, null::timestamptz as replayed_at,'
    " null as replayed_by from bus.quarantine"
    " union all select q.id, 'post', q.tenant, q.received_at, 'ingest', q.integration, null, null, null, q.reason,"
    " octet_length(q.raw), substring(q.raw from 1 for :shown), r.at, r.who"
    " from router.quarantined q left join ingest.replays r on r.alert_id = q.id) found"
    " where (cast(:id as uuid) is null or id = :id)"
    " and (cast(:integration as text) is null or integration = :integration)"
    " and (cast(:before_at as timestamptz) is null or (at, id) < (:before_at, :before_id))"
    " order by at desc, id desc limit :limit"
)
_UNREAD = "from router.quarantined u left join ingest.replays s on s.alert_id = u.id where s.alert_id is null"
_ONE = text(
    f"select q.*, not exists (select {_UNREAD} and u.tenant = q.tenant and u.integration = q.integration"  # noqa: S608 - a constant
    " and u.id <> q.id) as last from router.quarantined q where q.id = :id"
)
_OLDEST = text(f"select u.id {_UNREAD} and u.integration = :integration order by u.received_at, u.id limit :limit")


class QuarantineStore:
    """``engine`` connects as tandem_console."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before the first call."""
        self._engine = engine

    async def listed(
        self,
        tenants: Iterable[str],
        *,
        limit: int,
        shown: int,
        integration: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        id: UUID | None = None,
    ) -> list[Row]:
        """Newest first; ``shown`` bytes of a post's body."""
        at, identity = before or (None, None)
        values = {"limit": limit, "shown": shown, "integration": integration, "id": id}
        async with seeing(self._engine, tenants) as connection:
            return await _rows(connection, _LIST, **values, before_at=at, before_id=identity)

    async def aside(self, tenants: Iterable[str], id: UUID) -> Aside | None:
        """One post that was put aside."""
        async with seeing(self._engine, tenants) as connection:
            rows = await _rows(connection, _ONE, id=id)
        return _aside(rows[0]) if rows else None

    async def oldest(self, tenants: Iterable[str], integration: str) -> list[UUID]:
        """Posts of ``integration`` that were not replayed, oldest first; one more than are replayed at once."""
        async with seeing(self._engine, tenants) as connection:
            rows = await _rows(connection, _OLDEST, integration=integration, limit=AT_ONCE + 1)
        return [row["id"] for row in rows]


def _aside(row: Row) -> Aside:
    return Aside(
        alert_id=row["id"],
        tenant=row["tenant"],
        integration=row["integration"],
        received_at=row["received_at"],
        reason=row["reason"],
        raw=None if row["raw"] is None else bytes(row["raw"]),
        content_type=row["content_type"],
        known_keys=frozenset(row["known_keys"]),
        last=row["last"],
    )


async def _rows(connection: AsyncConnection, query: Any, **values: object) -> list[Row]:  # noqa: ANN401 - a text
    return [dict(row) for row in (await connection.execute(query, values)).mappings()]
