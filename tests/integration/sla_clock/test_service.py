"""The SLA clock as a stage on a real PostgreSQL: what it reads, writes and publishes, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tandem.bus.plan import DueTimer, Inbox, Plan
from tandem.bus.postgres import run
from tandem.bus.topics import SLA
from tandem.db.timers import claim_due, next_due
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.events import Fact, IncidentEvent, SlaEventKind
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock.service import SlaClock
from tests.support.postgres import Database
from tests.support.sla import SlaBook, Story, events_of, instant, sla_agreement

DAY = "2026-11-16T"


class Watched:
    """A connection that remembers what was asked through it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.asked: list[str] = []

    async def fetch(self, sql: str, *parameters: object) -> Any:
        self.asked.append(sql)
        return await self.connection.fetch(sql, *parameters)


@dataclass
class Bench:
    """Runs the stage as the runner does: claim, load, plan, write, all in one transaction."""

    pool: Any
    admin: Any
    metrics: Metrics = field(default_factory=Metrics)
    redelivers: bool = False
    asked: list[str] = field(default_factory=list)

    async def batch(self, events: Iterable[IncidentEvent], now: str | datetime) -> Plan:
        at = instant(now) if isinstance(now, str) else now
        stage = SlaClock(agreements=SlaBook(sla_agreement()), metrics=self.metrics, redelivers=self.redelivers)
        async with self.pool.acquire() as connection, connection.transaction():
            claimed = await claim_due(connection, "sla", at, 100)
            timers = [DueTimer(timer.tenant, timer.key, timer.kind, timer.due_at) for timer in claimed]
            inbox, watched = Inbox(list(events), timers), Watched(connection)
            plan = stage.plan(inbox, await stage.load(watched, inbox, at), at)
            await run(connection, plan.writes)
        self.asked = watched.asked
        stage.committed(plan)
        return plan

    async def commit_facts(self, facts: Iterable[Fact]) -> None:
        """As the router has them in its table once it has committed."""
        for fact in facts:
            body = {
                "priority": fact.priority,
                "owner": fact.owner,
                "responsible_party": fact.responsible_party,
                "party": fact.by.party,
                "person": fact.by.person,
                "alert": msgspec.to_builtins(fact.alert) if fact.alert else None,
                "detail": msgspec.to_builtins(fact.detail),
            }
            await self.admin.execute(
                "insert into router.event (tenant, incident_id, version, kind, effective_at, received_at, body)"
                " values ($1, $2, $3, $4, $5, $6, $7)",
                *(fact.tenant, fact.incident_id, fact.version, fact.kind.value, fact.effective_at, fact.received_at),
                body,
            )

    async def clocks(self) -> dict[str, tuple[str, datetime | None]]:
        rows = await self.admin.fetch("select key, state, due_at from sla.clock")
        return {row["key"]: (row["state"], row["due_at"]) for row in rows}


@pytest.fixture
async def bench(database: Database) -> Bench:
    return Bench(await database.pool("tandem_sla_clock"), await database.admin())


def p2() -> Story:
    return Story(DAY + "14:00", priority=Priority.P2)


def told(plan: Plan) -> list[tuple[str, SlaEventKind]]:
    return [(record.payload.clock.clock.value, record.payload.kind) for record in plan.outgoing]


async def test_a_new_incident_is_clocked_without_reading_anything(bench: Bench):
    story = p2()

    plan = await bench.batch(events_of(story), DAY + "14:00")

    assert bench.asked == []
    assert await bench.clocks() == {
        "detect/1": ("met", instant(DAY + "14:30")),
        "response/1": ("running", instant(DAY + "15:00")),
        "resolution/1": ("running", instant(DAY + "22:00")),
    }
    assert plan.next_due == await next_due(bench.admin, "sla") == instant(DAY + "14:30")
    assert {(record.topic, record.key) for record in plan.outgoing} == {(SLA, f"acme/{story.incident_id}")}


