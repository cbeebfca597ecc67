"""Reads the body of one request from ASGI messages, bounded in bytes and time. For lanes; FastAPI reads its own.

A body is read before anything costly happens to it, and decompressed only after its sender is known.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable

from starlette.types import Receive, Scope

from tandem.errors import Reason, Refused

LIMIT = 1024 * 1024
"""Bytes of a body, as sent and as decompressed."""
DEADLINE_S = 30.0
"""Seconds from the first wait to the last byte."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_STREAMS = 100
"""Gzip members in one body."""


WHOLE_BODY = "tandem.whole_body"
"""Our listener's ASGI extension: ``() -> bytes | None``, the body if all of it is here; asked before ``receive``."""


def whole_body(scope: Scope, *, limit: int = LIMIT) -> bytes | None:
    """The body if it came with its headers, as nearly every webhook's does: without a wait, and so without a deadline.

    Raises:
        Refused: TOO_LARGE past ``limit`` bytes.
    """
    # Taken out: it holds its request and is held by it, garbage that only the collector finds (4 % of a post).
    ask: Callable[[], bytes | None] | None = scope.get("extensions", {}).pop(WHOLE_BODY, None)
    body = ask() if ask is not None else None
    if body is not None and len(body) > limit:
        raise _too_large(limit)
    return body


async def read_body(receive: Receive, *, limit: int = LIMIT, deadline_s: float = DEADLINE_S) -> bytes:
    """The whole body as it was sent.

    Raises:
        Refused: TOO_LARGE past ``limit`` bytes, TOO_SLOW past ``deadline_s`` seconds, INVALID when the sender hung up.
    """
    try:
        async with asyncio.timeout(deadline_s):
            return await _read(receive, limit)
    except TimeoutError:
        raise Refused(Reason.TOO_SLOW, f"the body did not arrive within {deadline_s:g} s") from None


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if len(body) <= limit and message["type"] == "http.request" and not message.get("more_body", False):
        return body  # nearly every webhook is one message
    chunks, size = [body], len(body)
    while message["type"] == "http.request":
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
    raise Refused(Reason.INVALID, "the sender hung up")


def _too_large(limit: int) -> Refused:
    return Refused(Reason.TOO_LARGE, f"the body exceeds {limit} bytes")


def decompress(body: bytes, encoding: str, *, cap: int = LIMIT) -> bytes:
    """``body`` without its Content-Encoding; ``identity`` and an empty ``encoding`` change nothing.

    Raises:
        Refused: TOO_COMPLEX past ``cap`` bytes, INVALID for damaged data or an encoding we do not read.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflate(body, _GZIP_OR_ZLIB, cap)
        case "deflate":
            # RFC 9110 means zlib; many senders mean raw deflate, whose first byte never looks like zlib's.
            is_zlib = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
            return _inflate(body, _GZIP_OR_ZLIB if is_zlib else _RAW_DEFLATE, cap)
        case _:
            raise Refused(Reason.INVALID, "Content-Encoding is none of gzip, deflate, identity")


def _inflate(body: bytes, window_bits: int, cap: int) -> bytes:
    """Never holds more than ``cap`` + 1 bytes of output, whatever a bomb claims."""
    out, rest = bytearray(), body
    for _ in range(_STREAMS):
        stream = zlib.decompressobj(window_bits)
        try:
            out += stream.decompress(rest, cap + 1 - len(out))
        except zlib.error:
            raise Refused(Reason.INVALID, "the compressed body is damaged") from None
        if len(out) > cap:
            raise Refused(Reason.TOO_COMPLEX, f"the body decompresses to more than {cap} bytes")
        if not stream.eof:
            raise Refused(Reason.INVALID, "the compressed body is cut short")
        rest = stream.unused_data
        if not rest.strip(b"\x00"):
            return bytes(out)
    raise Refused(Reason.TOO_COMPLEX, f"more than {_STREAMS} compressed streams")
