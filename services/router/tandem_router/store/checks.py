"""The checks that a batch is about: found, made where they are new, locked in order; and since when ingest hears."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from tandem.agreement.compiled import Agreement
from tandem.agreement.schema.expected import Sort
from tandem.bus.plan import Inbox
from tandem.db.pool import unavailable
from tandem.model.alert import Alert
from tandem.model.signal import Signal
from tandem_router.checks.batch import CHECK, DECLARE, Key, LoadedChecks, signal_of, watching
from tandem_router.checks.uptime import uptime
from tandem_router.checks.writes import state_of

_MAKE = (
    "insert into router.check_state (tenant, check_id, phase, sort)"
    " select tenant, check_id, 'new', 'heartbeat' from unnest($1::text[], $2::text[]) as r(tenant, check_id)"
    " on conflict do nothing"
)
_LOCK = (
    "select c.tenant, c.check_id, c.state::text from router.check_state c"
    " join unnest($1::text[], $2::text[]) as r(tenant, check_id) using (tenant, check_id)"
    " order by c.tenant, c.check_id for update of c"
)
_OF_TENANTS = "select tenant, check_id from router.check_state where tenant = any($1::text[])"
_TROUBLED = (
    "select c.tenant, c.check_id from router.check_state c"
    " join unnest($1::text[], $2::text[]) as r(tenant, check_id) using (tenant, check_id) where c.trouble is not null"
)
_SEEN = "select id from router.check_result where id = any($1::uuid[]) and from_signal"
_HOURS = (
    "select h.tenant, h.check_id, h.start_at, h.count from router.check_hour h"
    " join unnest($1::text[], $2::text[]) as r(tenant, check_id) using (tenant, check_id) where h.start_at > $3"
)
_UPTIME = "select began_at, seen_at from ingest.v_uptime where seen_at > $1"
_TRIM = "delete from router.check_hour where start_at < $1 and tenant = any($2::text[])"
_FORGET = (
    "delete from router.check_result where at < $1 and sort in ('heartbeat', 'volume') and tenant = any($2::text[])"
)
_ARM = """
insert into router.timer as t (tenant, key, kind, due_at) select tenant, '', 'checks', $2
from unnest($1::text[]) as r(tenant)
on conflict (tenant, key, kind) do update set due_at = least(t.due_at, excluded.due_at)
"""
_HOURS_BACK = timedelta(hours=30)
_KEPT = timedelta(days=90)
"""Of the history of heartbeats and volumes; what is said of backups and restore tests is kept for good."""
_UPTIME_BACK = timedelta(days=2)


def tenants_of(inbox: Inbox) -> set[str]:
    """Whose agreements say what is waited for."""
    timers = {timer.tenant for timer in inbox.timers if timer.kind in {CHECK, DECLARE}}
    return timers | {payload.tenant for payload in inbox.payloads if isinstance(payload, Signal)}


async def load(
    connection: Any,  # noqa: ANN401 - as lookup.load
    inbox: Inbox,
    active: Callable[[str], Agreement | None],
    now: datetime,
) -> LoadedChecks:
    """What the batch's signals, alerts and timers need; a batch without any costs nothing."""
    signals = [payload for payload in inbox.payloads if isinstance(payload, Signal)]
    keys = {(signal.tenant, signal.check) for signal in signals}
    keys |= {(timer.tenant, timer.key) for timer in inbox.timers if timer.kind == CHECK}
    declared = {timer.tenant for timer in inbox.timers if timer.kind == DECLARE}
    ids = [signal.signal_id for signal in signals]
    volumes: set[Key] = set()
    for alert in (payload for payload in inbox.payloads if isinstance(payload, Alert)):
        for check in watching(active(alert.tenant), alert):
            key = (alert.tenant, check.id)
            if check.spec.what is Sort.VOLUME:
                volumes.add(key)
            else:
                keys.add(key)
                ids.append(signal_of(check, alert).signal_id)
    if not (keys or declared or volumes):
        return LoadedChecks()
    for tenant in declared:
        agreement = active(tenant)
        keys |= {(tenant, name) for name in agreement.expected.checks} if agreement is not None else set()
    with unavailable():
        if declared:
            keys |= {(row[0], row[1]) for row in await connection.fetch(_OF_TENANTS, sorted(declared))}
            await connection.execute(_TRIM, now - _UPTIME_BACK, sorted(declared))
            await connection.execute(_FORGET, now - _KEPT, sorted(declared))
        if volumes:  # the row of a volume is locked only when it has to be cleared
            keys |= {(row[0], row[1]) for row in await connection.fetch(_TROUBLED, *_columns(volumes))}
        return await _load(connection, keys, volumes, ids, now)


async def _load(
    connection: Any,  # noqa: ANN401 - as lookup.load
    keys: set[Key],
    volumes: set[Key],
    ids: list[Any],
    now: datetime,
) -> LoadedChecks:
    loaded = LoadedChecks()
    await connection.execute(_MAKE, *_columns(keys))
    for tenant, check_id, state in await connection.fetch(_LOCK, *_columns(keys)):
        loaded.states[tenant, check_id] = state_of(state) if state is not None else None
    if ids:
        loaded.seen = {row["id"] for row in await connection.fetch(_SEEN, ids)}
    hours = await connection.fetch(_HOURS, *_columns(keys | volumes), now - _HOURS_BACK)
    loaded.counts = {(row["tenant"], row["check_id"], row["start_at"]): row["count"] for row in hours}
    rows = await connection.fetch(_UPTIME, now - _UPTIME_BACK)
    loaded.up = uptime(((row["began_at"], row["seen_at"]) for row in rows), now)
    return loaded


async def arm_checks(connection: Any, tenants: Collection[str], now: datetime) -> None:  # noqa: ANN401 - as lookup.load
    """Let the checks of ``tenants`` be compared with their agreements now."""
    with unavailable():
        await connection.execute(_ARM, sorted(tenants), now)


def _columns(keys: Collection[Key]) -> list[list[str]]:
    """In order, so that two replicas never wait for each other's rows."""
    return [list(column) for column in zip(*sorted(keys), strict=True)] or [[], []]
