"""What is written in one turn of the loop leaves in one piece, in order, and before the end of the connection."""

from __future__ import annotations

import asyncio

from tandem.web.one_write import AT_ONCE, OneWrite


class Transport:
    """Notes what is done with it."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def write_eof(self) -> None:
        self.done.append("eof")

    def close(self) -> None:
        self.closing = True
        self.done.append("close")

    def abort(self) -> None:
        self.closing = True
        self.done.append("abort")

    def is_closing(self) -> bool:
        return self.closing


def made() -> tuple[Transport, OneWrite]:
    transport = Transport()
    return transport, OneWrite(transport, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_head_and_body_of_an_answer_are_one_write() -> None:
    transport, one = made()

    one.write(b"head ")
    one.write(b"body")
    assert transport.done == []
    await asyncio.sleep(0)

    assert transport.done == [b"head body"]


async def test_two_turns_are_two_writes() -> None:
    transport, one = made()
    for piece in (b"first", b"second"):
        one.write(piece)
        await asyncio.sleep(0)

    assert transport.done == [b"first", b"second"]


async def test_what_is_long_does_not_wait_and_overtakes_nothing() -> None:
    transport, one = made()
    long = b"x" * AT_ONCE

    one.write(b"head ")
    one.write(long)
    assert transport.done == [b"head " + long]
    one.write(b"tail")
    await asyncio.sleep(0)

    assert transport.done == [b"head " + long, b"tail"]


async def test_the_end_of_a_connection_comes_behind_what_was_written() -> None:
    transport, one = made()

    one.write(b"last words")
    one.write_eof()
    one.close()
    await asyncio.sleep(0)

    assert transport.done == [b"last words", "eof", "close"]


async def test_nothing_is_written_once_the_connection_was_cut() -> None:
    transport, one = made()

    one.write(b"too late")
    one.abort()
    await asyncio.sleep(0)

    assert one.is_closing()
    assert transport.done == ["abort"]
