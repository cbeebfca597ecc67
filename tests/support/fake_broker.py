"""A broker that keeps what is appended in a list: it can refuse, hang, lose its answer and call a record poison."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tandem.bus.port import Record
from tandem.errors import PoisonRecord, TopicAway, Unavailable


class FakeBroker:
    """What a relay appends to."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        """Everything durable, in order."""
        self.appends = 0
        """How often somebody tried."""
        self.up = True
        self.hangs = False
        self.takes_s = 0.0
        """Until it has taken what was appended, in seconds."""
        self.loses_answers = 0
        """So many appends take effect and raise all the same."""
        self.poison: set[bytes] = set()
        """Values it never takes."""
        self.missing: set[str] = set()
        """Topics it does not have; an append with a record for one takes nothing."""

    @property
    def values(self) -> list[str]:
        return [record.value.decode() for record in self.records]

    async def append(self, records: Sequence[Record]) -> None:
        self.appends += 1
        if self.hangs:
            await asyncio.Event().wait()
        if not self.up:
            raise Unavailable("kafka", "refused")
        for record in records:
            if record.topic in self.missing:
                raise TopicAway(record.topic, f"topic {record.topic} is missing")
        if any(record.value in self.poison for record in records):
            raise PoisonRecord("too large")
        await asyncio.sleep(self.takes_s)
        self.records.extend(records)
        if self.loses_answers:
            self.loses_answers -= 1
            raise Unavailable("kafka", "the answer was lost")


def first_times(values: Sequence[str]) -> list[str]:
    """What a reader keeps that drops what it has seen."""
    return list(dict.fromkeys(values))
