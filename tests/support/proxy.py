"""A TCP proxy that stands between a process and what it needs, and spoils the way as a network does.

``conditions`` may be changed at any moment and hold for every byte from then on, also of connections there are.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_CHUNK = 64 << 10
_TICK_S = 0.05
_CONNECT_S = 5.0

Reach = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""Connects to what stands behind."""


@dataclass(frozen=True)
class Conditions:
    """What the way is like; by default as if there were no proxy."""

    cut: bool = False
    """Connections there are were cut when this began, and new ones are closed at once."""
    half_open: bool = False
    """Sockets stay, nothing passes in either direction, not even an end."""
    latency_s: float = 0.0
    """Each piece comes so much later, in each direction."""
    bytes_per_s: float | None = None
    """In each direction of each connection."""
    drop_after: int | None = None
    """A connection is cut when so many bytes have passed towards the server, counted from its beginning."""
    swallow_replies: bool = False
    """What the server answers is lost, and then its connection is cut."""


@dataclass(eq=False)
class _Pair:
    """One connection of a client with its connection to the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    sent: int = 0

    def cut(self) -> None:
        for writer in (self.client, self.server):
            writer.transport.abort()


@dataclass
class Proxy:
    """See the module."""

    reach: Reach
    port: int = 0
    conditions: Conditions = field(default_factory=Conditions)
    accepted: int = 0
    """Connections so far."""
    _server: asyncio.Server | None = None
    _pairs: set[_Pair] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def address(self) -> str:
        """HOST:PORT of the way in."""
        return f"127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """Open at the moment."""
        return len(self._pairs)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut_all()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def be(self, **conditions) -> None:
        """Be so from now on; what is not named is as without a proxy."""
        self.conditions = Conditions(**conditions)
        if self.conditions.cut:
            self.cut_all()

    def cut_all(self) -> None:
        """Reset every connection there is; new ones may come."""
        for pair in tuple(self._pairs):
            pair.cut()

    @asynccontextmanager
    async def being(self, **conditions) -> AsyncIterator[None]:
        """Be so for a while."""
        self.be(**conditions)
        try:
            yield
        finally:
            self.be()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError):
            pass
        except asyncio.CancelledError:  # at closing; the stream's own callback would report it as a fault
            pass
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.conditions.cut:
            return
        await self._until_open()
        async with asyncio.timeout(_CONNECT_S):
            from_server, to_server = await self.reach()
        pair = _Pair(writer, to_server)
        self._pairs.add(pair)
        try:
            ways = [
                asyncio.ensure_future(self._pump(reader, to_server, pair, upstream=True)),
                asyncio.ensure_future(self._pump(from_server, writer, pair, upstream=False)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._pairs.discard(pair)
            pair.cut()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: _Pair, *, upstream: bool
    ) -> None:
        """Pass pieces on until one side ends; then the other is told, unless nothing passes."""
        while piece := await reader.read(_CHUNK):
            if self.conditions.latency_s:
                await asyncio.sleep(self.conditions.latency_s)
            if not upstream and self.conditions.swallow_replies:
                return
            if upstream:
                pair.sent += len(piece)
                if self.conditions.drop_after is not None and pair.sent > self.conditions.drop_after:
                    return
            await self._pass(piece, writer)
        await self._until_open()

    async def _pass(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        """In one go, or as slowly as the way is; the conditions are asked again at every step."""
        while piece:
            await self._until_open()
            rate = self.conditions.bytes_per_s
            step = len(piece) if rate is None else max(1, int(rate * _TICK_S))
            writer.write(piece[:step])
            await writer.drain()
            piece = piece[step:]
            if rate is not None:
                await asyncio.sleep(step / rate)

    async def _until_open(self) -> None:
        while self.conditions.half_open:  # noqa: ASYNC110 - conditions are plain values, changed by the test
            await asyncio.sleep(_TICK_S)


def tcp(host: str, port: int) -> Reach:
    """Reaches a TCP port."""

    async def reach() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(host, port)

    return reach


@asynccontextmanager
async def proxy(reach: Reach) -> AsyncIterator[Proxy]:
    """A proxy that is open."""
    made = Proxy(reach)
    await made.open()
    try:
        yield made
    finally:
        with contextlib.suppress(OSError):
            await made.close()
