"""The table of targets: what each service adds to the process it runs in. ``all`` is every row.

A target adds routes, lanes, checks, stages and tasks to ``Parts``; the process puts them together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import structlog
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.auditor.reading import look
from tandem.app.auditor.receiver import Receiver, alarm_secret, allowing
from tandem.app.auditor.watch import Auditor
from tandem.app.check_owner import CheckOwners
from tandem.app.database import keep_measuring_database
from tandem.app.dialects import Dialects
from tandem.app.duty import Duties, keep_looking_for_gaps
from tandem.app.ground import Ground
from tandem.app.lag import keep_measuring_lag
from tandem.app.lifecycle import Work
from tandem.app.maintenance import keep_backing_up, keep_trimming
from tandem.app.suppressions import keep_announcing
from tandem.app.trial import DoorTrial
from tandem.app.welcome import keep_reading_steps
from tandem.bus.consume import Runner
from tandem.bus.kafka import KafkaBus
from tandem.bus.plan import Stage
from tandem.bus.port import Bus
from tandem.db.link import Link
from tandem.db.pool import engine
from tandem.egress import parse_allowed
from tandem.guard import Guard
from tandem.http import AiohttpClient
from tandem.model.integration import Integration
from tandem.policy.integrations import load_integrations
from tandem.web.application import Lane
from tandem.web.health import Check
from tandem_console.service import Console
from tandem_ingest.fairness.gate import Bounds
from tandem_ingest.intake import Intake
from tandem_ingest.service import Ingest
from tandem_ingest.set_aside import SetAside
from tandem_ingest.sns import SnsDoor
from tandem_ingest.spool import Spool
from tandem_ingest.unknown import UnknownTenants
from tandem_ingest.uptime import Uptime
from tandem_ingest.waiting.router_log import Ends
from tandem_ingest.waiting.service import Fairness
from tandem_notifier.api import answer_routes
from tandem_notifier.channels.email import EmailChannel
from tandem_notifier.channels.ntfy import NtfyChannel
from tandem_notifier.channels.webhook import WebhookChannel
from tandem_notifier.sender import Sender, SenderSettings
from tandem_notifier.service import Notifier, NotifierSettings
from tandem_router.service import Router
from tandem_sla_clock.service import SlaClock

log = structlog.get_logger("tandem.app")


@dataclass(slots=True)
class Parts:
    """What the process is put together from."""

    routers: list[APIRouter] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    checks: dict[str, Check] = field(default_factory=dict)
    stages: list[Stage[Any]] = field(default_factory=list)
    tasks: list[tuple[str, Work]] = field(default_factory=list)
    runners: list[Runner] = field(default_factory=list)
    """Filled when the stages are started; whoever sets timers outside a stage wakes them."""
    ingest: Ingest | None = None
    """To be told of new integrations at once instead of within two seconds."""
    console: Console | None = None
    """Its routes are asked for last, once the demo has said what a visitor is told."""
    when_ready: list[Callable[[], None]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the listener stops; endless answers end on it."""


Build = Callable[[Ground, Parts], Awaitable[None]]


async def ingest(ground: Ground, parts: Parts) -> None:
    """The hot lane of webhooks."""
    reading = _engine(ground, "tandem_ingest")

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


async def router(ground: Ground, parts: Parts) -> None:
    """The only writer of incidents, and the chores of the log it reads."""
    stage = Router(agreements=ground.book, metrics=ground.metrics)
    parts.stages.append(stage)
    chores = Link(ground.dsn, "tandem_router", name="tandem chores")
    async with chores.use() as connection:
        await stage.observe(connection)
    if ground.bus.name == "postgres":  # on Kafka every member measures its own partitions
        watch = Link(ground.dsn, "tandem_router", name="tandem lag")
        parts.tasks.append(("lag", lambda stopping: keep_measuring_lag(watch, ground.metrics, stopping)))
    server = Link(ground.dsn, "tandem_router", name="tandem database gauges")
    parts.tasks.append(("database gauges", lambda stopping: keep_measuring_database(server, ground.metrics, stopping)))
    windows = Link(ground.dsn, "tandem_router", name="tandem windows")
    parts.tasks.append(("windows", lambda stopping: keep_announcing(ground, parts.runners, stage, windows, stopping)))
    parts.tasks.append(("log retention", lambda stopping: keep_trimming(chores, ground.clock, stopping)))
    embedded = ground.embedded
    if embedded is not None:
        folder = ground.settings.data_dir / "backups"
        parts.tasks.append(
            ("nightly backup", lambda stopping: keep_backing_up(embedded, folder, ground.clock, stopping))
        )


async def sla_clock(ground: Ground, parts: Parts) -> None:
    """Time for both parties."""
    stage = SlaClock(agreements=ground.book, metrics=ground.metrics)
    parts.stages.append(stage)
    link = Link(ground.dsn, "tandem_sla_clock", name="tandem sla gauge")
    async with link.use() as connection:
        await stage.observe(connection)
    await link.close()


