"""An incident with both faces (R-A3): one incident and one set of clocks, two page legs that never mix.

Northwind groups what happens to its file server by host. On Friday at 09:00 in Newark Chloe has its operations and
David is its security contact; Maya has Brightwater's operations, Lena its security, Dev is Lena's second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tandem_notifier.links import read
from tandem_notifier.render import ack_url
from tests.journeys.conftest import FRIDAY_NINE
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import KEY, Agreements, System, make_system

HOST = "nw-file-02"
DOWN = "Server nw-file-02 does not answer"
FOUND = "Mass encryption tool seen on nw-file-02"
ON_SOC, ON_OPS = {"lena-fischer", "dev-ramos", "david-osei", "ingrid-solberg"}, {"chloe-nguyen", "maya-okafor"}


def by_host(**operations: str) -> Agreements:
    """Northwind, whose file server is one group whatever speaks of it; ``operations``: fields of their rule."""
    grouped = [
        {
            "id": "file-server-finding",
            "when": {"kind": "siem", "host": HOST},
            "function": "endpoint-protection",
            "class": "security",
            "group_by": ["host"],
        },
        {
            "id": "file-server",
            "when": {"host": HOST},
            "function": "file-services",
            "class": "outage",
            "priority": "P2",
            "group_by": ["host"],
            **operations,
        },
    ]
    return altered("northwind", classification=grouped)


@pytest.fixture
async def system(database: Database) -> AsyncIterator[System]:
    system = await make_system(database, FRIDAY_NINE, by_host())
    yield system
    await system.stop()


async def down(system: System) -> None:
    await system.receive(DOWN, host=HOST, kind=Kind.RMM, severity=Severity.HIGH)


async def found(system: System, severity: Severity = Severity.HIGH) -> None:
    await system.receive(FOUND, host=HOST, kind=Kind.SIEM, integration="northwind-siem", severity=severity)


def legs(system: System) -> dict[str, list[str]]:
    """Who was paged on each track, in order."""
    said: dict[str, list[str]] = {"ops": [], "soc": []}
    for _, page in system.phones.got:
        if not page.told:
            said[page.track.value].append(page.person)
    return said


async def second_face(system: System) -> dict[str, Any]:
    known = (await system.incident())["second_face"]
    said: dict[str, Any] = msgspec.json.decode(known) if isinstance(known, str) else known
    return said


async def press(system: System, person: str) -> UUID:
    """Somebody presses the button of their latest page."""
    page = next(page for _, page in reversed(system.phones.got) if page.person == person and not page.told)
    link = read(KEY, str(ack_url(page, KEY, "https://t.example")).rpartition("/")[2])
    assert link is not None
    return await system.acknowledge(link.party, link.person, track=link.track)


async def test_a_finding_on_an_asset_that_is_down_is_one_incident_with_two_legs_and_one_set_of_clocks(system: System):
    await down(system)
    clocks = await system.clocks()
    before = await system.incident()
    assert legs(system) == {"ops": ["chloe-nguyen"], "soc": []}

    await system.fast_forward(minutes=2)
    await found(system)

    incident = await system.incident()  # one
    assert (incident["track"], incident["responsible_party"]) == ("ops", before["responsible_party"])
    assert legs(system) == {"ops": ["chloe-nguyen"], "soc": ["lena-fischer", "david-osei"]}
    assert (await second_face(system))["paths"] == {"msp": "msp-soc", "internal": "internal-soc"}
    after = await system.clocks()
    assert {key: (row["start_at"], row["due_at"]) for key, row in after.items()} == {
        key: (row["start_at"], row["due_at"]) for key, row in clocks.items()
    }
    assert await system.facts() == ["opened", "alert_joined"]


async def test_each_leg_is_answered_for_itself_and_the_end_ends_both(system: System):
    await down(system)
    await found(system)

    await press(system, "david-osei")
    await system.fast_forward(minutes=5)
    assert (await system.incident())["state"] == "open"
    assert legs(system)["soc"] == ["lena-fischer", "david-osei", "dev-ramos"]
    assert (await system.clocks())["response", "internal"]["state"] == "running"

    await press(system, "chloe-nguyen")
    assert (await system.incident())["state"] == "acknowledged"
    assert (await system.clocks())["response", "internal"]["state"] == "met"
    await system.fast_forward(minutes=5)
    assert legs(system)["soc"][3:] == ["ingrid-solberg"]
    assert legs(system)["ops"] == ["chloe-nguyen"]

    await press(system, "ingrid-solberg")
    known = (await second_face(system))["acknowledged"]
    assert {party: ack["person"] for party, ack in known.items()} == {"internal": "david-osei", "msp": "ingrid-solberg"}

    await system.command_resolve(Party.INTERNAL, "chloe-nguyen")
    so_far = len(system.paged)
    await system.fast_forward(hours=6)
    assert len(system.paged) == so_far
    rows = await system.admin.fetch("select distinct state from sla.clock")
    assert "running" not in {row["state"] for row in rows}


async def test_the_page_of_operations_is_untouched_while_nobody_answers(system: System):
    """The ladder of operations is the one of an incident that no finding has joined."""
    await down(system)
    await system.fast_forward(minutes=2)
    await found(system)

    await system.fast_forward(minutes=40)

    people = legs(system)
    assert people["ops"][0] == "chloe-nguyen"
    assert "lena-fischer" not in people["ops"]
    assert "david-osei" not in people["ops"]
    assert not set(people["soc"]) & ON_OPS
    rows = await system.admin.fetch("select distinct path, track from notifier.page where not told")
    assert all(row["path"].endswith(row["track"]) or row["path"].startswith("sla:") for row in rows)


async def test_an_answer_from_the_console_goes_to_the_leg_of_the_persons_work(system: System):
    await down(system)
    await found(system)

    await system.acknowledge(Party.MSP, "lena-fischer")  # on the analysts' schedule now
    await system.fast_forward(minutes=6)
    assert legs(system)["soc"] == ["lena-fischer", "david-osei"]
    assert (await system.incident())["state"] == "open"

    await system.acknowledge(Party.INTERNAL, "somebody-of-neither")
    assert (await system.incident())["state"] == "acknowledged"
    assert set((await second_face(system))["acknowledged"]) == {"internal", "msp"}


async def test_a_finding_by_night_beside_what_waits_for_the_morning_wakes_the_analyst_and_not_operations(
    database: Database,
):
    """After hours and security: the security track only (D08)."""
    agreements = by_host(**{"priority": "P4", "class": "degradation"})
    system = await make_system(database, FRIDAY_NINE - timedelta(hours=6), agreements)
    try:
        await system.receive("Patches wait on nw-file-02", host=HOST, kind=Kind.RMM, severity=Severity.LOW)
        assert system.paged == []
        await found(system)

        incident = await system.incident()
        assert legs(system) == {"ops": [], "soc": ["lena-fischer"]}
        assert (incident["priority"], incident["responsible_party"]) == ("P2", "msp")
        assert {party for _, party in await system.clocks()} >= {"msp"}

        await press(system, "lena-fischer")
        clocks = await system.clocks()
        assert (await system.incident())["state"] == "acknowledged"
        assert clocks["response", "msp"]["state"] == "met"
    finally:
        await system.stop()


async def test_merged_by_hand_the_analyst_goes_on_from_the_parent(database: Database):
    system = await make_system(database, FRIDAY_NINE)
    try:
        await down(system)
        await found(system)
        one, other = sorted(await system.incidents(), key=lambda row: row["track"])
        assert (one["track"], other["track"]) == ("ops", "soc")

        await system.command(
            CommandKind.MERGE, Party.MSP, "maya-okafor", incident_id=other["id"], other_incident=one["id"]
        )
        await system.fast_forward(minutes=5)

        parent, child = sorted(await system.incidents(), key=lambda row: row["track"])
        assert (parent["state"] == "resolved", child["state"], child["merged_into"]) == (
            False,
            "resolved",
            parent["id"],
        )
        rows = await system.admin.fetch(
            "select distinct person from notifier.page where incident_id = $1 and track = 'soc' and not told",
            parent["id"],
        )
        assert {row["person"] for row in rows} >= {"lena-fischer", "dev-ramos"}
        states = await system.admin.fetch("select state from sla.clock where incident_id = $1", child["id"])
        assert "running" not in {row["state"] for row in states}
    finally:
        await system.stop()
