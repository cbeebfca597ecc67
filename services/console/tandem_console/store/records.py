"""The console's other rows: audit, remembered requests, the feed; ways in, what came by them and agreements to show."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.db.pool import unavailable
from tandem.ids import uuid7
from tandem_console.store.scoped import seeing

Row = dict[str, Any]

_AUDIT = text(
    "insert into console.audit (id, at, tenant, who, party, action, object, outcome, address, detail)"
    " values (:id, :at, :tenant, :who, :party, :action, :object, :outcome, :address, cast(:detail as jsonb))"
)
# The console writes the audit, so row-level security does not bind it here: the query names the tenants itself.
_AUDITED = text(
    "select id, at, tenant, who, party, action, object, outcome, detail from console.audit"
    " where (tenant = any(:tenants) or (tenant is null and :instance))"
    " and (cast(:before_at as timestamptz) is null or (at, id) < (:before_at, :before_id))"
    " order by at desc, id desc limit :limit"
)
_INTAKE = text(
    "select tenant, integration, result, sum(n)::bigint as n, max(minute) as last_minute from ingest.intakes"
    " where minute >= :since group by tenant, integration, result order by tenant, integration, result limit 5000"
)
_GOVERNANCE = text(
    "select tenant, kind, key, title, count, first_seen, last_seen, alert_id, due_at, state, count(*) over () as total"
    " from router.governance order by state, due_at, tenant, kind, key limit :limit"
)
_AGREEMENT = text(
    "select tenant, version, hash, source as document, provider, author, note, activated_at"
    " from agreement.agreements where tenant = :tenant"
)
_HELD = text(
    "select id, tenant, condition, title, kind, by_id as by, reason, since, until, last_seen_at, count, worst,"
    " priority,"
    " function, parent_incident, outcome, outcome_at, incident_id, note from router.held_alerts"
    " where outcome is null or :over order by since desc, id limit :limit"
)
_CLAIM = text(
    "insert into console.request (principal, route, key, fingerprint, created_at)"
    " values (:principal, :route, :key, :fingerprint, :now)"
    # Whoever claimed it and never answered has died: its key may be taken over once its lease is over.
    " on conflict (principal, route, key) do update set created_at = excluded.created_at"
    " where request.status is null and request.fingerprint = excluded.fingerprint"
    " and request.created_at <= :lapsed"
)
_REMEMBERED = text(
    "select fingerprint, status, headers, body from console.request"
    " where principal = :principal and route = :route and key = :key"
)
_ANSWERED = text(
    "update console.request set status = :status, headers = cast(:headers as jsonb), body = :body"
    " where principal = :principal and route = :route and key = :key"
)
_FORGET_ONE = text(
    "delete from console.request where principal = :principal and route = :route and key = :key and status is null"
)
_FEED = text(
    "select position, tenant, kind, incident_id, version, at, body from console.feed where position > :after"
    " order by position limit :limit"
)
_BOUNDS = text(
    "select (select position from console.feed_counter where id = 1) as last,"
    " coalesce((select min(position) from console.feed), (select position + 1 from console.feed_counter where id = 1))"
    " as first"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of the audit."""

    at: datetime
    who: str
    action: str
    object: str
    outcome: str
    tenant: str | None = None
    party: str | None = None
    address: str | None = None
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """Scope of an Idempotency-Key: who, which route, which key."""

    principal: str
    route: str
    key: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a first request with this key left; ``status`` None while it runs."""

    fingerprint: bytes
    status: int | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One event of the live stream."""

    position: int
    tenant: str
    kind: str
    incident_id: UUID | None
    """None for what is about no incident: a window or a silence."""
    version: int
    at: datetime
    body: Mapping[str, Any]


