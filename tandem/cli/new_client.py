"""``tandem clients add``: a new client on its provider's standard, complete and in observe mode."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tandem.agreement.load import PROVIDER_SCHEMA, Source, provider_source, read_tree, schema_of, tenant_source
from tandem.agreement.schema.documents import ProviderDocument
from tandem.agreement.schema.fields import suggest
from tandem.agreement.starter.new_client import NewClient, internal_needed, new_client
from tandem.cli.agreement import check_files, verdict
from tandem.cli.edge import fail
from tandem.clock import SystemClock
from tandem.errors import AgreementError, Reason, Refused

STANDARD = "standard"
MOST_FILES = 2000


def add(
    name: Annotated[str, typer.Argument(help="The client's name; its id is made of it")],
    *,
    standard: Annotated[
        str, typer.Option("--from", help="What it starts from: standard, the provider's rows")
    ] = STANDARD,
    provider: Annotated[
        str | None, typer.Option(help="The provider's document, or its id in --dir; default: the only one there")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--dir", file_okay=False, exists=True, help="Where agreements stand")
    ] = Path(),
    tenant: Annotated[str | None, typer.Option("--id", help="The client's id")] = None,
    users: Annotated[int, typer.Option(min=0, help="How many users it has")] = 0,
    zone: Annotated[str | None, typer.Option(help="Its time zone; default: the provider's")] = None,
    lead: Annotated[str | None, typer.Option(help="Who leads its IT team; without one it is fully managed")] = None,
    mail: Annotated[str | None, typer.Option(help="Where the lead is reached")] = None,
) -> None:
    """Write the agreement of a new client into --dir, and check it. Nothing is applied, nobody is paged."""
    try:
        if standard != STANDARD:
            raise Refused(Reason.INVALID, f"--from {standard[:40]!r}: a new client can start from standard")
        if lead is not None and not mail:
            raise Refused(Reason.INVALID, "--lead needs --mail, the address at which the lead is reached")
        source = find(provider, directory)
        zone = zone or source.document.provider.zone
        client = NewClient(name, tenant or "", users=users, zone=zone, lead=lead, lead_mail=mail or "")
        path = write_client(client, source, directory)
    except (AgreementError, Refused) as fault:
        raise fail(fault) from fault
    problems, checked = check_files([path], on=SystemClock().now())
    for problem in problems:
        typer.echo(problem)
    typer.echo(f"{path}: {verdict(problems, checked)}")
    if any(problem.level == "error" for problem in problems):
        raise typer.Exit(1)
    where = source.file
    typer.echo(f"Next: fill in sites and assets, add how your tools call this client to provider.customers in {where},")
    typer.echo(f"then  tandem agreement apply {directory}")


def write_client(client: NewClient, provider: Source[ProviderDocument], directory: Path) -> Path:
    """Write the client's document into ``directory``; returns its path.

    Raises:
        Refused: there is a file or a client of this name, or the standard needs an internal team.
        AgreementError: what was given does not make a document; nothing is written.
    """
    path = directory / f"{client.tenant}.yaml"
    if path.exists():
        raise Refused(Reason.CONFLICT, f"{path} is there already; a client is added once")
    for other in _documents(directory):
        if _id_of(other, "tenant") == client.tenant:
            raise Refused(Reason.CONFLICT, f"{other} is the agreement of {client.tenant!r} already")
    if client.managed and (rows := internal_needed(provider.document)):
        detail = f"the standard needs an internal team ({', '.join(rows[:3])}); say who leads it: --lead, --mail"
        raise Refused(Reason.INVALID, detail)
    text = new_client(client, provider.document)
    tenant_source(text, file=str(path))
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text)
    return path


def find(provider: str | None, directory: Path) -> Source[ProviderDocument]:
    """The provider's document: a file, an id in ``directory``, or the only one there.

    Raises:
        Refused: there is none, or more than one to choose from.
    """
    if provider is not None and Path(provider).is_file():
        return provider_source(Path(provider))
    found = {name: path for path in _documents(directory) if (name := _id_of(path, "provider"))}
    if provider is None and len(found) == 1:
        return provider_source(next(iter(found.values())))
    if provider is None:
        several = f"documents of several providers: {', '.join(sorted(found))}; choose with --provider"
        what = several if found else "no provider's document; name the directory with --dir"
        raise Refused(Reason.INVALID, f"{directory.resolve()} holds {what}")
    if provider not in found:
        raise Refused(Reason.NOT_FOUND, f"{directory} holds no provider {provider[:64]!r}{suggest(provider, found)}")
    return provider_source(found[provider])


def _documents(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})[:MOST_FILES]


def _id_of(path: Path, section: str) -> str | None:
    """The id under ``tenant:`` or ``provider:``; None when this is another document, or none."""
    try:
        name, root = read_tree(path)
        if section == "provider" and schema_of(root, name) != PROVIDER_SCHEMA:
            return None
    except AgreementError:
        return None  # another file's fault; `check` on the directory names it
    head = root.entries.get(section)
    named = head[1].entries.get("id") if head else None
    return named[1].text if named else None
