"""A real server on a free port of this machine, and raw sockets to be rude to it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from tandem.web.protocol import Limits
from tandem.web.server import WebServer, bind

QUICK = Limits(headers_within_s=1.0, body_within_s=1.0, read_within_s=1.0, keep_alive_s=10.0, close_within_s=0.3)
"""Deadlines a test can wait for, and that what is sent at once keeps on a busy machine."""
PATIENCE_S = 30.0
"""A test that waits longer has found a hang."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that speak plain HTTP only, as ``verify``: trusts nobody. To read the system's authorities anew for each
client takes longer than most tests of a door."""


@dataclass
class Answer:
    """One HTTP answer off the wire."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


@asynccontextmanager
async def serving(
    app: ASGIApp, *, limits: Limits = QUICK, stopping: asyncio.Event | None = None
) -> AsyncIterator[WebServer]:
    """A started server; stopped afterwards within a second."""
    server = WebServer(app, listening=bind("127.0.0.1", 0), stopping=stopping or asyncio.Event(), limits=limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(1.0)


class Wire:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send; a peer that has hung up is what many tests want, so that is no error."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def answer(self) -> Answer:
        """The next whole answer."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(first.split()[1]), headers, body)

    async def closed(self) -> bytes:
        """Everything until the peer closes."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.reader.read()
        except ConnectionError:
            return b""


@asynccontextmanager
async def connected(server: WebServer) -> AsyncIterator[Wire]:
    """A connection to ``server``, closed afterwards."""
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


async def exchange(server: WebServer, data: bytes) -> Answer:
    """One answer to ``data`` on a connection of its own."""
    async with connected(server) as wire:
        await wire.send(data)
        return await wire.answer()


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A POST of JSON."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: t",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, *headers: str) -> bytes:
    """A GET."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: t", *headers, "", ""]).encode()
