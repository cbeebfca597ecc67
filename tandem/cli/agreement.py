"""``tandem agreement check`` and ``show``: agreements as files. What needs the database is mounted beside these."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tandem.agreement.compiled import Agreement
from tandem.agreement.deviations import deviation_note
from tandem.agreement.from_file import find_provider
from tandem.agreement.lint import lint_documents
from tandem.agreement.load import Documents, Source, read_files
from tandem.agreement.schema.documents import ProviderDocument
from tandem.agreement.schema.fields import suggest
from tandem.agreement.schema.matrix import ScopeRow, TagCondition
from tandem.cli.edge import fail
from tandem.cli.moment import moment
from tandem.errors import AgreementError, Problem, Refused, TandemError

app = typer.Typer(help="The co-management agreement as data: check it, show it.", no_args_is_help=True)

_NAMED = ("scenario", "category", "site", "asset_tag", "tags", "severity", "kind", "vendor", "data_class", "host_class")
MANY_ROWS = 1000
"""From here on a check takes more than a second or two."""
_YAML = (".yaml", ".yml")


class Output(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    JSON = "json"


Files = Annotated[list[Path], typer.Argument(help="Agreement files, or directories of them.", exists=True)]
Format = Annotated[Output, typer.Option("--output", help="table or json")]


@app.command()
def check(
    files: Files,
    at: Annotated[
        str | None, typer.Option(help="Prove that somebody is reachable from this instant on, RFC 3339; default: now.")
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Tell too which wide rows overrule others only because they name more")
    ] = False,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the stored alerts too: words without a meaning, missing runbooks")
    ] = False,
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    witness_dir: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write the example alerts here, gap-1.json ..., to explain them"),
    ] = None,
    output: Format = Output.TABLE,
) -> None:
    """Print every problem as file:line:column: message; exit 1 when there is an error."""
    try:
        on = moment(at, "--at")
    except Refused as fault:
        raise fail(fault) from fault
    problems, checked = check_files(files, on=on)
    if review:
        from tandem.cli.review import review as notes_of

        problems = sorted({*problems, *notes_of(_files(files))})
    if database:
        from tandem.cli.retrospect import look_back

        problems = sorted({*problems, *look_back(_files(files), data_dir)})
    if witness_dir is not None:
        problems = _keep_witnesses(problems, witness_dir)
    if output is Output.JSON:
        print(json.dumps([_as_json(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            print(problem)
        print(verdict(problems, checked))
    if not checked or any(problem.level == "error" for problem in problems):
        raise typer.Exit(1)


def _keep_witnesses(problems: list[Problem], directory: Path) -> list[Problem]:
    """Write the examples; gives the problems with commands that can be pasted."""
    from tandem.cli.witnesses import naming_files, write_witnesses

    try:
        for path in write_witnesses(problems, directory):
            typer.echo(f"wrote {path}", err=True)
        return naming_files(problems, directory)
    except Refused as fault:
        raise fail(fault) from fault


@app.command()
def show(
    agreement: Annotated[str, typer.Argument(help="A tenant's file; or a client of the database: acme, acme@3")],
    data_dir: Annotated[Path | None, typer.Option(help="The data directory, when the database is embedded")] = None,
    output: Format = Output.TABLE,
) -> None:
    """Who owns what in one tenant's agreement, its provider's rows included, in deciding order."""
    from tandem.cli.named import compiled

    try:
        found = compiled(agreement, data_dir)
    except AgreementError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1) from None
    except TandemError as error:
        raise fail(error) from None
    summary = summary_of(found)
    if output is Output.JSON:
        print(json.dumps(summary, indent=2))
    else:
        _print_summary(summary)


def check_files(paths: list[Path], *, on: datetime | None = None) -> tuple[list[Problem], int]:
    """Every problem of the files in ``paths`` (directories are searched one level), and how many files were read.

    ``on`` is as for ``lint_tenant``: from when on somebody has to be reachable; None leaves time out. A provider's
    document that a given file uses is read from beside it; only its part in that file is reported.
    """
    files = _files(paths)
    documents, problems = read_files(files)
    _tell_of_long_work(documents)
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
    given |= {source.inventory.file for source in documents.tenants.values() if source.inventory}
    problems += _deviations(Documents(documents.tenants, providers))
    problems += _unread_vendors(documents)
    return sorted({*problems, *_meaning(documents, providers, broken=broken, given=given, on=on)}), len(files)


def _tell_of_long_work(documents: Documents) -> None:
    """A word on stderr before a proof that takes seconds, so that nobody thinks it hangs."""
    sources = [*documents.tenants.values(), *documents.providers.values()]
    rows = sum(len(source.document.matrix) for source in sources)
    if rows >= MANY_ROWS:
        typer.echo(f"{rows:,} rows: proving that no alert lacks an owner and none has two; some seconds", err=True)


def _deviations(documents: Documents) -> list[Problem]:
    """What each client has otherwise than its provider's standard, as notes."""
    pairs = [(source, documents.provider_of(source.document)) for source in documents.tenants.values()]
    notes = [deviation_note(source, provider) for source, provider in pairs if provider is not None]
    return [note for note in notes if note is not None]


