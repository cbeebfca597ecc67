"""``tandem maintenance``: maintenance windows beside those of the agreement, over the REST API of a running console."""

from __future__ import annotations

from typing import Annotated

import typer

from tandem.cli import holding, suppressions
from tandem.cli.edge import Output, fail
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.suppressions import Format
from tandem.errors import Reason, Refused
from tandem.model.ownership import Party

PATH = "maintenance"

app = typer.Typer(help="Maintenance windows: a calendar holds alerts until it ends.", no_args_is_help=True)


holding.add_common(
    app,
    PATH,
    listing="Windows of the agreement, and those that people set here.",
    ending="End one for good, now; what it holds is looked at again at once.",
)


@app.command()
def add(  # noqa: PLR0917 - typer makes options of them
    name: Annotated[str, typer.Option(help="What is done, in a few words")],
    reason: holding.Reason,
    weekly: Annotated[list[str] | None, typer.Option(help="'sat,sun 22:00-06:00'; may be repeated")] = None,
    rrule: Annotated[str | None, typer.Option(help="RFC 5545, with --start and --length")] = None,
    start: Annotated[str | None, typer.Option(help="Wall time of the rule's first occurrence")] = None,
    length: Annotated[str | None, typer.Option(help="How long an occurrence lasts: 3h")] = None,
    once: Annotated[str | None, typer.Option(help="FROM/TO, wall times or with offsets")] = None,
    zone: Annotated[str | None, typer.Option(help="Default: the site's, else the client's")] = None,
    effective_from: Annotated[str | None, typer.Option(help="No occurrence begins before it")] = None,
    effective_until: Annotated[str | None, typer.Option(help="No occurrence begins at or after it")] = None,
    party: Annotated[Party | None, typer.Option(help="Whose work it is")] = None,
    tenant: holding.Tenant = None,
    site: holding.Scope = None,
    asset: holding.Scope = None,
    asset_tag: holding.Scope = None,
    function: holding.Scope = None,
    category: holding.Scope = None,
    kind: holding.Scope = None,
    vendor: holding.Scope = None,
    integration: holding.Scope = None,
    everything: holding.Everything = False,
    p1: holding.P1 = False,
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


def _stretch(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    begin, slash, end = text.partition("/")
    if not slash:
        raise fail(Refused(Reason.INVALID, f"--once {text!r}: write FROM/TO, 2026-11-21T22:00/2026-11-22T02:00"))
    return {"from": begin, "to": end}
