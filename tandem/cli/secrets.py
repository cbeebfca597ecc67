"""``tandem secrets``: the envelope key over secrets at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tandem.app.settings import decoded_key
from tandem.cli.edge import fail
from tandem.cli.integration_edge import DataDir, with_policy
from tandem.cli.serve import settings_with
from tandem.errors import StartFailed
from tandem.policy import secrets

app = typer.Typer(help="Secrets at rest.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Secrets at rest."""


@app.command()
def rewrap(
    old_key_file: Annotated[Path, typer.Option(help="The key until now, 32 bytes in base64")],
    data_dir: DataDir = None,
) -> None:
    """Seal every secret under the TANDEM_SECRET_KEY of now. All of them or none; run it again, it changes nothing.

    A process that still runs with the old key goes on with the secrets it knows; start it with the new one next.
    """
    settings = settings_with(data_dir=data_dir)
    try:
        old = decoded_key(old_key_file.read_text(encoding="ascii").strip(), str(old_key_file))
    except (OSError, UnicodeDecodeError) as fault:
        message = f"--old-key-file {old_key_file}: cannot be read"
        raise fail(StartFailed(message, exit_code=2)) from fault
    except StartFailed as fault:
        raise fail(fault) from fault
    there, changed = with_policy(settings, lambda policy, new: secrets.rewrap(policy, old=old, new=new))
    typer.echo(f"{changed} of {there} sealed secrets are sealed anew; the others were.")
