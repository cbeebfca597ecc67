"""The proxy of the fault tests does to a connection what it is told to; a fault that is not injected proves nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.support.proxy import Proxy, proxy, tcp

SOON_S = 0.3
PROMPT_S = 20.0
"""Generous: a machine may be busy with much else."""


@dataclass
class Echo:
    """A server that sends back what it gets, and keeps it."""

    got: bytearray = field(default_factory=bytearray)
    ended: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                self.got += piece
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            self.ended += 1
            writer.transport.abort()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def way(echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with proxy(tcp("127.0.0.1", server.sockets[0].getsockname()[1])) as made:
        yield made
    server.close()


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, said: bytes, *, within_s: float = PROMPT_S) -> bytes:
        """Say something and read as much back; less when the connection ended."""
        self.writer.write(said)
        try:
            async with asyncio.timeout(within_s):
                return await self.reader.readexactly(len(said))
        except asyncio.IncompleteReadError as short:
            return short.partial
        except ConnectionError:
            return b""


@pytest.fixture
async def connect(way: Proxy):
    clients: list[Client] = []

    async def make() -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", way.port))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.writer.transport.abort()


async def test_by_itself_it_changes_nothing(way: Proxy, echo: Echo, connect):
    client = await connect()
    said = bytes(range(256)) * 2000

    assert await client.ask(said) == said
    assert way.connections == 1


async def test_an_end_is_passed_on(way: Proxy, echo: Echo, connect):
    client = await connect()
    await client.ask(b"hello")

    client.writer.close()
    async with asyncio.timeout(PROMPT_S):
        while not echo.ended or way.connections:  # noqa: ASYNC110 - the other side decides, then the proxy sees it
            await asyncio.sleep(0.01)

    assert (echo.ended, way.connections) == (1, 0)


async def test_cut_ends_what_there_is_and_lets_nothing_new_in_until_it_is_over(way: Proxy, echo: Echo, connect):
    client = await connect()
    await client.ask(b"hello")

    async with way.being(cut=True):
        assert await client.ask(b"are you there") == b""
        assert await (await connect()).ask(b"and now") == b""

    assert await (await connect()).ask(b"again") == b"again"
    assert bytes(echo.got) == b"helloagain"


async def test_half_open_passes_nothing_and_ends_nothing_and_goes_on_afterwards(way: Proxy, echo: Echo, connect):
    client = await connect()
    await client.ask(b"hello")

    way.be(half_open=True)
    with pytest.raises(TimeoutError):
        await client.ask(b"lost?", within_s=SOON_S)
    assert bytes(echo.got) == b"hello"
    client.writer.close()
    await asyncio.sleep(SOON_S)
    assert echo.ended == 0, "the server is not told that its client has gone"

    way.be()
    async with asyncio.timeout(PROMPT_S):
        while not echo.ended:  # noqa: ASYNC110 - the other side decides
            await asyncio.sleep(0.01)
    assert bytes(echo.got) == b"hellolost?"


async def test_latency_comes_once_in_each_direction(way: Proxy, connect):
    client = await connect()
    way.be(latency_s=0.2)

    began = time.monotonic()
    assert await client.ask(b"hello") == b"hello"

    assert 0.4 <= time.monotonic() - began < PROMPT_S


async def test_bandwidth_is_so_many_bytes_a_second(way: Proxy, connect):
    client = await connect()
    way.be(bytes_per_s=100)

    began = time.monotonic()
    assert await client.ask(b"x" * 50) == b"x" * 50

    assert 0.4 <= time.monotonic() - began < PROMPT_S


async def test_a_slow_way_becomes_quick_in_the_middle_of_a_piece(way: Proxy, connect):
    client = await connect()
    way.be(bytes_per_s=1)
    asking = asyncio.create_task(client.ask(b"x" * 5000))

    await asyncio.sleep(SOON_S)
    assert not asking.done()
    way.be()

    assert await asking == b"x" * 5000


async def test_a_connection_is_dropped_after_so_many_bytes(way: Proxy, echo: Echo, connect):
    way.be(drop_after=10)
    client = await connect()

    assert await client.ask(b"0123456789") == b"0123456789"
    assert await client.ask(b"x") == b""

    assert bytes(echo.got) == b"0123456789"
    assert await (await connect()).ask(b"another") == b"another"


async def test_a_swallowed_reply_reaches_the_server_and_ends_the_connection(way: Proxy, echo: Echo, connect):
    client = await connect()
    way.be(swallow_replies=True)

    assert await client.ask(b"pay me") == b""

    assert bytes(echo.got) == b"pay me"


async def test_what_is_not_there_is_refused(connect, way: Proxy):
    async with proxy(tcp("127.0.0.1", 1)) as nowhere:
        reader, writer = await asyncio.open_connection("127.0.0.1", nowhere.port)
        assert await reader.read() == b""
        writer.close()
