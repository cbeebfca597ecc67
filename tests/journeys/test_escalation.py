"""The ladder: nobody is forgotten, nobody is woken twice for what is taken."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from tandem.bus.topics import PAGES
from tandem.model.alert import Kind, Severity
from tandem.model.events import PageEvent, PageEventKind
from tandem.model.ownership import Party
from tandem.wire import codec
from tests.support.system import System

DISK = "Volume C: on nw-file-02 has 2 % free"
SWITCH = "Core switch nw-core-sw1 does not answer"
FIREWALL = "Firewall cd-fw-main does not answer"
GROUP = "Domain Admins group changed outside change window"


async def test_an_unacknowledged_p1_walks_the_ladder_to_the_named_senior_and_the_accountable(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    began = system.clock.now()

    await system.fast_forward(minutes=28)

    order = list(dict.fromkeys(system.paged))
    assert order[:4] == ["maya-okafor", "priya-nair", "grace-whitfield", "martin-hale"]
    assert system.paged_at("priya-nair")[0] - began == timedelta(minutes=5)
    assert system.paged_at("grace-whitfield")[0] - began == timedelta(minutes=10)


async def test_an_unacknowledged_p1_is_never_silent(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")

    await system.fast_forward(hours=12)

    instants = [at for at, page in system.phones.got if not page.told]
    longest = max(later - earlier for earlier, later in pairwise(instants))
    assert longest <= timedelta(hours=1)
    assert system.clock.now() - instants[-1] <= timedelta(hours=1)


async def test_an_acknowledgement_stops_its_partys_path_and_only_that(system: System):
    await system.receive(SWITCH, host="nw-core-sw1")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    before = len(system.phones.got)

    await system.fast_forward(minutes=12)

    later = {page.party for _, page in system.phones.got[before:] if not page.told}
    assert later == {Party.MSP}


async def test_nothing_more_is_sent_once_both_parties_have_acknowledged(system: System):
    await system.receive(SWITCH, host="nw-core-sw1")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.acknowledge(Party.MSP, "maya-okafor")
    before = len(system.paged)

    await system.fast_forward(minutes=25)

    assert len(system.paged) == before


async def test_a_phone_that_does_not_answer_makes_the_next_step_come_at_once(system: System):
    system.phones.out_of_order.add("maya-okafor")

    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    await system.fast_forward(minutes=2)

    assert "priya-nair" in system.paged


async def test_resolving_stops_everything(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    await system.command_resolve(Party.MSP, "maya-okafor")
    before = len(system.paged)

    await system.fast_forward(hours=2)

    assert len(system.paged) == before


async def test_an_acknowledged_p1_without_activity_pages_again(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    await system.acknowledge(Party.MSP, "maya-okafor")
    before = len(system.paged)

    await system.fast_forward(minutes=31)

    assert len(system.paged) > before


async def test_an_acknowledgement_that_timed_out_can_be_renewed_and_stops_the_pages_again(system: System):
    await system.receive(FIREWALL, tenant="cedarline", host="cd-fw-main")
    await system.acknowledge(Party.MSP, "maya-okafor")
    await system.fast_forward(minutes=31)
    before = len(system.paged)

    outcome = await system.outcome(await system.acknowledge(Party.MSP, "priya-nair"))
    await system.fast_forward(minutes=25)

    assert outcome["outcome"] == "done"
    assert len(system.paged) == before
    assert (await system.clocks())["response", "msp"]["state"] == "met"


async def test_the_people_of_a_security_finding_are_acknowledged_for_apart(system: System):
    await system.receive(GROUP, kind=Kind.SIEM, severity=Severity.HIGH, host="nw-dc1")
    await system.acknowledge(Party.MSP, "lena-fischer")

    await system.fast_forward(minutes=11)

    assert system.paged.count("david-osei") >= 2
    assert system.paged.count("lena-fischer") == 1


async def test_a_step_that_reaches_nobody_is_passed_over_at_once(system: System):
    """On Saturday at 03:00 Northwind's schedule is empty: its path begins with the senior, and says that it did."""
    await system.fast_forward(hours=18)

    await system.receive(SWITCH, host="nw-core-sw1")

    assert sorted(system.paged) == ["ben-carter", "maya-okafor"]
    records = await system.admin.fetch("select value from bus.log where topic = $1", PAGES.name)
    events = [codec.decode(PageEvent, row["value"]) for row in records]
    gaps = [(event.party, event.step) for event in events if event.kind is PageEventKind.GAP]
    assert gaps == [(Party.INTERNAL, 0)]
