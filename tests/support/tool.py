"""Programs of others, run as operators run them: with their own configuration, against a listener of ours."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

DEADLINE_S = 60.0
_POLL_S = 0.05
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def environment() -> dict[str, str]:
    """Ours without proxies: they know nothing of the loopback."""
    return {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}


async def run(*command: str, stdin: bytes = b"") -> tuple[int, str]:
    """Exit code, and everything it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )
    async with asyncio.timeout(DEADLINE_S):
        said, _ = await process.communicate(stdin)
    return process.returncode or 0, said.decode()


@asynccontextmanager
async def running(log: Path, *command: str) -> AsyncIterator[Path]:
    """A program that runs until the test leaves; what it says is in ``log``."""
    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(*command, stdout=written, stderr=written, env=environment())
    try:
        yield log
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(DEADLINE_S):
            await process.wait()


async def said(log: Path, pattern: str) -> re.Match[str]:
    """The first match of ``pattern`` in ``log``, when it is there."""
    async with asyncio.timeout(DEADLINE_S):
        while (found := _search(pattern, log)) is None:  # noqa: ASYNC110 - a file tells nobody that it grew
            await asyncio.sleep(_POLL_S)
    return found


def _search(pattern: str, log: Path) -> re.Match[str] | None:
    return re.search(pattern, log.read_text(encoding="utf-8"))
