"""``tandem explain``: why an alert that came in is where it is, from the installation's database. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from tandem.cli.edge import Output, fail
from tandem.errors import Reason, Refused, TandemError

if TYPE_CHECKING:
    from tandem.cli.stored import Stored

_TENANTS = "select tenant from router.alert where id = $1"
_ALL = "select distinct tenant from bus.quarantine where tenant is not null limit 10000"


def explain(
    alert: Annotated[str, typer.Argument(help="The alert's id, as the answer to its post and the console say it")],
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE,
) -> None:
    """Say what was decided about an alert, what became of it, and why: also one that was held, ignored or put aside."""
    from tandem.cli.stored import reading

    try:
        alert_id = _id(alert)
    except TandemError as fault:
        raise fail(fault) from fault
    said = reading(data_dir, lambda stored: _explained(stored, alert_id))
    if output is Output.JSON:
        typer.echo(json.dumps(said, ensure_ascii=False, default=str))
        return
    say(said)


def say(said: Mapping[str, Any]) -> None:
    """Print an explanation as ``tandem agreement explain`` prints its own."""
    typer.echo(said["sentence"])
    typer.echo()
    for line in said["lines"]:
        typer.echo(line)
    if said["agreement_version"] is not None:
        typer.echo(f"{'agreement':15}version {said['agreement_version']} of {said['tenant']}")


async def _explained(stored: Stored, alert_id: UUID) -> dict[str, Any]:
    from tandem_console import alert
    from tandem_console.store.alerts import traced

    rows = await stored.router.fetch(_TENANTS, alert_id) or await stored.router.fetch(_ALL)
    found = await traced(stored.console, [row["tenant"] for row in rows], alert_id)
    if found is None:
        told = "no alert of this id was stored; what ingest refuses (401, 413, 422, 503) is counted and never stored"
        raise Refused(Reason.NOT_FOUND, told)
    return alert.explained(found)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refused(Reason.INVALID, f"{text[:60]!r} is not an alert's id, which looks like {UUID(int=0)}") from None
