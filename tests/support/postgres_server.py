"""A PostgreSQL server apart from the processes that use it: it is stopped, killed and paused underneath them.

Durable as in production, and reached by TCP through proxies. Ends only what it started: the postmaster by its handle, a backend by a pid the server told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tandem.db.datadir import DataDirHeld
from tandem.db.embedded import LOGIN, EmbeddedPostgres
from tandem.errors import StartFailed
from tests.support.proxy import Proxy

START_S = 60.0
_AGAIN_S = 0.25
_ASK_S = 10.0
_SETTINGS = {
    "max_connections": "150",
    "superuser_reserved_connections": "5",
    "log_min_messages": "warning",
}


@dataclass
class PostgresServer:
    """See the module."""

    base: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    dsn: str = ""
    """The login's, past every proxy; the same after every start."""
    admin_dsn: str = ""
    """Past every proxy; sees every row."""
    _running: EmbeddedPostgres | None = None

    @property
    def running(self) -> bool:
        return self._running is not None

    @property
    def pid(self) -> int | None:
        """Of the postmaster, while it runs."""
        return self._running.pid if self._running is not None else None

    @staticmethod
    def dsn_by(way: Proxy) -> str:
        """The login's DSN through ``way``."""
        return f"postgresql://{LOGIN}@{way.address}/{LOGIN}"

    async def reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """For a proxy: connect to the socket.

        Raises:
            ConnectionError: no server runs.
        """
        if self._running is None:
            raise ConnectionRefusedError
        (socket,) = (found for found in (self.base / "postgres" / "run").iterdir() if found.is_socket())
        return await asyncio.open_unix_connection(socket)

    async def start(self) -> float:
        """Start on what there is; returns how many seconds it took.

        After a kill the old server's children may still hold its shared memory for a moment, so it is tried again.
        """
        began = time.monotonic()
        while True:
            server = EmbeddedPostgres(self.base, settings={**_SETTINGS, **self.settings})
            try:
                await server.start()
            except (StartFailed, DataDirHeld):
                if time.monotonic() - began > START_S:
                    raise
                await asyncio.sleep(_AGAIN_S)
            else:
                self._running, self.dsn, self.admin_dsn = server, server.dsn(), server.admin_dsn
                return time.monotonic() - began

    async def stop(self) -> None:
        """As an operator does: open transactions are aborted."""
        server, self._running = self._running, None
        if server is not None:
            await server.stop()

    async def restart(self) -> float:
        """Returns how many seconds nobody could connect, about."""
        began = time.monotonic()
        await self.stop()
        await self.start()
        return time.monotonic() - began

    async def kill(self) -> None:
        """SIGKILL to the postmaster; its children notice and end by themselves."""
        assert self._running is not None
        server, self._running = self._running, None
        os.kill(server.pid, signal.SIGKILL)
        await server.died()
        await server.stop()

    async def backends(self, application: str) -> list[int]:
        """Pids of the sessions whose application name is like ``application``."""
        return [
            row["pid"]
            for row in await self.ask(
                "select pid from pg_stat_activity where application_name like $1 order by pid", application
            )
        ]

    @asynccontextmanager
    async def paused(self, pid: int) -> AsyncIterator[None]:
        """SIGSTOP to one backend for a while, at a moment when it holds no row: those would be nobody's until it goes on."""
        os.kill(pid, signal.SIGSTOP)
        try:
            while await self._holds_rows(pid):
                os.kill(pid, signal.SIGCONT)
                await asyncio.sleep(0.05)
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _holds_rows(self, pid: int) -> bool:
        """Whether its transaction has written or locked something."""
        held = "select 1 from pg_locks where pid = $1 and locktype = 'transactionid' and granted"
        return bool(await self.ask(held, pid))

    async def ask(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """One query as superuser."""
        connection = await asyncpg.connect(self.admin_dsn, timeout=_ASK_S)
        try:
            return await connection.fetch(query, *arguments, timeout=_ASK_S)
        finally:
            await connection.close(timeout=_ASK_S)
