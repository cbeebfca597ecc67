"""Notices a member that is stuck although the broker answers, which the client itself does not say.

After a broker's restart a client has been seen to stay in its group and fetch nothing for ever, without a fault
(aiokafka #1154). So somebody else asks: with a connection of its own, how far each partition reaches and what the group
gave to whom. A member that was asked for records all the time, and for so long neither moved towards the end nor read
what the group says it has, is stuck: first its client is made anew, and when it is stuck again soon the process ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiokafka.errors import KafkaError

from tandem.bus.kafka import KafkaBus
from tandem.bus.kafka_consumer import KafkaConsumer
from tandem.bus.kafka_ends import ends_of
from tandem.bus.kafka_group import given_to
from tandem.bus.kafka_producer import describe
from tandem.bus.kafka_settings import REQUEST_S, SESSION_S
from tandem.bus.kafka_topics import admin
from tandem.clock import monotonic, wait_event, within
from tandem.errors import Unavailable

EVERY_S = 5.0
RENEW_S = 20.0
"""More than a session and a rebalance take together; a client too many that is made anew costs a rebalance."""
STUCK_S = 45.0
"""More than those and a leader's election."""
_AGAIN_S = 300.0
"""So soon after its client was made anew a member is not helped by another one."""

log = structlog.get_logger("tandem.bus")


class Watch:
    """Watches the members of one bus."""

    def __init__(
        self,
        bus: KafkaBus,
        *,
        stuck: Callable[[str], None],
        renew_s: float = RENEW_S,
        stuck_s: float = STUCK_S,
        every_s: float = EVERY_S,
    ) -> None:
        """``stuck`` is called with what to tell an operator."""
        self._bus = bus
        self._stuck = stuck
        self._renew_s = renew_s
        self._stuck_s = stuck_s
        self._every_s = every_s
        self._since: dict[KafkaConsumer, float] = {}
        """Members that look stuck -> since when."""
        self._renewed: dict[KafkaConsumer, float] = {}
        """Members whose clients were made anew -> when."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Look every few seconds until ``stopping`` is set."""
        while not await wait_event(stopping, self._every_s):
            try:
                await within(3 * REQUEST_S, self.look())
            except (Unavailable, KafkaError, OSError, TimeoutError) as fault:
                self._since.clear()  # the broker does not answer us either: nobody is stuck, it is away
                log.debug("kafka not watched", fault=describe(fault))

    async def look(self) -> None:
        """Look once."""
        for member in tuple(self._bus.consumers):
            fault = await self._fault(member) if self._suspect(member) else None
            if fault is None:
                self._since.pop(member, None)
                continue
            self._judge(member, fault, monotonic())

    def _judge(self, member: KafkaConsumer, fault: str, now: float) -> None:
        waited = now - self._since.setdefault(member, now)
        if now - self._renewed.get(member, -_AGAIN_S) < _AGAIN_S:
            if waited >= self._stuck_s:
                log.error("kafka consumer is stuck", group=member.group, fault=fault)
                self._stuck(f"kafka consumer {member.group} is stuck: {fault}")
        elif waited >= self._renew_s:
            log.warning("kafka consumer is stuck, its client is made anew", group=member.group, fault=fault)
            self._renewed[member] = now
            del self._since[member]
            member.renew()

    def _suspect(self, member: KafkaConsumer) -> bool:
        """It is asked for records, and for a while has got none: one that nobody asks has an excuse."""
        now = monotonic()
        asked = now - member.polled_at < max(SESSION_S, 2 * self._every_s)
        return asked and now - member.moved_at > self._every_s

    async def _fault(self, member: KafkaConsumer) -> str | None:
        nexts = member.nexts()
        ends = await ends_of(self._bus.settings, list(nexts)) if nexts else {}
        behind = {place: end - nexts[place] for place, end in ends.items() if end > nexts[place]}
        if behind:
            (topic, part), records = max(behind.items(), key=lambda item: item[1])
            return f"{records} records wait in {topic}[{part}] and none comes"
        return await self._unread(member)

    async def _unread(self, member: KafkaConsumer) -> str | None:
        """What Kafka and a member do not agree on; one that Kafka gave nothing may be one too many."""
        group = self._bus.settings.group(member.group)
        async with admin(self._bus.settings) as client:
            given = await given_to(client, group, member.client_id)
        if given is None:
            return f"group {group} does not know it, or never settles"
        unread = {(self._bus.settings.name(tp.topic), tp.partition) for tp in given} - member.nexts().keys()
        if not unread:
            return None
        topic, part = min(unread)
        return f"Kafka gave it {topic}[{part}], which it does not read ({len(unread)} of {len(given)})"
