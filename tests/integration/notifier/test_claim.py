"""Due pages behind a backlog, on a real PostgreSQL: whose turn it is, and that a claim reads little of what waits."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from tandem.clock import pause
from tandem.model.priority import Priority
from tandem_notifier.migrations.notifier_0004 import OF_OPEN_PAGES
from tandem_notifier.paging import LEASE, Page
from tandem_notifier.store import claims
from tandem_notifier.store.claims import Claim
from tandem_notifier.urgency import Urgency
from tests.support.ladder import MSP

BACKLOG = 2000
PLACES, OF_A_KIND = 50, 40
HERE = "https://pager.example/webhook"
WISH = Claim(
    boot="boot-1",
    sole=False,
    in_memory=[],
    ailing=[],
    least=Urgency.TOLD,
    places=PLACES,
    places_per_kind=OF_A_KIND,
    places_per_ailing_target=2,
)
_FILL = """
insert into notifier.page (page_id, tenant, incident_id, cycle, party, answers_for, track, person, key, channel, target,
    path, pass, step, told, urgency, state, attempt, planned_at, deadline_at, next_attempt_at, reason, content)
select gen_random_uuid(), $2, gen_random_uuid(), 1, 'internal', 'internal', 'ops', 'ina', 'webhook', 'webhook', $3,
    'internal-ops', 0, 0, $1 = 4, $1, 'planned', 0, at, at + interval '2 hours', at, '', ''
from (select $5::timestamptz - interval '1 hour' + n * interval '1 ms' as at from generate_series(1, $4::int) n) x
"""


async def fill(pager, urgency=Urgency.LATER, tenant="acme", target=HERE, count=BACKLOG):
    """Pages that were planned an hour ago, one a millisecond."""
    await pager.admin.execute(_FILL, urgency, tenant, target, count, pager.clock.now())


async def claim(pager, **fields):
    async with pager.link.use() as connection:
        return await claims.claim(connection, replace(WISH, **fields), pager.clock.now())


async def test_a_p1_is_in_the_next_claim_behind_a_backlog_and_so_is_something_of_the_rest(pager):
    await fill(pager)
    await fill(pager, Urgency.TOLD)
    before = await claim(pager)
    await fill(pager, Urgency.P1, count=1)

    claimed = await claim(pager)

    found = Counter(page.urgency for page in claimed.pages)
    assert found.total() == PLACES
    assert found[Urgency.P1] == 1
    assert found[Urgency.LATER] > found[Urgency.TOLD] > 0
    assert {page.page_id for page in claimed.pages}.isdisjoint(page.page_id for page in before.pages)
    assert claimed.more == {(HERE, "acme", urgency) for urgency in found}


async def test_pages_of_a_kind_are_claimed_in_their_order_and_every_client_has_a_turn(pager):
    await fill(pager)
    await fill(pager, tenant="birch", count=3)

    claimed = await claim(pager)

    ours = [page.planned_at for page in claimed.pages if page.tenant == "acme"]
    oldest = await pager.admin.fetch(
        "select planned_at from notifier.page where tenant = 'acme' order by 1 limit $1", len(ours)
    )
    assert ours == [row[0] for row in oldest]
    assert len(claimed.pages) - len(ours) == 3
    assert claimed.more == {(HERE, "acme", Urgency.LATER)}


async def test_a_target_that_fails_takes_few_places_of_each_urgency(pager):
    await fill(pager)
    await fill(pager, Urgency.P1, count=5)
    await fill(pager, target="https://other.example", count=5)

    claimed = await claim(pager, ailing=[HERE])

    found = Counter((page.target, page.urgency) for page in claimed.pages)
    assert found == {
        (HERE, Urgency.P1): 2,
        (HERE, Urgency.LATER): 2,
        ("https://other.example", Urgency.LATER): 5,
    }


async def test_with_room_for_p1s_only_nothing_else_is_claimed(pager):
    await fill(pager)
    await fill(pager, Urgency.P1, count=1)

    claimed = await claim(pager, least=Urgency.P1)

    assert [page.urgency for page in claimed.pages] == [Urgency.P1]


async def test_a_claim_reads_few_rows_of_a_backlog(pager):
    for tenant in ("acme", "birch", "cedar"):
        await fill(pager, tenant=tenant)
    now = pager.clock.now()
    none: list[str] = []
    wish = (now, "boot-1", False, none, none, OF_A_KIND, 2, now + LEASE, PLACES, Urgency.TOLD)

    async with pager.link.use() as connection, connection.transaction():
        plan = await connection.fetchval(f"explain (analyze, format json) {claims.CLAIM}", *wish)

    (top,) = plan
    assert 0 < most_rows(top["Plan"]) <= 3 * OF_A_KIND


async def test_pages_that_were_open_at_the_upgrade_are_as_urgent_as_they_say(pager):
    await pager.open(1, informed=(MSP,), title='"priority":"P2"')
    await pager.open(2, priority=Priority.P2)
    planned = await pager.rows("page_id, urgency")
    await pager.admin.execute("update notifier.page set urgency = 2")

    await pager.admin.execute(OF_OPEN_PAGES)

    assert await pager.rows("page_id, urgency") == planned
    assert {urgency for _, urgency in planned} == {Urgency.P1, Urgency.P2, Urgency.TOLD}


def most_rows(node) -> float:
    """Rows that went through the busiest node of a plan, those included that a filter threw away."""
    seen = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return max([seen, *map(most_rows, node.get("Plans", []))])


class Slow:
    """A channel that takes its time and keeps what it delivered."""

    def __init__(self) -> None:
        self.delivered: list[Page] = []
        self.takes_s = 0.05

    async def deliver(self, page: Page, _link: str | None, _at: datetime) -> None:
        await pause(self.takes_s)
        self.delivered.append(page)


async def test_a_fresh_p1_is_sent_next_while_a_backlog_to_the_same_address_drains(pager):
    slow, backlog = Slow(), 3000
    await fill(pager, count=backlog)
    async with pager.sender(channels={"webhook": slow}) as sender:

        async def well_under_way() -> bool:
            return len(slow.delivered) > 100

        async def p1_arrived() -> bool:
            return any(page.urgency is Urgency.P1 for page in slow.delivered)

        await pager.until(well_under_way)
        await pager.open()
        before = len(slow.delivered)
        sender.offer(pager.take())
        await pager.until(p1_arrived)
        slow.takes_s = 0

    place = [page.urgency for page in slow.delivered].index(Urgency.P1)
    assert place < before + 100 < backlog
