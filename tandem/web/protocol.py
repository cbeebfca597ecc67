"""HTTP/1.1 on one connection, with bounds that uvicorn leaves open: bytes of headers, time to send a request.

Measured without them: 3 MB of headers were accepted, and 60 of 60 half-open clients were kept for ever. What a request
means is not known here; a refusal is written to the socket as RFC 9457 before any application runs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tandem.web.body import WHOLE_BODY
from tandem.web.cycle import Cycle
from tandem.web.deadline import Deadline
from tandem.web.problems import BAD_REQUEST, BUSY, HEADERS_TOO_LARGE, TOO_SLOW, HttpProblem, raw_answer
from tandem.web.request_id import new_request_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one listener."""

    header_bytes: int = 64 * 1024
    """URL and headers of one request."""
    headers_within_s: float = 30.0
    """From connecting, or from the first byte on a kept-alive connection, to the end of the headers."""
    body_within_s: float = 30.0
    """From the end of the headers to the end of the body."""
    read_within_s: float = 30.0
    """How long a client may leave our answer unread once buffers are full."""
    keep_alive_s: float = 30.0
    """How long an idle connection stays open."""
    connections: int = 2_000
    close_within_s: float = 2.0
    """From a refusal to the connection's end, read or not."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. ``limits`` is set by the subclass that ``bounded`` makes, because uvicorn builds protocols."""

    limits: Limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's business
        super().__init__(*args, **kwargs)
        self._due = Deadline(self.loop)
        self._receive_within_s: float | None = self.limits.headers_within_s
        """What is expected of the client now: headers, a body, or nothing."""
        self._moved = False
        """The chunk at hand has changed what is expected."""
        self._reading: asyncio.TimerHandle | None = None
        self._in_headers = True
        self._began_in_chunk = False
        self._header_bytes = 0
        self._raw_header_bytes = 0
        self._refusing = False

    # --- the connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect(self.limits.headers_within_s)
        if len(self.connections) > self.limits.connections:
            self._refuse(BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        self._due.end()
        self._cancel_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusing or self.transport.is_closing():
            return  # read and thrown away: an unread rest would turn the close into a reset, and the answer be lost
        self._began_in_chunk = False
        super().data_received(data)
        if self._is_over():
            return
        if self._in_headers and not self._began_in_chunk:
            self._raw_header_bytes += len(data)
            if self._raw_header_bytes > self.limits.header_bytes:
                self._refuse(HEADERS_TOO_LARGE)
                return
        if self._moved:
            self._moved = False
            self._expect(self._receive_within_s)
        elif self._receive_within_s is None and self._idle():
            # Line ends between requests begin none, and must not keep an idle connection.
            self._expect(self.limits.headers_within_s)

    def on_response_complete(self) -> None:
        """What uvicorn calls; its own timer of idle connections is made and cancelled at every request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._receive_within_s is None:
            self._due.expect(self.limits.keep_alive_s, self.timeout_keep_alive_handler)

    def _is_over(self) -> bool:
        return self._refusing or self.transport.is_closing()

    def _idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or (cycle.response_complete and not self.pipeline)

    # --- the parser's callbacks ---

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = self._began_in_chunk = self._moved = True
        self._header_bytes = self._raw_header_bytes = 0
        self._receive_within_s = self.limits.headers_within_s

    def on_url(self, url: bytes) -> None:
        self._header_bytes += len(url)
        if self._header_bytes > self.limits.header_bytes:
            self._too_many()
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > self.limits.header_bytes:
            self._too_many()
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """As uvicorn's, without its web sockets, its bound of concurrency and its root path, and with our cycle."""
        self._in_headers, self._moved = False, True
        self._receive_within_s = self.limits.body_within_s
        version = self.parser.get_http_version()
        self._address(version)
        cycle = Cycle(
            self.scope, self.transport, self.flow, self.logger, self.access_logger, self.access_log,
            self.server_state.default_headers, asyncio.Event(), self.expect_100_continue,
            version != "1.0" and self.parser.should_keep_alive(), self.on_response_complete,
        )  # fmt: skip
        self.scope["extensions"] = {WHOLE_BODY: cycle.whole_body}  # type: ignore[dict-item] # ours is a function
        before: RequestResponseCycle | None = self.cycle
        self.cycle = cycle
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._receive_within_s, self._moved = None, True

    def _address(self, version: str) -> None:
        """Fill in what the first line says; raises for an address that is none, and the parser gives up."""
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""

    def _too_many(self) -> None:
        """Of header bytes; trailers after a body count as well."""
        self._refuse(HEADERS_TOO_LARGE)
        raise _RefusedError

    # --- deadlines ---

    def _expect(self, within_s: float | None) -> None:
        """Move the one deadline of receiving, or lift it."""
        self._receive_within_s = within_s
        if within_s is None:
            self._due.forget()
        else:
            self._due.expect(within_s, self._too_slow)

    def _too_slow(self) -> None:
        self._refuse(TOO_SLOW)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cancel_reading()
        self._reading = self.loop.call_later(self.limits.read_within_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._cancel_reading()
        super().resume_writing()

    def _cancel_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    # --- refusals ---

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls when the parser gives up, on bad HTTP or because a callback of ours refused."""
        del msg
        self._refuse(BAD_REQUEST)

    def _refuse(self, problem: HttpProblem) -> None:
        """Answer ``problem`` unless an answer is under way, and hang up; the application sees a disconnect."""
        if self._is_over():
            return
        self._refusing = True
        self._due.end()
        if self._may_answer():
            self.transport.write(raw_answer(problem, new_request_id()))
        cycles: list[RequestResponseCycle | None] = [self.cycle, *(queued for queued, _ in self.pipeline)]
        for cycle in cycles:
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.flow.resume_writing()
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(self.limits.close_within_s, self.transport.abort)

    def _may_answer(self) -> bool:
        """Nothing of another answer may stand on the wire before or after ours."""
        if self.pipeline:
            return False
        return self._idle() or (not self._in_headers and not self.cycle.response_started)


class _RefusedError(Exception):
    """Ends the parser's work on a chunk; uvicorn sees a parser's error and asks for a 400, too late."""


def bounded(limits: Limits) -> type[BoundedProtocol]:
    """A protocol class with these limits."""
    return type("BoundedProtocolWithLimits", (BoundedProtocol,), {"limits": limits})