async def notifier(ground: Ground, parts: Parts) -> None:
    """Pages and what people answer to them."""
    boot = uuid4().hex
    http = AiohttpClient(Guard(parse_allowed(ground.settings.allow_private_targets)))
    ground.lifecycle.on_close("http", http.close)
    link = Link(ground.dsn, "tandem_notifier", name="tandem sender")
    ground.lifecycle.on_close("sender link", link.close)
    sender = Sender(
        database=link,
        bus=ground.bus,
        clock=ground.clock,
        channels={
            "webhook": WebhookChannel(http, ground.key),
            "email": EmailChannel(ground.settings.smtp_url, ground.settings.mail_from),
            "ntfy": NtfyChannel(http),
        },
        metrics=ground.metrics,
        settings=SenderSettings(
            boot=boot, key=ground.key, answer_url=ground.answer_url, sole=ground.embedded is not None
        ),
        timer_set=lambda at: _timer_set(parts, at),
    )
    settings = NotifierSettings(
        boot=boot,
        public_url=ground.public_url,
        trusts_version_one=ground.bus.name == "postgres",  # a relay to a broker delivers at least once
    )
    parts.stages.append(Notifier(ground.book, settings, send=sender.offer))
    parts.tasks.append(("sender", sender.run))
    parts.tasks.append(("on-call gaps", lambda stopping: keep_looking_for_gaps(ground, stopping)))
    answers = Link(ground.dsn, "tandem_notifier", name="tandem answers")
    ground.lifecycle.on_close("answers link", answers.close)
    parts.routers.append(
        answer_routes(
            bus=ground.bus,
            clock=ground.clock,
            key=ground.key,
            database=answers,
            public_url=ground.public_url,
            timer_set=lambda at: _timer_set(parts, at),
        )
    )


async def console(ground: Ground, parts: Parts) -> None:
    """Where people look and act."""
    reading = _engine(ground, "tandem_ingest", size=1)

    async def find(name: str) -> Integration | None:
        found = await load_integrations(reading, ground.key, ground.clock.now())
        return next((each for each in found if each.name == name), None)

    aside = SetAside(dsn=ground.dsn, clock=ground.clock, find=find)
    ground.lifecycle.on_close("set aside", aside.close)
    inside = ground.settings.ingest_inside_url or ground.address
    http = AiohttpClient(Guard(allowing((inside,), "")))
    ground.lifecycle.on_close("test posts", http.close)
    trials = DoorTrial(
        policy=ground.policy,
        key=ground.key,
        clock=ground.clock,
        http=http,
        base=inside.rstrip("/"),
        hint="TANDEM_INGEST_INSIDE_URL",
        settle=parts.ingest.refresh if parts.ingest is not None else None,
    )
    service = Console(
        database=ground.console_engine(),
        bus=ground.bus,
        clock=ground.clock,
        secret=ground.key,
        public_url=ground.settings.public_url,
        secure_cookies=ground.public_url.startswith("https://"),
        agreements=ground.book,
        on_call=Duties(ground.book),
        policy=ground.policy,
        policy_changed=ground.book.refresh,
        aside=aside,
        dialects=Dialects(),
        trials=trials,
        ingest_url=ground.settings.ingest_url or ground.public_url,
        owners=CheckOwners(ground.book),
    )
    await service.start()
    ground.lifecycle.on_close("console", service.stop)
    parts.console = service
    parts.lanes.extend(service.lanes())
    parts.checks.update(service.checks())
    parts.stages.append(service.stage)
    parts.tasks.extend(service.tasks())
    steps = ground.settings.welcome_file
    if steps is not None:
        parts.tasks.append(("welcome", lambda stopping: keep_reading_steps(service, steps, stopping)))


async def auditor(ground: Ground, parts: Parts) -> None:
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


TARGETS: Mapping[str, Build] = {
    "ingest": ingest,
    "router": router,
    "sla-clock": sla_clock,
    "notifier": notifier,
    "console": console,
    "auditor": auditor,
}
"""In the order of the pipeline; the auditor last, which watches it."""
BUSLESS = frozenset({"auditor"})
"""Targets that need the database alone: a bus that is away must not blind who watches it."""
ALL = tuple(TARGETS)


def _alert_ends(bus: Bus) -> Ends | None:
    """Where the log is not in the database, as far as this process has appended to it."""
    return (lambda: bus.alert_ends) if isinstance(bus, KafkaBus) else None


def _engine(ground: Ground, role: str, *, size: int = 2) -> AsyncEngine:
    made = engine(ground.dsn, role, application_name=role.replace("_", " "), pool_size=size)
    ground.lifecycle.on_close(f"engine {role}", made.dispose)
    return made


async def _fetched(http: AiohttpClient, url: str, timeout_s: float) -> bytes:
    return (await http.get(url, timeout_s=timeout_s)).body


def _timer_set(parts: Parts, at: Any) -> None:  # noqa: ANN401 - an instant
    """A timer was set outside a stage: the runner that claims it must look."""
    for runner in parts.runners:
        runner.expect("notifier", at)
