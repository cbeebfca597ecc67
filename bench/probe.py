"""What a bare commit costs on this disk, beside everything else: 8 KiB written and fdatasync'ed, 20 times a second.

A process of its own (``python -m bench.probe FILE``), so that no busy loop delays its clock. Ends at SIGTERM or when
its parent closes its input, and prints the seconds of each commit as one JSON list.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from bench.figures import quantile

DISK = Path("/var/tmp")  # noqa: S108 - a real disk, where the data under test lives too
_BLOCK = b"\0" * 8192
_EVERY_S = 0.05
_KEEP = 64 * len(_BLOCK)


def measure(path: str) -> list[float]:
    """Commit until standard input ends."""
    took: list[float] = []
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, b"\0" * _KEEP)
        os.fsync(descriptor)
        while not select.select([sys.stdin], [], [], _EVERY_S)[0]:
            began = time.perf_counter()
            os.pwrite(descriptor, _BLOCK, len(took) * len(_BLOCK) % _KEEP)
            os.fdatasync(descriptor)
            took.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        Path(path).unlink()
    return took


class Probe:
    """``async with Probe() as probe: ...``; afterwards ``probe.p50_s`` and ``probe.p99_s``."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        handle, path = tempfile.mkstemp(prefix="bench-probe-", dir=DISK)
        os.close(handle)
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.probe", path, stdin=pipe, stdout=pipe
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is None:
            return
        out, _err = await self._process.communicate(b"\n")
        self.took = json.loads(out or b"[]")

    @property
    def p50_s(self) -> float:
        """Median commit."""
        return quantile(self.took, 0.5)

    @property
    def p99_s(self) -> float:
        """99th percentile commit."""
        return quantile(self.took, 0.99)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