async def test_an_acknowledgement_in_the_same_batch_is_one_fold(bench: Bench):
    await bench.batch(events_of(p2().acknowledged(DAY + "14:10")), DAY + "14:10")

    assert bench.asked == []
    assert (await bench.clocks())["response/1"][0] == "met"


async def test_a_later_fact_is_folded_with_those_before_it(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)
    story.acknowledged(DAY + "14:10")

    plan = await bench.batch(events_of(story, after=1), DAY + "14:10")

    assert told(plan) == [("response", SlaEventKind.MET)]
    assert len(bench.asked) == 3
    assert await next_due(bench.admin, "sla") == instant(DAY + "18:00")


async def test_a_fact_that_comes_again_tells_nothing(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)
    story.acknowledged(DAY + "14:10")
    await bench.batch(events_of(story, after=1), DAY + "14:10")

    again = await bench.batch(events_of(story, after=1), DAY + "14:11")

    assert told(again) == []
    assert not again.writes


async def test_an_opening_that_comes_again_on_a_bus_that_redelivers_tells_nothing(bench: Bench):
    bench.redelivers = True
    story = p2()
    first = await bench.batch(events_of(story), DAY + "14:00")

    again = await bench.batch(events_of(story), DAY + "14:20")

    assert len(told(first)) == 3
    assert told(again) == []


async def test_a_fact_whose_predecessor_is_missing_waits_for_it(bench: Bench):
    story = p2().acknowledged(DAY + "14:10").resolved(DAY + "14:20")
    await bench.batch(events_of(story)[:1], DAY + "14:00")
    await bench.commit_facts(story.facts[:1])

    with pytest.raises(Unavailable, match="fact 2 has not come"):
        await bench.batch(events_of(story)[2:], DAY + "14:20")

    await bench.commit_facts(story.facts[1:2])
    plan = await bench.batch(events_of(story)[2:], DAY + "14:21")
    assert told(plan) == [("response", SlaEventKind.MET), ("resolution", SlaEventKind.MET)]


async def test_an_incident_whose_opening_was_never_seen_is_clocked_from_the_routers_facts(bench: Bench):
    story = p2().acknowledged(DAY + "14:10")
    await bench.commit_facts(story.facts[:1])

    await bench.batch(events_of(story, after=1), DAY + "14:10")

    assert (await bench.clocks())["response/1"] == ("met", instant(DAY + "15:00"))


async def test_a_due_timer_folds_the_facts_again_and_sets_the_next(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)

    warned = await bench.batch([], DAY + "14:30:00.25")
    breached = await bench.batch([], DAY + "15:00:02")

    assert [(each.payload.kind, each.payload.threshold, each.payload.at) for each in warned.outgoing] == [
        (SlaEventKind.WARNED, 50, instant(DAY + "14:30"))
    ]
    assert [(each.payload.kind, each.payload.at) for each in breached.outgoing] == [
        (SlaEventKind.BREACHED, instant(DAY + "15:00"))
    ]
    assert await next_due(bench.admin, "sla") == instant(DAY + "18:00")


async def test_a_timer_tells_nothing_when_the_facts_say_otherwise(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)
    story.acknowledged(DAY + "14:10")
    await bench.batch(events_of(story, after=1), DAY + "14:10")
    await bench.commit_facts(story.facts[1:])
    await bench.admin.execute("update sla.timer set due_at = $1", instant(DAY + "14:30"))

    plan = await bench.batch([], DAY + "14:30")

    assert told(plan) == []
    assert await next_due(bench.admin, "sla") == instant(DAY + "18:00")


async def test_a_timer_of_an_incident_nobody_knows_is_passed_over(bench: Bench):
    await bench.admin.execute(
        "insert into sla.timer values ('acme', $1, 'clock', $2)", str(UUID(int=9)), instant(DAY + "14:00")
    )

    plan = await bench.batch([], DAY + "14:00")

    assert told(plan) == []
    assert await next_due(bench.admin, "sla") is None


