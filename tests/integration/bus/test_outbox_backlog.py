"""A backlog of 50,000: it drains in seconds, in bounded memory, and what is published meanwhile comes through."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tandem.bus.outbox import OUTBOX, Relay, put_outbox
from tandem.bus.port import Record
from tandem.bus.postgres import run
from tandem.clock import ManualClock, monotonic
from tandem.db.write import Writes
from tandem.metrics import Metrics
from tests.support.fake_broker import FakeBroker
from tests.support.postgres import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BACKLOG = 50_000
FACT = b"x" * 1_000
"""About the size of a fact with the incident's state."""
DEADLINE_S = 60.0
"""From an alert to its page under any single fault (docs/performance.md)."""


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


class CountingBroker(FakeBroker):
    """Knows when each value came, and how much memory this process had at most."""

    def __init__(self) -> None:
        super().__init__()
        self.came_at: dict[bytes, float] = {}
        self.most_mib = 0.0

    async def append(self, records) -> None:
        await super().append(records)
        self.came_at.update({record.value[:12]: monotonic() for record in records if record.value != FACT})
        self.most_mib = max(self.most_mib, resident_mib())


async def publish(connection: Any, records: list[Record]) -> None:
    writes = Writes()
    put_outbox(writes, records, NOW)
    await run(connection, writes)


async def fill(connection: Any) -> None:
    """The backlog at once: published one commit after another it takes half a minute."""
    await connection.execute(
        "insert into bus.outbox select n % $2, n / $2, 'tandem.incidents', -1, 'acme/i' || n % 2000, $3, null, $4"
        " from generate_series(0, $1::int - 1) as n",
        BACKLOG, OUTBOX.shards, FACT, NOW,
    )  # fmt: skip
    await connection.execute(
        "insert into bus.outbox_shard select n, $1::int / $2 from generate_series(0, $2::int - 1) as n",
        BACKLOG,
        OUTBOX.shards,
    )


async def test_fifty_thousand_waiting_records_drain_while_fresh_ones_keep_their_deadline(database: Database) -> None:
    connection: Any = await (await database.pool("tandem_router")).acquire()
    await fill(connection)
    broker, before = CountingBroker(), resident_mib()
    relay = Relay(
        dsn=database.dsn, role="tandem_router", append=broker.append, clock=ManualClock(NOW), metrics=Metrics()
    )
    stopping = asyncio.Event()
    published: dict[bytes, float] = {}
    began = monotonic()
    running = asyncio.create_task(relay.run(stopping))

    while len(broker.records) < BACKLOG + len(published):
        fresh = b"P1 %09d" % len(published)
        published[fresh] = monotonic()
        await publish(connection, [Record("tandem.incidents", f"acme/p1-{len(published)}", fresh)])
        await asyncio.sleep(0.1)
        assert monotonic() - began < DEADLINE_S
    took = monotonic() - began
    stopping.set()
    await running

    waits = sorted(broker.came_at[fresh] - at for fresh, at in published.items())
    print(f"{BACKLOG} records in {took:.1f} s, {BACKLOG / took:.0f}/s")
    print(f"{len(waits)} fresh ones waited {waits[len(waits) // 2]:.2f} s in the middle, {waits[-1]:.2f} s at most")
    print(f"memory {before:.0f} MiB before, {broker.most_mib:.0f} MiB at most (the fake keeps {BACKLOG // 1000} MB)")
    assert waits[-1] < DEADLINE_S / 4
    assert broker.most_mib - before < 200
