"""The console: where people look and act."""

from __future__ import annotations

from tandem.app.auditor.receiver import allowing
from tandem.app.check_owner import CheckOwners
from tandem.app.dialects import Dialects
from tandem.app.duty import Duties
from tandem.app.ground import Ground
from tandem.app.targets.parts import Parts, engine_of
from tandem.app.trial import DoorTrial
from tandem.app.welcome import keep_reading_steps
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem.model.integration import Integration
from tandem.policy.integrations import load_integrations
from tandem_console.service import Console, ConsolePorts, ConsoleSettings
from tandem_ingest.set_aside import SetAside


async def build(ground: Ground, parts: Parts) -> None:
    """Where people look and act."""
    reading = engine_of(ground, "tandem_ingest", size=1)

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
        settings=ConsoleSettings(
            secret=ground.key,
            public_url=ground.settings.public_url,
            secure_cookies=ground.public_url.startswith("https://"),
            ingest_url=ground.settings.ingest_url or ground.public_url,
        ),
        ports=ConsolePorts(
            agreements=ground.book,
            on_call=Duties(ground.book),
            policy=ground.policy,
            policy_changed=ground.book.refresh,
            aside=aside,
            dialects=Dialects(),
            trials=trials,
            owners=CheckOwners(ground.book),
        ),
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
