"""Each promise, broken by hand in tables that the pipeline has filled: the view of its owner finds it, and names it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tandem.app.auditor.findings import Violation
from tandem.app.auditor.invariants import INVARIANTS
from tandem.bus.kafka_reach import _SEEN
from tandem.bus.migrations.bus_0005 import MUST_READ
from tandem.bus.port import Record
from tandem.bus.topics import ALERTS, ALL, MISSING, SIGNALS
from tandem.db.roles import AUDITOR
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tests.journeys.conftest import FRIDAY_NINE
from tests.support.postgres import Database
from tests.support.system import System, make_system

DISK = "Volume C: on nw-file-02 has 2 % free"


@pytest.fixture
async def system(database: Database) -> AsyncIterator[System]:
    """A full disk that somebody is being paged about, ten minutes in."""
    made = await make_system(database, FRIDAY_NINE)
    await made.receive(DISK, host="nw-file-02")
    await made.fast_forward(minutes=10)
    assert (await made.audit()).clean
    yield made
    await made.stop()


async def found(system: System, invariant: str, **terms) -> list[Violation]:
    look = await system.audit(**terms)
    assert look.complete, look.violated
    return list(look.findings[invariant].examples)


async def damaged(system: System, invariant: str, *statements: str) -> Violation:
    """The one violation of ``invariant`` after the statements."""
    for statement in statements:
        assert (await system.admin.execute(statement)).rpartition(" ")[2] != "0", f"nothing was damaged: {statement}"
    (violation,) = await found(system, invariant)
    assert violation.todo
    return violation


async def incident_id(system: System) -> str:
    return str((await system.incident())["id"])


# -- alerts and decisions -----------------------------------------------------------------------------------------


async def test_an_alert_without_a_decision_is_an_orphan(system: System):
    violation = await damaged(system, "orphan_alerts", "delete from router.decision")

    alert = await system.admin.fetchrow("select id, received_at from router.alert")
    assert (violation.tenant, violation.id, violation.since) == ("northwind", str(alert["id"]), alert["received_at"])
    assert "no decision" in violation.what


async def test_a_decision_without_its_alert_is_an_orphan(system: System):
    assert "has no alert" in (await damaged(system, "orphan_alerts", "delete from router.alert")).what


async def test_an_alert_whose_incident_is_gone_is_an_orphan(system: System):
    violation = await damaged(system, "orphan_alerts", "delete from router.incident")

    assert "an incident that is not there" in violation.what


async def test_an_accepted_alert_that_the_router_passed_without_storing_it_is_half_accepted(system: System):
    violation = await damaged(system, "half_accepted", "delete from router.alert", "delete from router.decision")

    assert violation.tenant == "northwind"
    assert violation.id.startswith("tandem.alerts/")


async def test_a_missing_signals_alert_that_the_router_passed_without_storing_it_is_half_accepted(system: System):
    moved = "update bus.log set topic = 'tandem.missing' where topic = 'tandem.alerts'"
    passed = "update bus.consumer_offset set next_offset = 9 where grp = 'router' and topic = 'tandem.missing'"
    violation = await damaged(
        system, "half_accepted", moved, passed, "delete from router.alert", "delete from router.decision"
    )

    assert violation.id.startswith("tandem.missing/")
    assert "tandem bus tail missing" in violation.todo


async def test_an_alert_that_was_put_into_quarantine_is_not_half_accepted(system: System):
    await system.bus.append([Record(ALERTS.name, "northwind/x", b"\x08\x01\x12\x10" + bytes(16) + b"\xff")])
    await system.settle()

    assert await system.quarantined()
    assert await found(system, "half_accepted") == []


async def test_what_is_over_is_looked_at_only_as_far_back_as_asked(system: System):
    await system.admin.execute("delete from router.decision")

    assert await found(system, "orphan_alerts", since=system.clock.now() - timedelta(minutes=5)) == []


# -- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("delete from notifier.escalation", "not heard of it"),
        ("update notifier.escalation set version = 0", "at version 0 of 1"),
        ("delete from notifier.timer where kind = 'due'", "no timer goes on"),
        ("update notifier.escalation set state = jsonb_set(state, '{legs}', '{}')", "has not begun"),
        (
            "update notifier.escalation set state = jsonb_set(state, '{legs,internal-ops,state}', '\"stopped\"')",
            "its path is stopped",
        ),
    ],
)
async def test_an_incident_about_which_nobody_is_being_paged_is_found(system: System, statement: str, words: str):
    violation = await damaged(system, "overdue_unpaged", statement)

    assert (violation.tenant, violation.id) == ("northwind", await incident_id(system))
    assert "party internal" in violation.what
    assert words in violation.what


async def test_a_page_that_is_due_and_that_nobody_sends_is_found(system: System):
    stuck = "update notifier.page set state = 'planned', leased_until = null, next_attempt_at = planned_at where step = 0 and not told"
    violation = await damaged(system, "overdue_unpaged", stuck)

    assert "nobody sends it" in violation.what


async def test_an_incident_that_its_party_has_acknowledged_needs_no_page(system: System):
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.admin.execute("delete from notifier.timer")

    assert await found(system, "overdue_unpaged") == []


async def test_a_new_incident_has_a_minute_to_be_paged_about(system: System):
    other = await system.receive("Core switch nw-core-sw1 does not answer", host="nw-core-sw1")
    await system.admin.execute(
        "delete from notifier.escalation where incident_id = (select incident_id from router.alert where id = $1)",
        other.alert_id,
    )

    now = system.clock.now()
    assert await found(system, "overdue_unpaged", now=now + timedelta(seconds=59)) == []
    late = await found(system, "overdue_unpaged", now=now + timedelta(seconds=61))
    assert [each.what.partition(", ")[2] for each in late] == [
        "party internal on ops: the notifier has not heard of it",
        "party msp on ops: the notifier has not heard of it",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("tenant = 'cedarline'", "it says cedarline, its incident is of northwind"),
        ("track = 'soc'", "it is of track soc"),
        ("incident_id = gen_random_uuid()", "an incident that is not there"),
        ("party = 'msp', planned_at = planned_at - interval '1 second'", "had not to answer"),
    ],
)
async def test_a_page_that_does_not_belong_to_its_incident_is_found(system: System, change: str, words: str):
    first = "(select page_id from notifier.page where not told order by planned_at limit 1)"
    violation = await damaged(system, "misrouted_pages", f"update notifier.page set {change} where page_id = {first}")

    assert words in violation.what


async def test_two_pages_for_one_step_of_one_person_are_found(system: System):
    columns = await system.admin.fetchval(
        "select string_agg(quote_ident(attname), ', ') from pg_attribute"
        " where attrelid = 'notifier.page'::regclass and attnum > 0 and attname <> 'page_id'"
    )
    violation = await damaged(
        system,
        "repeated_pages",
        f"insert into notifier.page (page_id, {columns}) select gen_random_uuid(), {columns} from notifier.page"
        " where not told order by planned_at limit 1",
    )

    assert violation.id == await incident_id(system)
    assert "2 pages" in violation.what


async def test_a_page_that_was_sent_again_although_it_had_arrived_is_found(system: System):
    violation = await damaged(
        system,
        "repeated_pages",
        "insert into notifier.attempt select page_id, 2, tenant, started_at, ended_at, result, detail"
        " from notifier.attempt where result = 'delivered' limit 1",
    )

    assert "delivered 2 times" in violation.what


# -- clocks -------------------------------------------------------------------------------------------------------

RESPONSE = (
    "select tenant, incident_id, '{key}', clock, '{party}', cycle, priority, start_at, target_s, due_at, state,"
    " stop_at, counted_s, breached_at, warned, flags, calendar from sla.clock where clock = 'response'"
)


async def test_two_response_clocks_that_run_at_once_are_found(system: System):
    violation = await damaged(
        system, "double_clock", f"insert into sla.clock {RESPONSE.format(key='response/9', party='msp')}"
    )

    assert violation.id == await incident_id(system)
    assert "2 clocks response of internal and msp run at once" in violation.what


@pytest.mark.parametrize(
    "change",
    ["counted_s = -1", "stop_at = start_at - interval '1 s', state = 'met'", "due_at = start_at - interval '1 s'"],
)
async def test_time_that_runs_backwards_is_found(system: System, change: str):
    violation = await damaged(system, "double_clock", f"update sla.clock set {change} where clock = 'response'")

    assert "clock response of internal" in violation.what


async def test_a_clock_that_runs_on_after_the_end_of_its_incident_is_found(system: System):
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.command(CommandKind.RESOLVE, Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=5)
    violation = await damaged(
        system, "double_clock", "update sla.clock set state = 'running', stop_at = null where clock = 'resolution'"
    )

    assert "is resolved and clock resolution of internal runs on" in violation.what


async def test_an_incident_that_the_clock_has_not_heard_of_is_found(system: System):
    violation = await damaged(system, "double_clock", "delete from sla.incident")

    assert "at version 1, its clocks are at 0" in violation.what


# -- facts and who is responsible ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_a_fact_that_is_missing_is_found_wherever_it_stood(system: System, version: int):
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.command(CommandKind.NOTE, Party.INTERNAL, "chloe-nguyen", text="looking")
    assert await system.facts() == ["opened", "acknowledged", "noted"]

    violation = await damaged(system, "broken_history", f"delete from router.event where version = {version}")

    assert "at version 3; its facts are 2" in violation.what


async def test_an_incident_that_opened_twice_is_found(system: System):
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    violation = await damaged(system, "broken_history", "update router.event set kind = 'opened' where version = 2")

    assert "2 of them open it" in violation.what


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("update router.incident set responsible_party = 'nobody'", "no party is responsible"),
        ("update router.incident set responsible_party = 'msp'", "two parties are said to be responsible"),
        (
            "update router.event set body = jsonb_set(body, '{responsible_party}', '\"msp\"')",
            "two parties are said to be responsible",
        ),
        (
            "update router.incident set snapshot = jsonb_set(snapshot, '{must_acknowledge}', '[\"msp\"]')",
            "not the party that is responsible",
        ),
    ],
)
async def test_an_incident_without_exactly_one_responsible_party_is_found(system: System, statement: str, words: str):
    violation = await damaged(system, "unowned", statement)

    assert (violation.tenant, violation.id) == ("northwind", await incident_id(system))
    assert words in violation.what


# -- what does not move -------------------------------------------------------------------------------------------


async def test_records_that_a_group_has_not_read_for_half_a_minute_are_found(system: System):
    await system.admin.execute("update bus.consumer_offset set next_offset = 0 where grp = 'sla-clock'")
    accepted = FRIDAY_NINE

    assert await found(system, "stuck_consumers", now=accepted + timedelta(seconds=29)) == []
    (violation,) = await found(system, "stuck_consumers", now=accepted + timedelta(seconds=31))
    assert violation.since == accepted
    assert "sla-clock has 1 records of tandem.incidents to read" in violation.what


async def test_a_group_that_has_never_read_is_found(system: System):
    violation = await damaged(system, "stuck_consumers", "delete from bus.consumer_offset where grp = 'sla-clock'")

    assert violation.tenant is None
    assert violation.id.startswith("sla-clock tandem.incidents/")


@pytest.mark.parametrize("topic", [MISSING.name, SIGNALS.name])
async def test_a_router_that_has_never_read_what_is_missing_or_signals_is_found(system: System, topic: str):
    """A topic that came with a release has no position of any group until somebody reads it."""
    await system.admin.execute("delete from bus.consumer_offset where topic = $1", topic)
    await system.admin.execute("insert into bus.partition values ($1, 9, 1)", topic)
    await system.admin.execute(
        'insert into bus.log (topic, part, "offset", key, value, at) values ($1, 9, 0, $2, $3, $4)',
        topic,
        "northwind/x",
        b"",
        FRIDAY_NINE,
    )

    (violation,) = await found(system, "stuck_consumers", now=FRIDAY_NINE + timedelta(seconds=31))
    assert violation.id == f"router {topic}/9"


def test_every_group_that_routes_clocks_or_pages_must_read_its_topics():
    expected = {(group, topic.name) for topic in ALL for group in topic.readers if group != "console"}
    assert set(MUST_READ) == expected


async def reached(system: System, end: int) -> None:
    """As a process on Kafka writes it down, now, of every group that must read."""
    rows = [(group, topic, 0, end) for group, topic in MUST_READ]
    await system.admin.execute(_SEEN, *zip(*rows, strict=True), system.clock.now())


async def test_records_that_wait_on_kafka_for_half_a_minute_are_found_whether_the_group_has_read_before_or_not(
    system: System,
):
    began = system.clock.now()
    await system.admin.execute("delete from bus.consumer_offset; delete from bus.partition; delete from bus.log")
    await system.admin.execute(
        "insert into bus.consumer_offset (grp, topic, part, epoch, next_offset)"
        " select grp, topic, 0, 1, 7 from unnest($1::text[], $2::text[]) g(grp, topic) where grp <> 'sla-clock'",
        *zip(*MUST_READ, strict=True),
    )
    await reached(system, 7)

    assert await found(system, "stuck_consumers", now=began + timedelta(seconds=29)) == []
    (violation,) = await found(system, "stuck_consumers", now=began + timedelta(seconds=31))
    assert (violation.id, violation.since) == ("sla-clock tandem.incidents/0", began)
    assert "7 records of tandem.incidents" in violation.what

    await system.admin.execute("insert into bus.consumer_offset values ('sla-clock', 'tandem.incidents', 0, 1, 7)")
    assert await found(system, "stuck_consumers", now=began + timedelta(seconds=31)) == []


async def test_a_group_that_reads_on_is_not_stuck_however_full_its_topic_and_one_that_nobody_looks_at_is_told(
    system: System,
):
    began = system.clock.now()
    await system.admin.execute("delete from bus.consumer_offset; delete from bus.partition; delete from bus.log")
    for moment in range(8):
        await system.admin.execute(
            "insert into bus.consumer_offset (grp, topic, part, epoch, next_offset)"
            " select grp, topic, 0, 1, $3 from unnest($1::text[], $2::text[]) g(grp, topic)"
            " on conflict (grp, topic, part) do update set next_offset = excluded.next_offset",
            *zip(*MUST_READ, strict=True),
            moment * 100,
        )
        await reached(system, 100 + moment * 100)
        assert await found(system, "stuck_consumers", now=system.clock.now()) == []
        system.clock.advance(timedelta(seconds=20))

    last = began + timedelta(seconds=140)
    unseen = await found(system, "stuck_consumers", now=last + timedelta(seconds=70))
    assert {each.id for each in unseen if "not known since" in each.what} == {f"{g} {t}" for g, t in MUST_READ}


async def test_records_that_stand_aside_for_half_a_minute_are_found_with_their_topic(system: System):
    since = system.clock.now()
    await system.admin.execute(
        "insert into bus.outbox_parked values (1, 0, 'tandem.routed.msp.x', 0, 'northwind/a', 'x', null, $1),"
        " (1, 1, 'tandem.routed.msp.x', 0, 'northwind/b', 'x', null, $1)",
        since,
    )

    assert await found(system, "waiting_records", now=since + timedelta(seconds=29)) == []
    (violation,) = await found(system, "waiting_records", now=since + timedelta(seconds=31))
    assert (violation.id, violation.since) == ("topic tandem.routed.msp.x", since)
    assert "2 records" in violation.what
    assert "ensure-topics" in violation.todo


@pytest.mark.parametrize("queue", ["bus.outbox", "ingest.spool"])
async def test_what_waits_for_the_broker_for_half_a_minute_is_found(system: System, queue: str):
    since = system.clock.now()
    await system.admin.execute(
        f"insert into {queue} values (1, 0, 'tandem.alerts', 0, 'northwind/a', 'x', null, $1),"
        " (1, 1, 'tandem.alerts', 0, 'northwind/b', 'x', null, $1)",
        since,
    )

    assert await found(system, "waiting_records", now=since + timedelta(seconds=29)) == []
    (violation,) = await found(system, "waiting_records", now=since + timedelta(seconds=31))
    assert (violation.id, violation.since) == (f"{queue} shard 1", since)


async def test_a_clients_alerts_that_wait_their_turn_for_ten_minutes_are_found(system: System):
    since = system.clock.now()
    await system.admin.execute(
        "insert into ingest.waiting values (0, 0, 'tandem.alerts', 0, 'northwind/a', 'x', null, $1)", since
    )

    assert await found(system, "waiting_records", now=since + timedelta(minutes=9)) == []
    (violation,) = await found(system, "waiting_records", now=since + timedelta(minutes=11))
    assert (violation.tenant, violation.id, violation.since) == ("northwind", "ingest.waiting northwind", since)


@pytest.mark.parametrize("schema", ["router", "sla", "notifier"])
async def test_a_timer_that_nobody_claims_is_found(system: System, schema: str):
    await system.admin.execute(
        f"insert into {schema}.timer values ('northwind', $1, 'odd', $2)", str(UUID(int=1)), system.clock.now()
    )

    late = await found(system, "late_timers", now=system.clock.now() + timedelta(seconds=31))

    assert [(each.id, each.since) for each in late if "odd" in each.id] == [(f"odd {UUID(int=1)}", system.clock.now())]


async def test_a_clock_that_no_timer_looks_at_is_found(system: System):
    assert "no timer looks at it" in (await damaged(system, "late_timers", "delete from sla.timer")).what


async def test_a_hold_down_that_no_timer_ends_is_found(system: System):
    await system.clear(DISK, host="nw-file-02")
    violation = await damaged(system, "late_timers", "delete from router.timer where kind = 'hold_down'")

    assert violation.id == await incident_id(system)
    assert "hold-down" in violation.what


# -- the auditor itself -------------------------------------------------------------------------------------------


async def test_a_question_past_its_time_is_found_and_the_others_are_answered(system: System):
    await system.admin.execute("delete from router.event")
    async with system.admin.transaction():
        await system.admin.execute("lock table router.decision in access exclusive mode")

        look = await system.audit(budget_s=3.0)  # what is not locked needs less on any machine

    assert {name: finding.count for name, finding in look.violated.items()} == {
        "auditor_budget": 1,
        "broken_history": 1,
    }
    assert look.findings["auditor_budget"].examples[0].id == "router.v_orphan_alerts"
    assert "orphan_alerts" not in look.findings
    assert not look.complete


async def test_when_every_question_takes_too_long_the_look_ends_all_the_same(system: System):
    async with system.admin.transaction():
        for table in (
            "router.incident",
            "router.timer",
            "sla.timer",
            "notifier.timer",
            "bus.partition",
            "router.alert",
        ):
            await system.admin.execute(f"lock table {table} in access exclusive mode")

        look = await system.audit(budget_s=0.1)

    assert look.findings["auditor_budget"].count == len([view for each in INVARIANTS for view in each.views])
    assert look.seconds < 15


async def test_a_view_that_is_missing_makes_the_auditor_blind_there_and_nowhere_else(system: System):
    await system.admin.execute("drop view sla.v_double_clock")

    look = await system.audit()

    assert look.findings["auditor_blind"].examples[0].id == "sla.v_double_clock"
    assert list(look.violated) == ["auditor_blind"]
    assert "double_clock" not in look.findings


async def test_the_auditor_reads_every_clients_rows_and_writes_none(system: System):
    await system.receive("Backup failed", tenant="cedarline", host="cd-app-01")
    auditor = await system.database.pool(AUDITOR, max_size=1)

    assert await auditor.fetchval("select count(distinct tenant) from router.v_running") == 2
    for statement in (
        "delete from router.alert",
        "update sla.clock set state = 'met'",
        "insert into bus.log values ('tandem.alerts', 0, 0, 'k', '', null, now())",
        "select raw from router.alert",
        "select content from notifier.page",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await auditor.execute(statement)


async def test_no_client_alone_sees_what_the_auditor_finds(system: System):
    console = await system.database.pool("tandem_console", max_size=1)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await console.execute("select * from notifier.v_overdue_unpaged")


async def test_a_person_with_psql_needs_no_settings(system: System):
    await system.admin.execute(
        "insert into router.timer values ('northwind', $1, 'odd', now() - interval '1 hour')", str(uuid4())
    )

    rows = await system.admin.fetch("select * from router.v_late_timers where id like 'odd %'")

    assert len(rows) == 1
