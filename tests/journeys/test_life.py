"""The life of an incident: duplicates, clears, re-opening, people who raise and answer."""

from __future__ import annotations

from datetime import timedelta

from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tests.support.system import System

DISK = "Volume C: on nw-file-02 has 2 % free"
SWITCH = "Core switch nw-core-sw1 does not answer"


async def test_a_delivery_that_comes_again_changes_nothing(system: System):
    await system.receive(DISK, host="nw-file-02", delivery_id="same")
    facts = await system.facts()

    for _ in range(4):
        await system.receive(DISK, host="nw-file-02", delivery_id="same")

    incident = await system.incident()
    assert incident["occurrences"] == 1
    assert await system.facts() == facts
    assert system.paged == ["chloe-nguyen"]


async def test_the_same_condition_again_counts_and_pages_nobody_twice(system: System):
    for _ in range(4):
        await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    assert incident["occurrences"] == 4
    assert system.paged == ["chloe-nguyen"]


async def test_a_clear_resolves_after_its_hold_down_at_the_instant_of_the_clear(system: System):
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(minutes=3)
    cleared_at = system.clock.now()
    await system.clear(DISK, host="nw-file-02")
    assert (await system.incident())["state"] == "open"

    await system.fast_forward(minutes=5)

    incident = await system.incident()
    assert (incident["state"], incident["resolved_at"]) == ("resolved", cleared_at)
    clocks = await system.clocks()
    assert clocks["resolution", "internal"]["state"] == "met"
    assert clocks["response", "internal"]["state"] == "cancelled"


async def test_firing_again_within_the_hold_down_goes_on_as_if_it_had_never_cleared(system: System):
    await system.receive(DISK, host="nw-file-02")
    await system.clear(DISK, host="nw-file-02")
    await system.fast_forward(minutes=2)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(minutes=20)

    incident = await system.incident()
    assert (incident["state"], incident["cycle"]) == ("open", 1)
    assert len(system.paged) > 1


async def test_no_page_is_sent_while_a_clear_is_pending(system: System):
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(minutes=8)
    await system.clear(DISK, host="nw-file-02")
    before = len(system.paged)

    await system.fast_forward(minutes=4)

    assert len(system.paged) == before


async def test_a_p1_that_a_person_has_taken_is_not_resolved_by_its_tool(system: System):
    await system.receive(SWITCH, host="nw-core-sw1")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.clear(SWITCH, host="nw-core-sw1")

    await system.fast_forward(minutes=20)

    assert (await system.incident())["state"] != "resolved"


async def test_firing_within_a_day_of_its_resolution_reopens_the_incident(system: System):
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=30)

    await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    assert (incident["state"], incident["cycle"]) == ("open", 2)
    assert system.paged == ["chloe-nguyen", "chloe-nguyen"]


async def test_firing_a_day_later_opens_a_new_incident(system: System):
    await system.receive(DISK, host="nw-file-02")
    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")
    system.clock.advance(timedelta(hours=24, seconds=1))

    await system.receive(DISK, host="nw-file-02")

    first, second = await system.incidents()
    assert (first["state"], second["state"]) == ("resolved", "open")


async def test_the_second_of_two_acknowledgements_hears_who_was_first(system: System):
    await system.receive(DISK, host="nw-file-02")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")

    outcome = await system.outcome(await system.acknowledge(Party.INTERNAL, "ben-carter"))

    assert outcome["outcome"] == "refused"
    assert "chloe-nguyen" in outcome["reason"]


async def test_a_person_raises_an_incident_to_the_other_party_without_any_alert(system: System):
    await system.command(
        CommandKind.RAISE,
        Party.INTERNAL,
        "anna-kowalski",
        title="Users cannot print from the ERP",
        function="firewall",
        impact="high",
    )

    incident = await system.incident()
    assert incident["title"] == "Users cannot print from the ERP"
    assert "maya-okafor" in [page.person for _, page in system.phones.got]


async def test_what_was_decided_is_explained(system: System):
    await system.receive(DISK, host="nw-file-02")

    incident = await system.incident()
    trace = await system.trace()
    assert incident["row"] == "servers"
    assert "system-disk-full" in str(trace)
    assert "servers" in str(trace)


async def test_both_owners_topics_get_the_routed_incident(system: System):
    await system.receive(SWITCH, host="nw-core-sw1")

    topics = {r["topic"] for r in await system.admin.fetch("select distinct topic from bus.log")}
    assert {"tandem.routed.internal.northwind", "tandem.routed.msp.brightwater"} <= topics
