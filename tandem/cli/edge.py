"""The edge of every command: errors on stderr in one line that says what to do, exit codes, output as table or JSON."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime
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
PIPED = 400
"""Columns of a table that no terminal shows."""


class Output(StrEnum):
    """How a command prints."""

    TABLE = "table"
    JSON = "json"


def run(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine to its end; what this project raises becomes one line and an exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.get_loop().set_exception_handler(_unheard)
            return runner.run(work())
    except TandemError as fault:
        raise fail(fault) from fault


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waits for, but not that a peer is away: whoever gave up on an answer has said so itself."""
    fault = context.get("exception")
    if not isinstance(fault, socket.gaierror) and not type(fault).__module__.startswith("aiokafka."):
        loop.default_exception_handler(context)


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
    table = Table(box=None, header_style="bold")
    for name in names:  # what does not fit goes on below: an instant that ends in "…" is no answer
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    console = Console()
    if not console.is_terminal:  # a file or a pipe has no width
        console = Console(width=PIPED)
    console.print(table if rows else "nothing to show")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
    return "" if value is None else str(value)
