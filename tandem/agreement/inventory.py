"""The inventory of a client as a file of its own: ``inventory: assets.csv`` in the agreement, beside it.

An export of a monitoring tool or a spreadsheet, read in bounds, each error at its cell. What is stored and hashed holds
the assets themselves, so a version answers for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from tandem.agreement.document import LARGEST, LARGEST_BYTES, Node, locate, parse, plain
from tandem.agreement.schema.fields import Part
from tandem.agreement.schema.scope import AssetSpec
from tandem.agreement.tables.columns import ASSETS, find_column
from tandem.agreement.tables.csv_table import read_csv
from tandem.agreement.tables.grid import Cell
from tandem.agreement.tables.rows import csv_of, grid_of, row_nodes, said
from tandem.agreement.wording import problems_of
from tandem.errors import AgreementError, Problem

SCHEMA = "tandem/inventory/v1"
"""First key of an inventory in YAML."""
MOST_ASSETS = 100_000
LARGEST_INVENTORY = 16 * 1024 * 1024
MOST_PROBLEMS = 1000
"""Reported of one file; a wrong delimiter would otherwise fill the screen."""

_Path = tuple[int | str, ...]


class _Asset(Part):
    assets: AssetSpec


class _Document(Part):
    assets: tuple[AssetSpec, ...]


@dataclass(slots=True)
class Inventory:
    """The assets of a file, and where each stands in it."""

    file: str
    assets: tuple[AssetSpec, ...]
    lines: tuple[int, ...]
    """The line of each asset."""
    text: str = ""
    """Of a table, to find a cell again."""
    root: Node | None = None
    """Of a document in YAML."""
    _cells: dict[int, list[Cell]] = field(default_factory=dict)

    def problem(self, index: int, path: _Path, message: str, *, level: str = "error") -> Problem:
        """``message`` at a field of an asset, or at its row."""
        line, column = self.lines[index], 1
        if self.root is not None:
            line, column = locate(self.root, ("assets", index, *path))
        elif path:
            line, column = self._cell(line, str(path[0]))
        return Problem(self.file, line, column, message, level)

    def without(self, names: Iterable[str]) -> Inventory:
        """The assets whose ids are not among ``names``."""
        dropped = set(names)
        kept = [number for number, asset in enumerate(self.assets) if asset.id not in dropped]
        if len(kept) == len(self.assets):
            return self
        root = self.root
        if root is not None:
            key, assets = root.entries["assets"]
            parts = [assets.parts[number] for number in kept]
            root = Node("map", 1, 1, entries={"assets": (key, Node("list", assets.line, assets.column, parts=parts))})
        chosen = tuple(self.assets[number] for number in kept)
        return Inventory(self.file, chosen, tuple(self.lines[number] for number in kept), self.text, root)

    def _cell(self, line: int, name: str) -> tuple[int, int]:
        table = read_csv(self.text, self.file)
        if not self._cells:
            self._cells.update((cells[0].line, cells) for cells in table.rows)
        for number, header in enumerate(table.header):
            named = header.text.strip() and find_column(ASSETS, header.text).name == name
            if named and number < len(self._cells[line]):
                return self._cells[line][number].line, self._cells[line][number].column
        return line, 1


def read_inventory(text: str, file: str) -> Inventory:
    """The assets of a table (.csv) or a document (.yaml: ``schema: tandem/inventory/v1`` and ``assets:``).

    Raises:
        AgreementError: everything that is wrong with it, at most a thousand problems.
    """
    if file.lower().endswith((".yaml", ".yml")):
        return _from_yaml(text, file)
    assets: list[AssetSpec] = []
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for node, faults in row_nodes(read_csv(text, file), ASSETS):
        if len(lines) >= MOST_ASSETS or len(problems) >= MOST_PROBLEMS:
            problems += _enough(file, node, len(lines))
            break
        asset, wrong = _asset(node, file)
        problems += [*faults, *wrong]
        if asset is not None:
            problems += _twice(asset.id, node, lines, file)
            assets.append(asset)
    if problems:
        raise AgreementError(problems)
    return Inventory(file, tuple(assets), tuple(lines.values()), text)


def write_inventory(assets: Iterable[AssetSpec]) -> str:
    """The assets as CSV, as ``read_inventory`` reads them."""
    return csv_of(grid_of((said(asset) for asset in assets), ASSETS, always=("id", "hosts", "site", "users")))


def _asset(node: Node, file: str) -> tuple[AssetSpec | None, list[Problem]]:
    try:
        return AssetSpec.model_validate(plain(node)), []
    except ValidationError:
        root = Node("map", node.line, node.column, entries={"assets": (node, node)})
        try:
            _Asset.model_validate(plain(root))
        except ValidationError as error:
            return None, problems_of(error, root, file=file, model=_Asset)
    return None, []


def _twice(name: str, node: Node, lines: dict[str, int], file: str) -> Iterator[Problem]:
    first = lines.setdefault(name, node.line)
    if first != node.line:
        place = node.entries["id"][1]
        yield Problem(file, place.line, place.column, f'the asset "{name}" is already in line {first}; keep one')


def _enough(file: str, node: Node, count: int) -> list[Problem]:
    if count >= MOST_ASSETS:
        return [Problem(file, node.line, 1, f"more than {MOST_ASSETS:,} assets; an inventory never has them")]
    return [Problem(file, node.line, 1, "reading stops here: too much is wrong; is this the right file?")]


def _from_yaml(text: str, file: str) -> Inventory:
    if len(text) > LARGEST_BYTES:
        raise AgreementError(
            [Problem(file, 1, 1, f"an inventory in YAML is at most {LARGEST}; save a larger one as CSV")]
        )
    root = parse(text, file)
    schema = root.entries.pop("schema", None) if root.kind == "map" else None
    if schema is None or schema[1].text != SCHEMA:
        message = f"an inventory in YAML begins with schema: {SCHEMA}, then assets:"
        raise AgreementError([Problem(file, root.line, root.column, message)])
    try:
        read = _Document.model_validate(plain(root))
    except ValidationError as error:
        raise AgreementError(problems_of(error, root, file=file, model=_Document)) from None
    parts = root.entries["assets"][1].parts
    lines: dict[str, int] = {}
    pairs = zip(read.assets, parts, strict=True)
    problems = [problem for asset, part in pairs for problem in _twice(asset.id, part, lines, file)]
    if problems:
        raise AgreementError(problems)
    return Inventory(file, read.assets, tuple(part.line for part in parts), root=root)
