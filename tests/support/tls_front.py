"""TLS in front of a listener, as a reverse proxy gives it to clients that insist on https."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


@asynccontextmanager
async def tls_front(url: str, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The port of the loopback that speaks TLS for ``url``."""
    place = urlsplit(url)

    async def carry(client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        behind, forward = await asyncio.open_connection(place.hostname, place.port)
        await asyncio.gather(_copy(client, forward), _copy(behind, answer), return_exceptions=True)

    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(1 << 16):
            sink.write(chunk)
            await sink.drain()
    finally:
        sink.close()
