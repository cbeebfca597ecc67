"""Suppression that never loses: windows, silences, inhibition and outages above hold alerts; each gets an outcome."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem_router.service import Router
from tests.support.postgres import Database
from tests.support.system import System, make_system
from tests.support.windows import agreements, northwind, silence, weekly

DISK = "Volume C: on nw-file-02 has 2 % free"
SWITCH = "Core switch nw-core-sw1 does not answer"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
MORNING = weekly("fri", "08:00", "10:00")
"""In Newark 08:00 to 10:00, that is 13:00 to 15:00 UTC: open when the journeys start."""

Start = Callable[..., Awaitable[System]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """Starts a system at an instant on Northwind's agreement with sections of the test."""
    async with AsyncExitStack() as stack:

        async def begin(at: datetime = FRIDAY_NINE, *, apart: bool = False, **sections: Any) -> System:
            system = await make_system(database, at, agreements(**sections), apart=apart)
            stack.push_async_callback(system.end)
            return system

        yield begin


async def holds(system: System) -> list[Any]:
    rows: list[Any] = await system.admin.fetch("select * from router.held order by since, id")
    return rows


async def outcomes(system: System) -> list[str | None]:
    return [row["outcome"] for row in await holds(system)]


async def test_an_alert_inside_a_window_opens_nothing_and_pages_nobody(start: Start):
    system = await start(maintenance=[MORNING])

    await system.receive(DISK, host="nw-file-02", severity=Severity.HIGH)

    assert await system.incidents() == []
    assert system.phones.got == []
    (held,) = await holds(system)
    assert (held["kind"], held["by_id"], held["count"], held["worst"]) == ("window", "patching", 1, "high")
    trace = await system.trace()
    assert trace["outcome"] == "held"
    assert trace["suppression"]["by"] == "patching"
    assert "held by window patching" in " ".join(trace["because"])


async def test_what_still_fires_when_the_window_ends_is_released_with_its_original_onset(start: Start):
    system = await start(maintenance=[MORNING])
    onset = system.clock.now() - timedelta(minutes=2)
    await system.receive(DISK, host="nw-file-02", occurred_at=onset)

    await system.fast_forward(hours=2)

    incident = await system.incident()
    end = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert (incident["detected_at"], incident["occurred_at"]) == (end, onset)
    assert (await system.facts())[:2] == ["opened", "released"]
    assert await outcomes(system) == ["released"]
    assert system.paged_at("chloe-nguyen")[0] == end
    clocks = await system.clocks()
    assert clocks["response", "internal"]["start_at"] == end
    assert "suppressed" in str(clocks["detect", "msp"]["flags"]) if ("detect", "msp") in clocks else True


async def test_a_released_alert_belongs_to_its_incident_and_says_what_held_it(start: Start):
    system = await start(maintenance=[MORNING])
    for _ in range(3):
        await system.receive(DISK, host="nw-file-02")
        await system.fast_forward(minutes=5)

    await system.fast_forward(hours=2)

    incident = await system.incident()
    linked = await system.admin.fetchval("select count(*) from router.alert where incident_id = $1", incident["id"])
    explained = await system.admin.fetchval(
        "select count(*) from router.decision where incident_id = $1", incident["id"]
    )
    said = await system.admin.fetchval("select body->'detail'->>'reason' from router.event where kind = 'released'")
    assert (linked, explained) == (3, 3)
    assert "window patching" in said
    assert "since 2026-11-20 14:00 UTC: 3 alerts" in said


async def test_repeats_inside_a_window_count_up_and_keep_the_worst(start: Start):
    system = await start(maintenance=[MORNING])

    for severity in (Severity.LOW, Severity.HIGH, Severity.MEDIUM):
        await system.receive(DISK, host="nw-file-02", severity=severity)

    (held,) = await holds(system)
    assert (held["count"], held["worst"]) == (3, "high")


async def test_what_clears_meanwhile_opens_nothing_when_the_window_ends(start: Start):
    system = await start(maintenance=[MORNING])
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(minutes=20)

    await system.clear(DISK, host="nw-file-02")
    await system.fast_forward(hours=3)

    assert await system.incidents() == []
    assert await outcomes(system) == ["cleared_meanwhile"]


async def test_two_conditions_of_one_group_are_released_into_one_incident(start: Start):
    rule = {"id": "lan", "when": {"title": {"contains": "uplink"}}, "function": "storage", "group_by": ["function"]}
    system = await start(maintenance=[MORNING], classification=[rule])
    await system.receive("uplink one", host="nw-file-02")
    await system.receive("uplink two", host="nw-hv1")

    await system.fast_forward(hours=2)

    incident = await system.incident()
    assert set(await outcomes(system)) == {"merged", "released"}
    assert len(incident["firing"]) == 2


