"""What the commands on integrations share: reaching the policy, addresses, showing a secret once. No command."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.reach import database, running_address
from tandem.app.settings import Settings, envelope_key
from tandem.cli.edge import Output, run, show
from tandem.db.pool import engine
from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind
from tandem.policy import ways_in
from tandem.policy.secrets import LONGEST, Made
from tandem_ingest.vendors.catalogue import CATALOGUE

Result = TypeVar("Result")
DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def address_of(settings: Settings, name: str) -> str:
    """The integration's URL, without a secret, as the tool reaches it."""
    return f"{_outside(settings)}/v1/alerts/{name}"


def _outside(settings: Settings) -> str:
    """Where tools reach the way in, as the console shows it too."""
    return (settings.ingest_url or settings.public_url or inside(settings)).rstrip("/")


def inside(settings: Settings) -> str:
    """Where this command reaches the way in: as it is told, else where the running process listens."""
    said = settings.ingest_inside_url or running_address(settings.data_dir)
    return (said or f"http://{settings.listen}").rstrip("/")


def with_policy(settings: Settings, work: Callable[[AsyncEngine, bytes], Awaitable[Result]]) -> Result:
    """Run ``work`` as who may write integrations; errors become one line and an exit code."""

    async def reach() -> Result:
        async with database(settings) as reached:
            policy = engine(reached.dsn, "tandem_policy", pooled=False)
            try:
                return await work(policy, envelope_key(settings))
            finally:
                await policy.dispose()

    return run(reach)


def given_secret(said: str | None) -> str | None:
    """The vendor's own secret from standard input: on a command line every user of the machine could read it.

    Raises:
        Refused: it stands on the command line.
    """
    if said is None:
        return None
    if said != "-":
        raise Refused(Reason.INVALID, "a secret is read from standard input: --secret - < FILE")
    return sys.stdin.read(LONGEST + 3).strip()


def length_of(said: str) -> timedelta:
    """``24h``, ``30m``, ``7d`` or ``0s``.

    Raises:
        Refused: it is none of these.
    """
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", said.strip(), re.ASCII)
    if match is None:
        raise Refused(Reason.INVALID, f"{said[:40]!r} is no length of time; write 30m, 24h or 7d")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def tell(made: Made, settings: Settings, output: Output) -> None:
    """Show a new secret, once, with everything the tool's own page asks for."""
    one = made.integration
    base = address_of(settings, one.name)
    lines = ways_in.header_lines(one, made.secret)
    row = {
        "name": one.name,
        "url": ways_in.address(one, base, made.secret),
        "auth": " or ".join(kind.value for kind in one.kinds),
        "header": one.header,
        "secret": made.secret,
        "headers": lines,
        "curl": ways_in.curl(one, base, made.secret),
        "docs": f"docs/integrations/{one.vendor}.md",
    }
    if output is Output.JSON:
        show([{**row, "auth": one.auth.value}], output)
        return
    for field in ("name", "url", "auth", "secret"):
        typer.echo(f"{field:>7}  {row[field]}")
    for other in CATALOGUE[one.vendor].addresses if one.vendor in CATALOGUE else ():
        typer.echo(f"{'or':>7}  {_outside(settings)}{other.format(name=one.name)}")
    for line in lines:
        typer.echo(f" header  {line}")
    for field in ("curl", "docs"):
        if row[field]:
            typer.echo(f"{field:>7}  {row[field]}")
    if AuthKind.SNS in one.kinds:
        typer.echo("Subscribe the URL to the topic by HTTPS; the subscription is confirmed by itself.")
    typer.echo("The secret is not shown again. It is valid within two seconds.")
    typer.echo(f"Try it: tandem integrations test {one.name}")
