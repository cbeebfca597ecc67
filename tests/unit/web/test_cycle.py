"""The short way of an answer sends what the long one does, and refuses what it refuses."""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tandem.errors import Reason, Refused
from tandem.web.body import WHOLE_BODY, whole_body
from tandem.web.cycle import Cycle

LENGTH = (b"content-length", b"5")


class Transport:
    def __init__(self) -> None:
        self.sent = b""
        self.writes = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent += data
        self.writes += 1

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def cycle(kind: Any, *, method: str = "POST", keep_alive: bool = True) -> Any:
    transport, log = Transport(), logging.getLogger("test")
    return kind({"method": method}, transport, FlowControl(transport), log, log, False, [(b"date", b"today")],  # type: ignore[arg-type]
                asyncio.Event(), False, keep_alive, lambda: None)  # fmt: skip


async def answered(kind: Any, headers: Any, *pieces: bytes, **how: Any) -> tuple[bytes, bool, bool]:
    one = cycle(kind, **how)
    await one.send({"type": "http.response.start", "status": 202, "headers": headers})
    for number, piece in enumerate(pieces, 1):
        await one.send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})
    return one.transport.sent, one.transport.closed, one.response_complete


@pytest.mark.parametrize(
    "headers", [[LENGTH], [(b"x-a", b"b\xe9\tc"), LENGTH], [], [LENGTH, (b"connection", b"close")]]
)
@pytest.mark.parametrize("pieces", [(b"hello",), (b"he", b"llo")])
@pytest.mark.parametrize("how", [{}, {"method": "HEAD"}, {"keep_alive": False}])
async def test_the_bytes_are_those_of_the_long_way(headers, pieces, how):
    ours = await answered(Cycle, headers, *pieces, **how)

    assert ours == await answered(RequestResponseCycle, headers, *pieces, **how)
    assert ours[2]


async def test_an_answer_of_known_length_is_one_write():
    one = cycle(Cycle)

    await one.send({"type": "http.response.start", "status": 202, "headers": [LENGTH]})
    assert one.transport.writes == 0
    await one.send({"type": "http.response.body", "body": b"hello"})

    assert one.transport.sent.endswith(b"content-length: 5\r\n\r\nhello")
    assert one.transport.writes == 1


async def test_an_answer_whose_client_has_gone_before_its_body_is_not_written():
    one = cycle(Cycle)

    await one.send({"type": "http.response.start", "status": 202, "headers": [LENGTH]})
    one.disconnected = True
    await one.send({"type": "http.response.body", "body": b"hello"})

    assert one.transport.sent == b""


@pytest.mark.parametrize("bad", [b"a\r\nset-cookie: x", b"a\nb", b"a\rb", b"a\x00", b"a\x7f", b"\x1b[31m"])
async def test_a_value_that_ends_its_line_is_never_sent(bad):
    one = cycle(Cycle)

    with pytest.raises(RuntimeError, match="Invalid HTTP header value"):
        await one.send({"type": "http.response.start", "status": 200, "headers": [(b"x", bad), LENGTH]})

    assert one.transport.sent == b""


@pytest.mark.parametrize("body", [b"four", b"longer"])
async def test_a_body_of_another_length_than_announced_is_a_fault(body):
    with pytest.raises(RuntimeError, match="Content-Length"):
        await answered(Cycle, [LENGTH], body)


def test_a_body_that_is_not_complete_is_not_handed_over():
    one = cycle(Cycle)
    one.body += b"hel"
    assert one.whole_body() is None

    one.body += b"lo"
    one.more_body = False

    assert one.whole_body() == b"hello"


def test_a_whole_body_keeps_to_its_bound():
    with pytest.raises(Refused) as refused:
        whole_body({"extensions": {WHOLE_BODY: lambda: b"12345"}}, limit=4)

    assert refused.value.reason is Reason.TOO_LARGE
    assert whole_body({}, limit=4) is None


def test_a_request_whose_body_was_handed_over_goes_with_its_last_use_and_not_with_the_next_collection():
    one = cycle(Cycle)
    one.more_body, one.scope["extensions"] = False, {WHOLE_BODY: one.whole_body}
    gone = weakref.ref(one)

    assert whole_body(one.scope) == b""
    del one

    assert gone() is None
