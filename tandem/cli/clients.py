"""``tandem clients``, and ``tandem agreement apply|versions|pull``: agreements in the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tandem.cli.edge import Output, run, show
from tandem.clock import SystemClock

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tandem.policy.versions import Applied

Result = TypeVar("Result")
DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]

app = typer.Typer(help="The clients this installation serves.", no_args_is_help=True)


def apply(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Documents, or one directory of them")],
    author: Annotated[str, typer.Option(help="Who is responsible for the change")] = "command line",
    note: Annotated[str, typer.Option(help="Why, in a sentence")] = "",
    data_dir: DataDir = None,
    output: Format = Output.TABLE,
) -> None:
    """Make documents the active versions, all of them or none; running services follow within two seconds."""
    from tandem.agreement.load import load_directory, load_files
    from tandem.policy.integrations import ensure_integrations
    from tandem.policy.versions import apply_documents

    async def work(policy: AsyncEngine) -> list[Applied]:
        directory = files[0] if len(files) == 1 and files[0].is_dir() else None
        documents = load_directory(directory) if directory else load_files(list(files))
        now = SystemClock().now()
        applied = await apply_documents(policy, documents, author=author, note=note, now=now)
        for source in documents.tenants.values():
            await ensure_integrations(policy, source.document.tenant.id, source.document.integrations, now=now)
        return applied

    done = _with_policy(data_dir, work)
    show([{"tenant": one.tenant, "version": one.version, "changed": one.changed} for one in done], output)


def versions(tenant: str, data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Every version of a client's agreement, newest first."""
    from tandem.policy import shelf

    rows = _with_policy(data_dir, lambda policy: shelf.versions(policy, tenant))
    show([{**row, "hash": row["hash"][:12]} for row in rows], output)


def pull(
    tenant: str,
    version: Annotated[int | None, typer.Option(help="Default: the active one")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print a version's document as its owner wrote it."""
    from tandem.policy import shelf

    typer.echo(_with_policy(data_dir, lambda policy: shelf.source(policy, tenant, version)))


@app.command("list")
def list_(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Every client with an active agreement."""
    from tandem.policy import shelf

    show(_with_policy(data_dir, shelf.clients), output)


@app.command("show")
def show_(tenant: str, data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """One client; exit 1 when there is none of that name."""
    from tandem.policy import shelf

    rows: list[dict[str, Any]] = [row for row in _with_policy(data_dir, shelf.clients) if row["tenant"] == tenant]
    if not rows:
        typer.echo(f"no client {tenant!r}; `tandem clients list` shows who there is", err=True)
        raise typer.Exit(1)
    show(rows, output)


def _with_policy(data_dir: Path | None, work: Callable[[AsyncEngine], Awaitable[Result]]) -> Result:
    from tandem.app.reach import database
    from tandem.cli.serve import settings_with
    from tandem.db.pool import engine

    async def reach() -> Result:
        async with database(settings_with(data_dir=data_dir)) as reached:
            policy = engine(reached.dsn, "tandem_policy", pooled=False)
            try:
                return await work(policy)
            finally:
                await policy.dispose()

    return run(reach)
