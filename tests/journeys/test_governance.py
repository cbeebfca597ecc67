"""What the agreement does not name becomes a governance item, one per gap, with a deadline for both parties (D13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tandem.model.alert import Kind, Severity
from tests.support.system import System


async def items(system: System) -> list[Any]:
    rows: list[Any] = await system.admin.fetch("select * from router.governance order by kind, key")
    return rows


async def test_an_unmapped_alert_opens_an_item_with_a_deadline_and_an_example(system: System):
    alert = await system.receive("Coffee machine telemetry lost", severity=Severity.HIGH)

    (item,) = await items(system)
    assert (item["tenant"], item["kind"], item["count"], item["state"]) == ("northwind", "unmapped", 1, "open")
    assert item["alert_id"] == alert.alert_id
    assert item["due_at"] - item["first_seen"] == timedelta(days=14)
    assert "Coffee machine telemetry lost" in item["title"]


async def test_alerts_that_differ_in_numbers_and_hosts_only_are_one_item(system: System):
    await system.receive("Coffee machine 7 on kitchen-2 is at 91 degrees", host="kitchen-2", dedup_key="a")
    await system.fast_forward(minutes=5)
    last = await system.receive("Coffee machine 12 on kitchen-9 is at 88 degrees", host="kitchen-9", dedup_key="b")
    await system.receive("Tea machine 12 on kitchen-9 is at 88 degrees", host="kitchen-9", dedup_key="c")

    tea, coffee = sorted(await items(system), key=lambda item: item["count"])
    assert (tea["count"], coffee["count"]) == (1, 2)
    assert coffee["alert_id"] == last.alert_id
    assert coffee["last_seen"] - coffee["first_seen"] == timedelta(minutes=5)


async def test_a_word_that_no_table_knows_opens_an_item_of_its_own(system: System):
    for number in range(3):
        await system.receive(
            f"Volume C: on nw-file-0{number} has 2 % free", host="nw-file-02", kind=Kind.RMM, severity_word="Ludicrous"
        )

    (item,) = await items(system)
    assert (item["kind"], item["key"], item["count"]) == ("unknown_word", "generic: ludicrous", 3)


async def test_what_is_mapped_and_what_is_a_test_opens_none(system: System):
    await system.receive("Volume C: on nw-file-02 has 2 % free", host="nw-file-02", severity=Severity.HIGH)
    await system.receive("Coffee machine telemetry lost", test=True)

    assert await items(system) == []


async def test_the_console_reads_the_items_of_its_tenants_only(system: System):
    await system.receive("Coffee machine telemetry lost", severity=Severity.HIGH)
    await system.receive("Coffee machine telemetry lost", tenant="cedarline", severity=Severity.HIGH)

    async with system.admin.transaction():
        await system.admin.execute("set local role tandem_console")
        await system.admin.execute("select set_config('app.tenants', 'cedarline', true)")
        seen = await system.admin.fetch("select tenant from router.governance")

    assert [row["tenant"] for row in seen] == ["cedarline"]
