"""``tandem report``: what was held back, what the agreement does not name, and a client's first week."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from tandem.cli import suppressions
from tandem.cli.edge import Output, fail, show
from tandem.cli.incidents import DEFAULT_URL, Key, Url
from tandem.cli.moment import moment
from tandem.cli.suppressions import DataDir, Format
from tandem.errors import Reason, Refused, TandemError

if TYPE_CHECKING:
    from tandem.agreement.compiled import Agreement
    from tandem.cli.first_week import WouldHavePaged
    from tandem.cli.stored import Stored
    from tandem.cli.tickets import Routed, Tickets

WEEK = timedelta(days=7)
LONGEST = timedelta(days=92)
MOST_ALERTS = 200_000
MOST_PAGES = 100_000
GOVERNANCE = ("tenant", "kind", "key", "count", "last_seen", "due_at", "overdue", "state", "title")

_ALERTS = """
select a.received_at, a.title, a.host, d.trace -> 'classification' ->> 'function' as function,
    d.trace -> 'row' ->> 'id' as row, d.trace -> 'row' ->> 'owner' as owner,
    d.trace -> 'parties' ->> 'responsible' as responsible, d.trace -> 'priority' ->> 'priority' as priority, i.number
from router.alerts a join router.decisions d on d.alert_id = a.id
left join router.incidents i on i.id = d.incident_id
where a.tenant = :tenant and a.received_at >= :start and a.received_at < :end and a.status = 'firing'
order by a.received_at limit :limit
"""
_PAGES = """
select distinct p.planned_at as at, p.person, p.party, p.track, p.step, i.number, i.priority, i.title
from notifier.pages p left join router.incidents i on i.id = p.incident_id
where p.tenant = :tenant and p.planned_at >= :start and p.planned_at < :end
    and p.state = 'would_have_paged' and not p.told
order by p.planned_at limit :limit
"""

app = typer.Typer(help="Reports, for both parties.", no_args_is_help=True)
app.command()(suppressions.suppressions)


@app.command()
def governance(
    tenant: Annotated[str | None, typer.Option(help="Only this client")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1001)] = 200,
    url: Url = DEFAULT_URL,
    token: Key = "",
    output: Format = Output.TABLE,
) -> None:
    """What the agreement does not name: alerts without a row, words that no table knows; with deadlines."""
    query = urlencode([("limit", limit), *([("tenant", tenant)] if tenant else [])])
    answer = suppressions.told(url, token, "GET", f"/api/v1/reports/governance?{query}")
    show(answer["items"], output, columns=GOVERNANCE)
    if answer["total"] > len(answer["items"]) and output is Output.TABLE:
        typer.echo(f"{len(answer['items'])} of {answer['total']}; --limit shows more")


@app.command("first-week")
def first_week(
    tenant: Annotated[str, typer.Option(help="The client")],
    start: Annotated[str | None, typer.Option("--from", help="RFC 3339; default: seven days before --to")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339; default: now")] = None,
    tickets: Annotated[
        Path | None,
        typer.Option(help="CSV of another system: opened, title, host, owner or assignee party, priority"),
    ] = None,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Whose the alerts were, what nobody mapped, who would have been woken when, and where tickets say otherwise."""
    from tandem.cli.first_week import tables

    try:
        period = _period(start, end)
        data = _bytes(tickets) if tickets is not None else None
    except TandemError as fault:
        raise fail(fault) from fault
    report = _report(tenant, period, data, data_dir)
    if output is Output.JSON:
        typer.echo(json.dumps(report, default=_plain, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{tenant}: {report['alerts']} alerts from {period[0]:%Y-%m-%d %H:%M}Z to {period[1]:%Y-%m-%d %H:%M}Z")
    for heading, rows, columns in tables(report):
        typer.echo(f"\n{heading}")
        show(rows, output, columns=columns)
    for line in report.get("tickets", {}).get("first_unreadable", ()):
        typer.echo(line, err=True)


def _report(
    tenant: str, period: tuple[datetime, datetime], data: bytes | None, data_dir: Path | None
) -> dict[str, Any]:
    from tandem.cli.first_week import summary
    from tandem.cli.stored import reading

    async def work(stored: Stored) -> dict[str, Any]:
        named = await stored.named(tenant)
        theirs = _tickets(data, named.agreement) if data is not None else None
        alerts, pages = await _read(stored, named.tenant, period)
        return summary(named.agreement, period, alerts, pages, theirs)

    return reading(data_dir, work)


async def _read(
    stored: Stored, tenant: str, period: tuple[datetime, datetime]
) -> tuple[list[Routed], list[WouldHavePaged]]:
    """Decided alerts and pages of the period, as the console's role that sees this client only.

    Raises:
        Refused: there are more than a report can hold.
    """
    from sqlalchemy import text

    from tandem.cli.first_week import WouldHavePaged
    from tandem.cli.tickets import Routed
    from tandem.model.ownership import Owner, Party
    from tandem.model.priority import Priority
    from tandem_console.store.scoped import seeing

    values = {"tenant": tenant, "start": period[0], "end": period[1]}
    async with seeing(stored.console, [tenant]) as connection:
        alerts = (await connection.execute(text(_ALERTS), values | {"limit": MOST_ALERTS + 1})).mappings().all()
        pages = (await connection.execute(text(_PAGES), values | {"limit": MOST_PAGES + 1})).mappings().all()
    if len(alerts) > MOST_ALERTS or len(pages) > MOST_PAGES:
        raise Refused(Reason.INVALID, f"more than {MOST_ALERTS} alerts or {MOST_PAGES} pages: choose a shorter period")
    words = {"owner": Owner, "responsible": Party, "priority": Priority}
    routed = [Routed(**{**row, **{name: word(row[name]) for name, word in words.items()}}) for row in alerts]
    return routed, [WouldHavePaged(**{**row, "party": Party(row["party"])}) for row in pages]


def _tickets(data: bytes, agreement: Agreement) -> Tickets:
    from zoneinfo import ZoneInfo

    from tandem.cli.first_week import names_of
    from tandem.cli.tickets import read_tickets

    return read_tickets(data, ZoneInfo(agreement.tenant.zone), names_of(agreement))


def _period(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    until = moment(end, "--to")
    since = moment(start, "--from") if start is not None else until - WEEK
    if not timedelta() < until - since <= LONGEST:
        raise Refused(Reason.INVALID, f"--from has to lie before --to, at most {LONGEST.days} days")
    return since, until


def _bytes(file: Path) -> bytes:
    from tandem.cli.tickets import LARGEST_FILE

    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST_FILE + 1)
    except OSError as fault:
        raise Refused(Reason.INVALID, f"cannot read {file}: {fault.strerror}") from fault


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
