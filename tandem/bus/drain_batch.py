"""A batch of a queue on its way to the bus: records of some shards, in order, and where each stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

import asyncpg
import msgspec

from tandem.bus.port import Record


@dataclass(slots=True)
class Drained:
    """Records of the shards held, in order."""

    records: list[Record] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    """(shard, position) of each record."""

    @classmethod
    def of(cls, rows: Iterable[asyncpg.Record]) -> Self:
        """From rows of shard, position, topic, partition, key, value, headers."""
        made = cls()
        for shard, position, topic, partition, key, value, headers in rows:
            decoded = msgspec.json.decode(headers, type=dict[str, str]) if headers else None
            made.add((shard, position), Record(topic, key, value, decoded, partition))
        return made

    @property
    def spans(self) -> dict[int, tuple[int, int]]:
        """Shard -> [first, next) of what was read of it."""
        found: dict[int, tuple[int, int]] = {}
        for shard, position in self.places:
            found[shard] = (found.get(shard, (position,))[0], position + 1)
        return found

    def split(self, aside: Callable[[int, Record], bool]) -> tuple[Self, Self]:
        """(what is not ``aside``, what is), each in order."""
        rest, parked = type(self)(), type(self)()
        for place, record in zip(self.places, self.records, strict=True):
            (parked if aside(place[0], record) else rest).add(place, record)
        return rest, parked

    def of_topic(self, topic: str) -> tuple[Self, Self]:
        """(the others, those of ``topic``), each in order."""
        return self.split(lambda _, record: record.topic == topic)

    def singly(self) -> Iterator[Self]:
        """Each record as a batch of its own."""
        for place, record in zip(self.places, self.records, strict=True):
            yield type(self)([record], [place])

    def add(self, place: tuple[int, int], record: Record) -> None:
        """Behind the others."""
        self.records.append(record)
        self.places.append(place)
