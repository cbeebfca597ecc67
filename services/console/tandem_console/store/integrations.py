"""What is known of the ways in: who they are, what came in by them, what was refused, what nobody has mapped.

Every read sees the caller's tenants only (``seeing``). Counts per minute are ingest's (``ingest.intakes``): they lag
by a few seconds and hold 35 days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.policy.ways_in import TITLE
from tandem_console.alert import Traced
from tandem_console.store.alerts import traced
from tandem_console.store.scoped import seeing
from tandem_console.ways import Around, Body, Known

Row = dict[str, Any]

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
LOOKED_BACK = (HOUR, DAY, timedelta(days=7), timedelta(days=90))
"""Windows in which the last body is looked for, narrow first: alerts have no index by integration."""
MOST_GAPS = 50
MOST_UNREADABLE = 10

_WAYS = text(
    "select i.name, i.tenant, i.vendor, i.auth, i.header, i.enabled, i.created_at, i.provider, i.tenant_from,"
    " k.minute as counted_at from agreement.integrations i left join lateral (select minute from ingest.intakes n"
    " where n.integration = i.name and n.result = any(:came) order by minute desc limit 1) k on true"
    " where cast(:name as text) is null or i.name = :name order by i.tenant, i.name"
)
_CAME = ("accepted", "duplicate", "quarantined", "ignored", "queued", "truncated", "unknown_tenant")
_COUNTS = text(
    "select integration, result, sum(n)::bigint as day,"
    " coalesce(sum(n) filter (where minute > :hour), 0)::bigint as hour"
    " from ingest.intakes where minute > :day and (cast(:name as text) is null or integration = :name) group by 1, 2"
)
_SEEN = text(
    "select integration, max(received_at) as at from router.alerts where received_at > :hour"
    " and (cast(:name as text) is null or integration = :name) group by 1"
)
_SECRETS = text(
    "select integration, id, ending, created_at, expires_at from agreement.secrets"
    " where (expires_at is null or expires_at > :now) and (cast(:name as text) is null or integration = :name)"
    " order by created_at, id"
)
_HOURS = text(
    "select date_trunc('hour', minute, 'UTC') as hour, result, sum(n)::bigint as n from ingest.intakes"
    " where integration = :name and minute > :day group by 1, 2"
)
_GAP_COUNTS = text(
    "select a.integration, count(*) as gaps from router.governance g join router.alerts a on a.id = g.alert_id"
    " where g.state = 'open' group by 1"
)
_GAPS = text(
    "select g.tenant, g.kind, g.key, g.title, g.count, g.first_seen, g.last_seen, g.due_at, g.alert_id, a.vendor,"
    " a.title as alert_title, a.host, a.severity_word, a.quarantined, a.incident_id,"
    " d.trace -> 'classification' as classification"
    " from router.governance g join router.alerts a on a.id = g.alert_id"
    " left join router.decisions d on d.alert_id = g.alert_id"
    " where g.state = 'open' and a.integration = :name order by g.last_seen desc, g.key limit :most"
)
_CUSTOMERS = text(
    "select customer, min(said) as said, count(*) as alerts, min(received_at) as since from ingest.unknown_tenants"
    " where integration = :name group by customer order by alerts desc, customer limit :most"
)
_UNREADABLE = text(
    "select id, received_at, title, quarantined, incident_id from router.alerts where received_at > :day"
    " and integration = :name and quarantined is not null order by received_at desc limit :most"
)
_WAITS = text("select said from ingest.unknown_tenants where integration = :name and alert_id = :alert_id")
_BODY = text(
    "select tenant, received_at, raw, content_type from router.bodies"
    " where integration = :name and received_at > :since and not (test and title = :ours)"
    " order by received_at desc limit 1"
)


class IntegrationStore:
    """``engine`` connects as tandem_console."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before the first call."""
        self._engine = engine

    async def known(self, tenants: Iterable[str], now: datetime, name: str | None = None) -> Known:
        """Every way in of ``tenants``, or the one of that ``name``."""
        values = {"name": name, "now": now, "hour": now - HOUR, "day": now - DAY}
        async with seeing(self._engine, tenants) as connection:
            gaps = await _rows(connection, _GAP_COUNTS)
            return Known(
                ways=await _rows(connection, _WAYS, name=name, came=list(_CAME)),
                counts=await _rows(connection, _COUNTS, **_only(values, "name", "hour", "day")),
                seen=await _rows(connection, _SEEN, **_only(values, "name", "hour")),
                secrets=await _rows(connection, _SECRETS, **_only(values, "name", "now")),
                gaps={row["integration"]: row["gaps"] for row in gaps},
            )

    async def around(self, tenants: Iterable[str], name: str, now: datetime) -> Around:
        """The day by hours, gaps of the agreement, customers nobody knows, bodies nobody could read."""
        async with seeing(self._engine, tenants) as connection:
            return Around(
                hours=await _rows(connection, _HOURS, name=name, day=now - DAY),
                gaps=await _rows(connection, _GAPS, name=name, most=MOST_GAPS),
                customers=await _rows(connection, _CUSTOMERS, name=name, most=MOST_GAPS),
                unreadable=await _rows(connection, _UNREADABLE, name=name, day=now - DAY, most=MOST_UNREADABLE),
            )

    async def traced(self, tenants: Iterable[str], alert_id: UUID) -> Traced | None:
        """What is known of an alert."""
        return await traced(self._engine, tenants, alert_id)

    async def waits(self, tenants: Iterable[str], name: str, alert_id: UUID) -> str | None:
        """Whose an alert says it is, while it waits because nobody maps that; None: it does not wait."""
        async with seeing(self._engine, tenants) as connection:
            rows = await _rows(connection, _WAITS, name=name, alert_id=alert_id)
        return str(rows[0]["said"]) if rows else None

    async def last_body(self, tenants: Iterable[str], name: str, now: datetime) -> Body | None:
        """What the tool sent last, not our tests, whose alerts were ``tenants``'; None when nothing is kept."""
        async with seeing(self._engine, tenants) as connection:
            for length in LOOKED_BACK:
                rows = await _rows(connection, _BODY, name=name, since=now - length, ours=TITLE)
                if rows:
                    row = rows[0]
                    return Body(row["tenant"], row["received_at"], bytes(row["raw"]), row["content_type"])
        return None


def _only(values: Row, *names: str) -> Row:
    return {name: values[name] for name in names}


async def _rows(connection: AsyncConnection, query: Any, **values: object) -> list[Row]:  # noqa: ANN401 - a text
    return [dict(row) for row in (await connection.execute(query, values)).mappings()]
