"""Overflow (R-A6, R63): above the internal queue's limit rows that say so go to the MSP, until it is below half."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.ownership import Party
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import System, make_system

FRIDAY_NINE = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
LIMIT = 4
SLOW = {"tenant": "northwind", "host": "nw-erp-01", "kind": Kind.MONITORING, "severity": Severity.MEDIUM}


@pytest.fixture
async def system(database: Database) -> AsyncIterator[System]:
    """Northwind with a queue of four; business applications overflow, file services do not."""
    rows = {"business-apps": {"overflow": "msp"}}
    made = await make_system(database, FRIDAY_NINE, altered("northwind", rows=rows, internal={"queue_limit": LIMIT}))
    yield made
    await made.end()


async def slow(system: System, number: int) -> Any:
    """A P3 of the business applications; the incident it opened."""
    alert = await system.receive(f"Order entry {number} is slow", integration=f"erp-{number}", **SLOW)
    return await of(system, alert.title)


async def of(system: System, title: str) -> Any:
    (row,) = [row for row in await system.incidents() if row["title"] == title]
    return row


async def fill(system: System, upto: int) -> list[Any]:
    return [await slow(system, number) for number in range(upto)]


async def test_up_to_its_limit_the_internal_party_keeps_its_own(system: System):
    opened = await fill(system, LIMIT + 1)

    assert {row["responsible_party"] for row in opened} == {"internal"}
    assert {row["priority"] for row in opened} == {"P3"}


async def test_over_the_limit_new_incidents_go_to_the_msp_and_say_why(system: System):
    await fill(system, LIMIT + 1)

    over = await slow(system, 99)

    assert (over["owner"], over["responsible_party"]) == ("internal", "msp")
    assert "overflow" in over["flags"]
    assert "overflow: internal has 5 unacknowledged incidents, more than 4, so msp takes it" in over["because"]


async def test_rows_without_the_word_stay(system: System):
    await fill(system, LIMIT + 1)

    disk = await system.receive("Volume D: on nw-file-02 has 9 % free", host="nw-file-02")

    assert (await of(system, disk.title))["responsible_party"] == "internal"


async def test_it_goes_on_until_the_queue_is_below_half(system: System):
    opened = await fill(system, LIMIT + 1)
    for row in opened[:3]:  # 5 -> 2 unanswered: half of four, and not below it
        await system.acknowledge(Party.INTERNAL, "chloe-nguyen", incident_id=row["id"])
    still = await slow(system, 50)
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen", incident_id=opened[3]["id"])

    back = await slow(system, 51)

    assert still["responsible_party"] == "msp"
    assert "internal was over its 4 and still has 2 unacknowledged incidents" in " ".join(still["because"])
    assert back["responsible_party"] == "internal"
    assert "overflow" not in back["flags"]


async def test_after_hours_the_hours_decide_and_not_the_queue(system: System):
    await fill(system, LIMIT + 1)
    await system.fast_forward(hours=9)  # Friday 18:00

    late = await slow(system, 60)

    assert late["responsible_party"] == "internal"  # the row keeps business logic at home after hours
    assert "overflow" not in late["flags"]


async def test_what_went_over_stays_with_the_msp_at_the_day_roll(system: System):
    await fill(system, LIMIT + 1)
    over = await slow(system, 99)

    await system.fast_forward(days=3)

    assert (await of(system, over["title"]))["responsible_party"] == "msp"
