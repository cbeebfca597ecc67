"""``tandem agreement matrix``: the scope matrix as a table, and a table back into a document."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tandem.agreement.document import LARGEST_BYTES
from tandem.agreement.from_file import find_provider
from tandem.agreement.load import PROVIDER_SCHEMA, provider_source, read_tree, schema_of, tenant_source
from tandem.agreement.merge import merge
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.tables.rows import (
    brief,
    brief_entry,
    csv_of,
    markdown_of,
    matrix_grid,
    matrix_of,
    read_table,
    said,
)
from tandem.agreement.tables.section import replace_section, section_of
from tandem.errors import AgreementError, Problem, Reason, Refused

LARGEST_TABLE = 4 * LARGEST_BYTES


class Form(StrEnum):
    """How the matrix is printed."""

    CSV = "csv"
    MARKDOWN = "markdown"
    YAML = "yaml"
    JSON = "json"


def matrix(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A client's or provider's document")
    ] = None,
    to: Annotated[Form | None, typer.Option(help="Print the rows as csv, markdown, yaml or json")] = None,
    table: Annotated[
        Path | None,
        typer.Option("--from", exists=True, dir_okay=False, help="A table (.csv or .md) to read the rows from"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write here instead of printing (or, with --from, of changing FILE)")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="With the provider's standard rows that are in force")] = False,
) -> None:
    """The scope matrix of FILE as a table; with --from, the table's rows put in place of those of FILE."""
    if table is not None and file is not None and to is None:
        _replace(file, rows_of(table), out)
        return
    if table is None and file is None:
        raise Refused(Reason.INVALID, "name a document, or a table with --from matrix.csv")
    rows = rows_of(table) if table is not None else rows_in(file, whole=whole) if file is not None else ()
    _deliver(printed(rows, to or (Form.YAML if table else Form.MARKDOWN)), out)


def rows_of(table: Path) -> tuple[ScopeRow, ...]:
    """The rows of a table in a file; AgreementError names each cell that is wrong."""
    return matrix_of(read_table(text_of(table, largest=LARGEST_TABLE), str(table)))


def rows_in(file: Path, *, whole: bool) -> tuple[ScopeRow, ...]:
    """The rows of a document; ``whole``: over those of the provider beside it."""
    name, root = read_tree(file)
    if schema_of(root, name) == PROVIDER_SCHEMA:
        return provider_source(file).document.matrix
    tenant = tenant_source(file).document
    provider = find_provider(tenant, file.parent) if whole else None
    return merge(tenant, provider.document if provider else None).matrix


def printed(rows: tuple[ScopeRow, ...], form: Form) -> str:
    """The rows in one of the four forms."""
    match form:
        case Form.CSV:
            return csv_of(matrix_grid(rows))
        case Form.MARKDOWN:
            return markdown_of(matrix_grid(rows))
        case Form.YAML:
            return section_of("matrix", [brief(row) for row in rows])
        case Form.JSON:
            return json.dumps([said(row) for row in rows], indent=2, ensure_ascii=False) + "\n"


def _replace(file: Path, rows: tuple[ScopeRow, ...], out: Path | None) -> None:
    before = {row.id: row for row in rows_in(file, whole=False)}
    text = text_of(file, largest=LARGEST_BYTES)
    made = replace_section(text, "matrix", [brief(row) for row in rows], file=str(file), read=brief_entry)
    after = {row.id: row for row in rows}
    changed = sum(before[name] != after[name] for name in before.keys() & after.keys())
    if read_tree(made, file=str(file))[1].entries.keys() != {*read_tree(file)[1].entries, "matrix"}:
        raise AgreementError([Problem(str(file), 1, 1, "the rows cannot be put into this file without harm")])
    _deliver(made, out or file)
    added, removed = len(after.keys() - before.keys()), len(before.keys() - after.keys())
    typer.echo(f"{out or file}: {len(rows)} rows, {added} added, {changed} changed, {removed} removed", err=True)


def text_of(file: Path, *, largest: int) -> str:
    """The text of a file of a bounded size; AgreementError when it cannot be read."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(largest + 1)
    except OSError as error:
        raise AgreementError([Problem(str(file), 1, 1, f"cannot be read: {error.strerror}")]) from None
    if len(raw) > largest:
        raise AgreementError([Problem(str(file), 1, 1, f"this file is larger than {largest // 2**20} MiB")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = "this is not UTF-8 text; save the file as UTF-8 (in a spreadsheet: CSV UTF-8)"
        raise AgreementError([Problem(str(file), line, 1, message)]) from None


def _deliver(text: str, out: Path | None) -> None:
    if out is None or str(out) == "-":
        typer.echo(text, nl=False)
        return
    beside = out.with_name(out.name + ".new")
    with beside.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    beside.replace(out)  # whole or not at all
