"""``tandem doctor``: what the auditor finds now, whether anybody would be told of it, and whether Kafka takes us."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tandem.app.auditor.findings import Look, Terms
from tandem.app.auditor.invariants import ALL, OF_ITSELF, RUNBOOK
from tandem.app.auditor.reading import look
from tandem.app.auditor.receiver import alarm_secret
from tandem.app.reach import database
from tandem.app.settings import Settings, envelope_key, kafka_of
from tandem.cli.edge import NO, OK, UNREACHABLE, Output, fail, run, show
from tandem.cli.serve import settings_with
from tandem.clock import SystemClock
from tandem.errors import StartFailed, Unavailable
from tandem.logging import hush_kafka

if TYPE_CHECKING:
    from tandem.bus.kafka_settings import KafkaSettings

_KAFKA_RUNBOOK = f"{RUNBOOK}#kafka"
BUDGET_S = 60.0
COLUMNS = ("check", "state", "count", "first", "todo", "runbook")


def doctor(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to look among what is over")] = 1,
    secret: Annotated[bool, typer.Option("--alarm-secret", help="Only print what the alarms are signed with")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Annotated[Output, typer.Option("--output", help="table or json")] = Output.TABLE,
) -> None:
    """Hold the tables against every invariant; exit 1 when one is violated."""
    settings = settings_with(data_dir=data_dir)
    if secret:
        typer.echo(_secret(settings))
        return
    found, broker = run(lambda: _looked(settings, days))
    show([*_checks(found), *_told(settings), *broker], output, columns=COLUMNS)
    raise typer.Exit(_code(found))


def _secret(settings: Settings) -> str:
    try:
        return alarm_secret(b"" if settings.alarm_secret else envelope_key(settings), settings.alarm_secret)
    except StartFailed as fault:
        raise fail(fault) from fault


async def _looked(settings: Settings, days: int) -> tuple[Look, list[dict[str, Any]]]:
    kafka = kafka_of(settings) if settings.kafka_bootstrap else None
    found = await _look(settings, days)
    return found, [] if kafka is None else await _broker(kafka)


async def _broker(kafka: KafkaSettings) -> list[dict[str, Any]]:
    """Whether this command's login is taken, and which topics it does not see; the auditor needs neither."""
    from tandem.bus.kafka_topics import unseen

    hush_kafka()
    try:
        missing = await unseen(kafka)
    except Unavailable as fault:
        return [{"check": "kafka", "state": "not reached", "first": str(fault), "runbook": _KAFKA_RUNBOOK}]
    topics: dict[str, Any] = {"check": "kafka_topics", "state": "not seen" if missing else "ok"}
    if missing:
        todo = "run tandem kafka ensure-topics; a login with access rules sees only what it may"
        topics |= {"count": len(missing), "first": missing[0], "todo": todo, "runbook": _KAFKA_RUNBOOK}
    return [{"check": "kafka", "state": "ok"}, topics]


async def _look(settings: Settings, days: int) -> Look:
    now = SystemClock().now()
    patience = timedelta(seconds=settings.audit_patience_s)
    async with database(settings) as reached:
        terms = Terms(now=now, since=now - timedelta(days=days), patience=patience, budget_s=BUDGET_S)
        return await look(reached.dsn, terms)


def _checks(found: Look) -> Iterator[dict[str, Any]]:
    """One row per invariant."""
    for invariant in ALL:
        finding = found.findings.get(invariant.name)
        first = finding.examples[0] if finding and finding.examples else None
        yield {
            "check": invariant.name,
            "state": "not answered" if finding is None else "violated" if finding.count else "ok",
            "count": finding.count if finding else None,
            "first": " ".join(part for part in (first.tenant, first.id, first.what) if part) if first else None,
            "todo": first.todo if first else None,
            "runbook": invariant.runbook if first or finding is None else None,
        }


def _told(settings: Settings) -> Iterator[dict[str, Any]]:
    """Whether the running auditor has somebody to tell, as far as this command's own settings say."""
    for name, url, todo in (
        ("alarm_url", settings.alarm_url, "set TANDEM_ALARM_URL, or nobody is told what is violated"),
        ("heartbeat_url", settings.heartbeat_url, "set TANDEM_HEARTBEAT_URL, or nobody notices that the auditor stops"),
    ):
        yield {"check": name, "state": "set" if url else "not set", "todo": None if url else todo} | (
            {} if url else {"runbook": f"{RUNBOOK}#who-is-told"}
        )


def _code(found: Look) -> int:
    if set(found.findings) == {invariant.name for invariant in OF_ITSELF}:
        return UNREACHABLE  # not one question was answered
    return OK if found.clean else NO
