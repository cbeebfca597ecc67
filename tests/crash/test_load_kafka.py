"""A fleet on Kafka under a steady load: everything that was posted is paged, once and soon."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.effort import measured, seconds
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.kafka.broker import KafkaBroker
from tests.support.lateness import lateness, quantile

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

PER_SECOND = 50
LATE_S = 30.0
"""Five are demanded of the 99th of a hundred without a fault; the machine may be busy."""


async def test_fifty_alerts_a_second_are_accepted_and_paged(kafka_fleet: Installation[Fleet]):
    fleet, sent = kafka_fleet, len(kafka_fleet.ledger.posts)

    await fleet.under_load(asyncio.sleep(seconds(10, 60)), per_second=PER_SECOND)

    posts = fleet.ledger.posts[sent:]
    late = lateness(posts, fleet.provider.pages).values()
    measured("without a fault, alert to page in s", p50=quantile(late, 0.5), p99=quantile(late, 0.99), worst=max(late))
    assert [[each.status for each in post.tries] for post in posts] == [[202]] * len(posts)
    assert len(late) == len(posts)
    assert quantile(late, 0.99) < LATE_S


async def test_what_is_published_goes_by_the_broker_and_every_way_to_it_is_used(kafka_fleet: Installation[Fleet]):
    fleet = kafka_fleet
    broker = fleet.supervisor.broker
    assert isinstance(broker, KafkaBroker)
    before = await broker.ends()

    await fleet.paged(await fleet.deliver(fleet.alert()))
    await fleet.settled()

    after = await broker.ends()
    grown = {topic for topic, part in after if after[topic, part] > before[topic, part]}
    assert {"tandem.alerts", "tandem.incidents", "tandem.sla", "tandem.pages"} <= grown
    assert (await fleet.supervisor.server.ask("select count(*) from bus.log"))[0][0] == 0
    ways = [member.to_broker for member in fleet.supervisor.members.values()]
    assert all(way is not None and way.connections > 0 for way in ways)
