"""``tandem agreement apply|activate|versions``: which version of an agreement is in force."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tandem.cli.edge import Output, run, show
from tandem.cli.plan import documents_of, outline
from tandem.clock import SystemClock

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tandem.policy.versions import Applied, Report

Result = TypeVar("Result")
Author = Annotated[str, typer.Option(help="Who is responsible for the change")]
Note = Annotated[str, typer.Option(help="Why, in a sentence")]
DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]


def apply(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Documents, or one directory of them")],
    author: Author = "command line",
    note: Note = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; without a terminal nobody is asked")] = False,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Make documents the active versions, all of them or none; running services follow within two seconds.

    A provider's document makes a new version for every client that follows it; exit 1 when one could not follow.
    """
    from tandem.policy.integrations import ensure_integrations
    from tandem.policy.versions import apply_documents, read_state

    documents = _read(files)

    async def work(policy: AsyncEngine) -> Report:
        if not yes and sys.stdin.isatty():
            _ask(outline(documents, await read_state(policy, documents)))
        now = SystemClock().now()
        report = await apply_documents(policy, documents, author=author, note=note, now=now)
        for source in documents.tenants.values():
            await ensure_integrations(policy, source.document.tenant.id, source.document.integrations, now=now)
        return report

    report = with_policy(data_dir, work, first=True)
    show(list(_rows(report)), output)
    for left in report.left:
        for problem in left.problems:
            typer.echo(f"{left.tenant} stays at version {left.version}: {problem}", err=True)
    if report.left:
        raise typer.Exit(1)


def activate(
    tenant: str,
    version: Annotated[int, typer.Argument(min=1, help="A stored one; tandem agreement versions lists them")],
    author: Author = "command line",
    note: Note = "",
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Go back to a stored version, or forward again; it is checked as if it were new, and history keeps who did it."""
    from tandem.policy.versions import activate as make_active

    now = SystemClock().now()
    done = with_policy(data_dir, lambda policy: make_active(policy, tenant, version, author=author, note=note, now=now))
    show([_row(done)], output)


def versions(
    tenant: Annotated[str, typer.Argument(help="A client; or a provider, with --provider")],
    provider: Annotated[bool, typer.Option("--provider", help="The versions of a provider's document")] = False,
    history: Annotated[bool, typer.Option("--history", help="Which one was made active when, and by whom")] = False,
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Every version of a client's agreement, newest first; exit 1 when there is none."""
    from tandem.policy import shelf

    read = shelf.provider_versions if provider else shelf.activations if history else shelf.versions
    rows = with_policy(data_dir, lambda policy: read(policy, tenant))
    show([_short(row) for row in rows], output)
    if not rows:
        raise typer.Exit(1)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """A row that fits a terminal: the beginning of the hash, the provider with its version."""
    shown = {name: value for name, value in row.items() if name != "provider_version"}
    if "hash" in row:
        shown["hash"] = row["hash"][:12]
    if row.get("provider_version"):
        shown["provider"] = f"{row['provider']}@{row['provider_version']}"
    return shown


def with_policy(
    data_dir: Path | None, work: Callable[[AsyncEngine], Awaitable[Result]], *, first: bool = False
) -> Result:
    """Run ``work`` on the installation's agreements; errors become one line and an exit code.

    ``first``: it may be the first thing that is done there, and makes the embedded database.
    """
    from tandem.app.reach import database
    from tandem.cli.serve import settings_with
    from tandem.cli.stored import installed
    from tandem.db.pool import engine

    async def reach() -> Result:
        settings = settings_with(data_dir=data_dir) if first else installed(data_dir)
        async with database(settings) as reached:
            policy = engine(reached.dsn, "tandem_policy", pooled=False)
            try:
                return await work(policy)
            finally:
                await policy.dispose()

    return run(reach)


def _read(files: list[Path]) -> Any:  # noqa: ANN401 - Documents, whose module is loaded late
    from tandem.cli.edge import fail
    from tandem.errors import TandemError

    try:
        return documents_of(files)
    except TandemError as fault:
        raise fail(fault) from fault


def _ask(lines: Iterator[str]) -> None:
    shown = list(lines)
    for line in shown:
        typer.echo(line)
    if shown:
        typer.confirm("Apply?", abort=True)


def _rows(report: Report) -> Iterator[dict[str, Any]]:
    for one in report.providers:
        yield {"document": one.provider, "version": one.version, "changed": one.changed, "provider": None, "why": None}
    yield from map(_row, report.tenants)


def _row(one: Applied) -> dict[str, Any]:
    why = "does not fit" if one.problems else "follows" if one.follows else None
    return {
        "document": one.tenant,
        "version": one.version,
        "changed": one.changed,
        "provider": one.provider,
        "why": why,
    }
