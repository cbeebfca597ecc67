"""Ingest: the doors of tools, and what waits before the router."""

from __future__ import annotations

from functools import partial
from typing import Any

from tandem.app.ground import Ground
from tandem.app.targets.parts import Parts, engine_of
from tandem.bus.kafka import KafkaBus
from tandem.bus.port import Bus
from tandem.egress import parse_allowed
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem.policy.integrations import load_integrations
from tandem_ingest.fairness.gate import Bounds
from tandem_ingest.intake import Intake
from tandem_ingest.service import Ingest
from tandem_ingest.sns import SnsDoor
from tandem_ingest.spool import Spool
from tandem_ingest.unknown import UnknownTenants
from tandem_ingest.uptime import Uptime
from tandem_ingest.waiting.router_log import Ends
from tandem_ingest.waiting.service import Fairness


async def build(ground: Ground, parts: Parts) -> None:
    """The hot lane of webhooks."""
    reading = engine_of(ground, "tandem_ingest")

    async def integrations() -> Any:  # noqa: ANN401 - a list of Integration
        return await load_integrations(reading, ground.key, ground.clock.now())

    spool = None
    if ground.bus.name != "postgres":  # the spool is a table: where the bus is one too, both are away together
        spool = Spool(dsn=ground.dsn, append=ground.bus.append, clock=ground.clock, metrics=ground.metrics)
        parts.tasks.append(("spool", spool.run))
    http = AiohttpClient(Guard(parse_allowed("")))  # the exceptions of an operator are for pages, not for strangers
    ground.lifecycle.on_close("ingest http", http.close)
    fairness = Fairness(
        dsn=ground.dsn,
        clock=ground.clock,
        metrics=ground.metrics,
        bounds=Bounds(rate=ground.settings.intake_rate),
        ends=_alert_ends(ground.bus),
    )
    intake = Intake(dsn=ground.dsn, clock=ground.clock)
    service = Ingest(
        bus=ground.bus,
        integrations=integrations,
        clock=ground.clock,
        metrics=ground.metrics,
        spool=spool,
        unknown=UnknownTenants(dsn=ground.dsn, clock=ground.clock, metrics=ground.metrics),
        sns=SnsDoor(partial(_fetched, http)),
        fairness=fairness,
        intake=intake,
    )
    parts.tasks.append(("fairness", fairness.run))
    parts.tasks.append(("intake counts", intake.run))
    await service.start()
    ground.lifecycle.on_close("ingest", service.stop)
    parts.ingest = service
    parts.lanes.append(service.lane)
    parts.lanes.append(service.heartbeats)
    parts.tasks.append(("uptime", Uptime(dsn=ground.dsn, clock=ground.clock, deaf=service.deaf).run))
    parts.checks.update(service.checks())


def _alert_ends(bus: Bus) -> Ends | None:
    """Where the log is not in the database, as far as this process has appended to it."""
    return (lambda: bus.alert_ends) if isinstance(bus, KafkaBus) else None


async def _fetched(http: AiohttpClient, url: str, timeout_s: float) -> bytes:
    return (await http.get(url, timeout_s=timeout_s)).body
