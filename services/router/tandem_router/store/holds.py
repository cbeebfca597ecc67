"""Holds that timers are about, and timers for holds that lost theirs. The statements are ``held``'s."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from tandem.db.pool import unavailable
from tandem.db.timers import DueTimer
from tandem_router import held


async def load_waiting(
    connection: Any,  # noqa: ANN401 - as lookup.load
    timers: Iterable[DueTimer],
) -> tuple[list[held.Held], dict[str, tuple[UUID, ...]]]:
    """The holds that timers are about, not locked yet, and which of them each end of a window lets go."""
    found: dict[UUID, held.Held] = {}
    let_go: dict[str, tuple[UUID, ...]] = {}
    own = [UUID(timer.key) for timer in timers if timer.kind == held.HELD]
    with unavailable():
        for row in await connection.fetch(held.WAITING, own) if own else ():
            found[row["id"]] = held.read(row["state"])
        for timer in timers:
            if timer.kind == held.LET_GO:
                kind, name, after = held.holder_of(timer.key)
                rows = await connection.fetch(held.LET_GO_OF, timer.tenant, kind, name, after, held.AT_ONCE)
                found |= {row["id"]: held.read(row["state"]) for row in rows}
                let_go[timer.key] = tuple(row["id"] for row in rows)
    return list(found.values()), let_go


async def rearm(connection: Any, now: datetime) -> None:  # noqa: ANN401 - as lookup.load
    """Give every hold without a timer one that is due now."""
    with unavailable():
        await connection.execute(held.REARM, now)
