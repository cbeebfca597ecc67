"""What could not be read: posts, from what the router published or ingest keeps, and records of the bus."""

# ruff: noqa: S608 - SQL made of words that stand in this file
from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.model.alert import Alert
from tandem.model.aside import Aside
from tandem.wire import codec
from tandem_console.store.scoped import seeing

Row = dict[str, Any]
AT_ONCE = 100
"""Posts replayed by one request."""
COUNTED = 5_000
"""Posts that could not be read are counted among so many of the newest."""
_HEADER = "header."
"""How ingest names what a post's headers said (kept_headers.py)."""

_WANTED = (
    " (cast(:id as uuid) is null or {id} = :id)"
    " and (cast(:integration as text) is null or {table}.integration = :integration)"
    " and (cast(:before_at as timestamptz) is null or ({at}, {id}) < (:before_at, :before_id))"
)
_AND_DONE = (
    " and (:state = 'all' or (:state = 'open' and r.alert_id is null)"
    " or (:state = 'replayed' and r.alert_id is not null and r.reason is null)"
    " or (:state = 'discarded' and r.reason is not null))"
)
_POSTS = (
    "(select q.id, 'post' as kind, q.tenant, q.received_at as at, 'ingest' as service, q.integration,"
    ' null as topic, null::int as partition, null::bigint as "offset", q.reason, octet_length(q.raw) as bytes,'
    " substring(q.raw from 1 for :shown) as raw, c.replayed_at, c.replayed_by, c.discarded, false as waits"
    " from (select a.id, r.at as replayed_at, r.who as replayed_by, r.reason as discarded"
    "   from router.alerts a left join ingest.replays r on r.alert_id = a.id where a.quarantined is not null and"
    + _WANTED.format(id="a.id", table="a", at="a.received_at")
    + _AND_DONE
    + " order by a.received_at desc, a.id desc limit :limit) c join router.quarantined q on q.id = c.id)"
)
_WAITING = (
    "(select u.alert_id, 'post', u.tenant, u.received_at, 'ingest', u.integration, null, null, null, u.quarantined,"
    " octet_length(u.value), case when octet_length(u.value) <= :largest then u.value end, null, null, null, true"
    " from ingest.unknown_bodies u where u.quarantined is not null and :state in ('all', 'open') and"
    + _WANTED.format(id="u.alert_id", table="u", at="u.received_at")
    + " order by u.received_at desc, u.alert_id desc limit :limit)"
)
_RECORDS = (
    "(select b.id, 'record', b.tenant, b.at, b.service, b.integration, b.topic, b.part, b.\"offset\", b.reason,"
    " octet_length(b.raw), null, null, null, null, false from bus.quarantine b where :state in ('all', 'record') and"
    + _WANTED.format(id="b.id", table="b", at="b.at")
    + " order by b.at desc, b.id desc limit :limit)"
)
_LIST = text(f"{_POSTS} union all {_WAITING} union all {_RECORDS} order by at desc, id desc limit :limit")
_COUNTS = text(
    "select tenant, integration, count(*) as posts from ("
    "  (select a.tenant, a.integration from (select id, tenant, integration from router.alerts"
    "   where quarantined is not null order by received_at desc, id desc limit :most) a"
    "   where not exists (select from ingest.replays r where r.alert_id = a.id))"
    "  union all (select tenant, integration from ingest.unknown_bodies where quarantined is not null limit :most)"
    " ) found where cast(:integration as text) is null or integration = :integration group by 1, 2 order by 1, 2"
)
_UNREAD = "from router.alerts u left join ingest.replays s on s.alert_id = u.id where u.quarantined is not null"
_ONE = text(
    f"select q.*, (select a.labels from router.alerts a where a.id = q.id) as labels, not exists (select {_UNREAD}"
    " and s.alert_id is null and u.tenant = q.tenant and u.integration = q.integration and u.id <> q.id) as last"
    " from router.quarantined q where q.id = :id"
)
_ONE_WAITING = text(
    "select u.tenant, u.value, array(select a.dedup_key from router.alerts a where a.integration = u.integration"
    "  and a.received_at = u.received_at and a.id <> u.alert_id) as known_keys"
    " from ingest.unknown_bodies u where u.alert_id = :id and u.quarantined is not null"
)
_OLDEST = text(
    f"select id from ((select u.id, u.received_at {_UNREAD} and s.alert_id is null"
    "  and u.integration = :integration order by u.received_at, u.id limit :limit)"
    " union all (select alert_id, received_at from ingest.unknown_bodies where quarantined is not null"
    "  and integration = :integration order by received_at, alert_id limit :limit)) found"
    " order by received_at, id limit :limit"
)
_CUSTOMERS = text(
    "select u.tenant, u.integration, u.customer, min(u.said) as said, count(*) as alerts, min(u.received_at) as since"
    " from ingest.unknown_tenants u where cast(:integration as text) is null or u.integration = :integration"
    " group by 1, 2, 3 order by alerts desc, 2, 3 limit :limit"
)


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
        state: str = "all",
        integration: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        id: UUID | None = None,
    ) -> list[Row]:
        """Newest first; ``shown`` bytes of a post's body.

        Args:
            state: open, replayed, discarded, record or all.
        """
        at, identity = before or (None, None)
        values = {"limit": limit, "shown": shown, "integration": integration, "id": id, "state": state}
        # What waits is kept in its wire form, of which no part can be read: of a list only bodies that are not large.
        largest = 1 << 30 if id is not None else 1 << 16
        async with seeing(self._engine, tenants) as connection:
            found = await _rows(connection, _LIST, **values, before_at=at, before_id=identity, largest=largest)
        return [_unwrapped(row, shown) if row["waits"] else row for row in found]

    async def counts(self, tenants: Iterable[str], integration: str | None = None) -> list[Row]:
        """Posts that nobody has replayed or discarded, by tenant and integration."""
        async with seeing(self._engine, tenants) as connection:
            return await _rows(connection, _COUNTS, most=COUNTED, integration=integration)

    async def aside(self, tenants: Iterable[str], id: UUID) -> Aside | None:
        """One post that was put aside."""
        async with seeing(self._engine, tenants) as connection:
            rows = await _rows(connection, _ONE, id=id)
            if rows:
                return _aside(rows[0])
            waiting = await _rows(connection, _ONE_WAITING, id=id)
        return _waiting(waiting[0]) if waiting else None

    async def oldest(self, tenants: Iterable[str], integration: str) -> list[UUID]:
        """Posts of ``integration`` that are open, oldest first; one more than are replayed at once."""
        async with seeing(self._engine, tenants) as connection:
            rows = await _rows(connection, _OLDEST, integration=integration, limit=AT_ONCE + 1)
        return [row["id"] for row in rows]

    async def customers(self, tenants: Iterable[str], integration: str | None, limit: int) -> list[Row]:
        """Customers nobody maps, whose alerts wait: most first."""
        async with seeing(self._engine, tenants) as connection:
            return await _rows(connection, _CUSTOMERS, integration=integration, limit=limit)


