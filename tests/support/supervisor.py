"""Runs ``tandem serve`` as operators do, a process of its own, and takes it away in every way a machine can.

Ends only what it started: the process by its handle, its PostgreSQL by the pid file of its own data directory. Standard
output of every start is kept in a file of its own and told by ``tell`` when a test fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tandem.db.datadir import DataDirHeld, DataDirLock
from tandem.db.postmaster import is_server_of, read_pid_file, stop_orphan
from tandem.errors import StartFailed
from tests.support.postgres import new_base, quick_room

TANDEM = Path(sys.executable).with_name("tandem")
READY_S = 90.0
"""Generous: a machine may be busy with much else. What a start took is measured and printed."""
ENDED_S = 60.0
KILLED = -signal.SIGKILL
_POLL_S = 0.01
_TOLD = 4000


class EndedEarly(AssertionError):
    """The process ended before it was ready."""

    def __init__(self, code: int, said: str) -> None:
        self.code = code
        super().__init__(f"ended with {code} before it was ready; it said:\n{said}")


@dataclass(frozen=True)
class Ready:
    """The ready file of a start, and how long it took to get there."""

    address: str
    pid: int
    dsn: str
    admin_dsn: str
    seconds: float


@dataclass(frozen=True)
class Kill:
    """A process was taken away."""

    killed_at: float
    """``time.monotonic``."""
    how: str
    in_flight: int | None = None
    """Pages whose attempt had begun, or was about to, and had no outcome yet; None where nobody could be asked."""


@dataclass
class Supervisor:
    """One installation: a data directory and the process on it."""

    base: Path
    """Holds the data directory, the agreements and the logs; removed at the end."""
    data: Path | None = None
    """The data directory; by default one below ``base``."""
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ("--target=all", "--listen", "127.0.0.1:0")
    kills: list[Kill] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """Seconds to ready of the starts after the first kill."""
    ready: Ready | None = None
    process: asyncio.subprocess.Process | None = None
    logs: list[Path] = field(default_factory=list)
    started_at: float = 0.0
    _admin_dsn: str | None = None

    @property
    def data_dir(self) -> Path:
        return self.data or self.base / "data"

    @property
    def agreements(self) -> Path:
        """Where the agreements of this installation stand; used when it exists."""
        return self.base / "agreement"

    @property
    def address(self) -> str | None:
        """Where the process answers; None while it does not."""
        return self.ready.address if self.ready else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    # -- starting -----------------------------------------------------------------------------------------------

    async def start(self, *, killpoint: str | None = None) -> Ready:
        """Start and wait until ready.

        Raises:
            EndedEarly: it ended before; its exit code and what it said.
        """
        await self.spawn(killpoint=killpoint)
        ready = await self.wait_ready()
        if self.kills:
            self.restarts.append(ready.seconds)
        return ready

    async def spawn(self, *, killpoint: str | None = None) -> asyncio.subprocess.Process:
        """Start without waiting."""
        assert self.process is None, "one process at a time"
        log = self.base / f"start-{len(self.logs) + 1}.log"
        self.logs.append(log)
        self.started_at = time.monotonic()
        self.process = await launch(self.command(), log, {**self.environment, **_point(killpoint)})
        return self.process

    def command(self) -> list[str]:
        agreements = ["--agreements", str(self.agreements)] if self.agreements.is_dir() else []
        return [str(TANDEM), "serve", "--data-dir", str(self.data_dir), *agreements, *self.arguments]

    async def restart(self) -> Ready:
        """Start again after the process has ended, whoever ended it."""
        await self.ended()
        return await self.start()

    async def wait_ready(self) -> Ready:
        """Wait for the ready file that names our process; one that a killed process left does not count.

        Raises:
            EndedEarly: it ended before; its exit code and what it said.
        """
        assert self.process is not None
        async with asyncio.timeout(READY_S):
            while (facts := self._ready_file()) is None or facts["pid"] != self.process.pid:
                if self.process.returncode is not None:
                    code = await self.ended()
                    raise EndedEarly(code, self.said())
                await asyncio.sleep(_POLL_S)
        took = time.monotonic() - self.started_at
        self._admin_dsn = facts["admin_dsn"]
        self.ready = Ready(facts["address"], facts["pid"], facts["dsn"], facts["admin_dsn"], took)
        return self.ready

    def _ready_file(self) -> dict[str, Any] | None:
        for file in self.data_dir.glob("*.ready.json"):
            with contextlib.suppress(OSError, ValueError):
                facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
                return facts
        return None

    # -- ending -------------------------------------------------------------------------------------------------

    async def kill(self) -> None:
        """SIGKILL to the process alone; its PostgreSQL goes on as an orphan, for the next start to deal with."""
        assert self.process is not None
        self.process.kill()
        killed_at = time.monotonic()
        await self.ended()
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
        """Start with a kill point and wait until the process has killed itself there, be it before it was ready."""
        try:
            await self.start(killpoint=killpoint)
        except EndedEarly as early:
            code = early.code
        else:
            code = await self.ended()
        self.kills.append(Kill(time.monotonic(), f"kill point {killpoint}", await self._in_flight()))
        assert code == KILLED, f"ended with {code} instead of at {killpoint}:\n{self.said()}"

    async def stop(self) -> int:
        """SIGTERM, as a supervisor asks; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return await self.ended()

    async def pause(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while, as a machine that is suspended or swaps."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    async def ended(self) -> int:
        """Wait for the end of the process; returns its exit code."""
        if self.process is None:
            return 0
        async with asyncio.timeout(ENDED_S):
            code = await self.process.wait()
        self.process, self.ready = None, None
        return code

    def postgres_pid(self) -> int | None:
        """Of the server on our data directory, if one runs there."""
        data = (self.data_dir / "postgres" / "data").resolve()
        said = read_pid_file(data)
        return said.pid if said is not None and is_server_of(said.pid, data, said.data_dir) else None

    async def close(self) -> None:
        """End whatever of ours still runs, and remove the directory."""
        if self.process is not None:
            with contextlib.suppress(TimeoutError):
                await self.stop()
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
        if self.data_dir.exists():
            await asyncio.to_thread(self._end_postgres)
        shutil.rmtree(self.base, ignore_errors=True)

    def _end_postgres(self) -> None:
        with contextlib.suppress(DataDirHeld, StartFailed), DataDirLock(self.data_dir):
            stop_orphan((self.data_dir / "postgres" / "data").resolve())

    async def _in_flight(self) -> int | None:
        """Ask the PostgreSQL that a killed process left."""
        if self._admin_dsn is None or self.postgres_pid() is None:
            return None
        connection = await asyncpg.connect(self._admin_dsn)
        try:
            count: int = await connection.fetchval("select count(*) from notifier.page where state = 'sending'")
            return count
        finally:
            await connection.close()

    # -- telling ------------------------------------------------------------------------------------------------

    def said(self, start: int = -1) -> str:
        """The end of what the process wrote, at its last start or at another."""
        return self.logs[start].read_text(encoding="utf-8", errors="replace")[-_TOLD:] if self.logs else ""

    def tell(self) -> str:
        """What every start wrote, cut."""
        return "\n".join(f"--- {log.name}\n{self.said(number)}" for number, log in enumerate(self.logs))


async def launch(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """A process in a group of its own that writes to ``log``; of our environment it sees no settings."""
    # Without compiled modules a start takes three times as long as an operator's.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TANDEM_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    with log.open("wb") as out:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**inherited, "TANDEM_LOG_FORMAT": "json", **environment},
            start_new_session=True,
        )


@asynccontextmanager
async def supervisor(**fields) -> AsyncIterator[Supervisor]:
    """A supervisor over a fresh directory; ends its process and prints the logs, which pytest shows on a failure."""
    made = Supervisor(new_base(quick_room()), **fields)
    try:
        yield made
    finally:
        print(made.tell())
        await made.close()


def _point(killpoint: str | None) -> dict[str, str]:
    return {"TANDEM_KILLPOINT": killpoint} if killpoint else {}
