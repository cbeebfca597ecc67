"""CSV as spreadsheets write it and read it: any of three delimiters, a byte-order mark, CRLF, line breaks in cells.

A cell that a spreadsheet would run as a formula (it begins with ``=``, ``+``, ``-`` or ``@``) is written with an
apostrophe before it, and read without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tandem.agreement.schema.fields import clean
from tandem.agreement.tables.grid import MOST_COLUMNS, Cell, Table
from tandem.errors import AgreementError, Problem

DELIMITERS = (",", ";", "\t")
_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters that make a spreadsheet calculate; the last four are the full-width ones."""
_GUARD = "'"


def read_csv(text: str, file: str) -> Table:
    """``text`` as a table; its delimiter is the most frequent of the header, or what a line ``sep=;`` says.

    Raises:
        AgreementError: there is no header. Reading on in ``rows``: a quote that is never closed, too many columns.
    """
    text = text.removeprefix("\ufeff")
    start, line, delimiter = _preamble(text)
    records = _records(text, start, line, delimiter, file)
    header = next((record for record in records if any(cell.text.strip() for cell in record)), None)
    if header is None:
        raise AgreementError([Problem(file, 1, 1, "this table is empty; its first line names the columns")])
    return Table(file, tuple(header), records)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table with commas and CRLF (RFC 4180)."""
    lines = [",".join(_written(text) for text in row) for row in (header, *rows)]
    return "".join(line + "\r\n" for line in lines)


def _written(text: str) -> str:
    text = guarded(text)
    if any(char in text for char in ',;"\t\r\n') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def guarded(text: str) -> str:
    """``text`` so that no spreadsheet runs it. Whole numbers stay numbers."""
    first, rest = text[:1], text[1:]
    if first == "-" and rest.isascii() and rest.isdigit():
        return text
    return _GUARD + text if first in _FORMULA or (first == _GUARD and rest[:1] in {*_FORMULA, _GUARD}) else text


def unguarded(text: str) -> str:
    """What ``guarded`` was given."""
    return text[1:] if text[:1] == _GUARD and text[1:2] and text[1] in {*_FORMULA, _GUARD} else text


def _preamble(text: str) -> tuple[int, int, str]:
    """(where the table begins, in which line, its delimiter)."""
    first, newline, rest = text.partition("\n")
    said = first.strip("\r")
    if newline and len(said) == 5 and said.startswith("sep=") and said[4] in DELIMITERS:
        return len(first) + 1, 2, said[4]
    unquoted = "".join(part for number, part in enumerate(first.split('"')) if number % 2 == 0)
    if not first.strip():
        unquoted = rest[:10_000].lstrip().partition("\n")[0]
    return 0, 1, max(DELIMITERS, key=unquoted.count)


def _records(text: str, at: int, line: int, delimiter: str, file: str) -> Iterator[list[Cell]]:
    while at < len(text):
        end = _line_end(text, at)
        if '"' not in text[at:end]:
            yield _plain_record(text[at:end], line, delimiter, file)
            at, line = _next_line(text, end), line + 1
        else:
            record, at, line = _quoted_record(text, at, line, delimiter, file)
            yield record


def _plain_record(text: str, line: int, delimiter: str, file: str) -> list[Cell]:
    cells, column = [], 1
    for part in text.split(delimiter, MOST_COLUMNS):
        cells.append(Cell(unguarded(part.strip()), line, column + len(part) - len(part.lstrip())))
        column += len(part) + 1
    return _bounded(cells, file)


def _quoted_record(text: str, at: int, line: int, delimiter: str, file: str) -> tuple[list[Cell], int, int]:
    """(cells, where the next record begins, its line), for a record with at least one quote."""
    cells: list[Cell] = []
    begin = at
    while True:
        while text[at : at + 1] in {" ", "\u00a0"}:
            at += 1
        column = at - begin + 1
        if text[at : at + 1] == '"':
            content, after = _quoted_cell(text, at, Cell("", line, column), file)
            cells.append(Cell(unguarded(content), line, column))
            inside = text[at:after]
            if breaks := _breaks(inside):
                line += breaks
                begin = at + max(inside.rfind("\n"), inside.rfind("\r")) + 1
            at = after
        else:
            end = _line_end(text, at)
            found = text.find(delimiter, at, end)
            after = end if found < 0 else found
            cells.append(Cell(unguarded(text[at:after].strip()), line, column))
            at = after
        _bounded(cells, file)
        while text[at : at + 1] in {" ", "\u00a0"}:
            at += 1
        if text[at : at + 1] == delimiter:
            at += 1
        elif at >= len(text) or text[at] in "\r\n":
            return cells, _next_line(text, at), line + 1
        else:
            rest = clean(text[at : min(at + 30, _line_end(text, at))])
            message = f'text follows a closed quote: {rest}; a quote inside a cell is written ""'
            raise AgreementError([Problem(file, line, at - begin + 1, message)])


def _quoted_cell(text: str, at: int, cell: Cell, file: str) -> tuple[str, int]:
    """The content of the cell whose quote opens at ``at``, and the offset behind its closing quote."""
    parts, start = [], at + 1
    while (end := text.find('"', start)) >= 0:
        parts.append(text[start:end])
        if text[end + 1 : end + 2] != '"':
            return "".join(parts), end + 1
        parts.append('"')
        start = end + 2
    raise AgreementError([Problem(file, cell.line, cell.column, "a quote is opened here and never closed")])


def _line_end(text: str, at: int) -> int:
    ends = [end for end in (text.find("\n", at), _lone_return(text, at)) if end >= 0]
    return min(ends, default=len(text))


def _lone_return(text: str, at: int) -> int:
    # Looked for only up to the next newline, so that a file of a hundred thousand lines is not searched each time.
    newline = text.find("\n", at)
    return text.find("\r", at, len(text) if newline < 0 else newline)


def _next_line(text: str, end: int) -> int:
    return end + (2 if text[end : end + 2] == "\r\n" else 1)


def _breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _bounded(cells: list[Cell], file: str) -> list[Cell]:
    if len(cells) > MOST_COLUMNS:
        message = f"more than {MOST_COLUMNS} columns; this is not a table of ours"
        raise AgreementError([Problem(file, cells[-1].line, cells[-1].column, message)])
    return cells
