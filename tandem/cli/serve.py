"""``tandem serve``: run targets until SIGINT or SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from tandem.app.lifecycle import Lifecycle
from tandem.app.process import Process, expand
from tandem.app.settings import Settings
from tandem.cli.edge import run
from tandem.errors import StartFailed


def serve(
    target: Annotated[
        str, typer.Option(help="all, or some of ingest,router,sla-clock,notifier,console,auditor")
    ] = "all",
    agreements: Annotated[
        Path | None, typer.Option(help="Directory of agreement documents to apply now and when they change")
    ] = None,
    listen: Annotated[str | None, typer.Option(help="HOST:PORT; port 0 takes a free one")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where embedded data, keys and ready files live")] = None,
) -> None:
    """Run Tandem, or a part of it, until it is told to stop."""
    settings = settings_with(agreements=agreements, listen=listen, data_dir=data_dir)
    raise typer.Exit(run(lambda: serving(Process(settings, expand(target)))))


class Runs(Protocol):
    """A process or what plays beside one."""

    lifecycle: Lifecycle

    async def run(self) -> int:
        """Until ``lifecycle.stop``; the exit code."""
        ...


async def serving(process: Runs) -> int:
    """Run ``process``; SIGINT and SIGTERM begin its shutdown, a second one cuts it short."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, process.lifecycle.stop)
    return await process.run()


def settings_with(**flags: Any) -> Settings:  # noqa: ANN401 - values of the flags
    """Settings from the environment, overridden by the flags that were given.

    Raises:
        typer.Exit: a setting cannot be read; said in one line.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except (ValueError, StartFailed) as fault:
        typer.echo(f"settings: {fault}", err=True)
        raise typer.Exit(2) from fault
