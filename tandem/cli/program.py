"""The program: which command stands in which file, and what becomes of an error.

Only the noun that was asked for is imported: the whole program takes a second and a half to load, an offline question
about an agreement should not.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from importlib import import_module

import typer

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "init": "starter",
    "explain": "trace",
    "keys": "keys",
    "backup": "database",
    "restore": "database",
    "doctor": "doctor",
}
"""Command -> the file it stands in; the function has the command's name."""
RUN_ON = frozenset({"serve", "demo"})
"""Commands whose log is their output; of every other the output is its answer, what is wrong is told beside it."""
GROUPS = {
    "agreement": "agreements",
    "clients": "clients",
    "integrations": "integrations",
    "secrets": "secrets",
    "incidents": "incidents",
    "oncall": "oncall",
    "sla": "sla",
    "report": "report",
    "silences": "silences",
    "maintenance": "maintenance",
    "checks": "checks",
    "ingest": "ingest",
    "quarantine": "quarantine",
    "users": "users",
    "tokens": "tokens",
    "db": "database",
    "bus": "bus",
    "kafka": "kafka",
}
"""Noun -> the file that holds its commands, as ``app``."""


def command_line(wanted: Iterable[str]) -> typer.Typer:
    """The program with the ``wanted`` commands and groups."""
    program = typer.Typer(
        help="Tandem: alert routing for co-managed IT, one environment with two parties.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    program.callback()(_program)
    for name in wanted:
        if name in COMMANDS:
            program.command(name)(getattr(import_module(f"tandem.cli.{COMMANDS[name]}"), name))
        else:
            program.add_typer(import_module(f"tandem.cli.{GROUPS[name]}").app, name=name)
    return program


def main() -> None:
    """Run a command; what this project raises becomes one line on stderr and an exit code."""
    everything = [*COMMANDS, *GROUPS]
    first = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    program = command_line([first] if first in everything else everything)
    from tandem.cli.edge import fail
    from tandem.errors import TandemError
    from tandem.logging import configure

    # Before the command is run, and for every one: what logs without having been told where to writes to stdout.
    runs_on = first in RUN_ON
    level, stream = (logging.INFO, sys.stdout) if runs_on else (logging.WARNING, sys.stderr)
    configure(os.environ.get("TANDEM_LOG_FORMAT"), stream=stream, level=level)
    try:
        program()
    except TandemError as fault:
        raise SystemExit(fail(fault).exit_code) from fault


def _program() -> None:
    """Tandem: alert routing for co-managed IT, one environment with two parties."""
