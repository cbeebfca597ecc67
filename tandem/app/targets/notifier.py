"""The notifier: pages, and the answers to them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tandem.app.ground import Ground
from tandem.app.oncall_gaps import keep_looking_for_gaps
from tandem.app.targets.parts import Parts
from tandem.db.link import Link
from tandem.egress import parse_allowed
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem_notifier.api import answer_routes
from tandem_notifier.channels.email import EmailChannel
from tandem_notifier.channels.ntfy import NtfyChannel
from tandem_notifier.channels.webhook import WebhookChannel
from tandem_notifier.sender import Sender, SenderSettings
from tandem_notifier.service import Notifier, NotifierSettings


async def build(ground: Ground, parts: Parts) -> None:
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
        more_to_come=lambda: any(runner.working for runner in parts.runners),
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


def _timer_set(parts: Parts, at: Any) -> None:  # noqa: ANN401 - an instant
    """A timer was set outside a stage: the runner that claims it must look."""
    for runner in parts.runners:
        runner.expect("notifier", at)
