"""Time as this process lived it, for deadlines of a second or two: a machine that is busy with much else stretches both.

A deadline by the wall measures the machine as well; here every pause of the whole process counts as one beat.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

BEAT_S = 0.02


@dataclass
class Pulse:
    """See the module."""

    beats: int = 0

    @property
    def seconds(self) -> float:
        """Lived so far; at most what the wall says."""
        return self.beats * BEAT_S

    async def beat(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(BEAT_S)
            self.beats += 1


@asynccontextmanager
async def pulse() -> AsyncIterator[Pulse]:
    """A pulse that beats meanwhile."""
    made = Pulse()
    beating = asyncio.create_task(made.beat())
    try:
        yield made
    finally:
        beating.cancel()
