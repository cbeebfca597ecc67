"""Where pages arrive: a minimal HTTP server that notes when, about which alert, and under which idempotency key."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from bench.payload import number_of

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(slots=True)
class Arrivals:
    """Pages so far; instants are ``time.monotonic``."""

    first: dict[int, float] = field(default_factory=dict)
    """Alert's number -> its first page."""
    pages: int = 0
    by_key: dict[bytes, int] = field(default_factory=dict)
    """Idempotency key -> how often it came."""
    last: float = 0.0

    @property
    def doubled(self) -> int:
        """Pages that came again under a key that had come."""
        return sum(count - 1 for count in self.by_key.values())


class Sink:
    """One per run; ``arrivals`` is replaced for every round."""

    def __init__(self) -> None:
        self.arrivals = Arrivals()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Receiver(self), "127.0.0.1", self.port, reuse_address=True, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Go down: nobody listens, open connections are cut."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._open):
            transport.abort()
        await asyncio.sleep(0)

    def fresh(self) -> Arrivals:
        """Forget; what comes from now on is of the next round."""
        self.arrivals = Arrivals()
        return self.arrivals

    def opened(self, transport: asyncio.Transport) -> None:
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        self._open.discard(transport)


class _Receiver(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._transport: asyncio.Transport | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._sink.opened(self._transport)  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._transport is not None:
            self._sink.closed(self._transport)

    def data_received(self, data: bytes) -> None:
        self._got = self._got + data if self._got else data
        while True:
            end = self._got.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._got[:end].lower()
            size = int(_header(head, b"content-length") or 0)
            if len(self._got) < end + 4 + size:
                return
            body, self._got = self._got[end + 4 : end + 4 + size], self._got[end + 4 + size :]
            self._take(head, body)

    def _take(self, head: bytes, body: bytes) -> None:
        now, arrivals = time.monotonic(), self._sink.arrivals
        arrivals.pages += 1
        arrivals.last = now
        arrivals.first.setdefault(number_of(body), now)
        key = _header(head, b"webhook-id")
        if key:
            arrivals.by_key[key] = arrivals.by_key.get(key, 0) + 1
        if self._transport is not None:
            self._transport.write(_OK)


def _header(head: bytes, name: bytes) -> bytes:
    at = head.find(b"\r\n" + name + b":")
    return head[at + len(name) + 3 :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""
