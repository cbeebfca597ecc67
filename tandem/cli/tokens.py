"""``tandem tokens``: API tokens, made, listed and revoked in the database. The text is shown once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from tandem.cli.accounts import with_accounts
from tandem.cli.edge import Output, show
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party
from tandem_console.access import EVERY_TENANT, Role
from tandem_console.accounts import Token, create_token
from tandem_console.store.accounts import AccountStore

DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]

app = typer.Typer(help="API tokens: who may act as whom, and for how long.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the token is for")],
    party: Annotated[Party, typer.Option(help="The party it acts for")],
    role: Annotated[Role, typer.Option(help="What it may do")] = Role.VIEWER,
    tenant: Annotated[list[str] | None, typer.Option(help="A client it may see; repeat for several, * for all")] = None,
    person: Annotated[
        str | None, typer.Option(help="Who acts by it, an id of the agreement; default: the name")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Ends by itself after so many days")] = None,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Make a token and show it, once."""

    async def work(accounts: AccountStore) -> tuple[Token, str]:
        if not tenant:
            raise Refused(
                Reason.INVALID, f"name the clients it may see: --tenant ID, or --tenant '{EVERY_TENANT}' for all"
            )
        return await create_token(
            accounts,
            name=name,
            party=party,
            role=role,
            tenants=tenant,
            person=person,
            now=SystemClock().now(),
            lifetime=timedelta(days=days) if days else None,
        )

    made, text = with_accounts(data_dir, work)
    if output is Output.JSON:
        show([{**_row(made), "token": text}], output)
        return
    typer.echo(text)
    typer.echo(
        f"Token {made.token_id} of {made.name}: {made.role.value}, {made.party.value}. It is not shown again.", err=True
    )


@app.command("list")
def list_(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Every token, newest first; never a secret."""
    found = with_accounts(data_dir, lambda accounts: accounts.tokens())
    columns = ("id", "name", "person", "party", "role", "tenants", "created", "expires", "last_used", "revoked")
    show([_row(each) for each in found], output, columns=columns)


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="The id that `tandem tokens list` shows")], data_dir: DataDir = None
) -> None:
    """End a token at once, on every replica; exit code 1 when there is none that stands."""
    now = SystemClock().now()
    if not with_accounts(data_dir, lambda accounts: accounts.revoke_token(token_id, now)):
        typer.echo(f"there is no token {token_id[:64]!r} that stands; `tandem tokens list` shows them", err=True)
        raise typer.Exit(1)
    typer.echo(f"revoked {token_id}")


def _row(token: Token) -> dict[str, str | list[str] | None]:
    return {
        "id": token.token_id,
        "name": token.name,
        "person": token.person,
        "party": token.party.value,
        "role": token.role.value,
        "tenants": list(token.tenants),
        "created": token.created_at.isoformat(),
        "expires": token.expires_at.isoformat() if token.expires_at else None,
        "last_used": token.last_used_at.isoformat() if token.last_used_at else None,
        "revoked": token.revoked_at.isoformat() if token.revoked_at else None,
    }
