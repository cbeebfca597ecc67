"""A process keeps the agreements that it holds in memory at the active versions."""

from __future__ import annotations

import asyncio

import structlog

from tandem.clock import wait_event
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.policy.book import AgreementBook

FOLLOW_S = 2.0
"""How late a process follows a new agreement version."""

log = structlog.get_logger("tandem.app")


async def keep_following(book: AgreementBook, metrics: Metrics, stopping: asyncio.Event) -> None:
    """Keep the book at the active versions: looks every two seconds until ``stopping``."""
    while True:
        try:
            await book.refresh()
        except Unavailable as fault:
            log.warning("agreements not refreshed", fault=str(fault))
        for tenant in book.tenants():
            agreement = book.active(tenant)
            if agreement is not None:
                metrics.agreement_active_version.labels(tenant).set(agreement.version)
        if await wait_event(stopping, FOLLOW_S):
            return
