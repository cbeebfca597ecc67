"""``tandem serve`` run as operators do, a process of its own: started, asked to stop, paused, killed.

Ends only what it started, by its handle. What every start wrote is kept in a file of its own and told by ``tell`` when
a test fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.priority import as_usual

TANDEM = Path(sys.executable).with_name("tandem")
READY_S = 180.0
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
    """Of the embedded database; empty with an external one. So is ``admin_dsn``."""
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
    sends: bool = True
    """Whether it sends pages; a kill of any other explains no page that came again."""


@dataclass(kw_only=True)
class Served:
    """One place for a process: its directory, and the process that runs there at the moment."""

    base: Path
    """Holds the data directory and the logs."""
    data: Path | None = None
    """The data directory; by default one below ``base``."""
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ("--target=all", "--listen", "127.0.0.1:0")
    ready: Ready | None = None
    process: asyncio.subprocess.Process | None = None
    logs: list[Path] = field(default_factory=list)
    started_at: float = 0.0

    @property
    def data_dir(self) -> Path:
        return self.data or self.base / "data"

    @property
    def address(self) -> str | None:
        """Where the process answers; None while it does not."""
        return self.ready.address if self.ready else None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def stands(self) -> bool:
        """Whether it is stopped by a signal."""
        assert self.process is not None
        return "State:\tT" in Path(f"/proc/{self.process.pid}/status").read_text()

    # -- starting -----------------------------------------------------------------------------------------------

    async def start(self, *, killpoint: str | None = None) -> Ready:
        """Start and wait until ready.

        Raises:
            EndedEarly: it ended before; its exit code and what it said.
        """
        await self.spawn(killpoint=killpoint)
        return await self.wait_ready()

    async def spawn(self, *, killpoint: str | None = None) -> asyncio.subprocess.Process:
        """Start without waiting."""
        assert self.process is None, "one process at a time"
        log = self.base / f"start-{len(self.logs) + 1}.log"
        self.logs.append(log)
        self.started_at = time.monotonic()
        point = {"TANDEM_KILLPOINT": killpoint} if killpoint else {}
        self.process = await launch(self.command(), log, {**self.environment, **point})
        return self.process

    def command(self) -> list[str]:
        return [str(TANDEM), "serve", "--data-dir", str(self.data_dir), *self.arguments]

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
        self.ready = Ready(facts["address"], facts["pid"], facts.get("dsn", ""), facts.get("admin_dsn", ""), took)
        return self.ready

    def _ready_file(self) -> dict[str, Any] | None:
        for file in self.data_dir.glob("*.ready.json"):
            with contextlib.suppress(OSError, ValueError):
                facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
                return facts
        return None

    # -- ending -------------------------------------------------------------------------------------------------

    async def cut_off(self) -> float:
        """SIGKILL to the process; returns when, by ``time.monotonic``."""
        assert self.process is not None
        self.process.kill()
        killed_at = time.monotonic()
        await self.ended()
        return killed_at

    async def dies_at(self, killpoint: str) -> float:
        """Start with a kill point and wait until the process has killed itself there, be it before it was ready."""
        try:
            await self.start(killpoint=killpoint)
        except EndedEarly as early:
            code = early.code
        else:
            code = await self.ended()
        assert code == KILLED, f"ended with {code} instead of at {killpoint}:\n{self.said()}"
        return time.monotonic()

    async def stop(self) -> int:
        """SIGTERM, as a supervisor asks; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return await self.ended()

    def freeze(self) -> None:
        """SIGSTOP, as a machine that is suspended or swaps."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    async def pause(self, seconds: float) -> None:
        """Stand still for a while."""
        self.freeze()
        await asyncio.sleep(seconds)
        self.thaw()

    async def ended(self) -> int:
        """Wait for the end of the process; returns its exit code."""
        if self.process is None:
            return 0
        async with asyncio.timeout(ENDED_S):
            code = await self.process.wait()
        self.process, self.ready = None, None
        return code

    async def end(self) -> None:
        """See that nothing of ours runs, by asking first."""
        with contextlib.suppress(TimeoutError):
            if self.running:
                self.thaw()
                await self.stop()
            await self.ended()
        if self.running:
            await self.cut_off()

    # -- telling ------------------------------------------------------------------------------------------------

    def said(self, start: int = -1) -> str:
        """The end of what the process wrote, at its last start or at another."""
        return self.logs[start].read_text(encoding="utf-8", errors="replace")[-_TOLD:] if self.logs else ""

    def wrote(self, words: str) -> int:
        """How many lines of all starts have ``words`` in them."""
        texts = [log.read_text(encoding="utf-8", errors="replace") for log in self.logs]
        return sum(words in line for text in texts for line in text.splitlines())

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
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**inherited, "TANDEM_LOG_FORMAT": "json", **environment},
            start_new_session=True,
        )
    as_usual(process.pid)
    return process
