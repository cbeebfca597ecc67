"""RACI in force (R4, R-RACI1): who is called, asked and told by name, and what a page says before anybody acts.

Fairhaven, a bank: core banking names an Accountable, a compliance officer to consult and a speaker.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.ownership import Party
from tandem_notifier.render import mail
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import Agreements, System, make_system

CORE = "core-db-1 does not answer"
SLOW = "core-db-1 is slow"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
BANK = {"tenant": "fairhaven", "host": "core-db-1", "kind": Kind.MONITORING}

Start = Callable[..., Awaitable[System]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """A system on some agreements; the examples unless others are given."""
    async with AsyncExitStack() as stack:

        async def begin(agreements: Agreements | None = None) -> System:
            system = await make_system(database, FRIDAY_NINE, agreements)
            stack.push_async_callback(system.end)
            return system

        yield begin


def told_by_name(system: System) -> list[tuple[str, str]]:
    """(person, reason) of what was told to a person and not to a team."""
    return [(page.person, page.reason) for _, page in system.phones.got if page.told and page.person != "team"]


def content(system: System, person: str) -> dict[str, Any]:
    page = next(page for _, page in system.phones.got if page.person == person)
    said: dict[str, Any] = msgspec.json.decode(page.content)
    return said


async def test_the_incident_says_who_has_which_part_and_so_does_the_trace(start: Start):
    system = await start()

    await system.receive(CORE, **BANK)

    incident = await system.incident()
    raci = msgspec.json.decode(incident["raci"]) if isinstance(incident["raci"], str) else incident["raci"]
    assert raci["accountable"] == {"internal": "ruth-castellano", "msp": "martin-hale"}
    assert (raci["consulted"], raci["informed"]) == (["samuel-ito"], ["claire-donovan"])
    assert incident["runbook"] == "https://wiki.fairhaven.example/core-banking"
    trace = (await system.trace())["raci"]
    assert (trace["accountable"]["internal"], trace["approval"]) == ("ruth-castellano", "Ruth Castellano")


async def test_consulted_and_informed_people_hear_of_a_p1_at_its_opening_and_at_its_end(start: Start):
    system = await start()

    await system.receive(CORE, **BANK)
    assert (await system.incident())["priority"] == "P1"
    opened = told_by_name(system)
    await system.command_resolve(Party.INTERNAL, "omar-haddad")

    assert opened == [
        ("samuel-ito", "you are consulted: say what you know of it"),
        ("claire-donovan", "for your information"),
    ]
    assert told_by_name(system)[2:] == [("samuel-ito", "resolved"), ("claire-donovan", "resolved")]


async def test_of_what_waits_in_a_queue_nobody_is_consulted(start: Start):
    rows = {"core-banking": {"raci": {"C": ["samuel-ito"], "I": ["claire-donovan"]}}}
    assets = {"fh-cbs1": {"importance": "low"}}
    system = await start(altered("fairhaven", rows=rows, assets=assets))

    await system.receive(SLOW, severity=Severity.LOW, **BANK)

    assert (await system.incident())["priority"] not in {"P1", "P2"}
    assert told_by_name(system) == [("claire-donovan", "for your information")]


async def test_a_page_of_a_p1_says_approval_runbook_accountable_and_who_speaks_publicly(start: Start):
    system = await start()

    await system.receive(CORE, **BANK)

    said = content(system, system.paged[0])
    assert said["approval"] == "Ruth Castellano"
    assert said["runbook"] == "https://wiki.fairhaven.example/core-banking"
    assert said["accountable"] == "Ruth Castellano"
    assert said["public_communications"] == "Claire Donovan"
    text = mail(next(page for _, page in system.phones.got if not page.told), None).text
    assert "Ask Ruth Castellano before changing it" in text
    assert "Public communications: Claire Donovan" in text


async def test_the_speaker_is_named_on_a_p1_only(start: Start):
    system = await start()

    await system.receive(SLOW, severity=Severity.MEDIUM, **{**BANK, "kind": Kind.RMM})

    await system.receive(CORE, **BANK)

    pages = [msgspec.json.decode(page.content) for _, page in system.phones.got]
    assert {said["priority"] for said in pages} == {"P1", "P2"}
    assert all((said["public_communications"] == "Claire Donovan") == (said["priority"] == "P1") for said in pages)


async def test_the_rows_accountable_is_called_instead_of_the_partys(start: Start):
    rows = {"core-banking": {"raci": {"A": ["nadia-petrov"]}}}
    system = await start(altered("fairhaven", rows=rows))

    await system.receive(CORE, **BANK)
    await system.fast_forward(minutes=16)  # the response target of a regulated P1 is over

    called = {page.person for _, page in system.phones.got if page.path.startswith("sla:")}
    assert "nadia-petrov" in called
    assert "ruth-castellano" not in called


async def test_whom_the_row_makes_responsible_is_paged_before_who_is_on_call(start: Start):
    rows = {"core-banking": {"raci": {"R": ["mei-lin"], "A": ["ruth-castellano"]}}}
    system = await start(altered("fairhaven", rows=rows))

    await system.receive(CORE, **BANK)

    first = [page.person for _, page in system.phones.got if not page.told and page.party is Party.INTERNAL]
    assert first == ["mei-lin"]


async def test_the_asset_overrules_the_owner_of_the_row(start: Start):
    system = await start()

    await system.receive("fh-print1 is out of toner", tenant="fairhaven", host="fh-print1", kind=Kind.RMM)

    incident = await system.incident()
    assert (incident["owner"], incident["responsible_party"]) == ("msp", "msp")


async def test_whom_the_asset_belongs_to_is_said_beside_the_row(start: Start):
    system = await start(altered("fairhaven", assets={"fh-dc1": {"owner": "msp"}}))

    await system.receive("fh-dc1 does not answer", tenant="fairhaven", host="fh-dc1", kind=Kind.RMM)

    incident = await system.incident()
    assert incident["owner"] == "msp"
    assert any("; but asset fh-dc1 is msp's own" in clause for clause in (await system.trace())["because"])
