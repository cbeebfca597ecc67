"""Writes as values: fixed SQL statements fed by arrays, composed into one statement per commit.

A plan says *what* to write; the runner joins the writes of every service of a batch into one CTE, because
statements and commits cost and rows do not (docs/decisions). Nothing here talks to a database.

Rules for a ``Statement``: its SQL is an INSERT/UPDATE/DELETE that reads its rows from
``unnest($1::type[], $2::type[], ...)``; all parts of one CTE see the same snapshot and run in no defined order, so
no row may be touched by two statements of a batch, nor twice by one: that is what the keys of ``Writes.put`` are for.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_PARAMETER = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One data-modifying statement with ``$1..$width`` array parameters, one per column of a row."""

    name: str
    """Unique over the program, a valid SQL identifier: it names the CTE."""
    sql: str
    width: int
    must_hit: bool = False
    """The SQL has RETURNING and must return as many rows as it was given; otherwise the commit is refused."""
    before: tuple[tuple[str, str], ...] = ()
    """Named parts the SQL refers to, over the same parameters; PostgreSQL wants parts that write at the top level."""


class Writes:
    """The rows to write in one commit, by statement and key."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[Statement, dict[Hashable, Sequence[object]]] = {}

    def put(self, statement: Statement, key: Hashable, row: Sequence[object]) -> None:
        """Write ``row``; a later row of the same statement and key replaces it."""
        self._rows.setdefault(statement, {})[key] = row

    def get(self, statement: Statement, key: Hashable) -> Sequence[object] | None:
        """The row that stands for ``key``, if any."""
        return self._rows.get(statement, {}).get(key)

    def count(self, statement: Statement) -> int:
        """How many rows ``statement`` has so far."""
        return len(self._rows.get(statement, {}))

    def extend(self, other: Writes) -> None:
        """Take over every row of ``other``; its rows win."""
        for statement, rows in other._rows.items():
            self._rows.setdefault(statement, {}).update(rows)

    def __bool__(self) -> bool:
        """True when there is something to write."""
        return bool(self._rows)

    def compose(self) -> tuple[str, list[Sequence[object]], list[tuple[str, int]]]:
        """One SQL text, its parameters (one array per column) and what must hit.

        Returns:
            ``(sql, parameters, expected)``; the statement returns one row whose columns are the counts of the
            ``must_hit`` statements in the order of ``expected`` (name, rows given); empty text when nothing is to do.
        """
        used = tuple(self._rows)
        if not used:
            return "", [], []
        parameters: list[Sequence[object]] = []
        for statement in used:
            rows = self._rows[statement].values()
            parameters.extend(columns(rows, statement.width))
        expected = [(s.name, len(self._rows[s])) for s in used if s.must_hit]
        return _text(used), parameters, expected


def columns(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Rows turned into ``width`` columns; no rows give empty columns."""
    turned: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]


@lru_cache(maxsize=512)
def _text(used: tuple[Statement, ...]) -> str:
    """The composed SQL; cached, since the same few combinations come again and the driver prepares by text."""
    parts: list[str] = []
    shift = 0
    for statement in used:
        for name, sql in (*statement.before, (statement.name, statement.sql)):
            parts.append(f"{name} AS ({_renumbered(sql, shift)})")
        shift += statement.width
    counts = [f"(SELECT count(*) FROM {s.name}) AS {s.name}" for s in used if s.must_hit]  # noqa: S608 - names of our own statements
    return f"WITH {', '.join(parts)} SELECT {', '.join(counts) or '1'}"


def _renumbered(sql: str, shift: int) -> str:
    """``sql`` with its parameters moved up by ``shift``."""
    return _PARAMETER.sub(lambda match: f"${int(match[1]) + shift}", sql)
