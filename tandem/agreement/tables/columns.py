"""The columns of the two tables: one per field of a row, in the order in which people read them.

An empty cell says nothing, like a key that is left out. Names are compared without case, blanks and punctuation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from tandem.agreement.document import Node
from tandem.agreement.schema.fields import suggest
from tandem.agreement.tables.grid import Cell
from tandem.agreement.tables.words import SEPARATORS, join_words, quoted, split_words, unquoted

_NOT = "not:"
_BLANKS = SEPARATORS + " \t"
"""Tags stand apart without a comma too."""


class Form(Enum):
    """How a value is written in a cell."""

    TEXT = "text"
    LIST = "a, b"
    CONDITION = "a, b or not: a, b"
    TAGS = "+has -lacks"
    YES_NO = "yes or no"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, where its value stands in a row, how it is written."""

    name: str
    path: tuple[str, ...]
    form: Form = Form.TEXT
    also: tuple[str, ...] = ()
    """Other names under which it is understood."""
    word: bool = False
    """It holds our own words, which people write in any case: ``MSP``, ``Critical``."""

    def text_of(self, row: dict[str, Any]) -> str:
        """The cell of ``row`` (as it stands in a document); empty when the row does not say it."""
        value: Any = row
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return "" if value is None else _written(value, self.form)

    def node_of(self, cell: Cell) -> Node | None:
        """What the cell says, at its place; None when it is empty. ValueError when it cannot be read."""
        if not cell.text.strip():
            return None
        return _read(replace(cell, text=cell.text.lower()) if self.word else cell, self.form)


def _column(name: str, form: Form = Form.TEXT, *also: str) -> Column:
    return Column(name, (name,), form, also)


def _words(name: str, form: Form = Form.TEXT, *also: str) -> Column:
    return Column(name, (name,), form, also, word=True)


MATRIX = (
    _column("id", Form.TEXT, "row"),
    _column("function", Form.LIST, "functions"),
    _words("scenario", Form.CONDITION),
    _column("category", Form.CONDITION),
    _column("site", Form.CONDITION),
    _column("asset_tag"),
    _column("tags", Form.TAGS),
    _words("severity", Form.CONDITION),
    _words("kind", Form.CONDITION),
    _column("vendor", Form.CONDITION),
    _words("data_class", Form.CONDITION),
    _column("host_class", Form.CONDITION),
    _column("priority"),
    _words("owner"),
    _words("lead"),
    _words("after_hours", Form.TEXT, "after hours owner"),
    _words("overflow"),
    _words("monitoring_owner"),
    _words("track"),
    Column("R", ("raci", "R"), Form.LIST, ("responsible", "raci R")),
    Column("A", ("raci", "A"), Form.LIST, ("accountable", "raci A")),
    Column("C", ("raci", "C"), Form.LIST, ("consulted", "raci C")),
    Column("I", ("raci", "I"), Form.LIST, ("informed", "raci I")),
    _column("sla", Form.TEXT, "sla profile"),
    Column("path_internal", ("paths", "internal"), Form.TEXT, ("paths internal", "internal path")),
    Column("path_msp", ("paths", "msp"), Form.TEXT, ("paths msp", "msp path")),
    _column("both_told", Form.YES_NO),
    _words("mode"),
    _column("runbook"),
    _column("public_communications"),
    _words("night"),
    _column("note", Form.TEXT, "notes"),
)
"""The scope matrix."""

ASSETS = (
    _column("id", Form.TEXT, "asset", "name"),
    _column("hosts", Form.LIST, "host"),
    _column("site"),
    _column("users"),
    _words("data_class"),
    _words("importance"),
    _column("tags", Form.LIST, "tag"),
    _column("function"),
    _column("depends_on", Form.LIST),
    _words("owner"),
    _column("approval"),
)
"""The inventory."""


def find_column(columns: tuple[Column, ...], name: str) -> Column:
    """The column that a header means.

    Raises:
        ValueError: none of that name; says the nearest one.
    """
    wanted = _folded(name)
    for column in columns:
        if wanted in {_folded(known) for known in (column.name, *column.also)}:
            return column
    known = [column.name for column in columns]
    close = suggest(name.strip().replace(" ", "_"), known) or f"; known here: {', '.join(known)}"
    raise ValueError(f'there is no column "{name.strip()[:60]}"{close}')


def _folded(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _written(value: Any, form: Form) -> str:  # noqa: ANN401 - whatever a field holds
    match form:
        case Form.YES_NO:
            return "yes" if value else "no"
        case Form.LIST:
            return join_words([value] if isinstance(value, str) else value)
        case Form.CONDITION:
            return _condition(value)
        case Form.TAGS:
            signed = [("+", tag) for tag in value.get("has", ())] + [("-", tag) for tag in value.get("lacks", ())]
            return " ".join(quoted(sign + tag, _BLANKS) for sign, tag in signed)
        case Form.TEXT:
            text = str(value)
            plain = text and text == text.strip() and not text.startswith('"')
            return text if plain else quoted(text, also=True)


def _condition(value: dict[str, list[str]]) -> str:
    if value.get("not"):
        return f"{_NOT} {join_words(value['not'])}"
    first, *rest = value["is"]
    return ", ".join(
        [quoted(first, SEPARATORS, also=first.casefold().startswith(_NOT)), *([join_words(rest)] if rest else [])]
    )


def _read(cell: Cell, form: Form) -> Node:
    match form:
        case Form.YES_NO:
            return _text(_yes_no(cell.text.strip()), cell)
        case Form.LIST:
            return _list(cell, 0)
        case Form.CONDITION:
            start = len(cell.text) - len(cell.text.lstrip())
            negated = cell.text[start:].casefold().startswith(_NOT)
            values = _list(cell, start + len(_NOT) if negated else 0)
            entry = {"not" if negated else "is": (_text("", cell), values)}
            return Node("map", cell.line, cell.column, entries=entry)
        case Form.TAGS:
            return _tags(cell)
        case Form.TEXT:
            return _text(unquoted(cell.text), cell)


def _yes_no(word: str) -> str:
    known = {"yes": "true", "true": "true", "x": "true", "1": "true", "no": "false", "false": "false", "0": "false"}
    if word.casefold() not in known:
        raise ValueError(f'"{word[:40]}" is neither yes nor no')
    return known[word.casefold()]


def _tags(cell: Cell) -> Node:
    signed: dict[str, list[Node]] = {}
    for word, at in split_words(cell.text, _BLANKS):
        tag = word.removeprefix("-") if word.startswith("-") else word.removeprefix("+")
        if not tag:
            raise ValueError(f"a {word} stands here without a tag; write +gold -silver")
        signed.setdefault("lacks" if word.startswith("-") else "has", []).append(
            Node("text", cell.line, cell.column + at, tag)
        )
    lists = {name: Node("list", cell.line, cell.column, parts=parts) for name, parts in signed.items()}
    entries = {name: (_text(name, cell), value) for name, value in lists.items()}
    return Node("map", cell.line, cell.column, entries=entries)


def _list(cell: Cell, start: int) -> Node:
    words = split_words(cell.text[start:])
    if not words:
        raise ValueError("no value stands here")
    broken = "\n" in cell.text or "\r" in cell.text  # columns behind a line break are not those of the file
    parts = [Node("text", cell.line, cell.column + (0 if broken else start + at), word) for word, at in words]
    return Node("list", cell.line, cell.column, parts=parts)


def _text(text: str, cell: Cell) -> Node:
    return Node("text", cell.line, cell.column, text)
