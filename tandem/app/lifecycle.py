"""How a process lives: tasks that are restarted when they fail, one shutdown deadline, last opened first closed.

Knows nothing of what the tasks do. Signals are the command line's matter; this waits for an event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from tandem.clock import monotonic, wait_event
from tandem.errors import Unavailable

RESTART_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Back-off between restarts of a failing task."""
FAILURES = 5
WITHIN_S = 600.0
"""So many failures within so long end the process: somebody above us should decide."""

log = structlog.get_logger("tandem.app")

Work = Callable[[asyncio.Event], Awaitable[None]]
"""Runs until the event is set."""


@dataclass(slots=True)
class _Task:
    name: str
    work: Work
    failures: deque[float] = field(default_factory=deque)
    last_fault: str | None = None


class Lifecycle:
    """Supervises tasks and closes what was opened."""

    def __init__(self, *, shutdown_s: float, notice_s: float = 0.0) -> None:
        """``shutdown_s`` bounds the whole shutdown, not each step of it; it begins ``notice_s`` after the wish."""
        self.leaving = asyncio.Event()
        """The wish to stop is known: nobody new should come. Work goes on until ``stopping``."""
        self.stopping = asyncio.Event()
        self.failed: str | None = None
        """Set when the process must end with 1: which task, and why."""
        self._shutdown_s = shutdown_s
        self._notice_s = notice_s
        self.serving = False
        """The start is over."""
        self._tasks: list[_Task] = []
        self._running: list[asyncio.Task[None]] = []
        self._closers: list[tuple[str, Callable[[], Awaitable[None]]]] = []

    def on_close(self, name: str, close: Callable[[], Awaitable[None]]) -> None:
        """Call ``close`` at shutdown; last registered first."""
        self._closers.append((name, close))

    def supervise(self, name: str, work: Work) -> None:
        """Run ``work`` until shutdown, again and again when it fails."""
        task = _Task(name, work)
        self._tasks.append(task)
        self._running.append(asyncio.create_task(self._keep(task), name=name))

    async def live(self, start: Callable[[], Awaitable[None]]) -> int:
        """Start, serve until ``stop``, close; the process's exit code: 0 after a wish to stop, 1 after a failure.

        A stop while ``start`` still waits (for a database, for its schema) ends the wait.

        Raises:
            StartFailed: as ``start`` does.
        """
        try:
            await self._start_or_stop(start)
            self.serving = True
            await self.stopping.wait()
        finally:
            await self.close()
        if self.failed:
            log.error("ended", reason=self.failed)
            return 1
        return 0

    async def _start_or_stop(self, start: Callable[[], Awaitable[None]]) -> None:
        starting = asyncio.ensure_future(start())
        stop = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait([starting, stop], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
        finally:
            for task in (stop, starting):
                task.cancel()
            await asyncio.gather(stop, starting, return_exceptions=True)

    def stop(self, reason: str | None = None) -> None:
        """Begin the shutdown, after the notice; ``reason`` makes it a failure.

        A failure, a second call and a process that does not serve yet wait for no notice.
        """
        if reason is not None and self.failed is None:
            self.failed = reason
        first = not self.leaving.is_set()
        self.leaving.set()
        if first and reason is None and self.serving and self._notice_s > 0:
            log.info("stopping soon", seconds=self._notice_s)
            asyncio.get_running_loop().call_later(self._notice_s, self.stopping.set)
        else:
            self.stopping.set()

    async def staying(self) -> None:
        """For ``/readyz``.

        Raises:
            Unavailable: the process was told to stop.
        """
        if self.leaving.is_set():
            raise Unavailable("stopping", "send what is new to another process")

    async def running(self) -> None:
        """For ``/readyz``.

        Raises:
            Unavailable: a task failed and waits for its restart; which, and why.
        """
        down = [f"{task.name}: {task.last_fault}" for task in self._tasks if task.last_fault]
        if down:
            raise Unavailable("tasks", "; ".join(down))

    async def close(self) -> None:
        """Stop tasks, then close what was opened, within the deadline; what hangs is named and cut."""
        self.stopping.set()
        until = monotonic() + self._shutdown_s
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._shutdown_s / 2)
            for task in late:
                log.warning("task did not stop in time", task=task.get_name())
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        for name, close in reversed(self._closers):
            await self._close_one(name, close, max(1.0, until - monotonic()))

    async def _close_one(self, name: str, close: Callable[[], Awaitable[None]], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await close()
        except TimeoutError:
            log.warning("did not close in time", part=name)
        except Exception:
            log.exception("failed to close", part=name)

    async def _keep(self, task: _Task) -> None:
        while not self.stopping.is_set():
            try:
                await task.work(self.stopping)
            except Exception as fault:
                log.exception("task failed", task=task.name)
                task.last_fault = f"{type(fault).__name__}: {fault}"[:200]
                if self._too_often(task):
                    self.stop(f"{task.name} failed {FAILURES} times in {WITHIN_S / 60:.0f} minutes: {task.last_fault}")
                    return
                delay = RESTART_S[min(len(task.failures), len(RESTART_S)) - 1]
                await wait_event(self.stopping, delay)
                task.last_fault = None
            else:
                return

    def _too_often(self, task: _Task) -> bool:
        now = monotonic()
        task.failures.append(now)
        while task.failures and task.failures[0] < now - WITHIN_S:
            task.failures.popleft()
        return len(task.failures) >= FAILURES
