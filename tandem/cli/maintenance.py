"""``tandem maintenance``: maintenance windows beside those of the agreement, over the REST API of a running console."""

from __future__ import annotations

from typing import Annotated

import typer

from tandem.cli import suppressions
from tandem.cli.edge import Output, fail
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.suppressions import Format, Scope
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party

Id = Annotated[str, typer.Argument(help="The id that `tandem maintenance list` shows")]
PATH = "maintenance"

app = typer.Typer(help="Maintenance windows: a calendar holds alerts until it ends.", no_args_is_help=True)


@app.command("list")
def list_(
    tenant: Annotated[str | None, typer.Option(help="Only this client")] = None,
    over: Annotated[bool, typer.Option("--over", help="Also those that are over")] = False,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Windows of the agreement, and those that people set here."""
    suppressions.listed(PATH, url, token, tenant, over=over, output=output)


@app.command()
def add(  # noqa: PLR0917 - typer makes options of them
    name: Annotated[str, typer.Option(help="What is done, in a few words")],
    reason: Annotated[str, typer.Option(help="Why, for everybody who asks where an alert is")],
    weekly: Annotated[list[str] | None, typer.Option(help="'sat,sun 22:00-06:00'; may be repeated")] = None,
    rrule: Annotated[str | None, typer.Option(help="RFC 5545, with --start and --length")] = None,
    start: Annotated[str | None, typer.Option(help="Wall time of the rule's first occurrence")] = None,
    length: Annotated[str | None, typer.Option(help="How long an occurrence lasts: 3h")] = None,
    once: Annotated[str | None, typer.Option(help="FROM/TO, wall times or with offsets")] = None,
    zone: Annotated[str | None, typer.Option(help="Default: the site's, else the client's")] = None,
    effective_from: Annotated[str | None, typer.Option(help="No occurrence begins before it")] = None,
    effective_until: Annotated[str | None, typer.Option(help="No occurrence begins at or after it")] = None,
    party: Annotated[Party | None, typer.Option(help="Whose work it is")] = None,
    tenant: Annotated[str | None, typer.Option(help="The client; needed when the token sees several")] = None,
    site: Scope = None,
    asset: Scope = None,
    asset_tag: Scope = None,
    function: Scope = None,
    category: Scope = None,
    kind: Scope = None,
    vendor: Scope = None,
    integration: Scope = None,
    everything: Annotated[bool, typer.Option("--everything", help="Every alert of the client")] = False,
    p1: Annotated[
        bool, typer.Option("--allow-suppress-p1", help="P1 and security too, once both parties consent")
    ] = False,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Set a window: weekly hours, a rule, or one stretch; and what it holds."""
    body = {
        "tenant": tenant,
        "site": site,
        "asset": asset,
        "asset_tag": asset_tag,
        "function": function,
        "category": category,
        "kind": kind,
        "vendor": vendor,
        "integration": integration,
        "everything": everything,
        "reason": reason,
        "allow_suppress_p1": p1,
        "name": name,
        "zone": zone,
        "party": party.value if party else None,
        "rrule": rrule,
        "start": start,
        "length": length,
        "weekly": suppressions.parsed(weekly, "--weekly"),
        "once": _stretch(once),
        "effective_from": effective_from,
        "effective_until": effective_until,
    }
    suppressions.added(PATH, url, token, body, output)


@app.command()
def end(id: Id, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
    """End one for good, now; what it holds is looked at again at once."""
    suppressions.ended(PATH, url, token, id, output)


@app.command()
def consent(id: Id, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
    """Agree, for your party, that it holds P1 and security alerts too."""
    suppressions.consented(PATH, url, token, id, output)


def _stretch(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    begin, slash, end = text.partition("/")
    if not slash:
        raise fail(Refused(Reason.INVALID, f"--once {text!r}: write FROM/TO, 2026-11-21T22:00/2026-11-22T02:00"))
    return {"from": begin, "to": end}
