"""``tandem integrations``: ways in, their addresses and secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.cli.edge import Output, fail, show
from tandem.cli.integration_add import add
from tandem.cli.integration_edge import DataDir, Format, address_of, given_secret, length_of, tell, with_policy
from tandem.cli.integration_list import listed
from tandem.cli.integration_mapping import mapping
from tandem.cli.integration_trial import trial
from tandem.cli.integration_unknown import unknown
from tandem.cli.serve import settings_with
from tandem.clock import SystemClock
from tandem.errors import TandemError
from tandem.model.integration import Integration
from tandem.policy import secrets
from tandem.policy.integrations import enable as switch
from tandem.policy.integrations import one_integration, set_rate

app = typer.Typer(help="Ways in: who may post, how, and where.", no_args_is_help=True)
app.command("add")(add)
app.command("list")(listed)
app.command("mapping")(mapping)
app.command("test")(trial)
app.command("unknown")(unknown)


@app.command("show")
def show_(name: str, data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """One integration and its valid secrets: id, age and the last four of the digest, never the secret."""
    settings = settings_with(data_dir=data_dir)
    now = SystemClock().now()

    async def work(policy: AsyncEngine, key: bytes) -> tuple[Integration, list[dict[str, Any]]]:  # noqa: ARG001
        return await one_integration(policy, name), await secrets.valid_secrets(policy, name, now)

    one, kept = with_policy(settings, work)
    said = {**_facts(one), "url": address_of(settings, name)}
    rows = [_secret(each, now) for each in kept]
    if output is Output.JSON:
        show([{**said, "secrets": rows}], output)
        return
    for field, value in said.items():
        typer.echo(f"{field:>11}  {'' if value is None else value}")
    show(rows, output, columns=("id", "ends in", "age", "created", "expires"))


@app.command()
def limit(
    name: str,
    rate: Annotated[float | None, typer.Option(min=0, help="Alerts a second in the long run; 0: any number")] = None,
    data_dir: DataDir = None,
) -> None:
    """How much it may post, held to at any time; without --rate what the instance says, once others are disturbed."""
    with_policy(settings_with(data_dir=data_dir), lambda policy, _key: set_rate(policy, name, rate))
    typer.echo(f"{name}: {'the rate of the instance' if rate is None else f'{rate:g} alerts a second'}, in two seconds")


@app.command("rotate")
def rotate_(
    name: str,
    overlap: Annotated[str, typer.Option(help="How long the old ones stay valid: 30m, 24h, 7d")] = "24h",
    secret: Annotated[str | None, typer.Option(help="- reads the vendor's own secret from standard input")] = None,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """A new secret, shown once; the old ones stay valid for a day, or as long as you say."""
    settings = settings_with(data_dir=data_dir)
    try:
        valid, own = length_of(overlap), given_secret(secret)
    except TandemError as fault:
        raise fail(fault) from fault

    async def work(policy: AsyncEngine, key: bytes) -> secrets.Made:
        one = await one_integration(policy, name)
        return await secrets.rotate(policy, one, key=key, now=SystemClock().now(), overlap=valid, secret=own)

    tell(with_policy(settings, work), settings, output)


@app.command()
def revoke(
    name: str,
    secret_id: Annotated[str, typer.Argument(help="The beginning of the secret's id, see `show`")],
    data_dir: DataDir = None,
) -> None:
    """End one secret at once; posts with it are refused within two seconds."""
    settings = settings_with(data_dir=data_dir)
    ended = with_policy(settings, lambda policy, _: secrets.revoke(policy, name, secret_id, now=SystemClock().now()))
    typer.echo(f"{name}: secret {ended} is ended, within two seconds everywhere.")


@app.command()
def enable(name: str, data_dir: DataDir = None) -> None:
    """Let it post again."""
    with_policy(settings_with(data_dir=data_dir), lambda policy, _: switch(policy, name, enabled=True))
    typer.echo(f"{name} may post within two seconds.")


@app.command()
def disable(name: str, data_dir: DataDir = None) -> None:
    """Refuse its posts as if it did not exist; its secrets are kept."""
    with_policy(settings_with(data_dir=data_dir), lambda policy, _: switch(policy, name, enabled=False))
    typer.echo(f"{name} is refused within two seconds. What its tool posts meanwhile is lost here.")


@app.command()
def url(name: str, data_dir: DataDir = None) -> None:
    """Where the tool has to post to."""
    typer.echo(address_of(settings_with(data_dir=data_dir), name))


def _facts(one: Integration) -> dict[str, Any]:
    return {
        "name": one.name,
        "tenant": one.tenant,
        "vendor": one.vendor,
        "auth": " or ".join(kind.value for kind in one.kinds),
        "enabled": one.enabled,
        "provider": one.provider,
        "tenant_from": one.tenant_from,
        "topics": ", ".join(one.topics) or None,
        "rate": one.rate,
    }


def _secret(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    days = (now - row["created_at"]).days
    return {
        "id": str(row["id"])[:8],
        "ends in": row["ending"],
        "age": f"{days} d",
        "created": row["created_at"],
        "expires": row["expires_at"],
    }
