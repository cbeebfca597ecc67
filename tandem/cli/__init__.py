"""The command line, one file per noun. ``main`` is what the installed ``tandem`` calls."""

from __future__ import annotations

import typer

from tandem.cli import agreement, bus, database, incidents, ingest, integrations, oncall, sla, tokens, versions
from tandem.cli.demo import demo
from tandem.cli.edge import fail
from tandem.cli.explain import explain
from tandem.cli.serve import serve
from tandem.cli.starter import init
from tandem.errors import TandemError

app = typer.Typer(
    help="Tandem: alert routing for co-managed IT, one environment with two parties.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(demo)
app.command()(init)
agreement.app.command()(explain)
agreement.app.command()(versions.apply)
agreement.app.command()(versions.versions)
agreement.app.command()(versions.pull)
app.add_typer(agreement.app, name="agreement")
app.add_typer(versions.clients_app, name="clients")
app.add_typer(integrations.app, name="integrations")
app.add_typer(incidents.app, name="incidents")
app.add_typer(oncall.app, name="oncall")
app.add_typer(sla.app, name="sla")
app.add_typer(ingest.app, name="ingest")
app.add_typer(tokens.app, name="tokens")
app.add_typer(database.app, name="db")
app.add_typer(bus.app, name="bus")
app.command()(database.backup)
app.command()(database.restore)


def main() -> None:
    """Run a command; what this project raises becomes one line on stderr and an exit code."""
    try:
        app()
    except TandemError as fault:
        raise SystemExit(fail(fault).exit_code) from fault
