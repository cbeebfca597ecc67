"""The day roll (R-A5, R64): at each change of the internal party's hours running incidents are looked at again.

Northwind works Monday to Friday 09:00 to 17:00 in Newark (14:00 to 22:00Z in November). On Friday 2026-11-20 Chloe has
its operations and Maya Brightwater's; from Monday Ben and Tom.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tandem.bus.port import Record
from tandem.bus.topics import ALERTS, alert_key
from tandem.ids import alert_id
from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem.wire import codec
from tandem_notifier.render import mail
from tandem_router.service import Router
from tandem_router.store.rolls import ROLLED_AT_ONCE
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import Agreements, System, make_system

DISK = "Volume C: on nw-file-02 has 2 % free"
SWITCH = "Core switch nw-core-sw1 does not answer"
CLOSING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
BEFORE_CLOSING = CLOSING - timedelta(minutes=4)
THURSDAY_NIGHT = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
FRIDAY_OPENING = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)

Start = Callable[..., Awaitable[System]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """A system at an instant whose day roll is armed, as a process arms it at its start."""
    async with AsyncExitStack() as stack:

        async def begin(at: datetime, agreements: Agreements | None = None, *, apart: bool = False) -> System:
            system = await make_system(database, at, agreements, apart=apart)
            stack.push_async_callback(system.end)
            await arm(system)
            return system

        yield begin


async def arm(system: System) -> None:
    router = Router(agreements=system.agreements)
    await router.arm(system.admin, system.agreements.tenants(), system.clock.now())
    for runner in system.runners:
        runner.expect("router", system.clock.now())
    await system.settle()


async def details(system: System, kind: str) -> list[dict[str, Any]]:
    rows = await system.admin.fetch(
        "select body -> 'detail' as detail from router.event where kind = $1 order by effective_at, version", kind
    )
    found = [row["detail"] for row in rows]
    return [msgspec.json.decode(each) if isinstance(each, str) else each for each in found]


def lists(system: System) -> list[tuple[datetime, Any]]:
    return [(at, page) for at, page in system.phones.got if page.path == "opening"]


async def test_what_nobody_has_acknowledged_at_closing_goes_to_the_people_of_the_night_at_once(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    assert system.paged == ["chloe-nguyen"]

    await system.fast_forward(minutes=4)

    incident = await system.incident()
    assert (incident["responsible_party"], incident["owner"]) == ("msp", "internal")
    assert system.paged_at("maya-okafor") == [CLOSING]
    (moved,) = await details(system, "reowned")
    assert (moved["from_party"], moved["to_party"], moved["reason"], moved["auto"]) == (
        *("internal", "msp", "hours", True),
    )
    await system.fast_forward(hours=1)
    assert not {"ben-carter", "chloe-nguyen"} & {page.person for at, page in system.phones.got if at >= CLOSING}


async def test_the_responsible_partys_response_clock_follows_the_hours(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(minutes=5)
    await system.acknowledge(Party.MSP, "maya-okafor")

    clocks = await system.clocks()
    assert {party for (name, party), row in clocks.items() if name == "response" and row["state"] == "met"} == {"msp"}


async def test_what_a_person_holds_at_closing_stays_theirs_and_a_hand_off_is_suggested(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")

    await system.fast_forward(minutes=10)

    incident = await system.incident()
    assert (incident["responsible_party"], incident["state"]) == ("internal", "acknowledged")
    assert "reowned" not in await system.facts()
    (noted,) = await details(system, "noted")
    assert (noted["reason"], noted["to_party"]) == ("handoff_suggested", "msp")
    assert "maya-okafor" not in system.paged


def calls(system: System) -> list[tuple[datetime, str, str]]:
    """Pages to holders whose hours are over: when, to whom, why."""
    return [(at, page.person, page.reason) for at, page in system.phones.got if page.path.startswith("hours:")]


async def test_whoever_still_holds_it_a_quarter_of_an_hour_after_closing_is_called_once(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")

    await system.fast_forward(minutes=18)
    assert calls(system) == []
    await system.fast_forward(minutes=30)

    ((at, person, why),) = calls(system)
    assert (at, person) == (CLOSING + timedelta(minutes=15), "chloe-nguyen")
    assert why == "your hours are over and it is still yours: hand it over, or say what comes next"
    assert [each["reason"] for each in await details(system, "noted")] == ["handoff_suggested", "still_yours"]
    assert (await system.incident())["responsible_party"] == "internal"


@pytest.mark.parametrize(
    ("kind", "party", "person", "detail"),
    [
        (CommandKind.NOTE, Party.INTERNAL, "chloe-nguyen", {"text": "I stay with it until the disk is in"}),
        (CommandKind.START, Party.INTERNAL, "chloe-nguyen", {}),
        (CommandKind.JOIN, Party.MSP, "maya-okafor", {}),
        (CommandKind.ACKNOWLEDGE, Party.MSP, "maya-okafor", {}),
        (CommandKind.RESOLVE, Party.INTERNAL, "chloe-nguyen", {}),
        (CommandKind.PRIORITY, Party.INTERNAL, "chloe-nguyen", {"priority": Priority.P1}),
    ],
)
async def test_whatever_a_person_does_about_it_answers_the_suggestion(
    start: Start, kind: CommandKind, party: Party, person: str, detail: dict[str, Any]
):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=10)

    await system.command(kind, party, person, **detail)

    await system.fast_forward(hours=1)
    assert calls(system) == []


async def test_what_a_tool_says_or_a_wish_that_is_refused_answers_nothing(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=10)

    await system.receive(DISK, host="nw-file-02")
    refused = await system.command(CommandKind.NOTE, Party.INTERNAL, "chloe-nguyen", text=" ")

    await system.fast_forward(hours=1)
    assert (await system.outcome(refused))["outcome"] == "refused"
    assert [person for _, person, _ in calls(system)] == ["chloe-nguyen"]


async def test_at_opening_whoever_of_the_msp_still_holds_it_is_called(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=20))
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.MSP, "maya-okafor")

    await system.fast_forward(minutes=37)

    assert [(at, person) for at, person, _ in calls(system)] == [
        (FRIDAY_OPENING + timedelta(minutes=15), "maya-okafor")
    ]
    assert (await details(system, "noted"))[0]["to_party"] == "internal"


async def test_at_opening_a_note_of_the_msp_is_an_answer_too(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=20))
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.MSP, "maya-okafor")
    await system.fast_forward(minutes=25)

    await system.command(CommandKind.NOTE, Party.MSP, "maya-okafor", text="handing over at ten")

    await system.fast_forward(minutes=30)
    assert calls(system) == []


async def test_each_stretch_of_hours_asks_once_however_often_processes_start(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.command(CommandKind.START, Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=10)

    await arm(system)
    await system.fast_forward(minutes=10)
    await arm(system)
    await system.fast_forward(minutes=10)
    assert len(calls(system)) == 1
    assert "hours_over" in (await system.incident())["flags"]

    await system.fast_forward(days=3)  # over Monday's hours
    assert [at for at, _, _ in calls(system)] == [
        CLOSING + timedelta(minutes=15),
        CLOSING + timedelta(days=3, minutes=15),
    ]


async def test_a_holder_who_named_nobody_has_their_people_on_call_called(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=20))
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.MSP, None)

    await system.fast_forward(minutes=37)

    assert [person for _, person, _ in calls(system)] == ["maya-okafor"]


async def test_what_has_cleared_by_then_calls_nobody(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=17)
    await system.clear(DISK, host="nw-file-02")

    await system.fast_forward(minutes=30)

    assert (await system.incident())["state"] == "resolved"
    assert calls(system) == []


async def test_what_fires_again_while_its_clear_was_pending_calls_after_all(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=17)
    await system.clear(DISK, host="nw-file-02")
    await system.fast_forward(minutes=3)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(minutes=10)

    assert [at for at, _, _ in calls(system)] == [CLOSING + timedelta(minutes=18)]


async def test_an_agreement_may_leave_the_holder_alone(start: Start):
    system = await start(BEFORE_CLOSING, altered("northwind", timing={"handoff_answer": "0s"}))
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")

    await system.fast_forward(minutes=30)

    assert calls(system) == []


async def test_at_opening_the_internal_party_gets_back_what_is_unanswered_and_is_paged_at_once(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=3))
    await system.receive(DISK, host="nw-file-02")
    assert system.paged == ["maya-okafor"]

    await system.fast_forward(minutes=3)

    incident = await system.incident()
    assert incident["responsible_party"] == "internal"
    assert system.paged_at("chloe-nguyen") == [FRIDAY_OPENING]
    assert "after_hours" not in incident["flags"]


async def test_at_opening_one_message_lists_the_night(start: Start):
    system = await start(THURSDAY_NIGHT)
    await system.receive(DISK, host="nw-file-02")  # 1: solved over night
    await system.command_resolve(Party.MSP, "maya-okafor")
    await system.fast_forward(hours=2)
    held = await system.receive("Volume C: on nw-dc1 has 1 % free", host="nw-dc1")  # 2: held
    number_two = next(row for row in await system.incidents() if row["title"] == held.title)
    await system.acknowledge(Party.MSP, "maya-okafor", incident_id=number_two["id"])
    await system.command(CommandKind.START, Party.MSP, "maya-okafor", incident_id=number_two["id"])
    await system.fast_forward(hours=12, minutes=58)
    await system.receive("Volume C: on nw-hv1 has 1 % free", host="nw-hv1")  # 3: handed back

    await system.fast_forward(minutes=5)

    ((at, page),) = lists(system)
    assert FRIDAY_OPENING <= at <= FRIDAY_OPENING + timedelta(seconds=30)
    assert (page.party, page.person, page.told) == (Party.INTERNAL, "team", True)
    said = mail(page, None).text
    assert "3 incidents since you closed" in said
    assert said.index("Handed back to you (1):") < said.index("#3 P2 Volume C: on nw-hv1")
    assert "Held by the MSP (1):\n  #2 P2 Volume C: on nw-dc1 has 1 % free, maya-okafor has it" in said
    assert f"Solved over night (1):\n  #1 P2 {DISK}" in said


async def test_a_quiet_night_has_no_list(start: Start):
    system = await start(THURSDAY_NIGHT)

    await system.fast_forward(hours=24)

    assert lists(system) == []


async def test_the_list_of_a_night_is_told_once(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=3))
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(minutes=5)
    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")

    await system.fast_forward(days=4)

    assert len(lists(system)) == 1


async def test_in_processes_of_their_own_the_roll_does_the_same(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=3), apart=True)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(minutes=5)

    assert system.paged_at("chloe-nguyen") == [FRIDAY_OPENING]
    assert len(lists(system)) == 1


async def test_an_absence_of_the_whole_team_is_a_boundary_too(start: Start):
    away = [{"from": "2026-11-20", "to": "2026-11-20"}]
    people = {name: {"absences": away} for name in ("ben-carter", "chloe-nguyen", "david-osei", "anna-kowalski")}
    system = await start(THURSDAY_NIGHT, altered("northwind", people=people))
    await system.fast_forward(hours=15)  # Friday 09:00: open, and nobody is there

    await system.receive(DISK, host="nw-file-02")

    assert (await system.incident())["responsible_party"] == "msp"
    await system.fast_forward(days=3)  # Monday 09:00 comes with somebody
    moved = await details(system, "reowned")
    assert [each["to_party"] for each in moved] == ["internal"]


async def test_what_waits_in_a_queue_is_not_moved(start: Start):
    system = await start(BEFORE_CLOSING)
    await system.receive("Volume D: on nw-file-02 has 9 % free", host="nw-file-02")

    await system.fast_forward(minutes=10)

    assert (await system.incident())["responsible_party"] == "internal"
    assert await system.facts() == ["opened"]


async def test_at_opening_the_security_contact_who_slept_is_paged_for_what_is_still_unanswered(start: Start):
    system = await start(FRIDAY_OPENING - timedelta(minutes=3))
    await system.receive("Suspicious process tree", kind=Kind.SIEM, severity=Severity.HIGH, host="nw-erp-01")
    assert system.paged == ["lena-fischer"]

    await system.fast_forward(minutes=3)

    assert system.paged_at("david-osei") == [FRIDAY_OPENING]
    assert (await system.incident())["responsible_party"] == "msp"


async def test_a_roll_over_many_incidents_takes_them_in_pieces(start: Start):
    system = await start(BEFORE_CLOSING)
    many = ROLLED_AT_ONCE + 3
    await system.bus.append([disk_of(number, system.clock.now()) for number in range(many)])
    await system.settle()

    await system.fast_forward(minutes=4)

    assert {row["responsible_party"] for row in await system.incidents()} == {"msp"}
    assert (await system.facts()).count("reowned") == many


def disk_of(number: int, at: datetime) -> Record:
    """An alert of a source of its own and of no known site, so that many of them are no storm."""
    alert = Alert(
        alert_id=alert_id("northwind", f"source-{number}", "one", 0),
        tenant="northwind",
        integration=f"source-{number}",
        vendor="generic",
        kind=Kind.MONITORING,
        delivery_id="one",
        dedup_key="disk",
        title=f"Volume C: of machine {number} has 2 % free",
        status=AlertStatus.FIRING,
        severity=Severity.UNKNOWN,
        received_at=at,
    )
    return Record(ALERTS.name, alert_key("northwind", "disk"), codec.encode(alert))
