"""The one loop: composed batches, services that work apart after a fault, quarantine, timers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.bus.consume import Runner
from tandem.bus.lane import Lane
from tandem.bus.plan import Inbox, Plan
from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.bus.topics import PAGES, QUARANTINE, Topic
from tandem.clock import ManualClock
from tandem.db.link import Link
from tandem.db.timers import set_timer
from tandem.db.write import Statement
from tandem.errors import Unavailable
from tandem.ids import uuid8
from tandem.model.events import PageEvent, PageEventKind, Quarantined
from tandem.model.ownership import Party, Track
from tandem.wire import codec
from tests.support.postgres import Database

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SEEN = Statement("seen", "INSERT INTO scratch.seen (stage, what) SELECT * FROM unnest($1::text[], $2::text[])", 2)


def page(what: str) -> PageEvent:
    return PageEvent(
        tenant="acme",
        incident_id=uuid8("incident", what),
        page_id=None,
        kind=PageEventKind.GAP,
        at=START,
        party=Party.MSP,
        track=Track.OPS,
        reason=what,
    )


@dataclass
class Toy:
    """Writes down what it gets; passes payloads on as quarantine records when told to."""

    group: str
    inputs: tuple[Topic, ...]
    passes_on: bool = False
    fails_on: set[str] = field(default_factory=set)
    timer_schema: str | None = None
    timer_in: timedelta | None = None
    handed_over: list[int] = field(default_factory=list)

    async def load(self, connection: Any, inbox: Inbox, now: datetime) -> None:
        if "unavailable" in self.fails_on:
            self.fails_on.discard("unavailable")
            raise Unavailable("toy")

    def plan(self, inbox: Inbox, state: None, now: datetime) -> Plan:
        plan = Plan()
        for payload in inbox.payloads:
            if payload.reason in self.fails_on:
                message = f"cannot digest {payload.reason}"
                raise RuntimeError(message)
            plan.writes.put(SEEN, (self.group, payload.reason), (self.group, payload.reason))
            if self.passes_on:
                passed = Quarantined(
                    tenant="acme",
                    service="toy",
                    integration=None,
                    topic=None,
                    reason=payload.reason,
                    at=now,
                    raw=b"",
                )
                plan.publish(QUARANTINE, f"acme/{payload.reason}", passed)
            if self.timer_in is not None:
                due_at = now + self.timer_in
                set_timer(plan.writes, "scratch", tenant="acme", key=payload.reason, kind="toy", due_at=due_at)
                plan.expect_timer(due_at)
        for timer in inbox.timers:
            plan.writes.put(SEEN, ("timer", timer.key), ("timer", timer.key))
        return plan

    def committed(self, plan: Plan) -> None:
        self.handed_over.append(len(plan.outgoing))


@dataclass
class Bench:
    """A runner over toys, driven by hand."""

    database: Database
    bus: PostgresBus
    clock: ManualClock
    runners: list[Runner] = field(default_factory=list)

    async def runner(self, *toys: Toy) -> Runner:
        lanes = [Lane(toy, await self.bus.consumer(toy.group, [topic.name for topic in toy.inputs])) for toy in toys]
        runner = Runner(bus=self.bus, lanes=lanes, link=Link(self.database.dsn, "tandem_chain"), clock=self.clock)
        self.runners.append(runner)
        return runner

    async def send(self, *whats: str) -> None:
        await self.bus.append([Record(PAGES.name, f"acme/{what}", codec.encode(page(what))) for what in whats])

    async def settle(self, runner: Runner) -> None:
        for _ in range(50):
            if not await runner.step(0.01):
                return
        raise AssertionError("the runner does not come to rest")

    async def seen(self, stage: str) -> list[str]:
        admin = await self.database.admin()
        return sorted(r["what"] for r in await admin.fetch("select what from scratch.seen where stage = $1", stage))

    async def quarantined(self) -> list[Any]:
        admin = await self.database.admin()
        return await admin.fetch("select * from bus.quarantine order by at")


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    admin = await database.admin()
    await admin.execute(
        "create schema scratch; create table scratch.seen (stage text, what text);"
        "create table scratch.timer (tenant text, key text, kind text, due_at timestamptz, payload jsonb default '{}',"
        " primary key (tenant, key, kind));"
        "grant usage on schema scratch to tandem_chain; grant all on scratch.seen, scratch.timer to tandem_chain"
    )
    clock = ManualClock(START)
    bus = PostgresBus(database.dsn, "tandem_chain", clock=clock)
    await bus.start()
    bench = Bench(database, bus, clock)
    yield bench
    for runner in bench.runners:
        await runner.close()
    await bus.stop()


def first(**options: Any) -> Toy:
    return Toy("first", (PAGES,), passes_on=True, **options)


def second(**options: Any) -> Toy:
    return Toy("second", (QUARANTINE,), **options)


async def test_what_the_first_stage_publishes_reaches_the_second_in_the_same_commit(bench: Bench):
    runner = await bench.runner(first(), second())
    await bench.settle(runner)

    await bench.send("a", "b")
    await runner.step(1)

    assert await bench.seen("first") == ["a", "b"]
    assert await bench.seen("second") == ["a", "b"]


async def test_nothing_is_handled_twice_after_a_restart(bench: Bench):
    runner = await bench.runner(first(), second())
    await bench.send("a")
    await bench.settle(runner)
    await runner.close()
    bench.runners.remove(runner)

    again = await bench.runner(first(), second())
    await bench.send("b")
    await bench.settle(again)

    assert await bench.seen("first") == ["a", "b"]
    assert await bench.seen("second") == ["a", "b"]


async def test_a_runner_that_is_told_to_stop_finishes_its_batch_and_leaves_its_partitions_to_others(bench: Bench):
    ending, stopping = await bench.runner(first()), asyncio.Event()
    working = asyncio.create_task(ending.run(stopping))
    await bench.send("one")
    async with asyncio.timeout(20):
        while await bench.seen("first") != ["one"]:  # noqa: ASYNC110 - it happens in a database
            await asyncio.sleep(0.02)
    assert ending.working

    stopping.set()
    await working

    assert not ending.working
    following = await bench.runner(first())  # the process that ends has not closed anything yet
    await bench.send("two")
    await bench.settle(following)
    assert await bench.seen("first") == ["one", "two"]


async def test_a_fault_of_one_service_does_not_stop_the_others(bench: Bench):
    runner = await bench.runner(first(), second(fails_on={"bad"}))

    await bench.send("a", "bad", "b")
    await bench.settle(runner)

    assert await bench.seen("first") == ["a", "b", "bad"]
    assert await bench.seen("second") == ["a", "b"]
    (row,) = await bench.quarantined()
    assert row["service"] == "second"
    assert "cannot digest bad" in row["reason"]


async def test_after_a_fault_batches_are_composed_again(bench: Bench):
    toy = second(fails_on={"bad"})
    runner = await bench.runner(first(), toy)
    await bench.send("bad")
    await bench.settle(runner)

    await bench.send("a")
    await runner.step(1)

    assert await bench.seen("second") == ["a"]


async def test_an_unreadable_record_is_quarantined_and_its_partition_moves_on(bench: Bench):
    runner = await bench.runner(first(), second())

    await bench.bus.append([Record(PAGES.name, "acme/a", b"\xff not protobuf")])
    await bench.send("a")
    await bench.settle(runner)

    assert await bench.seen("first") == ["a"]
    (row,) = await bench.quarantined()
    assert bytes(row["raw"]) == b"\xff not protobuf"
    assert (row["tenant"], row["topic"]) == ("acme", PAGES.name)


async def test_a_quarantine_that_cannot_be_written_leaves_no_record_behind(bench: Bench):
    runner = await bench.runner(first())
    admin = await bench.database.admin()
    await admin.execute("alter table bus.quarantine rename to elsewhere")
    await bench.bus.append([Record(PAGES.name, "acme/a", b"\xff not protobuf")])
    await bench.send("a")

    assert not await runner.step(1)
    await admin.execute("alter table bus.elsewhere rename to quarantine")
    await bench.settle(runner)

    assert await bench.seen("first") == ["a"]
    assert len(await bench.quarantined()) == 1


async def test_what_is_away_for_a_moment_is_tried_again_and_nothing_is_lost(bench: Bench):
    runner = await bench.runner(first(), second(fails_on={"unavailable"}))
    await bench.settle(runner)

    await bench.send("a")
    assert not await runner.step(1)
    await bench.settle(runner)

    assert await bench.seen("first") == ["a"]
    assert await bench.seen("second") == ["a"]
    assert not await bench.quarantined()


async def test_a_follower_that_is_behind_reads_its_older_records_first(bench: Bench):
    alone = await bench.runner(first())
    await bench.send("a")
    await bench.settle(alone)
    await alone.close()
    bench.runners.remove(alone)

    runner = await bench.runner(first(), second())
    await bench.send("b")
    await bench.settle(runner)

    assert await bench.seen("second") == ["a", "b"]


async def test_a_timer_fires_once_when_it_is_due(bench: Bench):
    toy = first(timer_schema="scratch", timer_in=timedelta(minutes=5))
    runner = await bench.runner(toy, second())
    await bench.send("a")
    await bench.settle(runner)
    assert await bench.seen("timer") == []

    bench.clock.advance(timedelta(minutes=5))
    await bench.settle(runner)
    bench.clock.advance(timedelta(minutes=5))
    await bench.settle(runner)

    assert await bench.seen("timer") == ["a"]


async def test_a_timer_that_was_due_while_nobody_ran_fires_late_and_once(bench: Bench):
    toy = first(timer_schema="scratch", timer_in=timedelta(minutes=5))
    runner = await bench.runner(toy, second())
    await bench.send("a")
    await bench.settle(runner)
    await runner.close()
    bench.runners.remove(runner)
    bench.clock.advance(timedelta(days=1))

    again = await bench.runner(first(timer_schema="scratch"), second())
    await bench.settle(again)

    assert await bench.seen("timer") == ["a"]


async def test_a_timer_whose_transaction_failed_fires_at_the_next_look(bench: Bench):
    toy = first(timer_schema="scratch", timer_in=timedelta(minutes=5))
    runner = await bench.runner(toy)  # alone, as on Kafka
    await bench.send("a")
    await bench.settle(runner)
    toy.fails_on.add("unavailable")

    bench.clock.advance(timedelta(minutes=5))
    await runner.step(0)
    await bench.settle(runner)

    assert await bench.seen("timer") == ["a"]


async def test_a_missing_table_quarantines_nothing(bench: Bench):
    admin = await bench.database.admin()
    await admin.execute("alter table scratch.seen rename to elsewhere")
    runner = await bench.runner(first(), second())
    await bench.send("a")
    for _ in range(5):
        await runner.step(0.01)

    await admin.execute("alter table scratch.elsewhere rename to seen")
    await bench.settle(runner)

    assert await bench.seen("second") == ["a"]
    assert not await bench.quarantined()
