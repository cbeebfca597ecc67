"""What was told of windows and silences, and the timers that look at them. The statements are ``announce``'s."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tandem.agreement.windows import LONGEST
from tandem.db.pool import unavailable
from tandem.db.timers import DueTimer
from tandem.model.suppression import SuppressionKind
from tandem_router import announce
from tandem_router.standing import Known, Standing


async def load_told(connection: Any, timer: DueTimer) -> Known:  # noqa: ANN401 - as lookup.load
    """What was told of one tenant's windows and silences; occurrences are a month long at most."""
    with unavailable():
        rows = await connection.fetch(announce.CREATED_AND_STARTED, timer.tenant, timer.due_at - LONGEST * 2)
        standing = await connection.fetch(announce.STANDING, timer.tenant)
    return Known(
        created=frozenset(row["key"] for row in rows if row["step"] == "created"),
        started=frozenset((row["key"], row["start_at"]) for row in rows if row["step"] == "started"),
        standing=tuple(
            Standing(
                kind=SuppressionKind(row["kind"]),
                suppression_id=row["suppression_id"],
                name=row["name"],
                start=row["start_at"],
                end=row["end_at"],
                reason=row["reason"],
                owner=row["owner"],
                scope=row["scope"],
                holds_p1=row["holds_p1"],
                held=row["held"],
                conditions=row["conditions"],
                worst=row["worst"],
                reminded_at=row["reminded_at"],
            )
            for row in standing
        ),
    )


async def arm(connection: Any, tenants: Collection[str], now: datetime) -> None:  # noqa: ANN401 - as lookup.load
    """Let the windows of ``tenants`` be looked at now."""
    with unavailable():
        await connection.execute(announce.ARM, sorted(tenants), now)
