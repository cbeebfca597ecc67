"""What stored alerts say about an agreement's documents, as problems at their lines. Holds no command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import typer

from tandem.agreement.compile import compile_agreement
from tandem.agreement.from_file import UNSAVED
from tandem.agreement.load import Source
from tandem.agreement.schema.documents import TenantDocument
from tandem.cli.review import usable
from tandem.cli.stored import Stored, reading
from tandem.clock import SystemClock
from tandem.errors import Problem
from tandem_router.retrospect import Retrospect

PERIOD = timedelta(days=90)


def look_back(files: Iterable[Path], data_dir: Path | None) -> list[Problem]:
    """Warnings from the last 90 days' alerts of the clients whose documents are given; broken ones are passed over.

    Raises:
        typer.Exit: the database cannot be reached; said in one line.
    """
    pairs = usable(files)

    async def work(stored: Stored) -> list[Problem]:
        now = SystemClock().now()
        found: list[Problem] = []
        for source, provider in pairs:
            document = provider.document if provider else None
            retrospect = Retrospect(compile_agreement(source.document, document, version=UNSAVED))
            async for alert in stored.alerts(source.document.tenant.id, now - PERIOD, now):
                retrospect.take(alert)
            found += _problems(source, retrospect)
            typer.echo(f"{source.document.tenant.id}: {retrospect.alerts:,} stored alerts looked at", err=True)
        return found

    return reading(data_dir, work)


def _problems(source: Source[TenantDocument], retrospect: Retrospect) -> Iterator[Problem]:
    for unmapped in retrospect.unmapped():
        yield source.problem((unmapped.section,), str(unmapped), level="warning", key=True)
    rows = [row.id for row in source.document.matrix]
    for unguided in retrospect.without_runbook():
        path = ("matrix", rows.index(unguided.row)) if unguided.row in rows else ("matrix",)
        yield source.problem(path, str(unguided), level="warning")
