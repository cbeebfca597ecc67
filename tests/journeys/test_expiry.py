"""Sources that say until when (R-P13): a condition that is not said again in time is cleared at the instant it named.

Friday 2026-11-20, 09:00 in Newark; Chloe has Northwind's operations. Clears hold for five minutes, of a P1 for ten.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tandem.model.events import CommandKind
from tandem.model.ownership import Party
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import System, make_system

DISK = "Volume C: on nw-file-02 has 2 % free"
START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


async def state(system: System) -> str:
    return str((await system.incident())["state"])


async def test_what_is_not_said_again_in_time_is_over_at_the_instant_its_source_named(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))

    await system.fast_forward(minutes=19)
    assert await state(system) == "open"
    await system.fast_forward(minutes=7)

    incident = await system.incident()
    assert (incident["state"], incident["resolved_at"]) == ("resolved", after(20))
    assert await system.facts() == ["opened", "alert_cleared", "resolved"]
    row = await system.admin.fetchrow("select * from router.event where kind = 'alert_cleared'")
    body = row["body"] if isinstance(row["body"], dict) else msgspec.json.decode(row["body"])
    assert (row["effective_at"], body["detail"]["reason"]) == (after(20), "expired")


async def test_the_clear_is_an_alert_with_a_decision_of_its_own(system: System):
    fired = await system.receive(DISK, host="nw-file-02", expires_at=after(20))

    await system.fast_forward(minutes=21)

    rows = await system.admin.fetch(
        "select a.incident_id, a.body ->> 'status' as status, d.trace ->> 'outcome' as outcome"
        " from router.alert a join router.decision d on d.alert_id = a.id where a.id <> $1",
        fired.alert_id,
    )
    incident = await system.incident()
    assert [tuple(row) for row in rows] == [(incident["id"], "resolved", "cleared")]


async def test_a_repeat_moves_the_expiry(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.fast_forward(minutes=15)
    await system.receive(DISK, host="nw-file-02", expires_at=after(35))

    await system.fast_forward(minutes=19)
    assert (await state(system), await system.facts()) == ("open", ["opened"])

    await system.fast_forward(minutes=10)
    assert (await system.incident())["resolved_at"] == after(35)
    assert await system.admin.fetchval("select count(*) from router.timer where kind = 'expiry'") == 0


async def test_a_repeat_that_names_no_end_fires_until_somebody_clears_it(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.fast_forward(minutes=5)
    await system.receive(DISK, host="nw-file-02")

    await system.fast_forward(hours=2)

    assert await state(system) == "open"


async def test_a_repeat_within_the_hold_down_goes_on_as_if_it_had_never_been_over(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.fast_forward(minutes=23)

    await system.receive(DISK, host="nw-file-02", expires_at=after(60))

    await system.fast_forward(minutes=30)
    incident = await system.incident()
    assert (incident["state"], incident["cycle"]) == ("open", 1)


async def test_its_sources_own_clear_comes_before(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.fast_forward(minutes=10)
    await system.clear(DISK, host="nw-file-02")

    await system.fast_forward(minutes=30)

    assert (await system.incident())["resolved_at"] == after(10)
    assert (await system.facts()).count("alert_cleared") == 1


async def test_one_condition_of_several_expires_alone(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.receive("Volume D: on nw-file-02 has 1 % free", host="nw-file-02", expires_at=after(90))

    await system.fast_forward(minutes=40)

    states = {row["title"]: row["state"] for row in await system.incidents()}
    assert states == {DISK: "resolved", "Volume D: on nw-file-02 has 1 % free": "open"}


async def test_what_a_person_resolved_expires_unheard(system: System):
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.command(CommandKind.RESOLVE, Party.INTERNAL, "chloe-nguyen")

    await system.fast_forward(hours=1)

    assert await system.facts() == ["opened", "resolved"]
    assert await system.admin.fetchval("select count(*) from router.alert") == 1
    await system.receive(DISK, host="nw-file-02", occurred_at=after(1))  # no clear of ours overtook it
    assert await state(system) == "open"


async def test_a_p1_that_a_person_holds_waits_for_their_word(system: System):
    await system.receive("Core switch nw-core-sw1 does not answer", host="nw-core-sw1", expires_at=after(20))
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.acknowledge(Party.MSP, "maya-okafor")

    await system.fast_forward(minutes=45)

    incident = await system.incident()
    assert incident["priority"] == "P1"
    assert (incident["state"], "cleared_pending_confirm" in incident["flags"]) == ("acknowledged", True)


@pytest.mark.parametrize("apart", [False, True])
async def test_an_expiry_that_passed_while_nothing_ran_counts_at_its_instant(database: Database, apart: bool):
    system = await make_system(database, START, apart=apart)
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))
    await system.stop()

    later = await make_system(database, after(180), boot="boot-2", apart=apart)
    await later.fast_forward(minutes=10)

    incident = await later.incident()
    assert (incident["state"], incident["resolved_at"]) == ("resolved", after(20))
    await later.stop()


async def test_what_a_window_holds_is_over_when_it_expires(database: Database):
    window = {
        "id": "patching",
        "name": "Patching",
        "site": ["newark"],
        "owner": "chloe-nguyen",
        "reason": "monthly patches",
        "once": {"from": "2026-11-20T08:00", "to": "2026-11-20T12:00"},
    }
    system = await make_system(database, START, altered("northwind", maintenance=[window]))
    await system.receive(DISK, host="nw-file-02", expires_at=after(20))

    await system.fast_forward(hours=4)

    rows = await system.admin.fetch("select outcome, outcome_at from router.held")
    assert [tuple(row) for row in rows] == [("cleared_meanwhile", after(20))]
    assert await system.incidents() == []
    await system.stop()
