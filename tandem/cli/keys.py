"""``tandem keys``: the secrets of an installation in containers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tandem.app.keys import make_keys
from tandem.errors import StartFailed


def keys(
    folder: Path,
    database: Annotated[str, typer.Option(help="HOST/NAME of the database that the URL names")] = "postgres/tandem",
) -> None:
    """Make the envelope key, the database's passwords and its URL in FOLDER, what is missing of them; shows none."""
    host, _, name = database.partition("/")
    if not host or not name:
        message = f"--database {database!r}: write HOST/NAME, e.g. postgres/tandem"
        raise StartFailed(message, exit_code=2)
    made = make_keys(folder, host=host, database=name)
    typer.echo(f"{folder}: made {', '.join(made)}" if made else f"{folder}: everything is there")
