"""The bus, as a port with two implementations held to one contract suite (tests/contract/bus).

Durable append for ingest, transactional publish for services, consumer groups with fenced offsets. Offsets live in
PostgreSQL for both implementations and commit in the transaction of the work, so the port hands out *writes* for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from tandem.db.write import Writes


class Record(msgspec.Struct, frozen=True):
    """One record; ``partition`` and ``offset`` are -1 until it was read back.

    msgspec's, because every alert makes some: a frozen dataclass costs several times as much to make.
    """

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] | None = None
    partition: int = -1
    offset: int = -1


@dataclass(frozen=True, slots=True)
class Span:
    """The part of one partition a batch covers: offsets ``[first, next)``, read under ``epoch``."""

    topic: str
    partition: int
    epoch: int
    first: int
    next: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in partition order and the spans they cover; empty when nothing came in time."""

    records: tuple[Record, ...] = ()
    spans: tuple[Span, ...] = ()

    def __bool__(self) -> bool:
        """True when it holds records."""
        return bool(self.records)


class Consumer(Protocol):
    """One member of a consumer group."""

    group: str

    async def fetch(self, limit: int, wait_s: float) -> Batch:
        """Up to ``limit`` records after what was last fetched; waits at most ``wait_s`` for the first.

        Raises:
            Unavailable: the bus cannot be read now.
        """
        ...

    def wake(self) -> None:
        """Make a waiting ``fetch`` return at once (a timer is due, the process stops)."""
        ...

    def epochs(self) -> Mapping[tuple[str, int], int]:
        """(topic, partition) -> epoch of the partitions this member holds."""
        ...

    async def rewind(self) -> None:
        """Forget what was fetched but not committed: the next fetch starts at the committed offsets."""
        ...

    async def close(self) -> None:
        """Leave the group; returns within five seconds even when the bus is gone."""
        ...


class Bus(Protocol):
    """A bus of this process."""

    name: str
    """``postgres`` or ``kafka``."""

    async def start(self) -> None:
        """Connect; raises Unavailable when that is not possible within its deadline."""
        ...

    async def stop(self) -> None:
        """Close everything within five seconds."""
        ...

    async def append(self, records: Sequence[Record]) -> None:
        """Make ``records`` durable, in order per key; returns only when they are.

        Raises:
            Unavailable: they may or may not be durable; the caller must not answer 2xx.
        """
        ...

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join ``group`` for ``topics``."""
        ...

    def partition_of(self, key: str) -> int:
        """The partition a key belongs to."""
        ...

    def publish(self, writes: Writes, records: Sequence[Record]) -> None:
        """Add ``records`` to a transaction's writes; they are out when it commits, never otherwise."""
        ...

    def commit(self, writes: Writes, group: str, spans: Sequence[Span]) -> None:
        """Add the move of ``group`` past ``spans`` to a transaction's writes; a fenced consumer's commit is refused."""
        ...

    def notify(self, topics: Sequence[str]) -> None:
        """After a commit in this process: wake local consumers of ``topics``."""
        ...
