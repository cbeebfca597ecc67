"""The listener inside our lifecycle: a known address, a typed refusal, an end that waits for nobody too long."""

from __future__ import annotations

import asyncio
import signal
import socket

import pytest

from tandem.clock import monotonic
from tandem.errors import StartFailed
from tandem.web.protocol import Limits
from tandem.web.server import PortTaken, WebServer, bind
from tests.support.web import PATIENCE_S, connected, exchange, get, post, serving


async def test_port_zero_gets_a_port_that_answers(server):
    host, port = server.address

    assert host == "127.0.0.1"
    assert port > 0
    assert (await exchange(server, get("/livez"))).json() == {"status": "ok"}


async def test_a_taken_port_is_a_start_failure_that_names_it(server):
    host, port = server.address

    with pytest.raises(PortTaken) as caught:
        bind(host, port)

    assert (caught.value.host, caught.value.port, caught.value.exit_code) == (host, port, 3)
    assert f"{host}:{port} is taken" in str(caught.value)
    assert isinstance(caught.value, StartFailed)


@pytest.mark.parametrize(
    ("host", "port"), [("192.0.2.1", 0), ("no such host.invalid", 0), ("127.0.0.1", 700_000), ("x" * 300, 0)]
)
def test_an_address_that_is_not_ours_is_a_start_failure(host, port):
    with pytest.raises(StartFailed):
        bind(host, port)


async def test_a_port_is_free_again_at_once(app):
    async with serving(app) as server:
        host, port = server.address
        await exchange(server, get("/livez"))

    bind(host, port).close()


async def test_an_open_event_stream_does_not_hold_up_the_end(app, stopping):
    async with serving(app, stopping=stopping) as server, connected(server) as wire:
        await wire.send(get("/api/v1/stream"))
        await asyncio.wait_for(wire.reader.readuntil(b"hello"), PATIENCE_S)
        before = monotonic()

        await server.stop(60.0)

        assert monotonic() - before < 30.0
        assert await wire.closed()


async def test_an_answer_under_way_is_finished_before_the_end():
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        begun.set()
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    async with serving(slow) as server, connected(server) as wire:
        await wire.send(get("/"))
        await asyncio.wait_for(begun.wait(), PATIENCE_S)
        stopping = asyncio.create_task(server.stop(8.0))
        await asyncio.wait_for(server.stopping.wait(), PATIENCE_S)
        go_on.set()

        answer = await wire.answer()
        await stopping

    assert answer.body == b"done"


async def test_what_does_not_end_is_cut_at_the_deadline():
    begun, cut = asyncio.Event(), asyncio.Event()

    async def endless(scope, receive, send):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    async with serving(endless, limits=Limits()) as server, connected(server) as wire:
        await wire.send(get("/"))
        await asyncio.wait_for(begun.wait(), PATIENCE_S)

        await asyncio.wait_for(server.stop(0.2), PATIENCE_S)

        assert cut.is_set()


async def test_signals_stay_ours(app):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    async with serving(app):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_stopping_a_server_that_never_started_frees_its_port(app):
    listening = bind("127.0.0.1", 0)
    address = listening.getsockname()
    server = WebServer(app, listening=listening, stopping=asyncio.Event())

    await server.stop(1.0)

    with pytest.raises(ConnectionRefusedError), socket.create_connection(address, timeout=PATIENCE_S):
        pass


async def test_a_kept_alive_connection_serves_many_requests(server):
    async with connected(server) as wire:
        for _ in range(5):
            await wire.send(post("/lane/x", b"{}"))
            assert (await wire.answer()).body == b"ok"
