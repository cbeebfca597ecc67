"""``tandem incidents``: look at incidents and act on them, over the REST API of a running console."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tandem.cli.edge import Output, run_plain, show
from tandem.cli.remote import Remote

Url = Annotated[str, typer.Option("--url", envvar="TANDEM_URL", help="The console's address")]
Key = Annotated[str, typer.Option("--token", envvar="TANDEM_TOKEN", help="An API token, tdm_...", show_default=False)]
Format = Annotated[Output, typer.Option("--output", help="table or json")]
Incident = Annotated[str, typer.Argument(help="The incident's id")]
Version = Annotated[int | None, typer.Option(help="Only if the incident is still at this version", min=1)]

app = typer.Typer(help="Incidents: list, look at, act. Needs TANDEM_URL and TANDEM_TOKEN.", no_args_is_help=True)
