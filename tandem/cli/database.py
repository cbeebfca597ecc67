"""``tandem db``, ``backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tandem.app.reach import database
from tandem.cli.edge import Output, run, show
from tandem.cli.serve import settings_with
from tandem.db import backup as backups
from tandem.db import migrate
from tandem.errors import StartFailed

DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]

app = typer.Typer(help="The database's schemas.", no_args_is_help=True)


@app.command()
def upgrade(data_dir: DataDir = None) -> None:
    """Bring every schema to this release; safe to run twice and from several machines at once."""

    async def work() -> migrate.SchemaStatus:
        async with database(settings_with(data_dir=data_dir), prepare=False) as reached:
            return await migrate.upgrade(reached.dsn)

    typer.echo(str(run(work)))


@app.command()
def status(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Which revision each schema has and which it needs; exit 1 when an upgrade is due."""

    async def work() -> migrate.SchemaStatus:
        async with database(settings_with(data_dir=data_dir), prepare=False) as reached:
            return await migrate.status(reached.dsn)

    found = run(work)
    show([{"schema": b.schema, "current": b.current, "needed": b.head} for b in found.branches], output)
    raise typer.Exit(0 if found.ready else 1)


def backup(file: Path, data_dir: DataDir = None) -> None:
    """Write the whole database to FILE; Tandem may go on running."""

    async def work() -> int:
        async with database(settings_with(data_dir=data_dir)) as reached:
            return await backups.backup(reached.admin_dsn, file, progress=_tell)

    size = run(work)
    typer.echo(f"{file}: {size:,} bytes. The key in <data dir>/secret.key is not in it: keep it beside the file.")


def restore(file: Path, data_dir: DataDir = None) -> None:
    """Fill an empty database from FILE, then bring it to this release."""
    if not file.is_file():
        message = f"{file}: there is no such file"
        raise StartFailed(message)

    async def work() -> None:
        async with database(settings_with(data_dir=data_dir), prepare=False) as reached:
            await backups.restore(file, dsn=reached.dsn, admin_dsn=reached.admin_dsn, progress=_tell)
            await migrate.upgrade(reached.dsn)

    run(work)
    typer.echo("restored")


def _tell(table: str) -> None:
    typer.echo(f"  {table}", err=True)
