"""``tandem agreement``: what works on files, what explains a decision, and what works on the database, as one noun."""

from __future__ import annotations

from tandem.cli.agreement import app
from tandem.cli.backtest import backtest
from tandem.cli.clients import pull
from tandem.cli.explain import explain
from tandem.cli.matrix import matrix
from tandem.cli.plan import plan
from tandem.cli.routing_tests import check_routing
from tandem.cli.versions import activate, apply, versions

for command in (plan, explain, backtest, matrix, apply, activate, versions, pull):
    app.command()(command)
app.command("test")(check_routing)

__all__ = ["app"]
