"""The little HTTP the benchmark needs outside its hot paths: is somebody answering, wait until they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

_EVERY_S = 0.02
_ANSWER_S = 2.0


async def answers(port: int, path: str) -> bool:
    """Whether ``GET path`` gives a 200 now."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in line


async def wait_until(
    holds: Callable[[], Awaitable[bool]], within_s: float, *, alive: Callable[[], bool] = lambda: True
) -> bool:
    """Ask every 20 ms; false when it did not hold in time, or when ``alive`` says that it never will."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while loop.time() < until and alive():
        if await holds():
            return True
        await asyncio.sleep(_EVERY_S)
    return False
