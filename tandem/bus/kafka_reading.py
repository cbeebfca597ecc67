"""What one member reads off its client: of each partition a share, waiting for the first record and no longer."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from tandem.bus.kafka_positions import Positions
from tandem.bus.kafka_settings import REQUEST_S
from tandem.bus.port import Batch, Record, Span
from tandem.clock import monotonic

Found = dict[TopicPartition, list[ConsumerRecord]]


class Reading:
    """Of one member."""

    def __init__(self, positions: Positions) -> None:
        """``positions`` say what is read, and are moved by it."""
        self._positions = positions
        self._news = asyncio.Event()
        self._turn = 0

    def wake(self) -> None:
        """Make a waiting fetch return."""
        self._news.set()

    async def fetch(self, client: AIOKafkaConsumer, limit: int, wait_s: float) -> Batch:
        """Up to ``limit`` records; see the port."""
        try:
            return await self._fetched(client, limit, monotonic() + wait_s)
        except BaseException:
            # The client has gone past what it gave before the fault; the next fetch must not begin behind that.
            self._positions.forget()
            raise

    async def _fetched(self, client: AIOKafkaConsumer, limit: int, until: float) -> Batch:
        while True:
            self._news.clear()
            await self._positions.take(client)
            found = await self._there(client, limit)
            if not found:
                left = until - monotonic()
                if left <= 0:
                    return Batch()
                found = await self._come(client, left)
                if found:
                    _extend(found, await self._there(client, limit - 1))
                elif self._news.is_set():
                    until = min(until, monotonic())  # one more look, then back to the caller
            batch = self._advance(found)
            if batch:
                return batch

    async def _there(self, client: AIOKafkaConsumer, limit: int) -> Found:
        """What has arrived, of each partition a share, beginning each time with another: a full batch starves none."""
        found: Found = {}
        places = sorted(self._positions.nexts())
        if not places or limit <= 0:
            return found
        self._turn = (self._turn + 1) % len(places)
        share = max(16, limit // len(places))
        for place in places[self._turn :] + places[: self._turn]:
            if limit <= 0:
                break
            async with asyncio.timeout(REQUEST_S):
                got = await client.getmany(self._positions.tp(place), timeout_ms=0, max_records=min(share, limit))
            for tp, records in got.items():
                found[tp] = records
                limit -= len(records)
        return found

    async def _come(self, client: AIOKafkaConsumer, wait_s: float) -> Found:
        """Wait for one record, for ``wake`` or for the time."""
        record = asyncio.ensure_future(client.getmany(timeout_ms=int(wait_s * 1000) + 1, max_records=1))
        news = asyncio.ensure_future(self._news.wait())
        try:
            # The client's own time-out comes first: one that we cut leaves something behind in the client.
            await asyncio.wait({record, news}, timeout=wait_s + 1.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (record, news):
                each.cancel()  # drops no record: none has been taken from the client's buffer while it waits
            await asyncio.wait({record, news})
        return {} if record.cancelled() else record.result()

    def _advance(self, found: Found) -> Batch:
        spans: list[Span] = []
        records: list[Record] = []
        for tp, got in found.items():
            place = self._positions.place(tp)
            advanced = self._positions.advance(place, got)
            if advanced is not None:
                records.extend(_record(place[0], each) for each in advanced[0])
                spans.append(advanced[1])
        return Batch(tuple(records), tuple(spans))


def _extend(found: Found, more: Found) -> None:
    for tp, records in more.items():
        found.setdefault(tp, []).extend(records)


def _record(topic: str, raw: ConsumerRecord) -> Record:
    """A record whose key or headers are no text was written by somebody else; it is read as well as it can be."""
    headers = {name: value.decode("utf-8", "replace") for name, value in raw.headers if value is not None} or None
    key = (raw.key or b"").decode("utf-8", "replace")
    return Record(topic, key, raw.value or b"", headers, raw.partition, raw.offset)
