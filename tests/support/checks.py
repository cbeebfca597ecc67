"""Check-ins for journeys: signals as ingest appends them, its word that it hears, agreements with expected signals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tandem.bus.port import Record
from tandem.bus.topics import SIGNALS, signal_key
from tandem.ids import uuid7
from tandem.model.signal import Signal, SignalKind
from tandem.wire import codec
from tandem_router.service import Router
from tests.support.altered import altered
from tests.support.postgres import Database
from tests.support.system import System, make_system

EVER = timedelta(days=4000)
BACKUP = {
    "id": "verify-nw-file-02",
    "what": "backup",
    "asset": "nw-file-02",
    "days": ["sun"],
    "by": "06:00",
    "grace": "30m",
}


async def hears(system: System, begin: datetime | None = None, end: datetime | None = None) -> None:
    """Ingest heard within these instants; default: always."""
    now = system.clock.now()
    await system.admin.execute(
        "insert into ingest.uptime (id, began_at, seen_at) values ($1, $2, $3)",
        uuid4(),
        begin or now - EVER,
        end or now + EVER,
    )


async def arm(system: System) -> None:
    """What the process does at its start and when an agreement changed."""
    await Router(agreements=system.agreements).arm(system.admin, ["northwind"], system.clock.now())
    for runner in system.runners:
        runner.expect("router", system.clock.now())
    await system.settle()


async def waiting(
    database: Database, at: datetime, *expected: dict[str, Any], hear: bool = True, **options: Any
) -> System:
    """A system whose Northwind waits for these."""
    system = await make_system(database, at, altered("northwind", expected=list(expected)), **options)
    if hear:
        await hears(system)
    await arm(system)
    return system


async def ping(system: System, check: str, kind: SignalKind = SignalKind.SUCCESS, **fields: Any) -> Signal:
    """A check-in, or a person's word about one."""
    system.posts += 1
    signal = Signal(
        signal_id=uuid7(system.clock.now(), f"signal {system.posts}".encode()),
        tenant="northwind",
        check=check,
        kind=kind,
        received_at=fields.pop("received_at", system.clock.now()),
        integration="northwind-scripts",
        **fields,
    )
    await system.bus.append([Record(SIGNALS.name, signal_key("northwind", check), codec.encode(signal))])
    await system.settle()
    return signal


async def check(system: System, check_id: str) -> Any:
    """The check's row as the console reads it."""
    return await system.admin.fetchrow("select * from router.checks where check_id = $1", check_id)


async def phase(system: System, check_id: str) -> str:
    return str((await check(system, check_id))["phase"])


async def history(system: System, check_id: str) -> list[str]:
    rows = await system.admin.fetch(
        "select outcome from router.check_results where check_id = $1 order by at, id", check_id
    )
    return [row["outcome"] for row in rows]


async def periods(system: System, check_id: str) -> list[tuple[str, bool]]:
    """(outcome, whether it was missing first) by period."""
    rows = await system.admin.fetch(
        "select outcome, was_missing from router.check_periods where check_id = $1 order by due_at", check_id
    )
    return [(row["outcome"], row["was_missing"]) for row in rows]
