"""``tandem integrations test``: a marked test alert through the real door, followed to its decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.auditor.receiver import allowing
from tandem.app.reach import database
from tandem.app.settings import Settings, envelope_key
from tandem.app.trial import LENT, DoorTrial
from tandem.cli.edge import Output, run, show
from tandem.cli.integration_edge import DataDir, Format, inside
from tandem.cli.serve import settings_with
from tandem.clock import SystemClock, monotonic, pause
from tandem.db.pool import connect, engine
from tandem.guard import Guard
from tandem.http.aiohttp_client import AiohttpClient
from tandem.model.integration import Integration
from tandem.policy.integrations import one_integration
from tandem_console import alert as explaining
from tandem_console.api.connecting import TrialFailed
from tandem_console.store.alerts import traced

FOLLOW_S = 30.0
_STEP_S = 0.3
_WHERE = "select tenant from router.alert where id = $1"
_WAITS = "select said from ingest.unknown_tenant where integration = $1 and alert_id = $2"


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a test works with."""

    one: Integration
    door: DoorTrial
    router: asyncpg.Connection[asyncpg.Record]
    ingest: asyncpg.Connection[asyncpg.Record]
    console: AsyncEngine


def trial(
    name: str,
    customer: Annotated[str | None, typer.Option(help="Whose alert it shall be, with tenant_from")] = None,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Post a marked test alert the way the tool would, and follow it to its decision; nobody is paged for it."""
    settings = settings_with(data_dir=data_dir)
    stages = run(lambda: _tested(settings, name, customer))
    if output is Output.JSON:
        show(stages, output)
    for stage in stages if output is Output.TABLE else ():
        typer.echo(f"{'ok' if stage['ok'] else 'FAILED':>6}  {stage['stage']:<8}  {stage['said']}")
    if not all(stage["ok"] for stage in stages):
        raise typer.Exit(1)


async def _tested(settings: Settings, name: str, customer: str | None) -> list[dict[str, Any]]:
    async with database(settings) as reached:
        policy = engine(reached.dsn, "tandem_policy", pooled=False)
        console = engine(reached.dsn, "tandem_console", pooled=False)
        router = await connect(reached.dsn, "tandem_router")
        ingest = await connect(reached.dsn, "tandem_ingest")
        base = inside(settings)
        http = AiohttpClient(Guard(allowing((base,), "")))
        try:
            one = await one_integration(policy, name)
            door = DoorTrial(
                policy=policy,
                key=envelope_key(settings),
                clock=SystemClock(),
                http=http,
                base=base,
                hint="TANDEM_INGEST_INSIDE_URL",
            )
            return await _stages(_Bench(one, door, router, ingest, console), customer)
        finally:
            await http.close()
            await router.close()
            await ingest.close()
            await policy.dispose()
            await console.dispose()


async def _stages(bench: _Bench, customer: str | None) -> list[dict[str, Any]]:
    """Each stage as it went; the first that fails is the last."""
    found: list[dict[str, Any]] = []

    def told(stage: str, said: str, *, ok: bool = True) -> None:
        found.append({"stage": stage, "ok": ok, "said": said})

    stage = "secret"
    try:
        made = await bench.door.lend(bench.one)
        told(stage, f"one for {LENT.seconds // 60} minutes at most, shown as {bench.one.auth.value}")
        stage = "post"
        alert_id = await bench.door.send(bench.one, made, customer)
        told(stage, f"202 from {bench.door.base}, alert {alert_id}")
        stage = "routed"
        told(stage, await _followed(bench, alert_id))
    except TrialFailed as fault:
        told(stage, str(fault), ok=False)
    return found


async def _followed(bench: _Bench, alert_id: UUID) -> str:
    """What was decided about it, as a sentence."""
    until = monotonic() + FOLLOW_S
    while monotonic() < until:
        rows = await bench.router.fetch(_WHERE, alert_id)
        found = await traced(bench.console, [row["tenant"] for row in rows], alert_id) if rows else None
        if found is not None and found.decision is not None:
            said = explaining.explained(found)
            return f"{said['tenant']}: {said['sentence']}"
        waits = await bench.ingest.fetchrow(_WAITS, bench.one.name, alert_id)
        if waits is not None:
            return (
                f"waits: no client is mapped to {waits['said']!r}, see `tandem integrations unknown {bench.one.name}`"
            )
        await pause(_STEP_S)
    raise TrialFailed(
        f"accepted, but not decided within {FOLLOW_S:.0f} s; is a router running? See /readyz and `tandem doctor`"
    )
