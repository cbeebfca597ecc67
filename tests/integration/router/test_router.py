"""The router as a stage against a real database: what it writes, what it meets again, what the console may read."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tandem.bus.plan import DueTimer, Inbox, Plan
from tandem.bus.postgres import run
from tandem.bus.topics import INCIDENTS, URGENT
from tandem.db.timers import claim_due
from tandem.errors import PoisonRecord, Unavailable
from tandem.metrics import Metrics
from tandem.model.alert import Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_router.service import Router
from tests.unit.router.world import NIGHT, NOON, Book, agreement, alert, clear, command

MINUTE = timedelta(minutes=1)


class Station:
    """A router with its pool: one transaction per batch, as the runner commits it."""

    def __init__(self, pool, router: Router) -> None:
        self.pool = pool
        self.router = router

    async def take(self, *payloads, now: datetime = NOON, timers: bool = False) -> Plan:
        async with self.pool.acquire() as connection, connection.transaction():
            due = await claim_due(connection, "router", now, 100) if timers else []
            inbox = Inbox(list(payloads), [DueTimer(t.tenant, t.key, t.kind, t.due_at) for t in due])
            plan = self.router.plan(inbox, await self.router.load(connection, inbox, now), now)
            await run(connection, plan.writes)
        self.router.committed(plan)
        return plan


@pytest.fixture
async def station(database):
    return Station(await database.pool("tandem_router"), Router(agreements=Book(agreement())))


@pytest.fixture
async def admin(database):
    return await database.admin()


def facts(plan: Plan) -> list[str]:
    return [each.payload.fact.kind.value for each in plan.outgoing if each.topic is INCIDENTS]


async def test_an_alert_becomes_an_incident_a_decision_and_a_fact(station, admin):
    first = alert("disk full", raw=b"{}", labels={"a": "b"}, content_type="application/json")

    await station.take(first)

    incident = await admin.fetchrow("select * from router.incidents")
    assert (incident["tenant"], incident["number"], incident["version"], incident["state"]) == ("acme", 1, 1, "open")
    assert (incident["priority"], incident["responsible_party"], incident["row"]) == ("P2", "internal", "storage")
    assert incident["must_acknowledge"] == ["internal"]
    assert incident["detected_at"] == NOON
    decision = await admin.fetchrow("select * from router.decisions")
    assert (decision["alert_id"], decision["incident_id"]) == (first.alert_id, incident["id"])
    assert (decision["trace"]["outcome"], decision["trace"]["row"]["id"]) == ("opened", "storage")
    fact = await admin.fetchrow("select * from router.facts")
    assert (fact["kind"], fact["version"], fact["alert"]["title"]) == ("opened", 1, "disk full")
    kept = await admin.fetchrow("select a.*, r.raw from router.alerts a join router.alert r using (id)")
    assert (kept["title"], kept["labels"], kept["raw"], kept["status"]) == ("disk full", {"a": "b"}, b"{}", "firing")


async def test_the_opening_of_a_p1_is_published_for_the_urgent_too_and_nothing_else_is(station):
    opened = await station.take(alert("Internet down", severity=Severity.CRITICAL), alert("disk full"))
    both = [each for each in opened.outgoing if each.topic in {INCIDENTS, URGENT}]

    (urgent,) = [each for each in both if each.topic is URGENT]
    assert urgent.payload.incident.priority is Priority.P1
    assert [each.topic for each in both if each.key == urgent.key] == [INCIDENTS, URGENT]
    assert len(facts(opened)) == 2

    later = await station.take(command(urgent.payload.incident.incident_id, CommandKind.ACKNOWLEDGE, Party.INTERNAL))
    assert facts(later) == ["acknowledged"]
    assert not [each for each in later.outgoing if each.topic is URGENT]


async def test_the_same_alert_in_a_later_batch_changes_nothing(station, admin):
    first = alert("disk full")
    await station.take(first)

    plan = await station.take(first)

    assert facts(plan) == []
    assert not plan.writes
    assert await admin.fetchval("select count(*) from router.alert") == 1


async def test_alerts_of_one_group_in_one_batch_and_in_the_next_are_one_incident(station, admin):
    one, two, three = (alert(f"switch {n}", host=host) for n, host in enumerate(("sw10", "sw11", "fs1")))

    assert facts(await station.take(one, two)) == ["opened", "alert_joined"]
    assert facts(await station.take(three)) == ["alert_joined", "reprioritised"]

    row = await admin.fetchrow("select version, priority, affected_users, occurrences from router.incidents")
    assert tuple(row) == (4, "P1", 25, 3)
    versions = await admin.fetch("select version from router.facts order by version")
    assert [each["version"] for each in versions] == [1, 2, 3, 4]


async def test_a_dedup_key_is_found_again_when_its_words_have_changed(station, admin):
    await station.take(alert("switch a", dedup_key="port-7"))

    await station.take(alert("uplink a", dedup_key="port-7"))

    assert await admin.fetchval("select count(*) from router.incident") == 1


async def test_a_clear_resolves_when_its_durable_timer_fires_and_not_before(station, admin):
    first = alert("mail slow")
    await station.take(first)

    plan = await station.take(clear(first, NOON + MINUTE), now=NOON + MINUTE)
    assert plan.next_due == NOON + 6 * MINUTE
    assert facts(await station.take(now=NOON + 5 * MINUTE, timers=True)) == []
    assert facts(await station.take(now=NOON + 6 * MINUTE, timers=True)) == ["resolved"]

    row = await admin.fetchrow("select state, resolved_at, resolved_by from router.incidents")
    assert tuple(row) == ("resolved", NOON + MINUTE, None)
    assert await admin.fetchval("select count(*) from router.timer where kind = 'hold_down'") == 0


async def test_firing_again_cancels_the_timer(station, admin):
    first = alert("mail slow")
    await station.take(first)
    await station.take(clear(first, NOON + MINUTE), now=NOON + MINUTE)

    await station.take(alert("mail slow", NOON + 2 * MINUTE), now=NOON + 2 * MINUTE)

    assert await admin.fetchval("select count(*) from router.timer where kind = 'hold_down'") == 0


async def test_a_command_is_answered_with_who_was_first(station, admin):
    plan = await station.take(alert("disk full"))
    incident = plan.outgoing[0].payload.incident
    await station.take(command(incident.incident_id, CommandKind.ACKNOWLEDGE, Party.INTERNAL))
    second = command(incident.incident_id, CommandKind.ACKNOWLEDGE, Party.INTERNAL, NOON + MINUTE)

    await station.take(second)
    await station.take(second)

    rows = await admin.fetch(
        "select outcome, reason, version, by_party, by_person, at from router.commands order by outcome"
    )
    assert [tuple(row) for row in rows] == [
        ("done", None, 2, "internal", "internal-person", NOON),
        ("refused", "already acknowledged by internal-person", 2, "internal", "internal-person", NOON),
    ]


async def test_a_condition_that_recurs_after_the_window_is_a_new_incident_linked_to_the_old(station, admin):
    plan = await station.take(alert("mail slow"))
    old = plan.outgoing[0].payload.incident
    await station.take(command(old.incident_id, CommandKind.RESOLVE))

    await station.take(alert("mail slow", NOON + timedelta(hours=25)), now=NOON + timedelta(hours=25))

    rows = await admin.fetch("select number, recurrence_of from router.incidents order by number")
    assert [tuple(row) for row in rows] == [(1, None), (2, old.incident_id)]


async def test_two_replicas_cannot_open_two_incidents_of_one_condition(station, admin):
    """Both look before either commits; the slower one fails, tries again and joins."""
    both = [alert("mail slow", dedup_key="mail"), alert("mail slow", dedup_key="mail")]

    answers = await asyncio.gather(*(station.take(each) for each in both), return_exceptions=True)
    lost = [each for each, answer in zip(both, answers, strict=True) if isinstance(answer, Unavailable)]
    for each in lost:
        await station.take(each)

    assert await admin.fetchval("select count(*) from router.incident") == 1
    assert await admin.fetchval("select occurrences from router.incidents") == 2


async def test_replicas_that_look_at_once_number_their_incidents_apart(station, admin):
    await station.take(alert("mail slow"))

    await asyncio.gather(*(station.take(alert(f"mail {n}")) for n in range(4)))

    numbers = await admin.fetch("select number from router.incidents order by number")
    assert [row["number"] for row in numbers] == [1, 2, 3, 4, 5]


async def test_an_alert_of_a_tenant_without_an_agreement_is_poison(station):
    with pytest.raises(PoisonRecord, match="'globex' has no active agreement"):
        await station.take(alert(tenant="globex"))


async def test_a_person_raises_an_incident(station, admin):
    wish = command(
        alert().alert_id, CommandKind.RAISE, Party.INTERNAL, title="ERP is down", function="erp", impact="high"
    )

    plan = await station.take(wish, now=NIGHT)

    assert facts(plan) == ["opened"]
    row = await admin.fetchrow("select id, title, priority, owner, lead, responsible_party from router.incidents")
    assert tuple(row) == (wish.incident_id, "ERP is down", "P2", "shared", "internal", "msp")


async def test_the_console_reads_its_tenants_only_and_writes_nothing(station, database):
    import asyncpg

    await station.take(alert("disk full"))
    console = await database.pool("tandem_console")

    async def read(tenants: str) -> list[int]:
        async with console.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('app.tenants', $1, true)", tenants)
            views = ("incidents", "facts", "decisions", "alerts")
            return [len(await connection.fetch(f"select * from router.{view}")) for view in views]

    assert await read("globex,acme") == [1, 1, 1, 1]
    assert await read("globex") == [0, 0, 0, 0]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await console.execute("update router.incident set title = 'x'")


async def test_what_is_committed_is_counted(database):
    metrics = Metrics()
    router = Router(agreements=Book(agreement()), metrics=metrics)
    station = Station(await database.pool("tandem_router"), router)
    first = alert("nobody knows this")

    await station.take(first, alert("erp slow"), now=NOON + MINUTE)
    await station.take(clear(first, NOON), now=NOON)
    await station.take(now=NOON + 6 * MINUTE, timers=True)

    sample = metrics.registry.get_sample_value
    assert sample("tandem_unrouted_alerts_total") == 2
    labels = {"owner": "shared", "priority": "P3", "function": "erp", "track": "ops"}
    assert sample("tandem_alerts_routed_total", labels) == 1
    assert sample("tandem_route_seconds_count") == 3
    assert sample("tandem_incidents_open", {"owner": "shared", "priority": "P3"}) == 1
    async with station.pool.acquire() as connection:
        await router.observe(connection)
    assert sample("tandem_incidents_open", {"owner": "shared", "priority": "P3"}) == 1
