"""``tandem checks``: what should be heard and whether it is, over the REST API of a running console."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from tandem.agreement.schema.fields import parse_duration
from tandem.cli.edge import Output, fail, show
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.suppressions import Format, told
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused

Check = Annotated[
    str, typer.Argument(help="TENANT/CHECK, as `tandem checks list` shows it; CHECK where you see one client")
]
LIST_COLUMNS = ("check", "what", "phase", "trouble", "due_at", "last_success_at", "verified", "failed", "missing")
HISTORY_COLUMNS = ("at", "outcome", "due_at", "duration_s", "exit_code", "person", "note")
_SHOWN = ("phase", "since", "what", "asset", "expected", "due_at", "trouble", "last_success_at", "last_failure_at")

app = typer.Typer(help="Checks: signals that both parties count on, and those that did not come.", no_args_is_help=True)


@app.command("list")
def list_(
    tenant: Annotated[str | None, typer.Option(help="Only this client")] = None,
    phase: Annotated[
        str | None, typer.Option(help="Only those: new, up, started, late, down, paused, undeclared")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Count periods from then on, RFC 3339; default: 92 days ago")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Until when, RFC 3339; default: now")] = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Checks, where each stands, and its periods counted: verified, failed, missing."""
    asked = {"tenant": tenant, "from": start, "to": end}
    query = urlencode({name: value for name, value in asked.items() if value})
    items = told(url, token, "GET", f"/api/v1/expected?{query}")["items"]
    rows = [item for item in items if phase in {None, item["phase"]}]
    if output is Output.TABLE:
        rows = [{**row, **row["counts"], "check": f"{row['tenant']}/{row['id']}"} for row in rows]
    show(rows, output, columns=LIST_COLUMNS)


@app.command("show")
def show_(check: Check, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
    """One check: what is expected, when it is due, where its ping goes."""
    found = told(url, token, "GET", _path(check, url, token))
    if output is Output.JSON:
        show([found], output)
        return
    typer.echo(f"{found['tenant']}/{found['id']}" + (f": {found['name']}" if found["name"] else ""))
    for name in _SHOWN:
        if found[name] is not None:
            typer.echo(f"{name.replace('_', ' '):16} {found[name]}")
    if found["ping_path"]:
        typer.echo(f"{'ping':16} {found['ping_path']}")
    if found["paused"]:
        paused = found["paused"]
        until = f" until {paused['until']}" if paused["until"] else ""
        typer.echo(f"{'paused':16} by {paused['person'] or 'somebody'}{until}: {paused['reason'] or '-'}")


@app.command()
def history(
    check: Check,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """What was said of a check and what was not, newest first."""
    answer = told(url, token, "GET", f"{_path(check, url, token)}/history?limit={limit}")
    show(answer["items"], output, columns=HISTORY_COLUMNS)


@app.command()
def pause(
    check: Check,
    reason: Annotated[str, typer.Option(help="Why, for everybody who asks why nothing is raised")],
    lasting: Annotated[str | None, typer.Option("--for", help="How long from now: 30m, 4h, 2d")] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Until when, RFC 3339; default: until it is resumed")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """Expect nothing for a while; an alert that stands goes on standing."""
    body: dict[str, Any] = {"reason": reason}
    ends = _end(lasting, until)
    if ends is not None:
        body["until"] = ends
    _done(told(url, token, "POST", f"{_path(check, url, token)}/pause", body), output)


@app.command()
def resume(check: Check, url: Url = DEFAULT_URL, token: Key = "", output: Format = Output.TABLE) -> None:
    """Expect it again; its interval begins anew."""
    _done(told(url, token, "POST", f"{_path(check, url, token)}/resume"), output)


def _path(check: str, url: str, token: str) -> str:
    """The check's address; where no client is named, the only one that has it."""
    tenant, slash, name = check.partition("/")
    if not slash:
        items = told(url, token, "GET", "/api/v1/expected")["items"]
        owners = sorted(item["tenant"] for item in items if item["id"] == check)
        if len(owners) != 1:
            said = f"several clients have it: {', '.join(owners)}; write TENANT/{check}" if owners else "there is none"
            raise fail(Refused(Reason.NOT_FOUND, f"check {check!r}: {said}"))
        tenant, name = owners[0], check
    return f"/api/v1/expected/{quote(tenant, safe='')}/{quote(name, safe='')}"


def _done(answer: dict[str, Any], output: Output) -> None:
    if output is Output.JSON:
        show([answer], output)
        return
    until = f" until {answer['paused']['until']}" if answer["paused"] and answer["paused"]["until"] else ""
    due = f", due {answer['due_at']}" if answer["due_at"] else ""
    typer.echo(f"{answer['tenant']}/{answer['id']}: {answer['phase']}{until}{due}")


def _end(lasting: str | None, until: str | None) -> str | None:
    if lasting is not None and until is not None:
        raise fail(Refused(Reason.INVALID, "say --for or --to, not both"))
    if until is not None:
        try:
            said = datetime.fromisoformat(until)
        except ValueError as fault:
            raise fail(Refused(Reason.INVALID, f"{until!r} should be a time like 2026-11-21T06:00:00Z")) from fault
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).isoformat()
    if lasting is None:
        return None
    try:
        return (SystemClock().now() + parse_duration(lasting)).isoformat()
    except ValueError as fault:
        raise fail(Refused(Reason.INVALID, str(fault))) from fault
