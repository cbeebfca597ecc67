"""The lag that an operator's alarm looks at."""

from __future__ import annotations

from tandem.app.lag import measure_lag
from tandem.bus.port import Record
from tandem.bus.postgres import PostgresBus
from tandem.clock import SystemClock
from tandem.db.link import Link
from tandem.metrics import Metrics
from tests.support.postgres import Database

LABELS = {"topic": "tandem.alerts", "group": "router"}


async def test_what_a_group_has_not_worked_on_is_counted(database: Database):
    bus, metrics = PostgresBus(database.dsn, "tandem_router", clock=SystemClock()), Metrics()
    await bus.start()
    member = await bus.consumer("router", ["tandem.alerts"])
    await member.fetch(1, 0)  # joins
    link = Link(database.dsn, "tandem_router")

    await bus.append([Record("tandem.alerts", f"acme/{n}", b"") for n in range(30)])
    await measure_lag(link, metrics)

    assert metrics.registry.get_sample_value("tandem_consumer_lag_records", LABELS) == 30
    await link.close()
    await bus.stop()
