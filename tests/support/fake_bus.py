"""A bus that keeps what is appended in a list: durable when it says so, away or slow when told to be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tandem.bus.port import Record
from tandem.errors import Unavailable


class FakeBus:
    """The part of ``tandem.bus.port.Bus`` that ingest uses."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        """Everything durable, in order."""
        self.batches: list[int] = []
        """Records of each successful append."""
        self.open = asyncio.Event()
        """Appends wait while it is clear."""
        self.open.set()
        self.waiting = 0
        self.reached = asyncio.Event()
        """Set by the first append."""
        self.grew = asyncio.Event()
        """Set by every append that succeeded; whoever waits clears it."""
        self.fault: Exception | None = None

    def away(self) -> None:
        self.fault = Unavailable("database", "refused")

    def back(self) -> None:
        self.fault = None

    async def append(self, records: Sequence[Record]) -> None:
        self.waiting += 1
        self.reached.set()
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        if self.fault is not None:
            raise self.fault
        self.records.extend(records)
        self.batches.append(len(records))
        self.grew.set()
