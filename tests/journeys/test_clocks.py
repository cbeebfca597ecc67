"""Time for both parties, through the whole system."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tandem.agreement.compile import compile_agreement
from tandem.bus.topics import SLA
from tandem.model.alert import Severity
from tandem.model.events import CommandKind, SlaEvent, SlaEventKind
from tandem.model.ownership import Party
from tandem.wire import codec
from tests.support.system import Agreements, System, documents

SWITCH = "Core switch nw-core-sw1 does not answer"
FIREWALL = "Firewall cd-fw-main does not answer"


async def test_a_p1_that_goes_well_meets_every_clock(system: System):
    """E01: detected after 5, acknowledged after 20, joined after 45 and 53 minutes, resolved after 3:25."""
    await system.receive(SWITCH, host="nw-core-sw1", occurred_at=system.clock.now() - timedelta(minutes=5))
    await system.fast_forward(minutes=20)
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.acknowledge(Party.MSP, "maya-okafor")
    await system.fast_forward(minutes=25)
    await system.command(CommandKind.JOIN, Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=8)
    await system.command(CommandKind.JOIN, Party.MSP, "maya-okafor")
    await system.fast_forward(hours=2, minutes=32)
    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")

    clocks = await system.clocks()
    counted = {key: row["counted_s"] for key, row in clocks.items()}
    assert {row["state"] for row in clocks.values()} == {"met"}
    assert counted["detect", "msp"] == 300
    assert counted["response", "internal"] == 1200
    assert counted["resolution", "internal"] == 12300


async def test_a_breach_is_dated_at_its_due_time_whenever_it_is_noticed(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    detected = system.clock.now()

    system.clock.advance(timedelta(hours=9))  # nobody ran meanwhile
    await system.settle()

    clocks = await system.clocks()
    assert clocks["response", "msp"]["breached_at"] == detected + timedelta(minutes=30)
    assert clocks["resolution", "msp"]["breached_at"] == detected + timedelta(hours=4)


async def test_only_the_party_that_joined_late_breaches_the_joint_call(system: System):
    """E38."""
    await system.receive(SWITCH, host="nw-core-sw1")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.acknowledge(Party.MSP, "maya-okafor")
    await system.fast_forward(minutes=20)
    await system.command(CommandKind.JOIN, Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=50)
    await system.command(CommandKind.JOIN, Party.MSP, "maya-okafor")

    clocks = await system.clocks()
    assert clocks["joint_call", "internal"]["state"] == "met"
    assert clocks["joint_call", "msp"]["state"] == "breached"


async def breaches(system: System) -> Counter[str]:
    records = await system.admin.fetch("select value from bus.log where topic = $1", SLA.name)
    events = [codec.decode(SlaEvent, row["value"]) for row in records]
    return Counter(event.clock.clock.value for event in events if event.kind is SlaEventKind.BREACHED)


async def test_a_late_timer_fires_once(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    system.clock.advance(timedelta(days=1))  # nobody ran meanwhile
    await system.settle()
    once = await breaches(system)

    await system.fast_forward(hours=1)

    assert once == {"response": 1, "joint_call": 1, "resolution": 1}
    assert await breaches(system) == once


async def test_a_p3_is_due_in_business_hours(system: System):
    """E04: detected on Friday at 16:30, due on Monday at 12:30."""
    await system.fast_forward(hours=7, minutes=30)

    await system.receive("Volume D: on nw-file-02 has 9 % free", host="nw-file-02", severity=Severity.MEDIUM)

    due = (await system.clocks())["response", "internal"]["due_at"]
    assert due.isoformat() == "2026-11-23T17:30:00+00:00"


def switches_of_a_site_are_one_incident(book: Agreements) -> None:
    """Northwind's agreement with its switch outages grouped by function."""
    source = documents().tenants["northwind"]
    provider = documents().provider_of(source.document)
    assert provider is not None
    rules = [
        rule.model_copy(update={"group_by": ("function",)}) if rule.id == "switch-down" else rule
        for rule in provider.document.classification
    ]
    grouped = provider.document.model_copy(update={"classification": tuple(rules)})
    book.replace(compile_agreement(source.document, grouped, version=1))


async def test_crossing_a_fifth_of_the_users_later_upgrades_the_running_incident_and_keeps_its_start(system: System):
    switches_of_a_site_are_one_incident(system.agreements)
    await system.receive("Switch tr-sw1 does not answer", host="tr-sw1", severity=Severity.MEDIUM)
    before = await system.incident()
    began = system.clock.now()
    await system.fast_forward(minutes=10)

    await system.receive("Core switch nw-core-sw1 does not answer", host="nw-core-sw1", severity=Severity.MEDIUM)

    after = await system.incident()
    assert (before["priority"], before["affected_users"]) == ("P3", 36)
    assert (after["id"], after["priority"], after["affected_users"]) == (before["id"], "P1", 176)
    assert after["detected_at"] == began
    assert "reprioritised" in await system.facts()
    clocks = await system.clocks()
    assert clocks["resolution", after["responsible_party"]]["start_at"] == began
    assert {("joint_call", "internal"), ("joint_call", "msp")} <= set(clocks)
    assert system.paged