def _unread_vendors(documents: Documents) -> list[Problem]:
    """Ways in whose vendor has no dialect here: their posts are read as the generic body, and most say nothing then."""
    from tandem_ingest.vendors.catalogue import CATALOGUE

    found = []
    for source in documents.tenants.values():
        for index, way in enumerate(source.document.integrations):
            if way.vendor not in CATALOGUE:
                close = suggest(way.vendor, CATALOGUE) or f"; known here: {', '.join(sorted(CATALOGUE))}"
                message = (
                    f'posts of the vendor "{way.vendor}" are read as vendor generic, none of that name is known{close}'
                )
                found.append(source.problem(("integrations", index, "vendor"), message, level="warning"))
    return found


def _meaning(
    documents: Documents,
    providers: dict[str, Source[ProviderDocument]],
    *,
    broken: set[str],
    given: set[str],
    on: datetime | None,
) -> list[Problem]:
    found = lint_documents(Documents(documents.tenants, providers), on=on)
    if broken:  # a document that could not be read is not also missing
        found = [problem for problem in found if "is not here" not in problem.message]
    return [problem for problem in found if problem.file in given]


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
                "function": list(row.function or ("every function",)),
                "when": {name: said for name in _NAMED if (said := _said(row, name)) is not None},
                "priority": row.priority,
                "owner": row.owner.value,
                "lead": row.lead.value if row.lead else None,
                "after_hours": row.after_hours,
                "track": row.track.value if row.track else None,
                "both_told": row.both_told,
                "mode": row.mode.value if row.mode else None,
                "sla": row.sla,
                "paths": {party.value: path for party, path in row.paths.items()},
            }
            for row in agreement.rows
        ],
    }


def _said(row: ScopeRow, name: str) -> Any:  # noqa: ANN401 - what a row says of a field, as it is written there
    """A list of values, ``{"not": [...]}``, or ``{"has": [...], "lacks": [...]}``; None when the row says nothing."""
    match getattr(row, name):
        case None:
            return None
        case str() as tag:
            return [tag]
        case TagCondition() as tags:
            return {"has": list(tags.has), "lacks": list(tags.lacks)}
        case values:
            return {"not": list(values.not_)} if values.not_ is not None else list(values.named)


def _condition(name: str, said: Any) -> str:  # noqa: ANN401 - as ``_said`` gives it
    if isinstance(said, list):
        return f" {name}={','.join(said)}"
    if "not" in said:
        return f" {name}=not:{','.join(said['not'])}"
    return f" {name}=" + ",".join([*(f"+{tag}" for tag in said["has"]), *(f"-{tag}" for tag in said["lacks"])])


def _print_summary(summary: dict[str, Any]) -> None:
    parties = ", ".join(f"{party} = {name}" for party, name in summary["parties"].items())
    print(f"{summary['name']} ({summary['tenant']}, {summary['kind']}, mode {summary['mode']}): {parties}")
    print(f"{summary['users']} users, {summary['people']} people, {summary['assets']} assets")
    print(f"{'row':28} {'owner':9} {'lead':9} {'track':6} {'after hours':12} function")
    for row in summary["rows"]:
        when = "".join(_condition(name, said) for name, said in row["when"].items())
        when += f" priority={row['priority']}" if row["priority"] else ""
        print(
            f"{row['row']:28} {row['owner']:9} {row['lead'] or '-':9} {row['track'] or '-':6} "
            f"{row['after_hours'] or '-':12} {', '.join(row['function'])}{when}"
        )


def _files(paths: list[Path]) -> list[Path]:
    found = []
    for path in paths:
        found += sorted(entry for entry in path.iterdir() if entry.suffix in _YAML) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def verdict(problems: list[Problem], checked: int) -> str:
    """The last line of a check."""
    errors = sum(problem.level == "error" for problem in problems)
    warnings = sum(problem.level == "warning" for problem in problems)
    notes = len(problems) - errors - warnings
    counts = f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"
    counts += f", {notes} note{'' if notes == 1 else 's'}" if notes else ""
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
        "alert": problem.witness["alert"] if problem.witness else None,
    }