def _unwrapped(row: Row, shown: int) -> Row:
    """A waiting post as the others are: its body out of the alert's wire form."""
    if row["raw"] is None:
        return row
    raw = codec.decode(Alert, bytes(row["raw"])).raw
    return {**row, "raw": raw[:shown], "bytes": len(raw)}


def _aside(row: Row) -> Aside:
    return Aside(
        alert_id=row["id"],
        tenant=row["tenant"],
        integration=row["integration"],
        received_at=row["received_at"],
        reason=row["reason"],
        raw=None if row["raw"] is None else bytes(row["raw"]),
        content_type=row["content_type"],
        headers=_headers(row["labels"] or {}),
        known_keys=frozenset(row["known_keys"]),
        last=row["last"],
    )


def _waiting(row: Row) -> Aside:
    alert = codec.decode(Alert, bytes(row["value"]))
    return Aside(
        alert_id=alert.alert_id,
        tenant=row["tenant"],
        integration=alert.integration,
        received_at=alert.received_at,
        reason=alert.quarantined or "",
        raw=alert.raw or None,
        content_type=alert.content_type,
        headers=_headers(alert.labels),
        known_keys=frozenset(row["known_keys"]),
        last=False,
        waits=True,
    )


def _headers(labels: Any) -> dict[str, str]:  # noqa: ANN401 - a mapping of texts
    return {name.removeprefix(_HEADER): said for name, said in labels.items() if name.startswith(_HEADER)}


async def _rows(connection: AsyncConnection, query: Any, **values: object) -> list[Row]:  # noqa: ANN401 - a text
    return [dict(row) for row in (await connection.execute(query, values)).mappings()]
