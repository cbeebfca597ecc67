"""``tandem demo``: an MSP with three clients, its phones, and alerts that arrive by themselves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from tandem.app.demo.beside import Beside
from tandem.app.demo.doors import Door, Doors
from tandem.app.demo.run import demo_process
from tandem.app.settings import Settings
from tandem.cli.edge import run
from tandem.cli.serve import serving, settings_with
from tandem.db.datadir import DataDirLock
from tandem.web.server import PortTaken, bind

_PORT = 8080
_PORTS_TRIED = 50
_DATA_DIR = Path(".tandem/demo")
_HERE = "http://127.0.0.1:8080"
_DOOR = "With --beside: OUTSIDE or OUTSIDE,INSIDE address of "


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one, a taken one the next")] = _PORT,
    data_dir: Annotated[Path | None, typer.Option(help="Where the demo keeps its data")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget an earlier demo first")] = False,
    no_feed: Annotated[bool, typer.Option("--no-feed", help="No alerts of its own: send yours")] = False,
    beside: Annotated[
        bool, typer.Option("--beside", help="Only seed, phones and feed, for services that run on TANDEM_DATABASE_URL")
    ] = False,
    console: Annotated[str, typer.Option(help=_DOOR + "the console")] = _HERE,
    ingest: Annotated[str, typer.Option(help=_DOOR + "ingest")] = _HERE,
    inbox: Annotated[str, typer.Option(help=_DOOR + "the phones, which answer on TANDEM_LISTEN")] = _HERE,
) -> None:
    """Run the demo until Ctrl-C; it listens on this machine only and leaves nothing running."""
    if beside:
        doors = Doors(console=Door.parse(console), ingest=Door.parse(ingest), inbox=Door.parse(inbox))
        raise typer.Exit(
            run(lambda: serving(Beside(settings_with(data_dir=data_dir), doors, feed=not no_feed, tell=_tell)))
        )
    data_dir = data_dir or _DATA_DIR
    if reset:
        _forget(data_dir)
    _tell("starting the database and the services")
    chosen = _free(port)
    settings = settings_with(listen=f"127.0.0.1:{chosen}", data_dir=data_dir)
    settings = _for_phones(settings, chosen)
    raise typer.Exit(run(lambda: serving(demo_process(settings, feed=not no_feed, tell=_tell))))


def _free(port: int) -> int:
    """The port, or the next one that is free; said when it is another."""
    for candidate in range(port, min(port + _PORTS_TRIED, 65536)):
        try:
            probe = bind("127.0.0.1", candidate)
        except PortTaken:
            continue
        found: int = probe.getsockname()[1]
        probe.close()
        if candidate != port:
            _tell(f"port {port} is taken, using {candidate}")
        return found
    raise PortTaken("127.0.0.1", port)


def _for_phones(settings: Settings, port: int) -> Settings:
    """The demo's pages may reach its own inbox, and nothing else that is private."""
    return settings.model_copy(update={"allow_private_targets": f"127.0.0.1:{port}", "database_url": None})


def _forget(data_dir: Path) -> None:
    if data_dir.exists():
        with DataDirLock(data_dir):  # never under a running demo
            pass
        shutil.rmtree(data_dir)


def _tell(line: str) -> None:
    typer.echo(line)
