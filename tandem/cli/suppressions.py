"""``tandem report suppressions``: what was held back, by what and why, how many, how bad, and what became of it.

Also what ``holding.py`` asks of a running console for ``tandem silences`` and ``tandem maintenance``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from tandem.cli.edge import Output, fail, run, show
from tandem.cli.incidents import call
from tandem.clock import SystemClock
from tandem.errors import Reason, Refused, TandemError

DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]
COLUMNS = (
    "id",
    "tenant",
    "source",
    "scope",
    "active",
    "start",
    "end",
    "holds_p1",
    "needs_consent_of",
    "reason",
    "owner",
)
PERIOD = timedelta(days=30)

_LEDGER = """
select tenant, kind || ' ' || by_id as suppressed_by, min(reason) as because, sum(conditions)::int as conditions,
    sum(alerts)::int as alerts,
    (array_agg(worst order by array_position(array['critical', 'high', 'medium', 'low', 'info', 'unknown'], worst)))[1]
    as worst, min(worst_priority) as worst_priority, sum(released)::int as released, sum(merged)::int as merged,
    sum(cleared_meanwhile)::int as cleared_meanwhile, sum(held_on)::int as held_on, sum(waiting)::int as waiting,
    min(first_at) as first_at, max(last_at) as last_at
from router.suppression_ledger
where (cast(:tenant as text) is null or tenant = :tenant) and last_at >= :start and first_at < :end
group by tenant, kind, by_id order by tenant, alerts desc, suppressed_by
"""


def suppressions(
    tenant: Annotated[str | None, typer.Option(help="Only this client")] = None,
    start: Annotated[str | None, typer.Option("--from", help="RFC 3339; default: 30 days ago")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339; default: now")] = None,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Suppressed by X because Y: how many, how bad, and what became of each. Days are counted whole, in UTC."""
    from sqlalchemy import text

    from tandem.app.reach import database
    from tandem.cli.serve import settings_with
    from tandem.db.pool import engine

    async def work() -> list[dict[str, Any]]:
        now = SystemClock().now()
        values = {"tenant": tenant, "start": _instant(start, now - PERIOD), "end": _instant(end, now)}
        async with database(settings_with(data_dir=data_dir)) as reached:
            reading = engine(reached.dsn, "tandem_router", pooled=False)
            try:
                async with reading.connect() as connection:
                    found = await connection.execute(text(_LEDGER), values)
                    return [dict(row) for row in found.mappings()]
            finally:
                await reading.dispose()

    rows = run(work)
    show([_plain(row) for row in rows] if output is Output.JSON else rows, output)


def listed(path: str, url: str, token: str, tenant: str | None, *, over: bool, output: Output) -> None:
    """GET and show."""
    query = urlencode([*([("tenant", tenant)] if tenant else []), ("over", str(over).lower())])
    answer = told(url, token, "GET", f"/api/v1/{path}?{query}")
    show(answer["items"], output, columns=COLUMNS)


def added(path: str, url: str, token: str, body: Mapping[str, Any], output: Output) -> None:
    """POST what is asked for."""
    given = {name: value for name, value in body.items() if value not in (None, [], False)}
    done(told(url, token, "POST", f"/api/v1/{path}", given), output)


def ended(path: str, url: str, token: str, id: str, output: Output) -> None:
    """DELETE: it ends now."""
    done(told(url, token, "DELETE", f"/api/v1/{path}/{quote(id, safe='')}"), output)


def consented(path: str, url: str, token: str, id: str, output: Output) -> None:
    """POST one's party's consent."""
    done(told(url, token, "POST", f"/api/v1/{path}/{quote(id, safe='')}/consent"), output)


def told(url: str, token: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
    """The API's answer; what it refuses is one line on stderr and an exit code."""
    try:
        return call(url, token, method, path, body)
    except TandemError as fault:
        raise fail(fault) from fault


def done(answer: Mapping[str, Any], output: Output) -> None:
    """The silence or window as it is now."""
    if output is Output.JSON:
        show([answer], output)
        return
    state = "ended" if answer.get("ended_at") else "holds now" if answer["active"] else "to come"
    typer.echo(f"{answer['id']}: {state}, {answer['scope']}, {answer['start'] or '-'} to {answer['end'] or '-'}")
    if answer.get("needs_consent_of"):
        typer.echo(f"P1 and security alerts pass until a person of {' and '.join(answer['needs_consent_of'])} consents")


def parsed(pairs: list[str] | None, option: str) -> list[dict[str, Any]]:
    """``sat,sun 22:00-06:00`` -> hours of the API."""
    found = []
    for text in pairs or ():
        days, _, hours = text.strip().partition(" ")
        opens, dash, closes = hours.strip().partition("-")
        if not days or not dash:
            raise fail(Refused(Reason.INVALID, f"{option} {text!r}: write it like 'sat,sun 22:00-06:00'"))
        found.append({"days": days.split(","), "from": opens.strip(), "to": closes.strip()})
    return found


def _instant(text: str | None, otherwise: datetime) -> datetime:
    if text is None:
        return otherwise
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(Reason.INVALID, f"{text!r} should be a time like 2026-11-20T03:00:00Z") from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
