"""Modes per tenant and function (R73) and the agreement's end (D18): who is really paged, and what is kept all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tandem.bus.topics import PAGES
from tandem.model.events import CommandKind, PageEvent, PageEventKind
from tandem.model.ownership import Party
from tandem.wire import codec
from tandem_router.service import Router
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import Agreements, System, make_system

DISK = "Volume C: on nw-file-02 has 2 % free"
SWITCH = "Core switch nw-core-sw1 does not answer"
FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)

Start = Callable[..., Awaitable[System]]


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Start]:
    """A system on some agreements, its day roll armed."""
    async with AsyncExitStack() as stack:

        async def begin(agreements: Agreements, at: datetime = FRIDAY_NINE) -> System:
            system = await make_system(database, at, agreements)
            stack.push_async_callback(system.end)
            await Router(agreements=agreements).arm(system.admin, agreements.tenants(), system.clock.now())
            system.runners[0].expect("router", system.clock.now())
            await system.settle()
            return system

        yield begin


async def would_have_paged(system: System) -> list[str]:
    rows = await system.admin.fetch(
        "select person from notifier.page where state = 'would_have_paged' and not told order by planned_at, person"
    )
    return [row["person"] for row in rows]


async def page_events(system: System) -> set[PageEventKind]:
    rows = await system.admin.fetch("select value from bus.log where topic = $1", PAGES.name)
    events = [codec.decode(PageEvent, row["value"]) for row in rows]
    return {event.kind for event in events}


async def test_in_observe_everything_is_decided_clocked_and_explained_and_nobody_is_paged(start: Start):
    system = await start(altered("northwind", tenant={"mode": "observe"}))

    await system.receive(SWITCH, host="nw-core-sw1")
    await system.fast_forward(hours=6)

    incident = await system.incident()
    assert (incident["priority"], incident["mode"], incident["owner"]) == ("P1", "observe", "shared")
    clocks = await system.clocks()
    assert clocks["response", "internal"]["state"].startswith("breached")
    assert "mode observe: nobody is paged" in (await system.trace())["because"]
    assert system.phones.got == []
    would = await would_have_paged(system)
    assert {"chloe-nguyen", "maya-okafor"} <= set(would)
    assert await page_events(system) & {PageEventKind.PLANNED, PageEventKind.SENT, PageEventKind.DELIVERED} == set()
    assert PageEventKind.WOULD_HAVE_PAGED in await page_events(system)


async def test_a_function_in_observe_beside_live_ones_pages_nobody_while_they_page(start: Start):
    system = await start(altered("northwind", modes={"network": "observe"}))

    await system.receive(SWITCH, host="nw-core-sw1")
    await system.receive(DISK, host="nw-file-02")

    modes = {row["function"]: row["mode"] for row in await system.incidents()}
    assert modes == {"network": "observe", "servers": "live"}
    assert system.paged == ["chloe-nguyen"]
    assert [page.incident_id for _, page in system.phones.got if not page.told] == [
        row["id"] for row in await system.incidents() if row["function"] == "servers"
    ]
    assert "chloe-nguyen" in await would_have_paged(system)


async def test_a_live_function_of_a_tenant_in_observe_pages(start: Start):
    system = await start(altered("northwind", tenant={"mode": "observe"}, modes={"servers": "live"}))

    await system.receive(DISK, host="nw-file-02")
    await system.receive(SWITCH, host="nw-core-sw1")

    assert system.paged == ["chloe-nguyen"]


async def test_a_row_of_two_functions_takes_the_mode_of_the_alerts_own(start: Start):
    rows = {"both": {"function": ["servers", "network"], "owner": "internal", "priority": 900}}
    system = await start(altered("northwind", rows=rows, modes={"network": "observe"}))

    await system.receive(DISK, host="nw-file-02")
    await system.receive("Switch nw-core-sw1 port 3 flaps", host="nw-core-sw1")

    assert {(row["row"], row["function"], row["mode"]) for row in await system.incidents()} == {
        ("both", "servers", "live"),
        ("both", "network", "observe"),
    }


async def test_a_test_message_and_the_real_condition_of_the_same_key_never_touch(start: Start):
    """Else a test would put a real incident into observe, and the next real alert would page nobody."""
    system = await start(altered("northwind"))
    await system.receive(DISK, host="nw-file-02")
    await system.command_resolve(Party.INTERNAL, "ben-carter")
    paged = len(system.paged)

    await system.receive(DISK, host="nw-file-02", test=True)
    assert len(system.paged) == paged
    await system.receive(DISK, host="nw-file-02")

    assert len(system.paged) == paged + 1
    modes = await system.admin.fetch("select snapshot ->> 'mode' as mode, state from router.incident order by number")
    assert [(row["mode"], row["state"]) for row in modes] == [("live", "open"), ("observe", "open")]


async def test_in_overlap_the_new_owner_is_paged_and_the_old_one_told_that_it_can_take_it_back(start: Start):
    system = await start(altered("northwind", modes={"servers": "overlap"}))

    await system.receive(DISK, host="nw-file-02")

    assert system.paged == ["chloe-nguyen"]
    told = [(page.party.value, page.reason) for _, page in system.phones.got if page.told]
    assert told == [("msp", "internal acts on it; take it back if that is wrong")]
    assert "mode overlap: both parties are told" in (await system.trace())["because"]


async def test_in_overlap_the_old_owner_takes_it_back_and_has_acknowledged_it(start: Start):
    system = await start(altered("northwind", modes={"servers": "overlap"}))
    await system.receive(DISK, host="nw-file-02")

    command = await system.command(CommandKind.REASSIGN, Party.MSP, "maya-okafor")

    assert (await system.outcome(command))["outcome"] == "done"
    incident = await system.incident()
    assert (incident["responsible_party"], incident["state"]) == ("msp", "acknowledged")
    assert await system.facts() == ["opened", "reowned", "acknowledged"]
    await system.fast_forward(minutes=25)
    assert system.paged == ["chloe-nguyen"]


async def test_outside_overlap_nothing_is_taken_back(start: Start):
    system = await start(altered("northwind"))
    await system.receive(DISK, host="nw-file-02")

    command = await system.command(CommandKind.REASSIGN, Party.MSP, "maya-okafor")

    outcome = await system.outcome(command)
    assert (outcome["outcome"], outcome["reason"]) == ("refused", "only in overlap mode is an incident taken back")


async def test_from_the_end_of_the_agreement_nobody_is_paged_any_more(start: Start):
    end = FRIDAY_NINE + timedelta(minutes=3)
    system = await start(altered("northwind", tenant={"ends_at": "2026-11-20T09:03"}))
    await system.receive(SWITCH, host="nw-core-sw1")
    assert {"chloe-nguyen", "maya-okafor"} <= set(system.paged)

    await system.fast_forward(hours=2)
    await system.receive(DISK, host="nw-file-02")
    await system.fast_forward(hours=1)

    assert [page.person for at, page in system.phones.got if at >= end] == []
    running, after = await system.incidents()
    assert (running["mode"], after["mode"]) == ("observe", "observe")
    assert "the agreement ended 2026-11-20 14:03Z: nobody is paged" in after["because"]
    assert await would_have_paged(system) != []
