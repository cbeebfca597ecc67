"""A process meets its database: one of its own, which it makes, or another one, whose schema it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from tandem.app.lifecycle import Lifecycle
from tandem.app.settings import Settings
from tandem.db.datadir import DataDirLock
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade, wait_for_schema
from tandem.errors import StartFailed, Unavailable

SCHEMA_WAIT_S = 600.0
"""How long a service waits for `tandem db upgrade` before it gives up and lets its supervisor decide."""


async def open_own(settings: Settings, lifecycle: Lifecycle, *, address: str) -> tuple[EmbeddedPostgres, str]:
    """Hold the data directory, start the database in it and bring its schema up to date; it and its DSN.

    Args:
        address: where this process will answer; whoever finds the data directory held is told it.

    Raises:
        StartFailed: in one line, what to do.
    """
    lock = DataDirLock(settings.data_dir, address=address).acquire()
    lifecycle.on_close("data directory", partial(_release, lock))
    embedded = EmbeddedPostgres(settings.data_dir, lock=lock)
    dsn = await embedded.start()
    lifecycle.on_close("database", embedded.stop)
    lifecycle.supervise("database", lambda stopping: _watch(embedded, lifecycle, stopping))
    await _made(embedded, dsn)
    return embedded, dsn


async def _made(embedded: EmbeddedPostgres, dsn: str) -> None:
    """Bring the schema up to date.

    Raises:
        StartFailed: the server ended underneath, as on a full disk; why, by its own words.
    """
    try:
        await upgrade(dsn)
    except Unavailable as fault:
        raise StartFailed(f"{fault}: {embedded.complaint()}") from fault


async def _watch(embedded: EmbeddedPostgres, lifecycle: Lifecycle, stopping: asyncio.Event) -> None:
    """The database's death is ours: a supervisor starts both again."""
    died = asyncio.ensure_future(embedded.died())
    stop = asyncio.ensure_future(stopping.wait())
    await asyncio.wait([died, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not stopping.is_set():
        lifecycle.stop(f"PostgreSQL ended: {died.result()}")
    died.cancel()


async def _release(lock: DataDirLock) -> None:
    lock.release()


async def await_schema(dsn: str, waiting: Callable[[str], None] = lambda _: None) -> None:
    """Wait for `tandem db upgrade`, and for the database itself.

    Args:
        waiting: told what it waits for.

    Raises:
        StartFailed: not within ``SCHEMA_WAIT_S``; what is missing.
    """
    try:
        await wait_for_schema(dsn, seconds=SCHEMA_WAIT_S, waiting=waiting)
    except Unavailable as fault:
        raise StartFailed(str(fault)) from fault
