"""Rows of a table as a document's rows, each error at its cell; and a document's rows as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tandem.agreement.document import Node, plain
from tandem.agreement.schema.fields import Part, clean
from tandem.agreement.schema.matrix import ScopeRow
from tandem.agreement.tables.columns import MATRIX, Column, find_column
from tandem.agreement.tables.csv_table import read_csv, write_csv
from tandem.agreement.tables.grid import Cell, Table
from tandem.agreement.tables.markdown_table import read_markdown, write_markdown
from tandem.agreement.wording import problems_of
from tandem.errors import AgreementError, Problem

MOST_ROWS = 20_000
"""Of a matrix."""


class _Matrix(Part):
    matrix: tuple[ScopeRow, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as texts."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_table(text: str, file: str) -> Table:
    """CSV or Markdown, by the file's name, else by what stands first in it."""
    markdown = file.lower().endswith((".md", ".markdown"))
    named = markdown or file.lower().endswith((".csv", ".tsv", ".txt"))
    if markdown or (not named and text.lstrip("\ufeff \t\r\n").startswith("|")):
        return read_markdown(text, file)
    return read_csv(text, file)


def matrix_of(table: Table) -> tuple[ScopeRow, ...]:
    """The rows of the scope matrix that a table holds.

    Raises:
        AgreementError: everything that is wrong with it, each problem at its cell.
    """
    nodes, problems, halves = [], list[Problem](), set[tuple[int, int]]()
    for node, faults in row_nodes(table, MATRIX):
        nodes.append(node)
        problems += faults
        if faults:
            halves.add((node.line, node.column))
        if len(nodes) > MOST_ROWS:
            raise AgreementError([Problem(table.file, node.line, 1, f"more than {MOST_ROWS:,} rows")])
    problems += _twice(nodes, table.file)
    root = Node("map", 1, 1, entries={"matrix": (Node("text", 1, 1, "matrix"), Node("list", 1, 1, parts=nodes))})
    try:
        read = _Matrix.model_validate(plain(root))
    except ValidationError as error:
        # What lacks in a row with an unreadable cell may be that cell: one message for it is enough.
        found = problems_of(error, root, file=table.file, model=_Matrix)
        problems += [problem for problem in found if (problem.line, problem.column) not in halves]
        raise AgreementError(problems) from None
    if problems:
        raise AgreementError(problems)
    return read.matrix


def row_nodes(table: Table, columns: tuple[Column, ...]) -> Iterator[tuple[Node, list[Problem]]]:
    """Each row that says something, as a part of a document; with the cells that cannot be read.

    Raises:
        AgreementError: every fault of the header, or what makes the rest of the file unreadable.
    """
    known = _header(table, columns)
    for cells in table.rows:
        if any(cell.text.strip() for cell in cells):
            yield _row_node(cells, known, table.file)


def matrix_grid(rows: Iterable[ScopeRow]) -> Grid:
    """The rows as texts; columns that no row uses are left out, but the first and the owner's stay."""
    return grid_of((said(row) for row in rows), MATRIX, always=("id", "function", "owner", "lead"))


def grid_of(rows: Iterable[dict[str, Any]], columns: Sequence[Column], *, always: tuple[str, ...] = ()) -> Grid:
    """Rows as they stand in a document (``said``) as texts, without the columns that none uses."""
    texts = [[column.text_of(row) for column in columns] for row in rows]
    used = [
        number for number, column in enumerate(columns) if column.name in always or any(text[number] for text in texts)
    ]
    return Grid(
        tuple(columns[number].name for number in used), tuple(tuple(text[number] for number in used) for text in texts)
    )


def csv_of(grid: Grid) -> str:
    """The table as CSV."""
    return write_csv(grid.header, grid.rows)


def markdown_of(grid: Grid) -> str:
    """The table in Markdown."""
    return write_markdown(grid.header, grid.rows)


def said(part: Part) -> dict[str, Any]:
    """What a row says, as it stands in a document: no defaults, no empty entries."""
    return part.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def brief(row: ScopeRow) -> dict[str, Any]:
    """``said``, with the short forms that people write: ``site: hq``, ``function: backup``."""
    return {key: _short(key, value) for key, value in said(row).items()}


def brief_entry(entry: object) -> dict[str, Any] | None:
    """``brief`` of a row as it stands in a document; None when it is no row."""
    try:
        return brief(ScopeRow.model_validate(entry))
    except ValidationError:
        return None


def _short(key: str, value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, dict) and value.keys() == {"is"}:
        value = value["is"]
        return value[0] if len(value) == 1 else value
    return value[0] if key == "function" and len(value) == 1 else value


def _header(table: Table, columns: tuple[Column, ...]) -> list[Column | None]:
    known: list[Column | None] = []
    problems = []
    for cell in table.header:
        column = None
        if cell.text.strip():
            try:
                column = find_column(columns, cell.text)
            except ValueError as error:
                problems.append(_fault(table.file, cell, str(error)))
        if column is not None and column in known:
            message = f'the column "{column.name}" stands here for the second time; keep one'
            problems.append(_fault(table.file, cell, message))
        known.append(column)
    if problems:
        raise AgreementError(problems)
    return known


def _row_node(cells: list[Cell], known: list[Column | None], file: str) -> tuple[Node, list[Problem]]:
    row = Node("map", cells[0].line, cells[0].column)
    problems = []
    for number, cell in enumerate(cells):
        column = known[number] if number < len(known) else None
        if column is None:
            if cell.text.strip():
                problems.append(_fault(file, cell, _nameless(number, known)))
            continue
        try:
            node = column.node_of(cell)
        except ValueError as error:
            problems.append(_fault(file, cell, f"{column.name}: {error}"))
            continue
        if node is not None:
            _put(row, column.path, node)
    return row, problems


def _fault(file: str, cell: Cell, message: str) -> Problem:
    return Problem(file, cell.line, cell.column, clean(message))


def _nameless(number: int, known: list[Column | None]) -> str:
    if number >= len(known):
        return "this row has more cells than the header; a text that holds the delimiter needs quotes"
    return "this column has no name in the first line"


def _put(row: Node, path: tuple[str, ...], value: Node) -> None:
    for key in path[:-1]:
        inner = Node("map", value.line, value.column)
        row = row.entries.setdefault(key, (Node("text", value.line, value.column, key), inner))[1]
    row.entries[path[-1]] = (Node("text", value.line, value.column, path[-1]), value)


def _twice(nodes: list[Node], file: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for node in nodes:
        if "id" not in node.entries:
            continue
        place = node.entries["id"][1]
        first = seen.setdefault(place.text or "", place.line)
        if first != place.line:
            message = f'the row "{(place.text or "")[:60]}" is already in line {first}; give one of them another id'
            yield Problem(file, place.line, place.column, clean(message))
