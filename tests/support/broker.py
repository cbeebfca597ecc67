"""What a fleet needs of a Kafka broker under test; one without runs on the PostgreSQL bus."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Protocol

from tests.support.proxy import Proxy


class Broker(Protocol):
    """A Kafka broker under test."""

    @property
    def address(self) -> str:
        """What stands for TANDEM_KAFKA_BOOTSTRAP, past every proxy."""
        ...

    @property
    def copies(self) -> int:
        """How often a record is kept."""
        ...

    @property
    def running(self) -> bool: ...

    async def way(self, stack: AsyncExitStack) -> Proxy | None:
        """A process's own way in, closed with ``stack``; before the first start. None: all go to ``address``."""
        ...

    async def start(self) -> None:
        """Start, or again on what there is; returns when it answers."""
        ...

    async def stop(self) -> None: ...

    async def kill(self) -> None:
        """SIGKILL; ``start`` brings it back with what it held."""
        ...

    def freeze(self) -> None: ...

    def thaw(self) -> None: ...

    async def ends(self) -> dict[tuple[str, int], int]:
        """(topic, partition) -> the offset behind its last record."""
        ...
