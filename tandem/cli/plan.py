"""``tandem agreement plan``: what an apply would change, in words and in what the last days' alerts would have done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tandem.cli.edge import Output, fail
from tandem.errors import AgreementError, Reason, Refused, TandemError

if TYPE_CHECKING:
    from tandem.agreement.diff import Difference
    from tandem.agreement.load import Documents
    from tandem.cli.named import Named
    from tandem.cli.stored import Stored
    from tandem.policy.resolve import TenantVersion
    from tandem.policy.stored import State

EXAMPLES = 3
MOST_DAYS = 400


def plan(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Documents, or one directory of them")],
    against: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file to compare with; asks no database")
    ] = None,
    days: Annotated[int, typer.Option(min=0, max=MOST_DAYS, help="How many days of alerts are decided again")] = 7,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE,
) -> None:
    """Show what applying documents would change. Nothing is stored."""
    try:
        plans = _offline(files, against) if against is not None else _online(files, days, data_dir)
    except AgreementError as fault:
        for problem in fault.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    except TandemError as fault:
        raise fail(fault) from fault
    if output is Output.JSON:
        typer.echo(json.dumps(plans, indent=2, ensure_ascii=False))
        return
    for each in plans:
        for line in _lines(each):
            typer.echo(line)
    if not plans:
        typer.echo("nothing would change")


def _offline(files: list[Path], against: Path) -> list[dict[str, Any]]:
    from tandem.cli.named import from_file

    if len(files) != 1 or files[0].is_dir():
        raise Refused(Reason.INVALID, "with --against, name one client's file")
    old, new = from_file(against), from_file(files[0])
    if old.tenant != new.tenant:
        raise Refused(Reason.INVALID, f"{against} is {old.tenant}'s agreement and {files[0]} is {new.tenant}'s")
    said = _compared(old, new)
    return [said] if said["differences"] else []


def _online(files: list[Path], days: int, data_dir: Path | None) -> list[dict[str, Any]]:
    from tandem.cli.stored import reading
    from tandem.clock import SystemClock
    from tandem.policy.resolve import intended
    from tandem.policy.versions import read_state

    documents = documents_of(files)
    now = SystemClock().now()

    async def work(stored: Stored) -> list[dict[str, Any]]:
        state = await read_state(stored.policy, documents)
        problems = await asyncio.to_thread(_refusal, documents, state, now)
        plans = [
            await _planned(stored, version, state, now - timedelta(days=days), now)
            for version in intended(documents, state)
        ]
        return [{**each, "refused": problems} for each in plans]

    return reading(data_dir, work)


def documents_of(files: list[Path]) -> Documents:
    """The given documents, or those of one directory. AgreementError holds the problems of all files."""
    from tandem.agreement.load import load_directory, load_files

    return load_directory(files[0]) if len(files) == 1 and files[0].is_dir() else load_files(files)


def outline(documents: Documents, state: State) -> Iterator[str]:
    """What an apply would change, in words; for a person to say yes to."""
    from tandem.policy.resolve import intended

    for version in intended(documents, state):
        yield from _lines(_described(version, state)[0])


def _refusal(documents: Documents, state: State, now: datetime) -> list[str]:
    """Why ``apply`` would refuse, or leave a client behind."""
    from tandem.policy.resolve import work_out

    try:
        work = work_out(documents, state, now=now)
    except AgreementError as fault:
        return [str(problem) for problem in fault.problems]
    return [f"{left.tenant} stays at {left.version}: {problem}" for left in work.left for problem in left.problems]


async def _planned(
    stored: Stored, version: TenantVersion, state: State, since: datetime, until: datetime
) -> dict[str, Any]:
    """One client: from its active version to the intended one."""
    from tandem.cli.backtest import comparison, over_stored

    described, old, new = _described(version, state)
    if old is None or since >= until:
        return {**described, "alerts": None}
    typer.echo(f"{new.tenant}: deciding the alerts since {since.date().isoformat()} by both versions", err=True)
    compared = comparison(old, new, EXAMPLES)
    await over_stored(stored, compared, new.tenant, since, until)
    return {**described, "alerts": compared.report()}


def _described(version: TenantVersion, state: State) -> tuple[dict[str, Any], Named | None, Named]:
    """The difference in words, and both sides; no old one of a new client."""
    from tandem.agreement.compile import compile_agreement
    from tandem.cli.named import Named, of_stored

    tenant = version.source.document.tenant.id
    documents = (version.source.document, version.provider_document)
    new = Named(f"{tenant}@{version.version}", documents, compile_agreement(*documents, version=version.version))
    active = state.active.get(tenant)
    if active is None:
        return {"tenant": tenant, "from": None, "to": new.label, "follows": False, "differences": []}, None, new
    old = of_stored(active)
    return {**_compared(old, new), "follows": version.follows}, old, new


def _compared(old: Named, new: Named) -> dict[str, Any]:
    from tandem.agreement.diff import differences
    from tandem.agreement.redecided import redecided

    found = differences(old.documents, new.documents)
    decided = redecided(old.documents, new.documents)
    return {
        "tenant": new.tenant,
        "from": old.label,
        "to": new.label,
        "differences": [_as_json(difference) for difference in found],
        "rows": [
            {"line": str(each), "old": each.old, "new": each.new, "alert": dict(each.alert)} for each in decided.found
        ],
        "rows_complete": decided.complete,
    }


def _as_json(difference: Difference) -> dict[str, str]:
    return {
        "section": difference.section,
        "name": difference.name,
        "change": difference.change,
        "words": difference.words,
        "line": str(difference),
    }


def _lines(planned: dict[str, Any]) -> Iterator[str]:
    from tandem_router.backtest import summary

    if planned["from"] is None:
        yield f"{planned['tenant']}: a new client, {planned['to']}"
    else:
        why = ", because its provider's document changes" if planned.get("follows") else ""
        yield f"{planned['tenant']}: {planned['from']} -> {planned['to']}{why}"
    section = ""
    for difference in planned["differences"]:
        if difference["section"] != section:
            section = difference["section"]
            yield f"  {section}:"
        yield f"    {difference['line']}"
    if planned.get("rows"):
        yield "  decided by another row, or otherwise:"
        yield from (f"    {row['line']}" for row in planned["rows"])
        if not planned["rows_complete"]:
            yield "    and perhaps more: not everything was looked at"
    if planned.get("alerts"):
        yield from (f"  {line}" for line in summary(planned["alerts"]))
    for problem in planned.get("refused", ()):
        yield f"  apply would refuse: {problem}"
