"""A table in Markdown (the pipe tables of GitHub), so that both parties can read the matrix where they read the rest.

What has a meaning in Markdown is escaped with a backslash, a line break is ``<br>``. Text around the table is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tandem.agreement.tables.grid import MOST_COLUMNS, Cell, Table
from tandem.errors import AgreementError, Problem

_ESCAPED = frozenset("\\|<&*`[")
_BREAK = "<br>"
_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""What a backslash may stand before (CommonMark)."""


def read_markdown(text: str, file: str) -> Table:
    """The first pipe table of ``text``. AgreementError when there is none."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines[:-1]):
        if line.lstrip().startswith("|") and _is_rule(lines[number + 1]):
            header = tuple(_cells(line, number + 1, file))
            return Table(file, header, _rows(lines, number + 2, file))
    message = "there is no table here; it is made of a line | id | function | ... and below it a line |---|---|"
    raise AgreementError([Problem(file, 1, 1, message)])


def write_markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table, its columns padded so that it can be read as text too."""
    lines = [list(header), *([_escaped(text) for text in row] for row in rows)]
    widths = [max(3, *(len(line[number]) for line in lines)) for number in range(len(header))]
    rule = ["-" * width for width in widths]
    lines.insert(1, rule)
    return "".join(
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |\n"
        for line in lines
    )


def _escaped(text: str) -> str:
    return "".join(_escaped_char(char) for char in text)


def _escaped_char(char: str) -> str:
    if char == "\n":
        return _BREAK
    if char < " " or char == "\x7f":
        return f"&#{ord(char)};"
    return "\\" + char if char in _ESCAPED else char


def _is_rule(line: str) -> bool:
    return "-" in line and "|" in line and not set(line.strip()) - set("|-: ")


def _rows(lines: list[str], start: int, file: str) -> Iterator[list[Cell]]:
    for number in range(start, len(lines)):
        if not lines[number].lstrip().startswith("|"):
            return
        yield list(_cells(lines[number], number + 1, file))


def _cells(line: str, number: int, file: str) -> Iterator[Cell]:
    start = line.index("|") + 1
    for count in range(MOST_COLUMNS + 1):
        end = _next_pipe(line, start)
        if end < 0 and not line[start:].strip():
            return
        raw = line[start:] if end < 0 else line[start:end]
        yield Cell(_unescaped(raw.strip()), number, start + 1 + len(raw) - len(raw.lstrip()))
        if end < 0:
            return
        start = end + 1
        if count == MOST_COLUMNS:
            raise AgreementError([Problem(file, number, start, f"more than {MOST_COLUMNS} columns")])


def _next_pipe(line: str, at: int) -> int:
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == "|":
            return at
        else:
            at += 1
    return -1


def _unescaped(text: str) -> str:
    made, at = [], 0
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in _PUNCTUATION:
            made.append(text[at + 1])
            at += 2
        elif text[at : at + 4].lower() == _BREAK:
            made.append("\n")
            at += 4
        elif text[at] == "&" and (length := _entity(text, at)):
            made.append(chr(int(text[at + 2 : at + length - 1])))
            at += length
        else:
            made.append(text[at])
            at += 1
    return "".join(made)


def _entity(text: str, at: int) -> int:
    """Length of an entity like ``&#13;`` at ``at``; 0 when there is none."""
    number, semicolon, _ = text[at + 2 : at + 7].partition(";")
    known = text[at : at + 2] == "&#" and semicolon and number.isascii() and number.isdigit()
    return len(number) + 3 if known and (int(number) < 32 or int(number) == 127) else 0
