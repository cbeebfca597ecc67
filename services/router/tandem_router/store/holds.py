"""Holds that timers are about, and timers for holds that lost theirs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.db.pool import unavailable
from tandem.db.timers import DueTimer
from tandem_router.held import AT_ONCE, HELD, LET_GO, Held
from tandem_router.store.held_rows import read

_WAITING = """
select h.id, h.state::text from router.held h where h.outcome is null and h.id = any ($1::uuid[])
"""
"""Holds whose own timers are due."""
_LET_GO_OF = """
select id, state::text from router.held h where h.outcome is null and h.tenant = $1
    and ((h.kind = $2 and h.by_id = $3) or ($2 = 'incident' and h.parent_incident::text = $3)) and h.id > $4
order by h.id limit $5
"""
"""Holds of one window, silence or incident, after an id."""
_REARM = """
insert into router.timer (tenant, key, kind, due_at) select h.tenant, h.id::text, 'held', $1 from router.held h
where h.outcome is null and not exists (
    select from router.timer t where t.tenant = h.tenant and t.key = h.id::text and t.kind = 'held')
on conflict do nothing
"""
"""A hold whose timer was lost (it went to quarantine, say) is looked at again: nothing waits for ever."""


async def load_waiting(
    connection: Any,  # noqa: ANN401 - as lookup.load
    timers: Iterable[DueTimer],
) -> tuple[list[Held], dict[str, tuple[UUID, ...]]]:
    """The holds that timers are about, not locked yet, and which of them each end of a window lets go."""
    found: dict[UUID, Held] = {}
    let_go: dict[str, tuple[UUID, ...]] = {}
    own = [UUID(timer.key) for timer in timers if timer.kind == HELD]
    with unavailable():
        for row in await connection.fetch(_WAITING, own) if own else ():
            found[row["id"]] = read(row["state"])
        for timer in timers:
            if timer.kind == LET_GO:
                kind, name, after = _holder_of(timer.key)
                rows = await connection.fetch(_LET_GO_OF, timer.tenant, kind, name, after, AT_ONCE)
                found |= {row["id"]: read(row["state"]) for row in rows}
                let_go[timer.key] = tuple(row["id"] for row in rows)
    return list(found.values()), let_go


async def rearm(connection: Any, now: datetime) -> None:  # noqa: ANN401 - as lookup.load
    """Give every hold without a timer one that is due now."""
    with unavailable():
        await connection.execute(_REARM, now)


def _holder_of(timer_key: str) -> tuple[str, str, UUID]:
    """``window:ID#UUID`` -> (kind, id, the hold after which to go on)."""
    kind, _, rest = timer_key.partition(":")
    name, _, after = rest.partition("#")
    return kind, name, UUID(after) if after else UUID(int=0)
