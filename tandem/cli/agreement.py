"""``tandem agreement check`` and ``show``: agreements as files. What needs the database is mounted beside these."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer

from tandem.agreement.compiled import Agreement
from tandem.agreement.from_file import find_provider, load_agreement
from tandem.agreement.lint import lint_documents
from tandem.agreement.load import Documents, Source, read_files
from tandem.agreement.schema.documents import ProviderDocument
from tandem.errors import AgreementError, Problem

app = typer.Typer(help="The co-management agreement as data: check it, show it.", no_args_is_help=True)

_YAML = (".yaml", ".yml")


class Output(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"


Files = Annotated[list[Path], typer.Argument(help="Agreement files, or directories of them.", exists=True)]
Format = Annotated[Output, typer.Option("--output", help="table or json")]


@app.command()
def check(files: Files, output: Format = Output.TABLE) -> None:
    """Print every problem as file:line:column: message; exit 1 when there is an error."""
    problems, checked = check_files(files)
    if output is Output.JSON:
        print(json.dumps([_as_json(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            print(problem)
        print(_verdict(problems, checked))
    if not checked or any(problem.level == "error" for problem in problems):
        raise typer.Exit(1)


@app.command()
def show(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], output: Format = Output.TABLE) -> None:
    """Who owns what in one tenant's agreement, its provider's rows included, in deciding order."""
    try:
        agreement = load_agreement(file, beside=file.parent)
    except AgreementError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    summary = summary_of(agreement)
    if output is Output.JSON:
        print(json.dumps(summary, indent=2))
    else:
        _print_summary(summary)


def check_files(paths: list[Path]) -> tuple[list[Problem], int]:
    """Every problem of the files in ``paths`` (directories are searched one level), and how many files were read.

    A provider's document that a given file uses is read from beside it; only its part in that file is reported.
    """
    files = _files(paths)
    documents, problems = read_files(files)
    providers = dict(documents.providers)
    for source in documents.tenants.values():
        if source.document.use and documents.provider_of(source.document) is None:
            try:
                found = find_provider(source.document, Path(source.file).parent)
            except AgreementError as error:
                problems += error.problems
                continue
            if found is not None:
                providers[found.document.provider.id] = found
    broken = {problem.file for problem in problems}
    given = {str(file) for file in files}
    return sorted({*problems, *_meaning(documents, providers, broken=broken, given=given)}), len(files)


def _meaning(
    documents: Documents, providers: dict[str, Source[ProviderDocument]], *, broken: set[str], given: set[str]
) -> list[Problem]:
    found = lint_documents(Documents(documents.tenants, providers))
    if broken:  # a document that could not be read is not also missing
        found = [problem for problem in found if "is not here" not in problem.message]
    return [problem for problem in found if problem.file in given]


def write_starter(directory: Path) -> Path:
    """Write a commented agreement that passes ``check`` into ``directory`` (made when missing); returns its path.

    Raises FileExistsError rather than overwrite one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "agreement.yaml"
    text = resources.files("tandem.agreement").joinpath("starter.yaml").read_text("utf-8")
    with path.open("x", encoding="utf-8") as stream:
        stream.write(text)
    return path


def summary_of(agreement: Agreement) -> dict[str, Any]:
    """The compiled agreement as plain data: who, when, and every row in deciding order."""
    return {
        "tenant": agreement.tenant.id,
        "name": agreement.tenant.name,
        "kind": agreement.tenant.kind.value,
        "mode": agreement.tenant.mode.value,
        "provider": agreement.provider,
        "users": agreement.tenant.users,
        "parties": {party.value: spec.name for party, spec in agreement.parties.items()},
        "people": len(agreement.people),
        "schedules": sorted(agreement.schedules),
        "paths": sorted(agreement.paths),
        "assets": len(agreement.assets),
        "classification_rules": len(agreement.classification),
        "rows": [
            {
                "row": row.id,
                "function": list(row.function),
                "when": {
                    name: list(values)
                    for name in ("category", "site", "asset_tag", "severity")
                    if (values := getattr(row, name)) is not None
                },
                "owner": row.owner.value,
                "lead": row.lead.value if row.lead else None,
                "after_hours": row.after_hours,
                "track": row.track.value if row.track else None,
                "sla": row.sla,
                "paths": {party.value: path for party, path in row.paths.items()},
            }
            for row in agreement.rows
        ],
    }


def _print_summary(summary: dict[str, Any]) -> None:
    parties = ", ".join(f"{party} = {name}" for party, name in summary["parties"].items())
    print(f"{summary['name']} ({summary['tenant']}, {summary['kind']}, mode {summary['mode']}): {parties}")
    print(f"{summary['users']} users, {summary['people']} people, {summary['assets']} assets")
    print(f"{'row':28} {'owner':9} {'lead':9} {'track':6} {'after hours':12} function")
    for row in summary["rows"]:
        when = "".join(f" {name}={','.join(values)}" for name, values in row["when"].items())
        print(
            f"{row['row']:28} {row['owner']:9} {row['lead'] or '-':9} {row['track'] or '-':6} "
            f"{row['after_hours'] or '-':12} {', '.join(row['function'])}{when}"
        )


def _files(paths: list[Path]) -> list[Path]:
    found = []
    for path in paths:
        found += sorted(entry for entry in path.iterdir() if entry.suffix in _YAML) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def _verdict(problems: list[Problem], checked: int) -> str:
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    counts = f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"
    if not checked:
        return "no agreement found: name a .yaml file or a directory that holds some"
    return f"{checked} file{'' if checked == 1 else 's'} checked: {counts}"


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "level": problem.level,
        "message": problem.message,
    }