async def test_an_alert_of_an_open_incident_is_not_held(start: Start):
    system = await start(at=FRIDAY_NINE - timedelta(hours=2), maintenance=[MORNING])
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(hours=2)

    await system.receive(DISK, host="nw-file-02")

    assert (await system.incident())["occurrences"] == 2
    assert await holds(system) == []


async def test_a_condition_that_comes_back_inside_a_window_is_held_and_reopens_at_its_end(start: Start):
    system = await start(at=FRIDAY_NINE - timedelta(hours=2), maintenance=[MORNING])
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(hours=2)

    await system.receive(DISK, host="nw-file-02")
    assert (await system.incident())["state"] == "resolved"
    await system.fast_forward(hours=1)

    incident = await system.incident()
    assert (incident["state"], incident["cycle"]) == ("open", 2)
    assert incident["reopened_at"] == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


async def test_a_silence_that_ends_releases_what_still_fires(start: Start):
    quiet = silence("2026-11-20T08:30", "2026-11-20T12:00", asset="nw-file-02")
    system = await start(silences=[quiet])
    await system.receive(DISK, host="nw-file-02")
    await system.receive("Volume D: on nw-hv1 has 2 % free", host="nw-hv1")
    assert [row["kind"] for row in await holds(system)] == ["silence"]

    await system.fast_forward(hours=3)

    assert len(await system.incidents()) == 2
    assert await outcomes(system) == ["released"]


async def test_a_p1_passes_through_a_window_and_says_so(start: Start):
    system = await start(maintenance=[MORNING])

    await system.receive(SWITCH, host="nw-core-sw1")

    incident = await system.incident()
    assert incident["priority"] == "P1"
    assert "window patching holds it, but a P1 passes" in list(incident["because"])
    assert await holds(system) == []


async def test_with_the_consent_of_both_a_window_holds_a_p1(start: Start):
    system = await start(maintenance=[{**MORNING, "allow_suppress_p1": True}])

    await system.receive(SWITCH, host="nw-core-sw1")

    assert await system.incidents() == []
    assert await outcomes(system) == [None]


async def test_a_high_security_finding_passes_through_a_window(start: Start):
    system = await start(maintenance=[MORNING])

    await system.receive("Credential theft on nw-dc1", kind=Kind.SIEM, severity=Severity.HIGH, host="nw-dc1")

    assert (await system.incident())["track"] == "soc"


async def test_a_held_alert_that_becomes_a_p1_is_released_at_once_with_its_original_onset(start: Start):
    rules = [
        {"id": "melting", "when": {"title": {"contains": "file"}, "severity": "critical"}, "function": "storage", "priority": "P1"},
        {"id": "warm", "when": {"title": {"contains": "file"}}, "function": "storage"},
    ]  # fmt: skip
    system = await start(maintenance=[MORNING], classification=rules)
    onset = system.clock.now()
    await system.receive("file server warm", host="nw-file-02", severity=Severity.LOW, occurred_at=onset)
    await system.fast_forward(minutes=10)

    await system.receive(
        "file server warm", host="nw-file-02", severity=Severity.CRITICAL, occurred_at=system.clock.now()
    )

    incident = await system.incident()
    assert (incident["priority"], incident["occurred_at"], incident["detected_at"]) == ("P1", onset, system.clock.now())
    assert await outcomes(system) == ["released"]


async def test_the_next_window_holds_on_and_the_first_hold_says_so(start: Start):
    second = {**weekly("fri", "09:30", "11:00"), "id": "second"}
    system = await start(maintenance=[MORNING, second])
    await system.receive(DISK, host="nw-file-02")
    assert (await holds(system))[0]["by_id"] == "patching"

    await system.fast_forward(minutes=61)
    assert [(row["by_id"], row["outcome"]) for row in await holds(system)] == [
        ("patching", "held_on"),
        ("second", None),
    ]
    await system.fast_forward(hours=2)

    assert (await system.incident())["detected_at"] == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert await outcomes(system) == ["held_on", "released"]


@pytest.mark.parametrize(
    ("begins", "released_at"),
    [
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 8, 0, tzinfo=UTC)),
        (datetime(2027, 3, 14, 6, 30, tzinfo=UTC), datetime(2027, 3, 14, 7, 0, tzinfo=UTC)),
    ],
)
async def test_e35_a_window_over_a_change_of_the_clocks_ends_where_the_wall_clock_says(
    start: Start, begins: datetime, released_at: datetime
):
    system = await start(at=begins, maintenance=[weekly("sun", "01:00", "03:00")])
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(hours=4)

    assert (await system.incident())["detected_at"] == released_at


