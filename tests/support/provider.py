"""A provider on this machine that answers byte for byte what a test says, and keeps what it got."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Gets a whole request and writes what it likes."""


@dataclass
class Provider:
    """Where it listens, the requests in order, and how many connections were made."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)
    """Server names asked for by TLS."""


def answering(raw: bytes) -> Script:
    """A script that always writes ``raw``."""

    async def script(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return script


async def silent(_request: bytes, _writer: asyncio.StreamWriter) -> None:
    """A script that reads and never answers."""


async def hang_up(_request: bytes, writer: asyncio.StreamWriter) -> None:
    """A script that closes without an answer."""
    writer.transport.abort()


@asynccontextmanager
async def provider(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Provider]:
    """A listening provider; every connection is cut at the end."""
    state = Provider()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        writers.append(writer)
        try:
            while True:
                state.requests.append(await _request(reader))
                await script(state.requests[-1], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.transport.abort()

    if tls is not None:
        tls.sni_callback = lambda _socket, name, _context: state.names.append(name)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b":0")
    return head + await reader.readexactly(int(length.split(b":")[1]))
