"""Production's clock: the database server's, carried on by the monotonic clock between samples.

All processes of an installation agree to within a round trip, whatever their machines' wall clocks do. The port
stands in ``tandem/clock.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from tandem.clock import monotonic, wait_event
from tandem.db.link import Link
from tandem.errors import Unavailable

SAMPLE_EVERY_S = 10.0
_SLOWEST_SAMPLE_S = 0.5
_LONGEST_WAIT_S = 5.0
_OFFSET_POLL_S = 0.02
_NOTEWORTHY = timedelta(seconds=1)

log = structlog.get_logger("tandem.clock")


class DatabaseClock:
    """A ``Clock``. When a sample is behind what was already said, it runs at half speed until they meet.

    So it never goes back and never stands still: a server whose clock is put back an hour delays nothing for ever.
    """

    def __init__(self, dsn: str, *, offset_file: Path | None = None) -> None:
        """Tell no time before ``start``.

        Args:
            dsn: any login; no role is taken, only ``clock_timestamp()`` is asked.
            offset_file: tests only: seconds to add, read again whenever the file changes.
        """
        self._link = Link(dsn, None, name="tandem-clock", command_timeout_s=_LONGEST_WAIT_S)
        self._line: Line | None = None
        self._offset = OffsetFile(offset_file) if offset_file is not None else None
        self._last = datetime.min.replace(tzinfo=UTC)
        self._stopping = asyncio.Event()
        self._sampling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the first sample, then one every ten seconds until ``stop``.

        Raises:
            Unavailable: the database does not answer.
        """
        await self._sample()
        self._sampling = asyncio.create_task(self._keep_sampling(), name="clock")

    async def stop(self) -> None:
        """Take no more samples; ``now`` goes on from the last."""
        self._stopping.set()
        if self._sampling is not None:
            await self._sampling
            self._sampling = None
        await self._link.close()

    def now(self) -> datetime:
        """Aware UTC; never goes back."""
        if self._line is None:
            raise Unavailable("database", "its clock was not asked yet")
        shown = self._line.at(monotonic())
        if self._offset is not None:
            shown += self._offset.read()
        self._last = max(self._last, shown)
        return self._last

    async def sleep_until(self, at: datetime, wake: asyncio.Event | None = None) -> None:
        """Return when ``now() >= at``, or as soon as ``wake`` is set."""
        longest = _LONGEST_WAIT_S if self._offset is None else _OFFSET_POLL_S
        signal = wake if wake is not None else asyncio.Event()
        while (left := (at - self.now()).total_seconds()) > 0:
            if await wait_event(signal, min(left, longest)):
                return

    async def _keep_sampling(self) -> None:
        while not await wait_event(self._stopping, SAMPLE_EVERY_S):
            with contextlib.suppress(Unavailable):  # the monotonic clock carries on meanwhile
                await self._sample()

    async def _sample(self) -> None:
        async with self._link.use() as connection:
            before = monotonic()
            server: datetime = await connection.fetchval("select clock_timestamp()")
            after = monotonic()
        if self._line is None:
            self._line = Line(server, (before + after) / 2)
        elif after - before <= _SLOWEST_SAMPLE_S:
            self._follow(Line(server, (before + after) / 2))

    def _follow(self, sample: Line) -> None:
        if self._line is None:
            return
        moved = sample.server - self._line.at(sample.at_monotonic)
        if abs(moved) >= _NOTEWORTHY:
            log.warning("the database server's clock jumped", seconds=moved.total_seconds())
        self._line = sample.behind(self._line)


class Line:
    """Time as one sample foretells it. A value: nothing changes it."""

    __slots__ = ("_ahead", "at_monotonic", "server")

    def __init__(self, server: datetime, at_monotonic: float, *, ahead: timedelta = timedelta()) -> None:
        """``server`` is what the server said at ``at_monotonic``; ``ahead`` (>= 0) is how far we were past it."""
        self.server = server
        self.at_monotonic = at_monotonic
        self._ahead = ahead

    def at(self, instant: float) -> datetime:
        """The time at a monotonic instant."""
        elapsed = timedelta(seconds=instant - self.at_monotonic)
        at = self.server + elapsed
        return at + max(timedelta(), self._ahead - elapsed / 2) if self._ahead else at

    def behind(self, earlier: Line) -> Line:
        """This sample's line, starting no earlier than where ``earlier`` is at that instant."""
        ahead = earlier.at(self.at_monotonic) - self.server
        return Line(self.server, self.at_monotonic, ahead=max(timedelta(), ahead))


class OffsetFile:
    """Seconds to add, from a file that tests share between processes; read again when it changes."""

    def __init__(self, path: Path) -> None:
        """A file that is absent or not yet whole counts as before."""
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._offset = timedelta()

    def read(self) -> timedelta:
        """The offset now."""
        with contextlib.suppress(OSError, ValueError, OverflowError):
            facts = self._path.stat()
            if (facts.st_mtime_ns, facts.st_ino) != self._seen:
                self._offset = timedelta(seconds=float(self._path.read_text()))
                self._seen = (facts.st_mtime_ns, facts.st_ino)
        return self._offset
