"""The load driver: requests over kept-alive connections, an open model for latency, a closed one for capacity.

Open model: the n-th request is due at start + n / rate whatever happened to those before, and its latency counts from
then, so a stall of the server shows in every request it delayed (no coordinated omission). Raw protocols, because the
driver shares the machine with what it measures.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECTIONS = 256
"""Of the open model at most; a request that finds none free waits, and its wait counts."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post, and the whole request of an alert by its number."""

    port: int
    request: Callable[[int], bytes]


@dataclass(slots=True)
class Sent:
    """What became of the posts of one round; instants are ``time.monotonic``: uvloop counts in milliseconds."""

    first: int
    due: dict[int, float] = field(default_factory=dict)
    """Number -> when it was due (open) or sent (closed)."""
    accepted: dict[int, float] = field(default_factory=dict)
    """Number -> when its 2xx came."""
    refused: dict[int, int] = field(default_factory=dict)
    """Number -> another status; 0 when the connection broke."""
    began: float = 0.0
    ended: float = 0.0

    @property
    def rate(self) -> float:
        """Accepted per second."""
        return len(self.accepted) / (self.ended - self.began)


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, answered: Callable[[_Connection, int, int], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._got = b""
        self.number = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def send(self, number: int, request: bytes) -> None:
        self.number = number
        if self._transport is None or self._transport.is_closing():
            asyncio.get_running_loop().call_soon(self.connection_lost, None)
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._got = self._got + data if self._got else data
        end = self._got.find(b"\r\n\r\n")
        if end < 0 or len(self._got) < end + 4 + _length(self._got[:end]):
            return
        status = int(self._got[9:12])
        number, self.number, self._got = self.number, -1, b""
        self._answered(self, number, status)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self.number >= 0:
            number, self.number = self.number, -1
            self._answered(self, number, 0)

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    if at < 0:
        return 0
    return int(head[at + 15 :].split(b"\r\n", 1)[0])


async def closed(target: Target, *, seconds: float, first: int, connections: int = 16, limit: int = 0) -> Sent:
    """Each connection posts the next alert as soon as its last was answered."""
    loop = asyncio.get_running_loop()
    sent = Sent(first)
    done: asyncio.Future[None] = loop.create_future()
    state = {"next": first, "busy": connections}
    until = time.monotonic() + seconds

    def answered(connection: _Connection, number: int, status: int) -> None:
        if number >= 0:
            _note(sent, number, status, time.monotonic())
        over = time.monotonic() >= until or (limit and state["next"] - first >= limit)
        if over or not connection.open:
            state["busy"] -= 1
            if state["busy"] == 0 and not done.done():
                done.set_result(None)
            return
        number = state["next"]
        state["next"] += 1
        sent.due[number] = time.monotonic()
        connection.send(number, target.request(number))

    sent.began = time.monotonic()
    opened = [await _open(target.port, answered) for _ in range(connections)]
    for connection in opened:
        answered(connection, -1, 0)
    async with asyncio.timeout(seconds + 30):
        await done
    sent.ended = time.monotonic()
    for connection in opened:
        connection.close()
    return sent


class OpenLoad:
    """One open-model round; ``run`` returns when every request has its answer, or ``patience_s`` after the last."""

    def __init__(self, target: Target, *, rate: float, seconds: float, first: int, patience_s: float = 20.0) -> None:
        self._target = target
        self._gap = 1.0 / rate
        self._count = round(rate * seconds)
        self._patience_s = patience_s
        self._idle: list[_Connection] = []
        self._all: list[_Connection] = []
        self._queue: deque[int] = deque()
        self._opening = 0
        self._done = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = Sent(first)

    async def run(self) -> Sent:
        """Post everything on schedule."""
        for _ in range(8):
            self._idle.append(await self._connect())
        sent = self.sent
        sent.began = time.monotonic() + 0.05
        await asyncio.to_thread(self._tick, asyncio.get_running_loop())
        try:
            async with asyncio.timeout(self._patience_s):
                while len(sent.accepted) + len(sent.refused) < self._count:
                    self._done.clear()
                    await self._done.wait()
        except TimeoutError:
            pass
        sent.ended = time.monotonic()
        for connection in self._all:
            connection.number = -1
            connection.close()
        return sent

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: an event loop's timers are a millisecond coarse, as long as what is measured."""
        began, first = self.sent.began, self.sent.first
        for index in range(self._count):
            due = began + index * self._gap
            delay = due - time.monotonic()
            if delay > 0:
                time.sleep(delay)
            loop.call_soon_threadsafe(self._post, first + index, due)

    def _post(self, number: int, due: float) -> None:
        self.sent.due[number] = due
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                connection.send(number, self._target.request(number))
                return
        self._queue.append(number)
        living = sum(connection.open for connection in self._all)
        if living + self._opening < CONNECTIONS:
            self._opening += 1
            task = asyncio.ensure_future(self._grow())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _grow(self) -> None:
        try:
            connection = await self._connect()
        except OSError:
            if self._queue:
                self._answered(None, self._queue.popleft(), 0)
            return
        finally:
            self._opening -= 1
        self._free(connection)

    async def _connect(self) -> _Connection:
        connection = await _open(self._target.port, self._answered)
        self._all.append(connection)
        return connection

    def _answered(self, connection: _Connection | None, number: int, status: int) -> None:
        _note(self.sent, number, status, time.monotonic())
        self._done.set()
        if connection is not None:
            self._free(connection)

    def _free(self, connection: _Connection) -> None:
        if not connection.open:
            return
        if self._queue:
            number = self._queue.popleft()
            connection.send(number, self._target.request(number))
        else:
            self._idle.append(connection)


def _note(sent: Sent, number: int, status: int, at: float) -> None:
    if 200 <= status < 300:
        sent.accepted[number] = at
    else:
        sent.refused[number] = status


async def _open(port: int, answered: Callable[[_Connection, int, int], None]) -> _Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: _Connection(answered), "127.0.0.1", port)
    return connection
