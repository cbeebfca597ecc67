"""``tandem clients``, and ``tandem agreement pull``: agreements in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tandem.agreement.overview import OWNERS, overview
from tandem.cli.edge import Output, fail, show
from tandem.cli.new_client import add
from tandem.cli.versions import with_policy
from tandem.errors import Reason, Refused

DataDir = Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")]
Format = Annotated[Output, typer.Option("--output", help="table or json")]

app = typer.Typer(help="The clients this installation serves.", no_args_is_help=True)


def pull(
    tenant: str,
    version: Annotated[int | None, typer.Option(help="Default: the active one")] = None,
    out: Annotated[Path | None, typer.Option(help="A directory to write it into, its inventory beside it")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print a version's document as its owner wrote it, so that it loads: with the assets of its inventory."""
    from tandem.agreement.pulled import pulled
    from tandem.agreement.schema.documents import TenantDocument
    from tandem.policy import shelf

    source, document = with_policy(data_dir, lambda policy: shelf.stored(policy, tenant, version))
    found = pulled(source, TenantDocument.model_validate_json(document))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        files = {f"{tenant}.yaml": found.text} | ({found.inventory: found.assets} if found.inventory else {})
        for name in files:
            if (out / name).exists():
                raise fail(Refused(Reason.CONFLICT, f"{out / name} is there already; choose another directory"))
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8", newline="")
            typer.echo(out / name)
    elif found.whole is None:
        raise fail(Refused(Reason.TOO_LARGE, "with its inventory this is too long for one file; add --out DIR"))
    else:
        typer.echo(found.whole)


@app.command("list")
def list_(data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """Every client with an active agreement."""
    from tandem.policy import shelf

    show(with_policy(data_dir, shelf.clients), output)


@app.command("show")
def show_(tenant: str, data_dir: DataDir = None, output: Format = Output.TABLE) -> None:
    """One client: its mode, its provider's version, who does what, and what differs from the provider's standard."""
    from tandem.policy import shelf
    from tandem.policy.stored import stored_pair

    row = with_policy(data_dir, lambda policy: shelf.agreement(policy, tenant, None))
    document, provider = stored_pair(row)
    seen = overview(document.document, provider.document if provider else None)
    said = {
        "tenant": tenant,
        "name": seen.name,
        "kind": seen.kind.value,
        "mode": seen.mode.value,
        "modes": {function: mode.value for function, mode in seen.modes.items()},
        "version": row.version,
        "provider": row.provider,
        "provider_version": row.provider_version,
        "functions": {owner: seen.of(owner) for owner in OWNERS if seen.of(owner)},
        "deviations": [str(deviation) for deviation in seen.deviations],
    }
    if output is Output.JSON:
        show([said], output)
    else:
        _print(said)


def _print(said: dict[str, Any]) -> None:
    others = "".join(f", {function} {mode}" for function, mode in said["modes"].items())
    typer.echo(f"{said['name']} ({said['tenant']}, {said['kind']}), version {said['version']}")
    typer.echo(f"mode       {said['mode']}{others}")
    if said["provider"]:
        typer.echo(f"provider   {said['provider']}@{said['provider_version'] or '?'}")
    for owner, functions in said["functions"].items():
        typer.echo(f"{owner:<10} {', '.join(functions)}")
    count = len(said["deviations"])
    if said["provider"]:
        typer.echo(f"{count or 'no'} row{'' if count == 1 else 's'} unlike the provider's standard")
    for deviation in said["deviations"]:
        typer.echo(f"  {deviation}")


app.command("add")(add)
