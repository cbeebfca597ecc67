"""``tandem init``: a commented agreement to begin with."""

from __future__ import annotations

from pathlib import Path

import typer

from tandem.cli.agreement import write_starter


def init(directory: Path) -> None:
    """Write a commented starter agreement into DIRECTORY; never over a file that is there."""
    try:
        file = write_starter(directory)
    except FileExistsError as fault:
        typer.echo(f"{fault.filename or directory} is there already; choose another directory", err=True)
        raise typer.Exit(1) from fault
    typer.echo(f"{file}\nNow: edit it, then  tandem agreement check {file}")
