"""The stage on a real PostgreSQL: rows, timers, closings, and what the console may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tandem.bus.consume import Runner
from tandem.bus.lane import Lane
from tandem.bus.port import Record
from tandem.bus.topics import INCIDENTS, URGENT, Topic, incident_key
from tandem.clock import ManualClock
from tandem.db.link import Link
from tandem.model.events import FactKind, IncidentEvent
from tandem.model.incident import Acknowledgement, IncidentState
from tandem.model.ownership import Actor
from tandem.model.priority import Priority
from tandem.model.suppression import SuppressionEvent, SuppressionKind, SuppressionStep
from tandem.wire import codec
from tests.support.ladder import INTERNAL, event, incident
from tests.support.pager import pager_on
from tests.support.windows import northwind

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture
async def pager(database):
    async with pager_on(database, ManualClock(START)) as ready:
        yield ready


def opened(number: int = 1):
    return incident(incident_id=UUID(int=number), opened_at=START, detected_at=START, occurred_at=START)


def record(topic: Topic, payload: IncidentEvent) -> Record:
    key = incident_key(payload.incident.tenant, payload.incident.incident_id)
    return Record(topic.name, key, codec.encode(payload))


async def test_a_new_incident_is_one_commit_with_its_page_leased_to_this_boot(pager):
    plan = await pager.open()

    assert await pager.rows("person, state, attempt, leased_by, leased_until") == [
        ("ina", "sending", 1, "boot-1", START + timedelta(seconds=15))
    ]
    assert [page.person for page in pager.take()] == ["ina"]
    assert plan.next_due == START + timedelta(minutes=5)
    timers = await pager.admin.fetch("select key, kind, due_at from notifier.timer")
    assert [tuple(row) for row in timers] == [(str(UUID(int=1)), "due", START + timedelta(minutes=5))]
    log = await pager.admin.fetch("select topic, key from bus.log")
    assert [tuple(row) for row in log] == [("tandem.pages", f"acme/{UUID(int=1)}")]


async def test_a_due_timer_pages_the_next_step_from_what_was_stored(pager):
    await pager.open()
    pager.clock.advance(timedelta(minutes=5))

    await pager.commit()

    assert sorted(await pager.rows("person, step")) == [("ina", 0), ("ivo", 1)]
    assert await pager.admin.fetchval("select due_at from notifier.timer") == START + timedelta(minutes=10)


async def test_an_acknowledgement_closes_pages_and_cancels_the_timer(pager):
    await pager.open()
    pager.clock.advance(timedelta(minutes=5))
    await pager.commit()
    acknowledged = {INTERNAL: Acknowledgement(person="ivo", at=pager.clock.now())}
    state = replace(opened(), version=2, state=IncidentState.IN_PROGRESS, acknowledged=acknowledged)

    await pager.commit(event(state, FactKind.ACKNOWLEDGED, pager.clock.now(), by=Actor(INTERNAL, "ivo")))

    assert sorted(await pager.rows("person, state")) == [("ina", "cancelled"), ("ivo", "acknowledged")]
    assert await pager.admin.fetchval("select count(*) from notifier.timer") == 0


async def test_an_incident_opened_and_acknowledged_in_one_batch_pages_nobody(pager):
    state = replace(opened(), version=2, acknowledged={INTERNAL: Acknowledgement(person="ina", at=START)})
    opening = event(opened(), FactKind.OPENED, START)
    acknowledging = event(state, FactKind.ACKNOWLEDGED, START, by=Actor(INTERNAL, "ina"))

    await pager.commit(opening, acknowledging)

    assert await pager.states() == []
    assert pager.take() == []


async def test_the_same_first_version_twice_makes_one_page_and_keeps_the_newer_state(pager):
    await pager.open()
    pager.clock.advance(timedelta(minutes=5))
    await pager.commit()
    await pager.commit(event(replace(opened(), version=2), FactKind.NOTED, pager.clock.now()))

    await pager.commit(event(opened(), FactKind.OPENED, START))

    assert sorted(await pager.rows("person")) == [("ina",), ("ivo",)]
    assert await pager.admin.fetchval("select version from notifier.escalation") == 2


@pytest.mark.parametrize(
    "trusts", [False, True], ids=["where the bus may deliver twice", "from the urgent topic before"]
)
async def test_a_p1s_opening_that_comes_again_pages_nobody_and_resets_nothing(pager, trusts: bool):
    pager.trusts_version_one = trusts
    await pager.open()
    pager.clock.advance(timedelta(minutes=5))
    await pager.commit()
    assert [page.person for page in pager.take()] == ["ina", "ivo"]
    before = await pager.admin.fetchval("select state from notifier.escalation")

    await pager.commit(event(opened(), FactKind.OPENED, START))

    assert pager.take() == []
    assert await pager.admin.fetchval("select state from notifier.escalation") == before


async def test_a_p1_whose_opening_comes_on_both_topics_in_one_batch_is_paged_once_and_costs_no_read(pager, monkeypatch):
    async def load(*_: object) -> list[str]:
        raise AssertionError("something was read")

    monkeypatch.setattr("tandem_notifier.store.cases.load", load)
    opening = event(opened(), FactKind.OPENED, START)
    assert opening.incident.priority is Priority.P1

    await pager.commit(opening, opening)

    assert [page.person for page in pager.take()] == ["ina"]
    assert await pager.rows("person") == [("ina",)]


async def test_a_fresh_p1_waits_behind_no_backlog_and_is_paged_once(pager):
    waiting = [replace(opened(number), priority=Priority.P3) for number in range(100, 1700)]
    fresh = event(opened(), FactKind.OPENED, START)
    await pager.bus.append([record(INCIDENTS, event(each, FactKind.OPENED, START)) for each in waiting])
    await pager.bus.append([record(INCIDENTS, fresh), record(URGENT, fresh)])
    stage = pager.stage()
    lane = Lane(stage, await pager.bus.consumer(stage.group, [topic.name for topic in stage.inputs]))
    runner = Runner(bus=pager.bus, lanes=[lane], link=Link(pager.database.dsn, "tandem_notifier"), clock=pager.clock)

    await runner.step(1.0)

    first = await pager.rows("incident_id")
    assert (opened().incident_id,) in first
    assert len(first) < len(waiting) / 2
    while await runner.step(0.0):
        pass
    await runner.close()
    assert await pager.admin.fetchval("select count(*) from notifier.escalation") == len(waiting) + 1
    assert [page.incident_id for page in pager.take()].count(opened().incident_id) == 1


async def test_the_console_sees_pages_of_its_tenants_and_never_where_they_go(pager):
    await pager.open()
    console = await pager.database.pool("tandem_console")

    async with console.acquire() as connection, connection.transaction():
        assert await connection.fetchval("select count(*) from notifier.pages") == 0
        await connection.execute("select set_config('app.tenants', 'other,acme', true)")
        assert await connection.fetchval("select count(*) from notifier.pages") == 1
        columns = await connection.fetchrow("select * from notifier.pages")

    assert not {"target", "content", "leased_by"} & set(columns.keys())


async def test_a_notice_whose_record_comes_again_is_one_page_that_its_row_alone_sends(pager):
    pager.book.compiled = northwind()
    began = SuppressionEvent(
        tenant="northwind",
        kind=SuppressionKind.WINDOW,
        suppression_id="patching",
        name="Patching",
        step=SuppressionStep.STARTED,
        at=START,
        emitted_at=START,
        start=START,
        end=START + timedelta(hours=4),
        reason="the monthly patches",
        owner="anna-kowalski",
        scope="function patching",
        agreement_version=1,
    )

    await pager.commit(began)
    planned = sorted(await pager.rows("party, state, attempt, next_attempt_at"))
    await pager.admin.execute("update notifier.page set state = 'delivered'")
    await pager.commit(began)

    assert planned == [("internal", "planned", 0, START), ("msp", "planned", 0, START)]
    assert await pager.states() == ["delivered", "delivered"]
    assert pager.take() == []
