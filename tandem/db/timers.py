"""Durable timers: rows that are claimed by deleting them in the transaction that records their effect.

One implementation for every schema with a table ``timer`` (``grants.timer_table``). A timer fires exactly once if its
effect is in the database: a transaction that rolls back gives it back. An effect outside the database (a send) needs a
lease instead, and is not here. Setting and cancelling are parts of a batch's one statement (``write.py``).

No I/O is imported: pure plans set timers, and the connection is the caller's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from tandem.db.write import Statement, Writes

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

_SCHEMA = re.compile(r"[a-z_][a-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A timer that was claimed in this transaction; it is gone when the transaction commits."""

    tenant: str
    key: str
    """What the timer is about, usually an incident id as text."""
    kind: str
    due_at: datetime


async def claim_due(connection: Connection, schema: str, now: datetime, limit: int) -> list[DueTimer]:
    """Take up to ``limit`` timers with ``due_at <= now``, the longest due first.

    Timers that another transaction is claiming are passed over, so claimers never wait for one another.

    Args:
        connection: inside the transaction that records the effect.
        now: aware UTC.
    """
    rows = await connection.fetch(_sql(schema).claim, now, limit)
    timers = [DueTimer(row["tenant"], row["key"], row["kind"], row["due_at"]) for row in rows]
    return sorted(timers, key=lambda timer: (timer.due_at, timer.tenant, timer.key, timer.kind))


async def next_due(connection: Connection, schema: str) -> datetime | None:
    """The earliest instant at which a timer is due, past or to come; None without timers."""
    earliest: datetime | None = await connection.fetchval(_sql(schema).earliest)
    return earliest


def set_timer(writes: Writes, schema: str, *, tenant: str, key: str, kind: str, due_at: datetime) -> None:
    """Let the timer (tenant, key, kind) be due at ``due_at`` (aware UTC), whatever it was before."""
    sql, row = _sql(schema), (tenant, key, kind)
    writes.put(sql.put, row, (*row, due_at))
    if writes.get(sql.cancel, row) is not None:
        writes.put(sql.cancel, row, (*row, False))


def cancel_timer(writes: Writes, schema: str, *, tenant: str, key: str, kind: str) -> None:
    """Let the timer (tenant, key, kind) not fire; harmless when there is none.

    One that another transaction has claimed already fires: whoever handles it looks at the facts, not at the timer.
    """
    sql, row = _sql(schema), (tenant, key, kind)
    writes.put(sql.cancel, row, (*row, True))
    if writes.get(sql.put, row) is not None:
        writes.put(sql.put, row, (*row, None))


@dataclass(frozen=True, slots=True)
class _Sql:
    """The statements of one schema."""

    claim: str
    earliest: str
    put: Statement
    """Columns: tenant, key, kind, due at; null where a cancel came after it in the same batch."""
    cancel: Statement
    """Columns: tenant, key, kind, whether it still stands: no row may be touched by two parts of one statement."""


@lru_cache(maxsize=16)
def _sql(schema: str) -> _Sql:
    if not _SCHEMA.match(schema):
        raise ValueError(f"not a plain SQL name: {schema!r}")
    table = f"{schema}.timer"
    return _Sql(
        claim=f"with due as materialized (select tenant, key, kind from {table} where due_at <= $1"  # noqa: S608
        " order by due_at limit $2 for update skip locked)"
        f" delete from {table} t using due where (t.tenant, t.key, t.kind) = (due.tenant, due.key, due.kind)"
        " returning t.tenant, t.key, t.kind, t.due_at",
        earliest=f"select min(due_at) from {table}",  # noqa: S608
        put=Statement(
            name=f"{schema}_timer_set",
            width=4,
            sql=f"insert into {table} as t (tenant, key, kind, due_at)"  # noqa: S608
            " select r.tenant, r.key, r.kind, r.due_at"
            " from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as r(tenant, key, kind, due_at)"
            " where r.due_at is not null on conflict (tenant, key, kind)"
            " do update set due_at = excluded.due_at where t.due_at <> excluded.due_at",
        ),
        cancel=Statement(
            name=f"{schema}_timer_cancel",
            width=4,
            sql=f"delete from {table} t"  # noqa: S608
            " using unnest($1::text[], $2::text[], $3::text[], $4::bool[]) as r(tenant, key, kind, stands)"
            " where r.stands and (t.tenant, t.key, t.kind) = (r.tenant, r.key, r.kind)",
        ),
    )
