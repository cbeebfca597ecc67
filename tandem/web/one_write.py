"""A transport on which what is written in one turn of the event loop leaves in one piece.

uvicorn writes the head and the body of an answer one after the other. Each is a system call here and wakes the client
there, which then has half an answer; together they cost what one of them does.
"""

from __future__ import annotations

import asyncio
from typing import Any

AT_ONCE = 16 * 1024
"""Bytes that do not wait for more: past it a piece is worth a call, and a long answer must meet the flow control."""


class OneWrite:
    """Stands before the transport of a connection, which does everything but wait."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """``loop`` is the transport's."""
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write ``data`` at the end of this turn of the loop, behind what was written before."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= AT_ONCE:
            self._flush()

    def write_eof(self) -> None:
        """See ``asyncio.WriteTransport``; what waits goes first."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """See ``asyncio.BaseTransport``; what waits goes first."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a transport has
        """The transport's own; kept, so that it is looked up once a connection."""
        found = getattr(self._transport, name)
        setattr(self, name, found)
        return found