async def test_e36_a_window_that_begins_in_the_gap_begins_after_it(start: Start):
    system = await start(at=datetime(2026, 3, 8, 6, 59, tzinfo=UTC), maintenance=[weekly("sun", "02:30", "04:00")])
    await system.receive("Volume D: on nw-hv1 has 2 % free", host="nw-hv1")
    await system.fast_forward(minutes=1)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(hours=2)

    before, after = await system.incidents()
    assert before["detected_at"] == datetime(2026, 3, 8, 6, 59, tzinfo=UTC)
    assert after["detected_at"] == datetime(2026, 3, 8, 8, 0, tzinfo=UTC)


INHIBIT = {
    "id": "switch-mutes-disks",
    "source": {"function": "network", "class": "outage"},
    "target": {"function": ["servers", "storage", "file-services"]},
    "equal": ["site"],
}


async def test_an_inhibited_alert_is_attached_to_the_incident_that_mutes_it(start: Start):
    system = await start(inhibit=[INHIBIT])
    await system.receive(SWITCH, host="nw-core-sw1")
    paged = len(system.phones.got)

    await system.receive(DISK, host="nw-file-02")
    await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    (held,) = await holds(system)
    assert (held["kind"], held["parent_incident"], held["count"]) == ("inhibition", incident["id"], 2)
    assert len(system.phones.got) == paged
    assert (await system.facts()).count("noted") == 1
    assert (
        await system.admin.fetchval("select body->'detail'->>'reason' from router.event where kind = 'noted'")
        == "attached"
    )


async def test_what_is_attached_and_still_fires_is_released_when_its_parent_resolves(start: Start):
    """R-P11: an outage above explains it; nothing of it is lost."""
    system = await start(depends_on={"nw-file-02": ["nw-core-sw1"]})
    await system.receive(SWITCH, host="nw-core-sw1")
    onset = system.clock.now()
    await system.receive(DISK, host="nw-file-02", occurred_at=onset)
    assert [row["kind"] for row in await holds(system)] == ["parent"]
    await system.fast_forward(minutes=10)

    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")

    first, second = await system.incidents()
    assert (first["state"], second["state"]) == ("resolved", "open")
    assert (second["detected_at"], second["occurred_at"]) == (system.clock.now(), onset)
    assert await outcomes(system) == ["released"]


async def test_a_parent_above_the_parent_explains_it_too(start: Start):
    chain = {"nw-file-02": ["nw-hv1"], "nw-hv1": ["nw-core-sw1"]}
    system = await start(depends_on=chain)
    await system.receive(SWITCH, host="nw-core-sw1")

    await system.receive(DISK, host="nw-file-02")

    assert len(await system.incidents()) == 1
    assert [row["by_id"] for row in await holds(system)] == ["nw-core-sw1"]


async def test_a_child_that_would_be_a_p1_joins_its_parent_and_is_not_held(start: Start):
    rules = [
        {"id": "port", "when": {"title": {"contains": "port"}}, "function": "network", "class": "outage", "priority": "P3"},
        {"id": "erp-down", "when": {"title": {"contains": "ERP is down"}}, "function": "business-apps", "class": "outage", "priority": "P1"},
    ]  # fmt: skip
    system = await start(depends_on={"nw-erp-01": ["nw-ups1"]}, classification=rules)
    await system.receive("port 3 is down", host="nw-ups1")
    assert (await system.incident())["priority"] == "P3"

    await system.receive("ERP is down", host="nw-erp-01")

    incident = await system.incident()
    assert incident["priority"] == "P1"
    assert await holds(system) == []
    assert {"alert_joined", "reprioritised"} <= set(await system.facts())
    await system.clear("ERP is down", host="nw-erp-01")
    assert len((await system.incident())["firing"]) == 1


async def test_a_restart_while_something_is_held_loses_nothing(start: Start, database: Database):
    system = await start(maintenance=[MORNING])
    await system.receive(DISK, host="nw-file-02")
    await system.stop()

    again = await make_system(
        database, FRIDAY_NINE + timedelta(hours=5), agreements(maintenance=[MORNING]), boot="boot-2"
    )
    try:
        incident = await again.incident()
        assert incident["detected_at"] == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
        assert await outcomes(again) == ["released"]
    finally:
        await again.end()


async def test_a_window_that_the_agreement_no_longer_knows_still_lets_go_at_its_end(start: Start):
    system = await start(maintenance=[MORNING])
    await system.receive(DISK, host="nw-file-02")

    system.agreements.replace(northwind())
    await system.fast_forward(hours=2)

    assert await outcomes(system) == ["released"]


