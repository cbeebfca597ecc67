"""``tandem quarantine``: what could not be read, and having it read again, over the REST API of a running console."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from tandem.cli.edge import Output, fail, show
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.suppressions import Format, told
from tandem.errors import Reason, Refused

COLUMNS = ("id", "at", "kind", "tenant", "integration", "reason", "bytes", "replayed_at")
LONGEST = 200

app = typer.Typer(help="What could not be read: look at it, and have it read again.", no_args_is_help=True)


@app.command("list")
def list_(
    tenant: Annotated[str | None, typer.Option(help="Only this client")] = None,
    integration: Annotated[str | None, typer.Option(help="Only this way in")] = None,
    state: Annotated[str, typer.Option(help="open, replayed, discarded, record or all")] = "all",
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """The newest 200: posts, which can be replayed, and records of the bus."""
    wanted = {"tenant": tenant, "integration": integration, "state": state, "limit": str(LONGEST)}
    query = urlencode({name: value for name, value in wanted.items() if value})
    show(told(url, token, "GET", f"/api/v1/quarantine?{query}")["items"], output, columns=COLUMNS)


@app.command("show")
def show_(
    id: Annotated[str, typer.Argument(help="The id that `tandem quarantine list` shows")],
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """One of them with its body."""
    found = told(url, token, "GET", f"/api/v1/quarantine/{quote(id, safe='')}")
    if output is Output.JSON:
        show([found], output)
        return
    for name in COLUMNS:
        typer.echo(f"{name:<12} {found[name]}")
    typer.echo(found["raw"] or "(no body is kept)")


@app.command()
def replay(
    id: Annotated[str | None, typer.Argument(help="The id that `tandem quarantine list` shows")] = None,
    integration: Annotated[str | None, typer.Option(help="Every post of this way in that was not replayed yet")] = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Read a post again, as its integration is read now, and send on what it says."""
    if (id is None) == (integration is None):
        raise fail(Refused(Reason.INVALID, "say which: an id, or --integration NAME"))
    if id is not None:
        answer = told(url, token, "POST", f"/api/v1/quarantine/{quote(id, safe='')}/replay")
        replayed, left, more = [answer], [], False
    else:
        answer = told(url, token, "POST", "/api/v1/quarantine/replay", {"integration": integration})
        replayed, left, more = answer["replayed"], answer["not_replayed"], answer["more"]
    if output is Output.JSON:
        show([answer], output)
    else:
        for one in replayed:
            typer.echo(f"{one['id']}: {len(one['alerts'])} alerts on their way")
            for alert in one["alerts"]:
                typer.echo(f"  {alert['status']}: {alert['title']}")
        for one in left:
            typer.echo(f"{one['id']}: {one['reason']}")
        if more:
            typer.echo("more of them wait: run it again")
    if left:
        raise typer.Exit(1)


@app.command()
def discard(
    ids: Annotated[list[str], typer.Argument(help="Ids that `tandem quarantine list` shows")],
    reason: Annotated[str, typer.Option(help="Why they need not be read; both parties see it")],
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Posts that need not be read: no longer open, their bytes kept as long as those of every post."""
    answer = told(url, token, "POST", "/api/v1/quarantine/discard", {"ids": ids, "reason": reason})
    if output is Output.JSON:
        show([answer], output)
    else:
        for one in answer["discarded"]:
            typer.echo(f"{one}: discarded")
        for one in answer["not_discarded"]:
            typer.echo(f"{one['id']}: {one['reason']}")
    if answer["not_discarded"]:
        raise typer.Exit(1)
