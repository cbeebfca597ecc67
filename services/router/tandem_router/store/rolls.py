"""The day roll: the running incidents it looks at, and its timers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.db.pool import unavailable
from tandem.db.timers import DueTimer

ROLLED_AT_ONCE = 500
"""Running incidents that one batch of a day roll looks at."""

_RUNNING = (
    "select id from router.incident where tenant = $1 and state <> 'resolved' and id > $2::uuid order by id limit $3"
)

_ARM_ROLLS = """
insert into router.timer as t (tenant, key, kind, due_at) select tenant, tenant, 'roll', $2
from unnest($1::text[]) as r(tenant)
on conflict (tenant, key, kind) do update set due_at = least(t.due_at, excluded.due_at)
"""


async def find_running(connection: Any, timer: DueTimer) -> list[UUID]:  # noqa: ANN401 - as lookup.load
    """Running incidents of a day roll's tenant, at most ``ROLLED_AT_ONCE``, after the one its key names."""
    _, _, last = timer.key.partition("/")
    with unavailable():
        rows = await connection.fetch(_RUNNING, timer.tenant, UUID(last) if last else UUID(int=0), ROLLED_AT_ONCE)
    return [row["id"] for row in rows]


async def arm_rolls(connection: Any, tenants: Collection[str], now: datetime) -> None:  # noqa: ANN401 - as lookup.load
    """Let the hours of ``tenants`` be looked at now; from then on their timers arm themselves."""
    with unavailable():
        await connection.execute(_ARM_ROLLS, sorted(tenants), now)