async def test_the_other_party_resolves_and_the_note_on_the_timeline_is_in_words(start: Start):
    system = await start(depends_on={"nw-file-02": ["nw-core-sw1"]})
    await system.receive(SWITCH, host="nw-core-sw1")
    await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    await system.command(CommandKind.NOTE, Party.MSP, "maya-okafor", incident_id=incident["id"], text="looking")

    said = await system.admin.fetchval("select body->'detail'->>'text' from router.event where kind = 'noted' limit 1")
    assert "the outage of nw-core-sw1, which nw-file-02 depends on" in said


async def armed(system: System) -> list[str]:
    """What a process does at its start and when the agreement changed."""
    tenants = await Router(agreements=system.agreements).arm(system.admin, ["northwind"], system.clock.now())
    system.runners[0].expect("router", system.clock.now())
    await system.settle()
    return tenants


async def told(system: System) -> list[tuple[str, str, datetime]]:
    rows = await system.admin.fetch("select suppression_id, step, at from router.suppression order by at, step desc")
    return [(row["suppression_id"], row["step"], row["at"]) for row in rows]


async def test_a_window_is_announced_begun_and_ended_once_to_both_parties(start: Start):
    begin = FRIDAY_NINE - timedelta(hours=3)
    system = await start(at=begin, maintenance=[MORNING], version=2)
    assert await armed(system) == ["northwind"]

    await system.fast_forward(hours=2, minutes=30)
    await system.receive(DISK, host="nw-file-02", severity=Severity.HIGH)
    await system.fast_forward(hours=3)
    await armed(system)

    week = timedelta(days=7)
    first, last = begin + timedelta(hours=2), begin + timedelta(hours=4)
    assert await told(system) == [
        ("patching", "created", begin),
        ("patching", "started", first),
        ("patching", "ended", last),
    ]
    ended = await system.admin.fetchrow("select * from router.suppression where step = 'ended'")
    assert (ended["held"], ended["conditions"], ended["worst"]) == (1, 1, "high")
    notices = [page for _, page in system.phones.got if page.path == "notice:window"]
    steps = ("created", "started", "ended")
    assert sorted((page.reason, page.party) for page in notices) == sorted(
        (f"window {step}", party) for step in steps for party in Party
    )
    due = await system.admin.fetchval("select due_at from router.timer where kind = 'boundary'")
    assert due == first + week


async def test_what_the_first_version_says_is_remembered_and_is_no_news(start: Start):
    system = await start(at=FRIDAY_NINE - timedelta(hours=3), maintenance=[MORNING])

    await armed(system)

    assert [step for _, step, _ in await told(system)] == ["created"]
    assert system.phones.got == []


async def test_a_window_taken_out_of_the_agreement_ends_at_once_and_lets_go_what_it_held(start: Start):
    system = await start(maintenance=[MORNING])
    await armed(system)
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(minutes=10)

    system.agreements.replace(
        northwind(maintenance=[{**MORNING, "id": "other", "weekly": [{"days": "mon", "from": "01:00", "to": "02:00"}]}])
    )
    await armed(system)

    assert ("patching", "ended", system.clock.now()) in await told(system)
    assert (await system.incident())["detected_at"] == system.clock.now()
    assert await outcomes(system) == ["released"]


async def test_in_observe_mode_nobody_is_told_of_a_window(start: Start):
    system = await start(maintenance=[MORNING], tenant={"mode": "observe"})

    await armed(system)

    assert sorted(step for _, step, _ in await told(system)) == ["created", "started"]
    assert system.phones.got == []


async def test_services_in_processes_of_their_own_hold_release_and_tell_the_same(start: Start):
    system = await start(apart=True, maintenance=[MORNING])
    await armed(system)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(hours=2)

    assert await outcomes(system) == ["released"]
    assert (await system.incident())["detected_at"] == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    said = [page.reason for _, page in system.phones.got if page.path == "notice:window"]
    assert said == ["window started"] * 2 + ["window ended"] * 2


async def test_hundreds_that_an_outage_explained_are_all_let_go_when_it_ends(start: Start):
    system = await start(inhibit=[{**INHIBIT, "equal": []}])
    await system.receive(SWITCH, host="nw-core-sw1")
    for number in range(205):
        await system.receive(f"Volume {number}: on nw-file-02 has 2 % free", host="nw-file-02")
    assert len(await holds(system)) == 205

    await system.acknowledge(Party.INTERNAL, "chloe-nguyen", incident_id=(await system.incidents())[0]["id"])
    first = (await system.incidents())[0]["id"]
    await system.command(CommandKind.RESOLVE, Party.INTERNAL, "chloe-nguyen", incident_id=first)
    await system.fast_forward(minutes=1)

    assert set(await outcomes(system)) <= {"released", "merged"}
    known = await system.admin.fetchval(
        "select count(distinct incident_id) from router.alert where incident_id is not null"
    )
    assert known == len(await system.incidents())
    assert await system.admin.fetchval("select count(*) from router.alert where incident_id = $1", first) == 1
