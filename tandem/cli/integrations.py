"""``tandem integrations``: ways in, their addresses and secrets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.reach import database, running_address
from tandem.app.settings import Settings, envelope_key
from tandem.cli.edge import Output, run, show
from tandem.cli.serve import settings_with
from tandem.clock import SystemClock
from tandem.db.pool import engine
from tandem.errors import Reason, Refused
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.policy.integrations import Made, add_integration, load_integrations, rotate
from tandem_ingest.vendors.catalogue import CATALOGUE

Result = TypeVar("Result")
DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]

app = typer.Typer(help="Ways in: who may post, how, and where.", no_args_is_help=True)


@app.command("list")
def list_(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Every integration; secrets are never shown again."""
    settings = settings_with(data_dir=data_dir)
    found = _with_policy(settings, lambda policy, key: load_integrations(policy, key, SystemClock().now()))
    rows = [
        {
            "name": one.name,
            "tenant": one.tenant,
            "vendor": one.vendor,
            "auth": one.auth.value,
            "secrets": len(one.secrets),
            "enabled": one.enabled,
        }
        for one in found
    ]
    show(rows, output, columns=("name", "tenant", "vendor", "auth", "secrets", "enabled"))


@app.command()
def add(
    name: str,
    tenant: Annotated[str, typer.Option(help="The client it belongs to")],
    vendor: Annotated[str, typer.Option(help="See `tandem ingest vendors`")],
    auth: Annotated[AuthKind, typer.Option(help="How posts prove who they are")] = AuthKind.BEARER,
    header: Annotated[str, typer.Option(help="Header for --auth header")] = "X-Tandem-Key",
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Make a way in and show its secret, once."""
    settings = settings_with(data_dir=data_dir)
    scheme = HmacScheme() if auth is AuthKind.HMAC else None
    wanted = Integration(name=name, tenant=tenant, vendor=vendor, auth=auth, header=header, hmac=scheme)

    async def work(policy: AsyncEngine, key: bytes) -> Made:
        if vendor not in CATALOGUE:
            raise Refused(Reason.INVALID, f"no vendor {vendor!r}; `tandem ingest vendors` lists them")
        return await add_integration(policy, wanted, key=key, now=SystemClock().now())

    _tell(_with_policy(settings, work), settings, output)


@app.command("rotate")
def rotate_(name: str, data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """A new secret, shown once; the old one stays valid for 24 hours."""
    settings = settings_with(data_dir=data_dir)
    made = _with_policy(settings, lambda policy, key: rotate(policy, name, key=key, now=SystemClock().now()))
    _tell(made, settings, output)


@app.command()
def url(name: str, data_dir: DataDir = None) -> None:
    """Where the tool has to post to."""
    typer.echo(address_of(settings_with(data_dir=data_dir), name))


def address_of(settings: Settings, name: str) -> str:
    """The integration's URL, without a secret: under the public address, else where the running process listens."""
    begin = settings.public_url or running_address(settings.data_dir) or f"http://{settings.listen}"
    return f"{begin.rstrip('/')}/v1/alerts/{name}"


def _tell(made: Made, settings: Settings, output: Output) -> None:
    one = made.integration
    address = address_of(settings, one.name)
    if one.auth is AuthKind.PATH:
        address = f"{address}/{made.secret}"
    row = {"name": one.name, "url": address, "auth": one.auth.value, "header": one.header, "secret": made.secret}
    if output is Output.JSON:
        show([row], output)
        return
    for field, value in row.items():
        typer.echo(f"{field:>7}  {value}")
    typer.echo("The secret is not shown again. It is valid within two seconds.")


def _with_policy(settings: Settings, work: Callable[[AsyncEngine, bytes], Awaitable[Result]]) -> Result:
    async def reach() -> Result:
        async with database(settings) as reached:
            policy = engine(reached.dsn, "tandem_policy", pooled=False)
            try:
                return await work(policy, envelope_key(settings))
            finally:
                await policy.dispose()

    return run(reach)
