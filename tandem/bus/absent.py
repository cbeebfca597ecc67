"""No bus: for a process that needs none, and must not end because one is away."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.bus.partition import partition_of
from tandem.bus.port import Consumer, Record, Span
from tandem.db.write import Writes
from tandem.errors import Unavailable


class AbsentBus:
    """See ``tandem.bus.port.Bus``; whoever reads or writes is refused."""

    name = "none"

    async def start(self) -> None:
        """Nothing is opened."""

    async def stop(self) -> None:
        """Nothing is open."""

    async def append(self, records: Sequence[Record]) -> None:  # noqa: ARG002 - the port's
        """Refuse."""
        raise _absent()

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:  # noqa: ARG002 - the port's
        """Refuse."""
        raise _absent()

    def partition_of(self, key: str) -> int:
        """As on every bus."""
        return partition_of(key)

    def publish(self, writes: Writes, records: Sequence[Record]) -> None:  # noqa: ARG002 - the port's
        """Refuse."""
        raise _absent()

    def commit(self, writes: Writes, group: str, spans: Sequence[Span]) -> None:  # noqa: ARG002 - the port's
        """Refuse."""
        raise _absent()

    def notify(self, topics: Sequence[str]) -> None:
        """Nobody listens."""


def _absent() -> Unavailable:
    return Unavailable("bus", "this process has none")
