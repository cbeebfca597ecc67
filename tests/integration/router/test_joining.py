"""What joins incidents, in the database: openings counted across replicas, merges that move rows, looks that are bounded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tandem.agreement.schema.joining import StormSpec
from tandem.bus.plan import DueTimer, Inbox, Plan
from tandem.bus.postgres import run
from tandem.bus.topics import INCIDENTS
from tandem.db.timers import claim_due
from tandem.errors import Unavailable
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem_router import storm
from tandem_router.service import Router
from tests.unit.router.world import NOON, Book, agreement, alert, clear, command

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
REPLICAS = 4


class Station:
    """A replica of the router: one transaction per batch, again when another replica was faster."""

    def __init__(self, pool: Any, router: Router) -> None:
        self.pool = pool
        self.router = router

    async def take(self, *payloads: Any, now: Any = NOON, timers: bool = False) -> Plan:
        for _ in range(20):
            try:
                return await self._once(payloads, now, timers=timers)
            except Unavailable:
                await asyncio.sleep(0.01)
        raise AssertionError("no end of trying")

    async def _once(self, payloads: tuple[Any, ...], now: Any, *, timers: bool) -> Plan:
        async with self.pool.acquire() as connection, connection.transaction():
            due = await claim_due(connection, "router", now, 100) if timers else []
            inbox = Inbox(list(payloads), [DueTimer(t.tenant, t.key, t.kind, t.due_at) for t in due])
            plan = self.router.plan(inbox, await self.router.load(connection, inbox, now), now)
            await run(connection, plan.writes)
        return plan


@pytest.fixture
async def stations(database) -> list[Station]:
    book = Book(replace(agreement(), storm=StormSpec(incidents=10, calm_below=2)))
    pool = await database.pool("tandem_router")
    return [Station(pool, Router(agreements=book)) for _ in range(REPLICAS)]


@pytest.fixture
async def admin(database):
    return await database.admin()


def said(plan: Plan) -> list[str]:
    return [each.payload.fact.kind.value for each in plan.outgoing if each.topic is INCIDENTS]


async def test_replicas_count_one_storm_together_and_lose_nothing(stations, admin):
    alerts = [alert(f"mail slow {number}", NOON + number * SECOND) for number in range(80)]

    await asyncio.gather(
        *(_work(station, alerts[at::REPLICAS]) for at, station in enumerate(stations)),
    )

    counted = await admin.fetchval("select sum(opened) from router.opening where place = 'source:rmm'")
    parents = await admin.fetch("select title, occurrences, version from router.incidents where title like 'Alert%'")
    rows = await admin.fetchrow(
        "select count(*) as alerts, count(d.alert_id) as decided, count(i.id) as held, count(distinct i.id) as incidents"
        " from router.alert a left join router.decision d on d.alert_id = a.id"
        " left join router.incident i on i.id = a.incident_id"
    )
    assert counted == 80
    assert len(parents) == 1
    assert (rows["alerts"], rows["decided"], rows["held"]) == (80, 80, 80)
    # A replica may look while others have not committed yet: it begins a storm, and knows of one, a few alerts late.
    assert 11 <= rows["incidents"] <= 11 + 2 * REPLICAS
    assert parents[0]["occurrences"] == 80 - (rows["incidents"] - 1)


async def _work(station: Station, alerts: list[Any]) -> None:
    for each in alerts:
        await station.take(each, now=each.received_at)


async def test_a_batch_that_is_rolled_back_counts_nothing_and_one_that_comes_again_counts_once(stations, admin):
    first = alert("mail slow")
    async with stations[0].pool.acquire() as connection:
        killed = connection.transaction()
        await killed.start()
        inbox = Inbox([first], [])
        plan = stations[0].router.plan(inbox, await stations[0].router.load(connection, inbox, NOON), NOON)
        await run(connection, plan.writes)
        await killed.rollback()

    await stations[0].take(first)
    await stations[1].take(first)

    assert await admin.fetchval("select sum(opened) from router.opening") == 1


async def test_slots_that_are_over_are_dropped(stations, admin):
    await stations[0].take(alert("mail slow 1"))

    await stations[0].take(alert("mail slow 2", NOON + 20 * MINUTE), now=NOON + 20 * MINUTE)

    slots = [row["slot"] for row in await admin.fetch("select slot from router.opening")]
    assert slots == [storm.slot_of(NOON + 20 * MINUTE)]


async def test_children_of_a_storm_find_their_parent_by_membership_and_the_parent_its_end(stations, admin):
    for number in range(14):
        await stations[number % 2].take(alert(f"mail slow {number}"))
    parent = await admin.fetchval("select id from router.incident where title like 'Alert storm%'")
    plans = [
        await stations[2].take(clear(alert(f"mail slow {number}"), NOON + MINUTE), now=NOON + MINUTE)
        for number in range(10, 14)
    ]
    assert [said(plan) for plan in plans] == [[], [], [], ["alert_cleared"]]

    due = await admin.fetchval("select calm_at from router.incidents where id = $1", parent)
    plan = await stations[3].take(now=due, timers=True)

    assert said(plan) == ["noted", "resolved"]
    assert await admin.fetchval("select count(*) from router.timer where key = $1", str(parent)) == 0


async def test_a_merge_moves_memberships_so_that_any_replica_finds_the_parent(stations, admin):
    await stations[0].take(alert("switch a"), alert("switch b"))
    await stations[0].take(alert("mail slow"))
    child, parent = [row["id"] for row in await admin.fetch("select id from router.incident order by number")]
    wish = command(child, CommandKind.MERGE, Party.MSP, NOON + MINUTE, other_incident=parent)

    assert said(await stations[1].take(wish, now=NOON + MINUTE)) == ["merged", "linked"]
    await stations[2].take(clear(alert("switch a"), NOON + 2 * MINUTE), now=NOON + 2 * MINUTE)
    await stations[3].take(alert("switch c", NOON + 3 * MINUTE), now=NOON + 3 * MINUTE)

    last = await admin.fetch("select incident_id from router.alert order by received_at desc limit 2")
    assert [row["incident_id"] for row in last] == [parent, parent]
    row = await admin.fetchrow("select state, merged_into from router.incidents where id = $1", child)
    assert tuple(row) == ("resolved", parent)
    firing = await admin.fetchval("select firing from router.incidents where id = $1", parent)
    assert sorted(firing) == ["rmm/mail slow", "rmm/switch b", "rmm/switch c"]
    members = await admin.fetch("select dedup_key from router.member where incident_id = $1 order by 1", parent)
    assert [row["dedup_key"] for row in members] == ["rmm/switch a", "rmm/switch b", "rmm/switch c"]


async def test_merges_across_each_other_end_in_one_incident_and_not_in_a_circle(stations, admin):
    await stations[0].take(alert("mail slow"), alert("disk full"))
    one, two = [row["id"] for row in await admin.fetch("select id from router.incident order by number")]

    await asyncio.gather(
        stations[0].take(command(one, CommandKind.MERGE, Party.MSP, NOON, other_incident=two)),
        stations[1].take(command(two, CommandKind.MERGE, Party.MSP, NOON, other_incident=one)),
    )

    outcomes = await admin.fetch("select outcome, reason from router.command order by outcome")
    assert [row["outcome"] for row in outcomes] == ["done", "refused"]
    assert "is merged already" in outcomes[1]["reason"]
    assert await admin.fetchval("select count(*) from router.incident where state <> 'resolved'") == 1


async def test_wide_outages_are_found_in_the_database_by_when_they_began(stations, admin):
    await stations[0].take(alert("uplink a", host="sw10"))
    await stations[1].take(alert("uplink b", NOON + MINUTE, host="sw11"), now=NOON + MINUTE)

    plan = await stations[2].take(alert("uplink c", NOON + 2 * MINUTE, host="fs1"), now=NOON + 2 * MINUTE)

    assert said(plan) == ["alert_joined", "reprioritised", "merged", "linked"]
    rows = await admin.fetch("select priority, state, affected_users from router.incidents order by number")
    assert [tuple(row) for row in rows] == [("P1", "open", 25), ("P3", "resolved", 10)]
    outages = await admin.fetch("select outage_at from router.incident order by number")
    assert [row["outage_at"] for row in outages] == [NOON + 2 * MINUTE, None]


async def test_a_merged_incident_is_shown_with_where_it_went(stations, database):
    await stations[0].take(alert("mail slow"), alert("disk full"))
    console = await database.pool("tandem_console")
    async with console.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.tenants', 'acme', true)")
        one, two = [row["id"] for row in await connection.fetch("select id from router.incidents order by number")]
    await stations[0].take(command(one, CommandKind.MERGE, Party.MSP, NOON, other_incident=two))

    async with console.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.tenants', 'acme', true)")
        rows = await connection.fetch("select merged_into, linked from router.incidents order by number")

    assert [tuple(row) for row in rows] == [(two, []), (None, [str(one)])]


async def test_more_silent_incidents_than_one_look_takes_are_marked_in_several(stations, admin):
    station = stations[0]
    station.router._agreements = Book(replace(agreement(), storm=StormSpec(incidents=0)))
    for start in range(0, 450, 50):
        await station.take(*(alert(f"mail slow {number}") for number in range(start, start + 50)))
    due = NOON + timedelta(hours=24)

    for _ in range(3):
        await station.take(now=due, timers=True)

    marked = await admin.fetchval("select count(*) from router.incidents where flags ? 'stale'")
    assert marked == 450
    assert await admin.fetchval("select count(*) from router.timer where kind = 'stale' and due_at <= $1", due) == 0
