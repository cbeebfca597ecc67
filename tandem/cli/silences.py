"""``tandem silences``: mute something for a while, over the REST API of a running console."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from tandem.agreement.schema.fields import parse_duration
from tandem.cli import holding, suppressions
from tandem.cli.edge import Output, fail
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.suppressions import Format
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused

PATH = "silences"

app = typer.Typer(help="Silences: what people mute for a while. Nothing is lost by one.", no_args_is_help=True)


holding.add_common(
    app,
    PATH,
    listing="Silences that hold now or will.",
    ending="End one now; what it holds is looked at again at once.",
)


@app.command()
def add(  # noqa: PLR0917 - typer makes options of them
    reason: holding.Reason,
    lasting: Annotated[str | None, typer.Option("--for", help="How long from now: 30m, 4h, 2d")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Until when, RFC 3339")] = None,
    start: Annotated[str | None, typer.Option("--from", help="From when on, RFC 3339; default: now")] = None,
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
    """Mute something, for at most 30 days; say what, for how long and why."""
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
        "from": start,
        "to": _end(lasting, until, start),
    }
    suppressions.added(PATH, url, token, body, output)


def _end(lasting: str | None, until: str | None, start: str | None) -> str:
    if (lasting is None) == (until is None):
        raise fail(Refused(Reason.INVALID, "say how long: --for 4h, or --to 2026-11-21T06:00:00Z; not both"))
    if until is not None:
        return until
    try:
        begin = datetime.fromisoformat(start) if start else SystemClock().now()
        end = (begin if begin.tzinfo else begin.replace(tzinfo=UTC)) + parse_duration(lasting)
    except ValueError as fault:
        raise fail(Refused(Reason.INVALID, str(fault))) from fault
    return end.isoformat()
