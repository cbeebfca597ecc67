"""``tandem integrations mapping``: the mapping by which one integration is read, tried on what it has received."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tandem.cli.edge import Output
from tandem.cli.ingest import of_body, print_rows
from tandem.cli.mappings import compiled, read_mapping, text_of
from tandem.cli.stored import Stored, reading
from tandem.clock import SystemClock
from tandem.policy.mappings import mapping_of, set_mapping
from tandem_router.store.bodies import StoredBody, last_bodies

if TYPE_CHECKING:
    from tandem_ingest.vendors.vendor import Vendor

LOOK_BACK = timedelta(days=90)
"""How long raw bodies are kept."""


def mapping(
    name: str,
    set_: Annotated[Path | None, typer.Option("--set", help="Read this way in by the mapping in FILE.")] = None,
    try_: Annotated[
        Path | None, typer.Option("--try", help="What the last bodies would become by the mapping in FILE.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the mapping in use.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="The vendor's own reading again.")] = False,
    last: Annotated[int, typer.Option(help="How many bodies to look at.", min=1, max=100)] = 5,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Annotated[Output, typer.Option(help="table or json")] = Output.TABLE,
) -> None:
    """The mapping of a way in (docs/mappings.md); alone, what the last bodies become by what is in use."""
    if sum((set_ is not None, try_ is not None, show, reset)) > 1:
        raise typer.BadParameter("say one of --set, --try, --show, --reset")
    if set_ is not None:
        read_mapping(set_)
        _set(data_dir, name, text_of(set_))
        typer.echo(f"{name} is read by {set_} within two seconds")
    elif reset:
        _set(data_dir, name, None)
        typer.echo(f"{name} is read as its vendor's bodies are, within two seconds")
    elif show:
        typer.echo(_shown(data_dir, name), nl=False)
    else:
        _try(data_dir, name, try_, last, output)


def _set(data_dir: Path | None, name: str, mapping: str | None) -> None:
    reading(data_dir, lambda stored: set_mapping(stored.policy, name, mapping))


def _shown(data_dir: Path | None, name: str) -> str:
    from tandem_ingest.vendors.shipped import shipped_text

    _, vendor, own = reading(data_dir, lambda stored: mapping_of(stored.policy, name))
    found = own or shipped_text(vendor)
    if found is None:
        typer.echo(f"{name} has no mapping: {vendor} is read by its adapter", err=True)
        raise typer.Exit(1)
    return found


def _try(data_dir: Path | None, name: str, file: Path | None, last: int, output: Output) -> None:
    """What each of the last bodies becomes, newest first."""
    since = SystemClock().now() - LOOK_BACK

    async def work(stored: Stored) -> tuple[str, str | None, list[StoredBody]]:
        tenant, vendor, own = await mapping_of(stored.policy, name)
        return vendor, own, await last_bodies(stored.router, tenant, name, since=since, limit=last)

    vendor, own, bodies = reading(data_dir, work)
    dialect = _dialect(vendor, text_of(file) if file else own, str(file or "the stored mapping"))
    for body in bodies:
        line = of_body(dialect, body.raw, {"content-type": body.content_type or ""})
        if output is Output.JSON:
            typer.echo(msgspec.json.encode({"received_at": body.received_at, **line}).decode())
        else:
            typer.echo(f"{body.received_at:%Y-%m-%d %H:%M:%S}  {len(body.raw):,} bytes")
            print_rows(line)
    if not bodies:
        typer.echo(f"nothing has come in by {name} yet", err=True)


def _dialect(vendor: str, mapping: str | None, file: str) -> Vendor:
    from tandem_ingest.vendors.catalogue import vendor_of
    from tandem_ingest.vendors.mapped import mapped

    return mapped(vendor_of(vendor), compiled(mapping, file)) if mapping is not None else vendor_of(vendor)
