"""What ``tandem silences`` and ``tandem maintenance`` share: what is held, and list, end and consent."""

from __future__ import annotations

from typing import Annotated

import typer

from tandem.cli import suppressions
from tandem.cli.edge import Output
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.suppressions import Format

Id = Annotated[str, typer.Argument(help="The id that `list` shows")]
Reason = Annotated[str, typer.Option(help="Why, for everybody who asks where an alert is")]
Tenant = Annotated[str | None, typer.Option(help="The client; needed when the token sees several")]
Scope = Annotated[list[str] | None, typer.Option(help="May be repeated; any of them is enough")]
Everything = Annotated[bool, typer.Option("--everything", help="Every alert of the client")]
P1 = Annotated[bool, typer.Option("--allow-suppress-p1", help="P1 and security too, once both parties consent")]


def add_common(app: typer.Typer, path: str, *, listing: str, ending: str) -> None:
    """Give ``app`` the commands list, end and consent over ``/api/v1/<path>``; the other two are their help."""

    @app.command("list", help=listing)
    def list_(
        tenant: Annotated[str | None, typer.Option(help="Only this client")] = None,
        over: Annotated[bool, typer.Option("--over", help="Also those that are over")] = False,
        url: Url = DEFAULT_URL,
        token: Key = "",
        output: Format = Output.TABLE,
    ) -> None:
        suppressions.listed(path, url, token, tenant, over=over, output=output)

    @app.command(help=ending)
    def end(id: Id, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
        suppressions.ended(path, url, token, id, output)

    @app.command(help="Agree, for your party, that it holds P1 and security alerts too.")
    def consent(id: Id, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
        suppressions.consented(path, url, token, id, output)
