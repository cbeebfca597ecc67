"""Composed into one transaction or each service for itself: people must not notice which."""

from __future__ import annotations

from typing import Any

import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tests.journeys.conftest import FRIDAY_NINE
from tests.support.postgres import Database
from tests.support.system import System, make_system


async def live_through_a_morning(system: System) -> None:
    await system.receive("Core switch nw-core-sw1 does not answer", host="nw-core-sw1")
    switch = (await system.incidents())[0]["id"]
    await system.receive("Domain Admins group changed", kind=Kind.SIEM, severity=Severity.HIGH, host="nw-dc1")
    await system.receive("Volume C: on nw-file-02 has 2 % free", host="nw-file-02")
    await system.fast_forward(minutes=6)
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen", incident_id=switch)
    await system.fast_forward(minutes=20)
    await system.clear("Volume C: on nw-file-02 has 2 % free", host="nw-file-02")
    await system.fast_forward(minutes=40)
    await system.command(CommandKind.RESOLVE, Party.MSP, "maya-okafor", incident_id=switch)
    await system.fast_forward(hours=5)


async def what_is_known(system: System) -> dict[str, Any]:
    incidents = [
        (r["title"], r["state"], r["priority"], r["version"], r["resolved_at"]) for r in await system.incidents()
    ]
    clocks = await system.admin.fetch(
        "select i.title, c.clock, c.party, c.cycle, c.state, c.due_at, c.breached_at, c.stop_at from sla.clock c"
        " join router.incidents i on i.id = c.incident_id order by 1, 2, 3, 4"
    )
    pages = sorted((at, page.person, page.told, page.step, page.pass_) for at, page in system.phones.got)
    return {"incidents": incidents, "clocks": [tuple(row) for row in clocks], "pages": pages}


@pytest.fixture
async def both(database: Database, another_database: Database):
    composed = await make_system(database, FRIDAY_NINE)
    apart = await make_system(another_database, FRIDAY_NINE, apart=True)
    yield composed, apart
    await composed.end()
    await apart.end()


async def test_services_that_commit_apart_reach_the_same_incidents_clocks_and_pages(both: tuple[System, System]):
    composed, apart = both

    await live_through_a_morning(composed)
    await live_through_a_morning(apart)

    known = await what_is_known(composed)
    assert known == await what_is_known(apart)
    assert len(known["incidents"]) == 3
    assert len(known["pages"]) > 10
