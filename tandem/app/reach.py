"""How a tool reaches the database: the named server, a running process's embedded one, or one for the moment."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.app.settings import Settings
from tandem.db.datadir import DataDirHeld
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade
from tandem.errors import StartFailed


@dataclass(frozen=True, slots=True)
class Reached:
    """A database a tool may use for a while."""

    dsn: str
    admin_dsn: str
    """Sees every row where we own the server; else the same login."""


@asynccontextmanager
async def database(settings: Settings, *, prepare: bool = True) -> AsyncIterator[Reached]:
    """The installation's database.

    Args:
        prepare: bring an embedded one's schemas to this release first (a restore wants it empty).

    Raises:
        StartFailed: it cannot be reached; in one line, why.
    """
    if settings.database_url:
        yield Reached(settings.database_url, settings.database_url)
        return
    embedded = EmbeddedPostgres(settings.data_dir)
    try:
        dsn = await embedded.start()
    except DataDirHeld as held:
        yield _running(settings.data_dir, held)
        return
    try:
        if prepare:
            await upgrade(dsn)
        yield Reached(dsn, embedded.admin_dsn)
    finally:
        await embedded.stop()


def running_address(data_dir: Path) -> str | None:
    """Where the process that holds ``data_dir`` listens; None when none says so."""
    return next((str(facts["address"]) for facts in _ready(data_dir) if "address" in facts), None)


def _ready(data_dir: Path) -> Iterator[dict[str, Any]]:
    """What the ready files of a data directory say."""
    for file in sorted(data_dir.glob("*.ready.json")):
        try:
            yield json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue


def _running(data_dir: Path, held: DataDirHeld) -> Reached:
    """The embedded server of the process that holds the directory, as its ready file tells."""
    for facts in _ready(data_dir):
        if "dsn" in facts and "admin_dsn" in facts:
            return Reached(facts["dsn"], facts["admin_dsn"])
    message = f"{held}; it is not ready yet, try again in a moment"
    raise StartFailed(message) from held
