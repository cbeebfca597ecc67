"""The gauge of hours that nobody is on call for, kept up to date beside the notifier."""

from __future__ import annotations

import asyncio

from tandem.app.ground import Ground
from tandem.clock import wait_event
from tandem_notifier.metrics import set_gaps

GAPS_EVERY_S = 600.0


async def keep_looking_for_gaps(ground: Ground, stopping: asyncio.Event) -> None:
    """Set ``tandem_oncall_gap_seconds`` now and every ten minutes."""
    while True:
        found = {tenant: ground.book.active(tenant) for tenant in ground.book.tenants()}
        agreements = {tenant: agreement for tenant, agreement in found.items() if agreement is not None}
        set_gaps(ground.metrics, agreements, ground.clock.now())
        if await wait_event(stopping, GAPS_EVERY_S):
            return
