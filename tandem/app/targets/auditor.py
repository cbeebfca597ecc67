"""The auditor, which watches the others."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import structlog

from tandem.app.auditor.reading import look
from tandem.app.auditor.receiver import Receiver, alarm_secret, allowing
from tandem.app.auditor.watch import Auditor
from tandem.app.ground import Ground
from tandem.app.targets.parts import Parts
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient

log = structlog.get_logger("tandem.app")


async def build(ground: Ground, parts: Parts) -> None:
    """Watches the others; in one process with them it shares their fate, which the missing heartbeat shows."""
    settings = ground.settings
    urls = (settings.alarm_url, settings.heartbeat_url)
    http = AiohttpClient(Guard(allowing(urls, settings.allow_private_targets)))
    ground.lifecycle.on_close("auditor http", http.close)
    receiver = Receiver(
        http,
        alarm_url=settings.alarm_url,
        heartbeat_url=settings.heartbeat_url,
        secret=alarm_secret(ground.key, settings.alarm_secret),
        where=ground.public_url,
    )
    watch = Auditor(
        partial(look, ground.dsn),
        receiver,
        clock=ground.clock,
        metrics=ground.metrics,
        every_s=settings.audit_every_s,
        patience=timedelta(seconds=settings.audit_patience_s),
        budget_s=settings.audit_budget_s,
    )
    if not any(urls):
        log.warning("nobody is told what the auditor finds: set TANDEM_ALARM_URL and TANDEM_HEARTBEAT_URL")
    parts.tasks.append(("auditor", watch.run))