class RecordStore:
    """``engine`` connects as tandem_console."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Nothing is read before the first call."""
        self._engine = engine

    async def write_audit(self, deed: Deed) -> None:
        """Append one line; nothing of the console can change or remove it."""
        values = {
            "id": uuid7(deed.at, secrets.token_bytes(16)),
            "at": deed.at,
            "tenant": deed.tenant,
            "who": deed.who[:200],
            "party": deed.party,
            "action": deed.action,
            "object": deed.object[:200],
            "outcome": deed.outcome[:500],
            "address": deed.address,
            "detail": msgspec.json.encode(dict(deed.detail or {})).decode(),
        }
        await self._write(_AUDIT, values)

    async def audit(
        self, tenants: Iterable[str], *, instance: bool, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> list[Row]:
        """Newest first; ``instance`` adds what belongs to no tenant."""
        at, identity = before or (None, None)
        values = {"tenants": sorted(tenants), "instance": instance, "limit": limit}
        return await self._read(_AUDITED, values | {"before_at": at, "before_id": identity})

    async def intake(self, tenants: Iterable[str], *, since: datetime) -> list[Row]:
        """Counts of posts' alerts per integration and result since the minute of ``since``."""
        async with seeing(self._engine, tenants) as connection:
            return [dict(row) for row in (await connection.execute(_INTAKE, {"since": since})).mappings()]

    async def governance(self, tenants: Iterable[str], *, limit: int) -> tuple[int, list[Row]]:
        """(how many there are, the first of them): gaps in the agreement, open ones and the oldest deadline first."""
        async with seeing(self._engine, tenants) as connection:
            rows = [dict(row) for row in (await connection.execute(_GOVERNANCE, {"limit": limit})).mappings()]
        total = rows[0]["total"] if rows else 0
        return total, [{name: value for name, value in row.items() if name != "total"} for row in rows]

    async def held(self, tenants: Iterable[str], *, over: bool, limit: int) -> list[Row]:
        """What waits, newest first; with ``over`` also what had its outcome."""
        async with seeing(self._engine, tenants) as connection:
            found = await connection.execute(_HELD, {"over": over, "limit": limit})
            return [dict(row) for row in found.mappings()]

    async def agreement(self, tenants: Iterable[str], tenant: str) -> Row | None:
        """The active agreement of ``tenant`` with its text; None unless it is one of ``tenants``."""
        async with seeing(self._engine, tenants) as connection:
            row = (await connection.execute(_AGREEMENT, {"tenant": tenant})).mappings().first()
            return None if row is None else dict(row)

    async def claim(self, slot: Slot, fingerprint: bytes, now: datetime, lease: timedelta) -> Remembered | None:
        """Take ``slot`` for a first request (None), or what the first one left.

        Args:
            fingerprint: of the request; only the same one takes over from a request that died.
            now: aware UTC.
            lease: how long a request that has not answered keeps its slot.
        """
        values = {"principal": slot.principal, "route": slot.route, "key": slot.key}
        given = {"fingerprint": fingerprint, "now": now, "lapsed": now - lease}
        with unavailable():
            async with self._engine.begin() as connection:
                made = await connection.execute(_CLAIM, values | given)
                if made.rowcount == 1:
                    return None
                row = (await connection.execute(_REMEMBERED, values)).mappings().first()
        if row is None:  # forgotten in between
            return Remembered(fingerprint, None, {}, b"")
        return Remembered(bytes(row["fingerprint"]), row["status"], row["headers"] or {}, bytes(row["body"] or b""))

    async def answered(self, slot: Slot, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep the answer of a first request for those that repeat it."""
        values = {"status": status, "headers": msgspec.json.encode(dict(headers)).decode(), "body": body}
        await self._write(_ANSWERED, values | _of_slot(slot))

    async def release(self, slot: Slot) -> None:
        """A first request that came to nothing may be tried again."""
        await self._write(_FORGET_ONE, _of_slot(slot))

    async def feed_after(self, position: int, limit: int) -> list[FeedRow]:
        """Events strictly after ``position``, every tenant's, in order."""
        rows = await self._read(_FEED, {"after": position, "limit": limit})
        return [FeedRow(**row) for row in rows]

    async def feed_bounds(self) -> tuple[int, int]:
        """(oldest position kept, newest position given); the oldest is one past the newest when nothing is kept."""
        row = (await self._read(_BOUNDS, {}))[0]
        return row["first"], row["last"]

    async def forget(self, *, feed_before: datetime, requests_before: datetime) -> None:
        """Drop what is kept for a while only."""
        await self._write(text("delete from console.feed where stored_at < :before"), {"before": feed_before})
        await self._write(text("delete from console.request where created_at < :before"), {"before": requests_before})

    async def _read(self, query: Any, values: dict[str, Any]) -> list[Row]:  # noqa: ANN401 - a text()
        with unavailable():
            async with self._engine.connect() as connection:
                return [dict(row) for row in (await connection.execute(query, values)).mappings()]

    async def _write(self, statement: Any, values: dict[str, Any]) -> None:  # noqa: ANN401 - a text()
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(statement, values)


def _of_slot(slot: Slot) -> dict[str, str]:
    return {"principal": slot.principal, "route": slot.route, "key": slot.key}
