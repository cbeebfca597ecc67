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

CUSTOMERS = ("integration", "customer", "alerts", "since", "tenant")

app = typer.Typer(
    help="What could not be read, or is nobody's: look at it, have it read again, give it to a client.",
    no_args_is_help=True,
)


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


@app.command()
def customers(
    integration: Annotated[str | None, typer.Option(help="Only this way in")] = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Customers that no client is mapped to and whose alerts wait, most first."""
    query = urlencode({"integration": integration} if integration else {})
    items = told(url, token, "GET", f"/api/v1/quarantine/customers?{query}")["items"]
    if output is Output.TABLE:
        items = [{**item, "customer": item["said"] or "(names none)"} for item in items]
    show(items, output, columns=CUSTOMERS)


@app.command()
def assign(
    integration: Annotated[str, typer.Argument(help="The way in, as `tandem quarantine customers` shows it")],
    to: Annotated[
        str, typer.Option(help="The client that gets them; its provider's document must map a customer to it")
    ],
    customer: Annotated[
        str, typer.Option(help="Whose alerts, as the tool names the customer; default: those that name none")
    ] = "",
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Give what waits of a customer nobody knows to a client, for once; the provider's document maps one for good."""
    wanted = {"integration": integration, "customer": customer, "tenant": to}
    answer = told(url, token, "POST", "/api/v1/quarantine/assign", wanted)
    if output is Output.JSON:
        show([answer], output)
    else:
        typer.echo(f"{answer['alerts']} alerts on their way to {to}")
