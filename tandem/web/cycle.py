"""One request and its answer: uvicorn's, with a short way for what nearly every post is.

A body that came with its headers is handed over without a wait, and an answer of known length is put together once and
leaves in one piece: each write is a system call here and wakes the client there, which would have half an answer.
Everything else (streams, HEAD, answers without a length) goes uvicorn's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

_CONTROL = bytes(code for code in range(32) if chr(code) not in "\t\r\n") + b"\x7f"
_OTHER_WAY = (b"connection", b"transfer-encoding")
"""Headers of an answer whose end is not told by its length alone."""


class Cycle(RequestResponseCycle):
    """See the module."""

    _head = b""
    """Of an answer whose body has not come; nothing of it is written yet."""

    def whole_body(self) -> bytes | None:
        """The body if all of it is here, asked once and before ``receive``; that waits for the sender to go then."""
        if self.more_body or self.disconnected or self.response_complete:
            return None
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return body

    async def send(self, message: Message) -> None:  # type: ignore[override] # starlette's word for the same
        """See ASGI."""
        if self.flow.write_paused or self.disconnected or self.response_complete or self.scope["method"] == "HEAD":
            await self._other_way(message)
        elif self.response_started and self._is_all(message):
            self._finish(message.get("body", b""))
        elif not self.response_started and (length := _length(message)) is not None:
            self._begin(message["status"], message["headers"], length)
        else:
            await self._other_way(message)

    async def _other_way(self, message: Message) -> None:
        """As uvicorn does, behind what was put together here."""
        if self._head and not self.disconnected:
            self.transport.write(self._head)
        self._head = b""
        await super().send(message)  # type: ignore[arg-type]

    def _is_all(self, message: Message) -> bool:
        """Whether the answer is complete with this message."""
        if self.chunked_encoding or message["type"] != "http.response.body" or message.get("more_body", False):
            return False
        return len(message.get("body", b"")) == self.expected_content_length

    def _begin(self, status: int, headers: Sequence[tuple[bytes, bytes]], length: int) -> None:
        lines = [STATUS_LINE[status]]
        lines += [b"%b: %b\r\n" % (_checked(name), value) for name, value in (*self.default_headers, *headers)]
        lines.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        head = b"".join(lines)
        # All values at once: one that ends its line, or holds what no value may, shows here.
        ends = len(lines) if self.keep_alive else len(lines) + 1
        if not (head.count(b"\n") == ends == head.count(b"\r")) or len(head.translate(None, _CONTROL)) != len(head):
            raise RuntimeError("Invalid HTTP header value.")
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, length
        self._head = head

    def _finish(self, body: bytes) -> None:
        self.expected_content_length = 0
        self.response_complete = True
        head, self._head = self._head, b""
        self.transport.write(head + body)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _length(message: Message) -> int | None:
    """The length that the head of an answer announces, None when it says something else of its end."""
    if message["type"] != "http.response.start":
        return None
    framing = dict(message.get("headers", ()))
    announced = framing.get(b"content-length")
    return int(announced) if announced is not None and framing.keys().isdisjoint(_OTHER_WAY) else None


@lru_cache(maxsize=256)
def _checked(name: bytes) -> bytes:
    """``name`` as it is sent; the same few come again."""
    if HEADER_RE.search(name):
        raise RuntimeError("Invalid HTTP header name.")
    return name.lower()
