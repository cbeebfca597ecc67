"""A whole installation in one process, on its embedded PostgreSQL, taken away in every way a machine can.

Ends only what it started: the process by its handle, its PostgreSQL by the pid file of its own data directory.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tandem.app.settings import Settings, envelope_key
from tandem.db.datadir import DataDirHeld, DataDirLock
from tandem.db.postmaster import is_server_of, read_pid_file, stop_orphan
from tandem.errors import StartFailed
from tests.support.behind import behind_on_postgres
from tests.support.postgres import new_base, quick_room
from tests.support.served import Kill, Ready, Served


@dataclass(kw_only=True)
class Supervisor(Served):
    """One installation: a data directory and the process on it; ``base`` is removed at the end."""

    kills: list[Kill] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """Seconds to ready of the starts after the first kill."""
    dsn: str = ""
    """Of the embedded PostgreSQL, as of the last start. So is ``admin_dsn``."""
    admin_dsn: str = ""

    @property
    def agreements(self) -> Path:
        """Where the agreements of this installation stand; used when it exists."""
        return self.base / "agreement"

    @property
    def key(self) -> bytes:
        """Seals secrets at rest."""
        return envelope_key(Settings(data_dir=self.data_dir))

    def command(self) -> list[str]:
        agreements = ["--agreements", str(self.agreements)] if self.agreements.is_dir() else []
        return [*super().command(), *agreements]

    async def start(self, *, killpoint: str | None = None) -> Ready:
        ready = await super().start(killpoint=killpoint)
        if self.kills:
            self.restarts.append(ready.seconds)
        return ready

    async def wait_ready(self) -> Ready:
        ready = await super().wait_ready()
        self.dsn, self.admin_dsn = ready.dsn, ready.admin_dsn
        return ready

    async def run(self) -> None:
        """See that it runs."""
        if self.process is None:
            await self.start()

    async def pause(self, seconds: float) -> None:
        """Stand still for a while; answers that came meanwhile may be too late, so pages in flight may come again."""
        self.freeze()
        self.kills.append(Kill(time.monotonic(), "pause of the process", await self._in_flight()))
        await asyncio.sleep(seconds)
        self.thaw()

    async def kill(self) -> None:
        """SIGKILL to the process alone; its PostgreSQL goes on as an orphan, for the next start to deal with."""
        killed_at = await self.cut_off()
        self.kills.append(Kill(killed_at, "kill -9 of the process", await self._in_flight()))

    async def kill_all(self) -> None:
        """SIGKILL to the process and its PostgreSQL at once, as a machine that loses its power."""
        assert self.process is not None
        server = self.postgres_pid()
        self.process.kill()
        if server is not None:
            os.kill(server, signal.SIGKILL)
        self.kills.append(Kill(time.monotonic(), "kill -9 of process and PostgreSQL"))
        await self.ended()

    async def kill_postgres(self) -> int:
        """SIGKILL to PostgreSQL underneath; returns the exit code with which the process follows."""
        server = self.postgres_pid()
        assert server is not None
        os.kill(server, signal.SIGKILL)
        self.kills.append(Kill(time.monotonic(), "kill -9 of PostgreSQL"))
        return await self.ended()

    async def run_to(self, killpoint: str) -> None:
        """Run until the process has killed itself there."""
        died_at = await self.dies_at(killpoint)
        self.kills.append(Kill(died_at, f"kill point {killpoint}", await self._in_flight()))

    def postgres_pid(self) -> int | None:
        """Of the server on our data directory, if one runs there."""
        data = (self.data_dir / "postgres" / "data").resolve()
        said = read_pid_file(data)
        return said.pid if said is not None and is_server_of(said.pid, data, said.data_dir) else None

    async def close(self) -> None:
        """End whatever of ours still runs, and remove the directory."""
        await self.end()
        if self.data_dir.exists():
            await asyncio.to_thread(self._end_postgres)
        shutil.rmtree(self.base, ignore_errors=True)

    def _end_postgres(self) -> None:
        with contextlib.suppress(DataDirHeld, StartFailed), DataDirLock(self.data_dir):
            stop_orphan((self.data_dir / "postgres" / "data").resolve())

    async def behind(self) -> dict[str, int]:
        """Records that wait for somebody who reads them, by where they stand."""
        return await behind_on_postgres(self.admin_dsn)

    async def _in_flight(self) -> int | None:
        """Ask the PostgreSQL that a killed process left; one that was itself still starting answers nobody."""
        if not self.admin_dsn or self.postgres_pid() is None:
            return None
        with contextlib.suppress(OSError, asyncpg.CannotConnectNowError):
            return await in_flight(self.admin_dsn)
        return None


async def in_flight(admin_dsn: str) -> int:
    """Pages whose attempt has begun, or is about to, and has no outcome yet."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        count: int = await connection.fetchval("select count(*) from notifier.page where state = 'sending'")
        return count
    finally:
        await connection.close()


@asynccontextmanager
async def supervisor(**fields) -> AsyncIterator[Supervisor]:
    """A supervisor over a fresh directory; ends its process and prints the logs, which pytest shows on a failure."""
    made = Supervisor(base=new_base(quick_room()), **fields)
    try:
        yield made
    finally:
        print(made.tell())
        await made.close()
