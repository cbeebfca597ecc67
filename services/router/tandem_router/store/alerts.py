"""Alerts as they came, each with its one decision: the writes, and reading them again for a backtest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tandem.db.pool import unavailable
from tandem.db.write import Statement, Writes
from tandem.model.alert import Alert
from tandem_router.batch import Decided
from tandem_router.grouping import plain_condition
from tandem_router.store.snapshot import encode

INSERT_ALERT = Statement(
    name="router_alert",
    width=8,
    sql="insert into router.alert (id, tenant, incident_id, integration, dedup_key, received_at, body, raw)"
    " select id, tenant, incident_id, integration, dedup_key, received_at, body::jsonb, raw from unnest($1::uuid[],"
    " $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bytea[])"
    " as r(id, tenant, incident_id, integration, dedup_key, received_at, body, raw) on conflict do nothing",
)

INSERT_DECISION = Statement(
    name="router_decision",
    width=6,
    sql="insert into router.decision (alert_id, tenant, incident_id, at, agreement_version, trace)"
    " select alert_id, tenant, incident_id, at, agreement_version, trace::jsonb from unnest($1::uuid[], $2::text[],"
    " $3::uuid[], $4::timestamptz[], $5::int[], $6::text[])"
    " as r(alert_id, tenant, incident_id, at, agreement_version, trace) on conflict do nothing",
)


def put_decided(writes: Writes, decided: Decided, at: datetime) -> None:
    """The alert as it came, and the one decision on it."""
    alert = decided.alert
    body = {
        "vendor": alert.vendor,
        "kind": alert.kind,
        "title": alert.title,
        "status": alert.status,
        "severity": alert.severity,
        "severity_word": alert.severity_word,
        "host": alert.host,
        "occurred_at": alert.occurred_at,
        "url": alert.url,
        "customer": alert.customer,
        "description": alert.description,
        "labels": dict(alert.labels),
        "content_type": alert.content_type,
        "quarantined": alert.quarantined,
        "test": alert.test,
        "delivery_id": alert.delivery_id,
    }
    if alert.expires_at is not None:
        body["expires_at"] = alert.expires_at
    if decided.outcome == "ignored":
        body["unawaited"] = True
    id_, tenant, incident_id = alert.alert_id, alert.tenant, decided.incident_id
    text = encode(body).decode()
    known = (alert.integration, alert.dedup_key, alert.received_at)
    writes.put(INSERT_ALERT, id_, (id_, tenant, incident_id, *known, text, alert.raw or None))
    trace = encode({"outcome": decided.outcome, "because": decided.routing.because, **decided.routing.trace}).decode()
    writes.put(INSERT_DECISION, id_, (id_, tenant, incident_id, at, decided.agreement_version, trace))


_STORED_ALERTS = (
    "select id, tenant, integration, dedup_key, received_at, body from router.alert"
    " where tenant = $1 and received_at >= $2 and received_at < $3 and (received_at, id) > ($2, $4)"
    " order by received_at, id limit $5"
)


async def stored_alerts(
    connection: Any,  # noqa: ANN401 - as lookup.load
    tenant: str,
    since: datetime,
    until: datetime,
    *,
    after: UUID,
    limit: int,
) -> list[Alert]:
    """A page of what was accepted in ``[since, until)``, oldest first, without the raw bodies.

    Args:
        connection: of a role that sees every tenant's alerts.
        tenant: whose alerts.
        since: where to go on: the ``received_at`` of the last alert of the page before.
        until: not included.
        after: of those accepted at exactly ``since`` only ids past this one.
        limit: at most so many; fewer mean that there are no more.
    """
    with unavailable():
        rows = await connection.fetch(_STORED_ALERTS, tenant, since, until, after, limit)
    return [_alert_of(row) for row in rows]


_EXPIRING = """
select a.* from unnest($1::text[], $2::text[], $3::bool[]) as c(tenant, condition, test) cross join lateral (
    select id, tenant, integration, dedup_key, received_at, body from router.alert a
    where a.tenant = c.tenant and a.integration || '/' || a.dedup_key = c.condition and a.body ? 'expires_at'
    and coalesce((a.body ->> 'test')::bool, false) = c.test
    order by a.received_at desc limit 1
) a
"""


async def latest_expiring(
    connection: Any,  # noqa: ANN401 - as lookup.load
    conditions: Iterable[tuple[str, str]],
) -> list[Alert]:
    """Of each (tenant, condition) the latest alert that says when it expires, or expired, without its raw body."""
    asked = [(tenant, *plain_condition(condition)) for tenant, condition in conditions]
    if not asked:
        return []
    with unavailable():
        rows = await connection.fetch(_EXPIRING, *(list(column) for column in zip(*asked, strict=True)))
    return [_alert_of(row) for row in rows]


def _alert_of(row: Mapping[str, Any]) -> Alert:
    fixed = {"alert_id": row["id"], **{name: row[name] for name in ("tenant", "integration", "dedup_key")}}
    return msgspec.convert({**row["body"], **fixed, "received_at": row["received_at"]}, Alert)
