"""Makes verified posts durable: ids, then a group commit. Returns only when the alerts are on the bus.

While one batch of a lane commits, the next one gathers: no timer, so an idle system answers at the speed of a commit
and a busy one shares it. A lane has some of the partitions, so a key's records stay in order and lanes never wait
for each other's rows. Holds no policy and knows no HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from tandem.bus import topics
from tandem.bus.partition import partition_of
from tandem.bus.port import Record
from tandem.clock import monotonic, within
from tandem.errors import PoisonRecord, Unavailable
from tandem.killpoint import passing
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem_ingest import normalise, tenancy
from tandem_ingest.delivery import Deliveries
from tandem_ingest.fairness.gate import Way
from tandem_ingest.normalise import Post, Reading
from tandem_ingest.tenancy import Held
from tandem_ingest.waiting.turns import Turns

DEADLINE_S = 1.6
"""From a post's acceptance to its answer, so that a refusal is out within two seconds: what is left over is for reading
the post, for writing the answer, and for a machine that is busy just then."""
LAST_CHANCE_S = 0.2
"""What a batch gets at least, when its oldest post waited behind one that hung."""
LANES = 2
"""Appends in flight, unless whoever builds an Acceptance knows what its bus does best."""
BATCH_RECORDS = 500
FAULT_S = 10.0
"""How long /readyz remembers a failed append."""
QUEUE_RECORDS = 10_000
QUEUE_BYTES = 32 << 20
"""What may wait in memory over all lanes; past either bound a post is refused and its sender comes again."""

log = structlog.get_logger("tandem.ingest")


class Appender(Protocol):
    """The part of the bus that ingest needs."""

    async def append(self, records: Sequence[Record]) -> None:
        """See ``tandem.bus.port.Bus.append``."""
        ...


class Holding(Protocol):
    """Where alerts wait whose owner is unknown; ``tandem_ingest/unknown.py``."""

    def holds(self, integration: str, customer: str) -> bool:
        """Whether something of this customer waits, so that later alerts must wait behind it."""
        ...

    async def put(self, held: Sequence[Held]) -> None:
        """Make alerts durable there; raises Unavailable."""
        ...


@dataclass(slots=True)
class _Waiting:
    """The records of one post that go through one lane."""

    records: list[Record]
    since: float
    done: asyncio.Future[None]


class _Lane:
    """One append in flight, and what waits for the next."""

    def __init__(self, bus: Appender, deadline_s: float) -> None:
        self._bus = bus
        self._deadline_s = deadline_s
        self._waiting: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._fault: tuple[float, str] | None = None

    def fault(self) -> str | None:
        """Why the last append failed, if it did so lately: without posts there is nothing newer to go by."""
        return self._fault[1] if self._fault is not None and monotonic() - self._fault[0] < FAULT_S else None

    def put(self, records: list[Record], since: float) -> asyncio.Future[None]:
        """Have ``records`` appended; an idle lane begins at once."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(records, since, done))
        if self._task is None:
            self._begin()
        return done

    async def drained(self) -> None:
        """Return when nothing waits any more."""
        while self._task is not None:
            await asyncio.wait((self._task,))

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._drain(), name="ingest lane")
        self._task.add_done_callback(self._ended)

    async def _drain(self) -> None:
        while self._waiting:
            await self._commit(self._gather())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """It ran dry, or a fault in the bus's own code ended it; a post may have come in since."""
        self._task = None
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("append failed", error=repr(fault))
        if self._waiting:
            self._begin()

    def _gather(self) -> list[_Waiting]:
        batch = [self._waiting.popleft()]
        size = len(batch[0].records)
        while self._waiting and size + len(self._waiting[0].records) <= BATCH_RECORDS:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].records)
        return batch

    async def _commit(self, batch: list[_Waiting]) -> None:
        fault: Unavailable | None = Unavailable("bus", "the append ended")
        try:
            left = max(LAST_CHANCE_S, batch[0].since + self._deadline_s - monotonic())
            await within(left, self._bus.append([record for each in batch for record in each.records]))
            fault = None
        except Unavailable as its_fault:
            fault = its_fault
        except TimeoutError:
            fault = Unavailable("bus", "no answer in time")
        except OSError as its_fault:
            fault = Unavailable("bus", type(its_fault).__name__)
        finally:
            self._fault = None if fault is None else (monotonic(), str(fault))
            for each in batch:
                _settle(each, fault)


