"""The edge of every command: errors on stderr in one line that says what to do, exit codes, output as table or JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from tandem.errors import AgreementError, Reason, Refused, StartFailed, TandemError, Unavailable

Result = TypeVar("Result")
OK, NO, USAGE, UNREACHABLE = 0, 1, 2, 3
"""Exit codes: fine, the answer is no, wrong usage, cannot reach what it needs."""


class Output(StrEnum):
    """How a command prints."""

    TABLE = "table"
    JSON = "json"


def run(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine to its end; what this project raises becomes one line and an exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work())
    except TandemError as fault:
        raise fail(fault) from fault


def fail(fault: TandemError) -> typer.Exit:
    """Print ``fault`` and give the exit to raise."""
    typer.echo(str(fault), err=True)
    return typer.Exit(code_of(fault))


def code_of(fault: TandemError) -> int:
    """The exit code that belongs to an error."""
    match fault:
        case StartFailed():
            return fault.exit_code
        case Unavailable():
            return UNREACHABLE
        case Refused(reason=Reason.INVALID):
            return USAGE
        case AgreementError() | Refused():
            return NO
        case _:
            return NO


def show(rows: Sequence[Mapping[str, Any]], output: Output, *, columns: Iterable[str] | None = None) -> None:
    """Print rows as a table for people or as JSON for programs."""
    if output is Output.JSON:
        typer.echo(json.dumps(list(rows), default=str, ensure_ascii=False))
        return
    names = list(columns or (rows[0].keys() if rows else ()))
    table = Table(*names, box=None, header_style="bold")
    for row in rows:
        table.add_row(*("" if row.get(name) is None else str(row[name]) for name in names))
    Console().print(table if rows else "nothing to show")