async def test_a_resolved_incident_leaves_no_timer(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)

    await bench.batch(events_of(story.resolved(DAY + "14:10"), after=1), DAY + "14:10")

    assert await next_due(bench.admin, "sla") is None


async def test_a_warning_is_not_told_again_after_a_restart(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)
    await bench.batch([], DAY + "14:30")

    plan = await bench.batch(events_of(story.joined(DAY + "14:35", Party.MSP), after=1), DAY + "14:35")

    assert told(plan) == []


async def test_a_batch_of_many_incidents_reads_three_times_and_writes_once(bench: Bench):
    stories = [Story(DAY + "14:00", priority=Priority.P2, incident_id=UUID(int=n + 1)) for n in range(20)]
    await bench.batch([event for story in stories for event in events_of(story)], DAY + "14:00")
    for story in stories:
        await bench.commit_facts(story.facts)
        story.acknowledged(DAY + "14:10")

    plan = await bench.batch([event for story in stories for event in events_of(story, after=1)], DAY + "14:10")

    assert len(bench.asked) == 3
    assert told(plan) == [("response", SlaEventKind.MET)] * 20


async def test_the_figures_follow_what_is_durable(bench: Bench):
    story = p2()
    await bench.batch(events_of(story), DAY + "14:00")
    await bench.commit_facts(story.facts)
    await bench.batch(events_of(story.acknowledged(DAY + "14:10"), after=1), DAY + "14:10")
    await bench.commit_facts(story.facts[1:])
    await bench.batch([], instant(DAY + "18:00") + timedelta(seconds=2))

    value = bench.metrics.registry.get_sample_value
    response = {"clock": "response", "party": "msp", "priority": "P2"}
    assert value("tandem_sla_clock_running", response) == 0
    assert value("tandem_sla_clock_running", response | {"clock": "resolution"}) == 1
    assert value("tandem_sla_outcomes_total", response | {"outcome": "met"}) == 1
    assert value("tandem_sla_elapsed_seconds_sum", response) == 600
    assert value("tandem_timer_lateness_seconds_sum") == 2
    assert value("tandem_sla_warnings_total", response | {"clock": "resolution", "share": "50"}) == 1

    fresh = Metrics()
    await SlaClock(agreements=SlaBook(sla_agreement()), metrics=fresh).observe(bench.admin)
    assert fresh.registry.get_sample_value("tandem_sla_clock_running", response | {"clock": "resolution"}) == 1
    assert fresh.registry.get_sample_value("tandem_sla_outcomes_total", response | {"outcome": "breached"}) == 0
    assert fresh.registry.get_sample_value("tandem_sla_warnings_total", response | {"share": "90"}) == 0


async def test_the_console_reads_the_clocks_of_its_tenants_only(bench: Bench, database: Database):
    await bench.batch(events_of(p2()), DAY + "14:00")
    pool = await database.pool("tandem_console")

    seen = {}
    for tenants in ("acme", "globex", ""):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('app.tenants', $1, true)", tenants)
            seen[tenants] = await connection.fetchval("select count(*) from sla.clocks")

    assert seen == {"acme": 3, "globex": 0, "": 0}


async def test_stored_clocks_read_back_as_they_were(bench: Bench):
    story = Story(DAY + "14:00:00.123457", occurred=DAY + "13:59:59.000001")
    plan = await bench.batch(events_of(story.requested(DAY + "14:10", Party.MSP)), DAY + "14:10:00.000003")
    await bench.commit_facts(story.facts)

    async with bench.pool.acquire() as connection:
        from tandem_sla_clock import store

        stored = (await store.clocks(connection, [story.incident_id]))[story.incident_id]

    published = {(each.payload.clock.clock, each.payload.clock.party): each.payload.clock for each in plan.outgoing}
    assert {(clock.clock, clock.party): clock for clock in stored} == published