class Acceptance:
    """Turns verified posts into durable alerts."""

    def __init__(
        self,
        bus: Appender,
        *,
        encode: Callable[[Alert], bytes],
        deliveries: Deliveries | None = None,
        lanes: int = LANES,
        unknown: Holding | None = None,
        turns: Turns | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """``encode`` is the wire form of an alert.

        Args:
            unknown: keeps alerts that no tenant owns yet.
            turns: says what waits its turn; without it every alert goes straight to the bus.
            deadline_s: from a post's acceptance to its answer.
        """
        self._turns = turns
        self._encode = encode
        self._unknown = unknown
        self._deliveries = deliveries or Deliveries()
        self._lanes = [_Lane(bus, deadline_s) for _ in range(lanes)]
        self._queued = [_Lane(turns.queued, deadline_s)] if turns is not None else []
        self._records = 0
        self._bytes = 0

    async def accept(self, post: Post, reading: Reading, own_id: str | None) -> tuple[list[Alert], bool]:
        """Give the alerts of a post their ids and make them durable.

        Args:
            own_id: the delivery id the sender signed; the dialect's own counts when there is none.

        Returns:
            The alerts, and whether this delivery was durable before: then nothing was appended again. No alerts when
            the post is none, such as a handshake.

        Raises:
            Unavailable: they may or may not be durable; the same post again gets the same ids.
        """
        since = monotonic()
        keys = normalise.keys(reading, post)
        statuses = [(key, each.status) for key, each in zip(keys, reading.alerts, strict=False)]
        own_id = own_id or reading.delivery_id
        seen = self._deliveries.recognise(post.integration.name, own_id, _told(post), statuses, post.received_at)
        keys = normalise.final_keys(keys, reading, post, seen.delivery_id)
        alerts = normalise.accepted(reading, post, keys, seen.delivery_id)
        if seen.durable:
            return alerts, True
        try:
            owned, records = await self._records_of(post.integration, alerts)
        except PoisonRecord as fault:
            # Nothing that came through vendors/draft.py should get here; an alert is not lost for it.
            log.warning("alert without a wire form", integration=post.integration.name, error=fault.reason)
            reading = Reading(quarantined="a value that has no wire form")
            alerts = normalise.accepted(reading, post, normalise.keys(reading, post), seen.delivery_id)
            owned, records = await self._records_of(post.integration, alerts)
        if records:
            await self._send(post, owned, records, since)
        seen.durable = True
        return alerts, False

    async def _send(self, post: Post, alerts: Sequence[Alert], records: list[Record], since: float) -> None:
        """Straight to the bus, or to what waits its turn; ``since`` is when the post was taken up."""
        if self._turns is None or self._turns.way(post, alerts) is Way.STRAIGHT:
            await self._append(records, self._lanes, since)
            return
        await self._append(self._turns.marked(records, alerts), self._queued, since)
        self._turns.waits(post.integration, len(alerts))

    async def append_alerts(self, alerts: Sequence[Alert]) -> None:
        """Make alerts durable that came some other way than by a post; raises Unavailable."""
        await self._append([self._record(alert) for alert in alerts], self._lanes, monotonic())

    async def _records_of(
        self, integration: Integration, alerts: Sequence[Alert]
    ) -> tuple[Sequence[Alert], list[Record]]:
        """Those that have an owner, and their wire forms, in the same order."""
        owned = alerts if integration.tenant_from is None else await self._hold(integration, alerts)
        return owned, [self._record(alert) for alert in owned]

    async def _hold(self, integration: Integration, alerts: Sequence[Alert]) -> list[Alert]:
        """Keep apart what has no owner yet, durable; the rest, and word to whoever looks after the integration."""
        if self._unknown is None:
            raise Unavailable("unknown tenants", "nowhere to keep them")
        owned, waiting = tenancy.parted(integration, alerts, self._unknown.holds)
        if not waiting:
            return owned
        is_new = any(not self._unknown.holds(integration.name, each.customer) for each in waiting)
        await self._unknown.put(waiting)
        return [*owned, tenancy.notice(integration, waiting[0].alert)] if is_new else owned

    async def append(self, records: list[Record]) -> None:
        """Make records of another kind durable by the same lanes, within the same bounds.

        Raises:
            Unavailable: they may or may not be durable.
        """
        await self._append(records, self._lanes, monotonic())

    def fault(self) -> str | None:
        """Why alerts could not be made durable just now; None when they can be."""
        return next((fault for lane in (*self._lanes, *self._queued) if (fault := lane.fault()) is not None), None)

    async def drain(self) -> None:
        """Return when everything accepted so far is durable or refused."""
        for lane in (*self._lanes, *self._queued):
            await lane.drained()

    def _record(self, alert: Alert) -> Record:
        return Record(topics.ALERTS.name, topics.alert_key(alert.tenant, alert.dedup_key), self._encode(alert))

    async def _append(self, records: list[Record], lanes: Sequence[_Lane], since: float) -> None:
        size = sum([len(record.value) for record in records])
        if self._records + len(records) > QUEUE_RECORDS or self._bytes + size > QUEUE_BYTES:
            raise Unavailable("intake", "too much waits to be written")
        self._records += len(records)
        self._bytes += size
        try:
            passing("ingest.before_append")
            await _through(lanes, records, since)
            passing("ingest.after_append")
        finally:
            self._records -= len(records)
            self._bytes -= size


async def _through(lanes: Sequence[_Lane], records: list[Record], since: float) -> None:
    if len(lanes) == 1:
        await lanes[0].put(records, since)
        return
    parts: dict[int, list[Record]] = {}
    for record in records:
        parts.setdefault(partition_of(record.key) % len(lanes), []).append(record)
    waits = [lanes[index].put(part, since) for index, part in parts.items()]
    if len(waits) == 1:
        await waits[0]
        return
    await asyncio.wait(waits)
    faults = [wait.exception() for wait in waits]  # each is looked at, or asyncio complains of the others
    for fault in faults:
        if fault is not None:
            raise fault


def _settle(waiting: _Waiting, fault: Unavailable | None) -> None:
    """Tell the post, unless its sender has gone."""
    if waiting.done.done():
        return
    if fault is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(Unavailable(fault.what, "not durable"))


def _told(post: Post) -> bytes:
    """What makes a delivery the same one: its bytes, and the mapping they are read by.

    Whoever mends a mapping sends the same test again at once, and must not be answered with what it was before.
    """
    mapping = post.integration.mapping
    return post.body if mapping is None else mapping.encode("utf-8", "surrogatepass") + b"\0" + post.body
