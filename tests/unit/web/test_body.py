"""A body is read within its bounds, and never unpacked past them."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.errors import Reason, Refused
from tandem.web.body import LIMIT, decompress, read_body


def receiving(*chunks: bytes, ends: bool = True):
    """An ASGI receive that hands out ``chunks`` and then disconnects, or hangs without an end."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if ends and messages:
        messages[-1]["more_body"] = False

    async def receive():
        if messages:
            return messages.pop(0)
        if ends:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    return receive


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join([*(packer.compress(b"\0" * LIMIT) for _ in range(size // LIMIT)), packer.flush()])


async def refusal_of(awaitable):
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value.reason


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_chunks_make_the_body(chunks):
    assert asyncio.run(read_body(receiving(*chunks))) == b"".join(chunks)


@pytest.mark.parametrize("chunks", [[b"x" * 11], [b"x" * 6, b"x" * 5], [b"x"] * 11])
async def test_a_body_past_the_limit_is_too_large(chunks):
    assert await refusal_of(read_body(receiving(*chunks), limit=10)) is Reason.TOO_LARGE


async def test_a_body_at_the_limit_is_read():
    assert await read_body(receiving(b"x" * 10), limit=10) == b"x" * 10


async def test_silence_is_too_slow():
    assert await refusal_of(read_body(receiving(b"x", ends=False), deadline_s=0.05)) is Reason.TOO_SLOW


async def test_hanging_up_half_way_is_refused_and_not_taken_for_the_end():
    messages = [{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}]

    async def receive():
        return messages.pop(0)

    assert await refusal_of(read_body(receive)) is Reason.INVALID


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_every_encoding_comes_back(data):
    assert decompress(data, "") == decompress(data, "identity") == data
    assert decompress(gzip.compress(data), "GZIP ") == data
    assert decompress(gzip.compress(data) + gzip.compress(data), "x-gzip") == data * 2
    assert decompress(zlib.compress(data), "deflate") == data
    assert decompress(raw_deflate(data), "deflate") == data


def test_a_bomb_is_refused_at_the_cap():
    with pytest.raises(Refused) as caught:
        decompress(bomb(200 * LIMIT), "gzip")

    assert caught.value.reason is Reason.TOO_COMPLEX


def test_many_empty_streams_are_refused():
    with pytest.raises(Refused) as caught:
        decompress(gzip.compress(b"") * 1000, "gzip")

    assert caught.value.reason is Reason.TOO_COMPLEX


@settings(deadline=None)
@given(st.binary(max_size=100), st.sampled_from(["gzip", "deflate"]))
def test_damaged_bodies_are_refused_and_nothing_else(data, encoding):
    with suppress(Refused):
        assert len(decompress(data, encoding)) <= LIMIT


@pytest.mark.parametrize(
    "data", [gzip.compress(b"hello", mtime=0)[:-9], zlib.compress(b"hello")[:4]], ids=["gzip", "zlib"]
)
def test_a_body_cut_short_is_refused(data):
    with pytest.raises(Refused, match="cut short"):
        decompress(data, "gzip")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "\x00"])
def test_an_encoding_we_do_not_read_is_refused(encoding):
    with pytest.raises(Refused, match="Content-Encoding"):
        decompress(b"x", encoding)
