"""What a rude client gets from the real server: an answer or a cut, in time, and never somebody else's memory."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from tandem.web.protocol import Limits
from tests.support.web import PATIENCE_S, connected, exchange, get, post, serving

MIB = 1024 * 1024


def is_problem(raw: bytes, status: int) -> bool:
    head, _, body = raw.partition(b"\r\n\r\n")
    return (
        head.startswith(b"HTTP/1.1 %d " % status)
        and b"content-type: application/problem+json" in head.lower()
        and json.loads(body)["status"] == status
    )


@pytest.mark.parametrize("shape", ["many", "one", "url", "unfinished"])
async def test_three_megabytes_of_headers_are_refused_with_431(server, shape):
    value = b"x" * 1000
    data = {
        "many": b"GET /livez HTTP/1.1\r\n" + b"".join(b"h%d: %s\r\n" % (n, value) for n in range(3000)) + b"\r\n",
        "one": b"GET /livez HTTP/1.1\r\nh: " + b"x" * 3 * MIB + b"\r\n\r\n",
        "url": b"GET /" + b"x" * 3 * MIB + b" HTTP/1.1\r\n\r\n",
        "unfinished": b"GET /livez HTTP/1.1\r\nh: " + b"x" * 3 * MIB,
    }[shape]

    async with connected(server) as wire:
        sending = asyncio.create_task(wire.send(data))
        answer = await wire.answer()
        await sending

    assert (answer.status, answer.json()["type"]) == (431, "urn:tandem:problem:headers_too_large")
    assert (await exchange(server, get("/livez"))).status == 200


async def test_headers_just_below_the_limit_are_read(server):
    assert (await exchange(server, get("/livez", "x-long: " + "x" * 60_000))).status == 200


@pytest.mark.parametrize(
    "sent", [b"", b"GET /livez HTTP/1.1\r\nHost: t\r\n", b"\r\n"], ids=["nothing", "half", "line ends"]
)
async def test_unfinished_headers_are_cut(server, sent):
    async with connected(server) as wire:
        await wire.send(sent)

        assert is_problem(await wire.closed(), 408)


async def test_headers_that_trickle_are_cut_although_bytes_keep_coming(server):
    async with connected(server) as wire:
        closed = asyncio.create_task(wire.closed())
        for byte in b"GET /livez HTTP/1.1\r\n" + b"x: y\r\n" * 1000:
            await wire.send(bytes([byte]))
            if closed.done():
                break
            await asyncio.sleep(0.02)

        assert is_problem(await closed, 408)


async def test_a_second_request_on_a_kept_connection_has_the_same_deadline(server):
    async with connected(server) as wire:
        await wire.send(get("/livez"))
        first = await wire.answer()
        await wire.send(b"GET /livez HTTP/1.1\r\nHost: t\r\n")

        assert first.status == 200
        assert is_problem(await wire.closed(), 408)


async def test_line_ends_after_an_answer_do_not_keep_a_connection_for_ever(server):
    async with connected(server) as wire:
        await wire.send(get("/livez"))
        await wire.answer()
        await wire.send(b"\r\n")

        assert is_problem(await wire.closed(), 408)


@pytest.mark.parametrize("path", ["/api/v1/notes", "/lane/x"])
async def test_half_a_body_and_then_silence_is_408(server, path):
    async with connected(server) as wire:
        await wire.send(post(path, b'{"text": "x"}')[:-5])

        assert is_problem(await wire.closed(), 408)


async def test_a_trickling_body_is_408_although_bytes_keep_coming(server):
    async with connected(server) as wire:
        await wire.send(post("/lane/x", b"x" * 1000)[:-1000])
        closed = asyncio.create_task(wire.closed())
        for _ in range(1000):
            await wire.send(b"x")
            if closed.done():
                break
            await asyncio.sleep(0.02)

        assert is_problem(await closed, 408)


@pytest.mark.parametrize("path", ["/api/v1/notes", "/lane/x"])
@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
async def test_two_megabytes_of_body_are_413(server, path, chunked):
    body = json.dumps({"text": "x" * 2 * MIB}).encode()
    data = post(path, body)
    if chunked:
        head = post(path, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        data = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    async with connected(server) as wire:
        sending = asyncio.create_task(wire.send(data))
        answer = await wire.answer()
        await sending

    assert (answer.status, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"HELO mail\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: t\r\n\r\n",
        b"CONNECT host:443 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"POST /lane/x HTTP/1.1\r\nHost: t\r\nContent-Length: nine\r\n\r\n",
        b"POST /lane/x HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /lane/x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHo st: t\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: \x00\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_400_problem_and_no_500(server, data):
    async with connected(server) as wire:
        await wire.send(data)
        answer = await wire.answer()

    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/problem+json"


async def test_trailers_count_as_headers(server):
    head = post("/lane/x", b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    async with connected(server) as wire:
        await wire.send(head + b"1\r\nx\r\n0\r\n" + b"t: " + b"x" * 1000 + b"\r\n")
        rest = b"".join(b"t: " + b"x" * 1000 + b"\r\n" for _ in range(3000))
        raw, _ = await asyncio.gather(wire.closed(), wire.send(rest))

    assert is_problem(raw, 431)


async def test_pipelined_requests_are_answered_in_order(server):
    async with connected(server) as wire:
        await wire.send(get("/livez") + get("/api/v1/refuse/conflict") + get("/livez"))

        assert [(await wire.answer()).status for _ in range(3)] == [200, 409, 200]


async def test_a_reader_that_stops_reading_is_cut():
    hung_up = asyncio.Event()

    async def until_cut(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.create_task(_until_disconnect(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * MIB, "more_body": True})
            await asyncio.sleep(0)
        hung_up.set()

    async with serving(until_cut) as server, connected(server) as wire:
        await wire.send(get("/"))

        await asyncio.wait_for(hung_up.wait(), PATIENCE_S)


async def _until_disconnect(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def test_sixty_half_open_clients_are_all_cut_and_the_server_still_answers(server):
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connected(server)) for _ in range(60)]
        for wire in wires:
            await wire.send(b"POST /lane/x HTTP/1.1\r\n")

        ends = await asyncio.gather(*(wire.closed() for wire in wires))

        assert all(is_problem(end, 408) for end in ends)
        assert (await exchange(server, get("/livez"))).status == 200


async def test_connections_past_the_bound_are_refused_with_503():
    async def app(scope, receive, send):
        raise AssertionError

    async with (
        serving(app, limits=Limits(connections=2)) as server,
        connected(server) as one,
        connected(server) as two,
        connected(server) as three,
    ):
        raw = await three.closed()

        assert is_problem(raw, 503)
        assert b"retry-after" in raw
        assert not one.reader.at_eof()
        assert not two.reader.at_eof()
