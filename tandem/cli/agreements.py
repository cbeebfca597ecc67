"""``tandem agreement``: what works on files, what explains a decision, and what works on the database, as one noun."""

from __future__ import annotations

from tandem.cli.agreement import app
from tandem.cli.clients import apply, pull, versions
from tandem.cli.explain import explain

for command in (explain, apply, versions, pull):
    app.command()(command)

__all__ = ["app"]
