"""On Kafka two replicas of each service decide, clock and page the same alerts as one does."""

from __future__ import annotations

import pytest

from tests.support.effort import amount
from tests.support.fleet import Fleet
from tests.support.installation import Installation
from tests.support.ledger import Post

pytestmark = [pytest.mark.chaos_kafka, pytest.mark.kafka, pytest.mark.timeout(1800)]

SECOND = ("router-2", "notifier-2", "ingest-2")
SEVERITIES = ("critical", "high", "medium", "low")
_OUTPUT = """
select i.tenant, i.priority, i.owner, i.responsible_party, i.function, i.state,
  (select array_agg(e.kind order by e.version) from router.event e where e.incident_id = i.id) as facts,
  (select array_agg(c.clock || ' ' || c.party || ' ' || c.target_s order by c.clock, c.party) from sla.clock c
    where c.incident_id = i.id) as clocks,
  (select array_agg(p.person || ' ' || p.channel || ' ' || p.state order by p.person, p.channel)
    from notifier.page p where p.incident_id = i.id and p.step = 0) as pages
from router.alert a join router.incident i on i.id = a.incident_id where a.dedup_key = $1"""


async def outputs(fleet: Installation[Fleet], series: str) -> list[tuple[object, ...]]:
    """What came of a series of alerts, in its order, once all of it has ended."""
    posts: list[Post] = []
    for n in range(amount(5, 50) * len(SEVERITIES)):
        way, severity = fleet.ways[n % len(fleet.ways)], SEVERITIES[n % len(SEVERITIES)]
        posts.append(await fleet.deliver(fleet.alert(key=f"{series}-{n}", way=way, severity=severity)))
    await fleet.stands()
    rows = []
    for post in posts:
        (row,) = await fleet.supervisor.server.ask(_OUTPUT, post.dedup_key)
        rows.append(tuple(row))
    return rows


async def test_the_output_of_two_replicas_is_that_of_one(kafka_fleet: Installation[Fleet]):
    two = await outputs(kafka_fleet, "two")
    for name in SECOND:
        await kafka_fleet.supervisor.members[name].stop()

    one = await outputs(kafka_fleet, "one")

    assert one == two
    assert all(facts and clocks for *_, facts, clocks, _ in one)
    assert any(pages for *_, pages in one)
