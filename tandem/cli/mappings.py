"""``tandem ingest mapping``: mapping documents before anything is connected. Asks no server and no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tandem.errors import AgreementError

if TYPE_CHECKING:
    from tandem_ingest.vendors.mapping.reader import Reader

app = typer.Typer(help="Mapping documents: check them, show those we ship.", no_args_is_help=True)


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Mapping documents.")]) -> None:
    """Every problem of each document as file:line:column: message; exit 1 when there is one."""
    from tandem_ingest.vendors.mapping.load import load

    found: list[str] = []
    for file in files:
        try:
            load(text_of(file), str(file))
        except AgreementError as error:
            found += map(str, error.problems)
    for problem in found:
        typer.echo(problem)
    if found:
        raise typer.Exit(1)
    typer.echo("no problems")


@app.command()
def schema() -> None:
    """The JSON Schema of mapping documents, for editors."""
    from tandem_ingest.vendors.mapping.document import MappingDocument

    typer.echo(json.dumps(MappingDocument.model_json_schema(), indent=2))


@app.command("show")
def show_(vendor: Annotated[str, typer.Argument(help="A slug of `tandem ingest vendors`.")]) -> None:
    """The mapping a vendor is read by, to be copied and edited; exit 1 when it is read by an adapter."""
    from tandem_ingest.vendors.shipped import shipped_text

    found = shipped_text(vendor)
    if found is None:
        typer.echo(f"{vendor} is not read by a mapping; `tandem ingest vendors` lists all", err=True)
        raise typer.Exit(1)
    typer.echo(found, nl=False)


def read_mapping(file: Path) -> Reader:
    """The mapping in ``file``; its problems on standard error and exit 1 when it has some."""
    return compiled(text_of(file), str(file))


def text_of(file: Path) -> str:
    """What ``file`` holds; a usage error when it cannot be read."""
    try:
        return file.read_text("utf-8-sig")
    except OSError as fault:
        raise typer.BadParameter(f"cannot read {file}: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise typer.BadParameter(f"{file} is not UTF-8 text") from fault


def compiled(text: str, file: str) -> Reader:
    """The mapping that ``text`` is, as ``read_mapping``."""
    from tandem_ingest.vendors.mapping.load import load

    try:
        return load(text, file)
    except AgreementError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
