"""The documents' explicit rules, one test per row of the decision table (domain.md 5.3), through the whole system.

What a row asks for beyond what is built is said in its test: drills with participants (D01), incident reports (D10),
approvals as clocks (D11), hand-offs (D16) and disputes (D17) come with their own features.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem_notifier.render import mail
from tandem_router.service import Router
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import Agreements, System, make_system
from tests.support.windows import weekly

DISK = "Volume C: on nw-file-02 has 2 % free"
SWITCH = "Core switch nw-core-sw1 does not answer"
FINDING = "Suspicious process tree"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
"""In Newark, the clients' and the bank's hours."""
SATURDAY_THREE = FRIDAY_NINE + timedelta(hours=18)
OPERATIONS = {"maya-okafor", "tom-lindqvist", "priya-nair", "grace-whitfield"}
SOC = {"lena-fischer", "dev-ramos", "ingrid-solberg"}

Start = Callable[..., Awaitable[System]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """A system at an instant on some agreements, its day roll armed."""
    async with AsyncExitStack() as stack:

        async def begin(at: datetime = FRIDAY_NINE, agreements: Agreements | None = None) -> System:
            system = await make_system(database, at, agreements)
            stack.push_async_callback(system.end)
            router = Router(agreements=system.agreements)
            await router.arm(system.admin, system.agreements.tenants(), system.clock.now())
            system.runners[0].expect("router", system.clock.now())
            await system.settle()
            return system

        yield begin


def heard(system: System, tenant: str = "northwind") -> set[str]:
    """Parties that got anything at all."""
    return {page.party.value for _, page in system.phones.got if page.tenant == tenant}


def shown(system: System) -> dict[str, Any]:
    """What the first page says."""
    content: dict[str, Any] = msgspec.json.decode(next(page.content for _, page in system.phones.got if not page.told))
    return content


async def test_d01_a_test_message_is_routed_and_clocked_and_pages_nobody(start: Start):
    system = await start()

    await system.receive(SWITCH, host="nw-core-sw1", test=True)
    await system.fast_forward(hours=2)

    incident = await system.incident()
    assert (incident["priority"], incident["mode"]) == ("P1", "observe")
    assert "test" in incident["flags"]
    assert ("response", "internal") in await system.clocks()
    assert system.phones.got == []


async def test_d02_a_local_maintenance_window_holds_and_a_p1_passes(start: Start):
    window = weekly("fri", "08:00", "12:00")
    system = await start(agreements=altered("northwind", maintenance=[window]))

    await system.receive(DISK, host="nw-file-02")
    held = await system.admin.fetch("select outcome from router.held")
    await system.receive(SWITCH, host="nw-core-sw1")

    assert len(held) == 1
    assert [row["priority"] for row in await system.incidents()] == ["P1"]
    assert {"chloe-nguyen", "maya-okafor"} <= set(system.paged)


async def test_d02_a_p1_is_held_where_the_signed_agreement_says_so(start: Start):
    window = weekly("fri", "08:00", "12:00") | {"allow_suppress_p1": True}
    system = await start(agreements=altered("northwind", maintenance=[window]))

    await system.receive(SWITCH, host="nw-core-sw1")

    assert await system.incidents() == []
    assert system.paged == []


async def test_d03_more_than_a_fifth_of_the_users_is_a_p1_with_the_msps_workflow_at_once(start: Start):
    """R-P2; the MSP acts at once, whoever owns the function (R-P4)."""
    system = await start()

    await system.receive(SWITCH, host="nw-core-sw1", severity=Severity.LOW)

    incident = await system.incident()
    assert (incident["priority"], incident["p1_workflow"], incident["affected_users"]) == ("P1", True, 140)
    assert system.paged_at("maya-okafor") == [FRIDAY_NINE]


async def test_d04_an_outage_of_regulated_data_is_a_p1_and_compliance_is_consulted(start: Start):
    """R-P3."""
    system = await start()

    await system.receive("core-db-1 does not answer", tenant="fairhaven", host="core-db-1", severity=Severity.LOW)

    incident = await system.incident()
    assert (incident["priority"], incident["regulated"], incident["p1_workflow"]) == ("P1", True, True)
    assert "maya-okafor" in system.paged
    assert ("samuel-ito", "you are consulted: say what you know of it") in [
        (page.person, page.reason) for _, page in system.phones.got if page.told
    ]


async def test_d05_a_high_finding_goes_to_the_soc_and_to_the_internal_security_contact_each_with_an_own_answer(
    start: Start,
):
    system = await start()

    await system.receive(FINDING, kind=Kind.SIEM, severity=Severity.HIGH, host="nw-erp-01")
    await system.acknowledge(Party.MSP, "lena-fischer")
    before = len(system.paged)
    await system.fast_forward(minutes=11)

    incident = await system.incident()
    assert incident["track"] == "soc"
    assert {"lena-fischer", "david-osei"} <= set(system.paged[:before])
    assert {page.party for _, page in system.phones.got[before:] if not page.told} == {Party.INTERNAL}


async def test_d06_an_agents_health_goes_to_the_shared_queue_with_a_mapped_priority(start: Start):
    system = await start()

    await system.receive("Agent on nw-hv1 is offline", kind=Kind.RMM, severity=Severity.HIGH, host="nw-hv1")

    incident = await system.incident()
    assert (incident["owner"], incident["function"], incident["priority"]) == ("shared", "agent-health", "P3")
    assert system.paged == []
    assert heard(system) == {"internal", "msp"}


async def test_d07_a_backup_verification_reaches_both_parties(start: Start):
    """R-P6."""
    system = await start()

    await system.receive(
        "Restore verification of nw-file-02 failed", kind=Kind.BACKUP, severity=Severity.LOW, host="nw-file-02"
    )

    assert (await system.incident())["category"] == "verification"
    assert heard(system) == {"internal", "msp"}


async def test_d08_after_hours_security_stays_on_the_soc_track(start: Start):
    system = await start(SATURDAY_THREE)

    await system.receive(FINDING, kind=Kind.SIEM, severity=Severity.CRITICAL, host="nw-erp-01")
    await system.fast_forward(hours=3)

    assert (await system.incident())["track"] == "soc"
    assert SOC & set(system.paged)
    assert not OPERATIONS & set(system.paged)


async def test_d09_after_hours_operations_never_reach_the_soc(start: Start):
    system = await start(SATURDAY_THREE)

    await system.receive(DISK, host="nw-file-02")
    await system.receive(SWITCH, host="nw-core-sw1")
    await system.fast_forward(hours=3)

    assert {row["track"] for row in await system.incidents()} == {"ops"}
    assert OPERATIONS & set(system.paged)
    assert not SOC & set(system.paged)


async def test_d10_a_p1_starts_its_clocks_and_calls_both_parties_at_once(start: Start):
    system = await start()

    await system.receive(SWITCH, host="nw-core-sw1")

    clocks = await system.clocks()
    targets = {
        name: row["due_at"] - row["start_at"]
        for (name, _), row in clocks.items()
        if name in {"response", "joint_call", "resolution"}
    }
    assert targets == {
        "response": timedelta(minutes=30),
        "joint_call": timedelta(minutes=60),
        "resolution": timedelta(hours=4),
    }
    assert {party for name, party in clocks if name == "joint_call"} == {"internal", "msp"}
    detect = [step for step in (await system.trace())["clocks"] if step["clock"] == "detect"]
    assert detect[0]["target_s"] == 15 * 60
    assert {at for at, page in system.phones.got if not page.told} == {FRIDAY_NINE}


async def test_d11_what_must_not_be_changed_without_approval_says_so_on_the_page(start: Start):
    system = await start()

    await system.receive(SWITCH, host="nw-core-sw1")

    assert shown(system)["approval"] == "Chloe Nguyen"
    text = mail(next(page for _, page in system.phones.got if not page.told), None).text
    assert "Ask Chloe Nguyen before changing it" in text


async def test_d11_business_logic_that_no_row_names_is_the_internal_teams(start: Start):
    functions = [{"id": "pricing", "name": "Pricing rules", "nature": "business_logic"}]
    rule = {"id": "pricing", "when": {"title": {"contains": "price list"}}, "function": "pricing"}
    system = await start(agreements=altered("northwind", functions=functions, classification=[rule]))

    await system.receive("Price list of nw-erp-01 is empty", host="nw-erp-01", severity=Severity.HIGH)

    incident = await system.incident()
    assert (incident["unmapped"], incident["lead"], incident["responsible_party"]) == (True, "internal", "internal")


async def test_d12_what_touches_both_parties_systems_is_one_shared_incident_with_a_lead(start: Start):
    system = await start()
    await system.receive("bn-sw1 switch does not answer", tenant="fairhaven", host="bn-sw1", severity=Severity.HIGH)
    await system.fast_forward(minutes=2)

    await system.receive("fh-core-sw1 switch does not answer", tenant="fairhaven", host="fh-core-sw1")

    running = [row for row in await system.incidents() if row["state"] != "resolved"]
    assert len(running) == 1
    assert (running[0]["owner"], running[0]["lead"], running[0]["priority"]) == ("shared", "internal", "P1")


async def test_d13_an_alert_without_a_row_pages_the_msp_tells_the_internal_party_and_becomes_a_governance_item(
    start: Start,
):
    system = await start()

    await system.receive("Coffee machine telemetry lost", severity=Severity.HIGH)

    incident = await system.incident()
    assert (incident["unmapped"], incident["lead"], incident["responsible_party"]) == (True, "msp", "msp")
    assert system.paged == ["maya-okafor"]
    assert heard(system) == {"internal", "msp"}
    assert await system.admin.fetchval("select count(*) from router.governance") == 1


async def test_d14_first_contact_is_internal_in_hours_and_the_msps_after_them(start: Start):
    system = await start()

    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(hours=18)
    await system.receive(DISK, host="nw-file-02", dedup_key="night")

    day, night = await system.incidents()
    assert (day["owner"], night["owner"]) == ("internal", "internal")
    assert system.paged[0] == "chloe-nguyen"
    assert night["responsible_party"] == "msp"


async def test_d15_without_an_answer_the_path_goes_on_to_the_fallback_and_both_accountables(start: Start):
    system = await start()

    await system.receive(SWITCH, host="nw-core-sw1")
    await system.fast_forward(hours=3)

    assert {"chloe-nguyen", "ben-carter", "anna-kowalski", "grace-whitfield", "martin-hale"} <= set(system.paged)


async def test_d16_an_offered_hand_off_moves_nothing_before_it_is_accepted(start: Start):
    # The protocol itself comes with hand-offs; until then an offer is refused in words and moves nobody's duty.
    system = await start()
    await system.receive(DISK, host="nw-file-02")

    offered = await system.command(CommandKind.OFFER, Party.INTERNAL, "chloe-nguyen", to_party=Party.MSP)

    assert (await system.outcome(offered))["outcome"] == "refused"
    assert (await system.incident())["responsible_party"] == "internal"


async def test_d17_the_route_stands_whatever_the_other_party_does_on_its_own(start: Start):
    # The contested flag and its tie-breaker come with disputes.
    system = await start()
    await system.receive(DISK, host="nw-file-02")

    taken = await system.command(CommandKind.REASSIGN, Party.MSP, "maya-okafor")
    await system.acknowledge(Party.MSP, "maya-okafor")

    incident = await system.incident()
    assert (await system.outcome(taken))["outcome"] == "refused"
    assert (incident["owner"], incident["responsible_party"], incident["state"]) == ("internal", "internal", "open")


async def test_d18_from_the_end_instant_nobody_is_paged_and_everything_is_still_recorded(start: Start):
    system = await start(agreements=altered("northwind", tenant={"ends_at": "2026-11-20T09:05"}))
    await system.receive(SWITCH, host="nw-core-sw1")

    await system.fast_forward(minutes=5)
    before = len(system.phones.got)
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(hours=3)

    assert len(system.phones.got) == before
    assert {row["mode"] for row in await system.incidents()} == {"observe"}
    recorded = await system.admin.fetchval("select count(*) from notifier.page where state = 'would_have_paged'")
    assert recorded > 0
