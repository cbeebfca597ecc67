"""``tandem users``: who may sign in to the console."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tandem.cli.accounts import with_accounts
from tandem.cli.edge import Output, show
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party
from tandem_console.access import EVERY_TENANT, Role
from tandem_console.accounts import User, create_user
from tandem_console.store.accounts import AccountStore

DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]

app = typer.Typer(help="People who may sign in to the console.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What they sign in with")],
    party: Annotated[Party, typer.Option(help="The party they belong to")],
    role: Annotated[Role, typer.Option(help="What they may do")] = Role.VIEWER,
    tenant: Annotated[
        list[str] | None, typer.Option(help="A client they may see; repeat for several, * for all")
    ] = None,
    person: Annotated[str | None, typer.Option(help="Their id in the agreement; default: the name")] = None,
    data_dir: DataDir = None,
) -> None:
    """Let somebody sign in; the password is asked for, or read from standard input when that is no terminal."""
    password = _password()

    async def work(accounts: AccountStore) -> User:
        if not tenant:
            raise Refused(
                Reason.INVALID, f"name the clients they may see: --tenant ID, or --tenant '{EVERY_TENANT}' for all"
            )
        return await create_user(
            accounts,
            name=name,
            password=password,
            party=party,
            role=role,
            tenants=tenant,
            person=person,
            now=SystemClock().now(),
        )

    made = with_accounts(data_dir, work)
    typer.echo(f"{made.name} may sign in: {made.role.value}, {made.party.value}, clients {', '.join(made.tenants)}")


def _password() -> str:
    """Asked for on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True)
        return asked
    return sys.stdin.readline(1024).rstrip("\r\n")


@app.command("list")
def list_(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Everybody who may or might sign in."""
    found = with_accounts(data_dir, lambda accounts: accounts.users())
    rows = [
        {
            "name": user.name,
            "person": user.person,
            "party": user.party.value,
            "role": user.role.value,
            "tenants": list(user.tenants),
            "created": user.created_at.isoformat(),
            "disabled": user.disabled_at.isoformat() if user.disabled_at else None,
        }
        for user in found
    ]
    show(rows, output, columns=("name", "person", "party", "role", "tenants", "created", "disabled"))


@app.command()
def disable(name: str, data_dir: DataDir = None) -> None:
    """End somebody's access at once, open sessions included; exit code 1 when nobody of that name may sign in."""
    now = SystemClock().now()
    if not with_accounts(data_dir, lambda accounts: accounts.disable_user(name, now)):
        typer.echo(f"nobody called {name[:64]!r} may sign in; `tandem users list` shows who may", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name} may no longer sign in")
