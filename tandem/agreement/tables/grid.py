"""A table as it was read: cells that know where they stand, whatever the file's form was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, its text without the quotes and escapes of its file."""

    text: str
    line: int
    column: int
    """Both 1-based, of the first character."""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it; rows may be shorter or longer than the header."""

    file: str
    header: tuple[Cell, ...]
    rows: Iterator[list[Cell]]
    """In file order, read once; raises AgreementError where the text ends in the middle of a cell."""
