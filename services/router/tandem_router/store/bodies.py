"""The raw bodies of what was accepted, for people who mend a mapping; kept 90 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.db.pool import unavailable

_LAST = (
    "select received_at, raw, body ->> 'content_type' as content_type from router.alert"
    " where tenant = $1 and integration = $2 and received_at >= $3 and raw is not null"
    " order by received_at desc limit $4"
)


@dataclass(frozen=True, slots=True)
class StoredBody:
    """One post."""

    received_at: datetime
    raw: bytes
    content_type: str | None


async def last_bodies(
    connection: Any,  # noqa: ANN401 - as lookup.load
    tenant: str,
    integration: str,
    *,
    since: datetime,
    limit: int,
) -> list[StoredBody]:
    """What came in last by this integration, newest first.

    Args:
        connection: of a role that sees every tenant's alerts.
        since: bounds the search; there is no index by integration.
        limit: at most so many.
    """
    with unavailable():
        rows = await connection.fetch(_LAST, tenant, integration, since, limit)
    return [StoredBody(row["received_at"], bytes(row["raw"]), row["content_type"]) for row in rows]
