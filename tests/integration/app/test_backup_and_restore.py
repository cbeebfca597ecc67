"""What an operator relies on after a lost disk: a restore gives the same incidents, clocks and pages, and goes on."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tandem.db.backup import backup, restore
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade
from tandem.errors import StartFailed
from tandem.model.ownership import Party
from tests.support.postgres import Database, new_base, quick_room
from tests.support.system import System, make_system

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
TABLES = ("router.incident", "router.event", "router.decision", "sla.clock", "notifier.page", "bus.log")


@asynccontextmanager
async def server() -> AsyncIterator[EmbeddedPostgres]:
    base = new_base(quick_room())
    postgres = EmbeddedPostgres(base, settings={"fsync": "off"})
    try:
        await postgres.start()
        yield postgres
    finally:
        await postgres.stop()
        shutil.rmtree(base, ignore_errors=True)


async def rows(dsn: str) -> dict[str, list[Any]]:
    connection = await asyncpg.connect(dsn)
    try:
        return {
            name: [tuple(r) for r in await connection.fetch(f"select * from {name} order by 1, 2, 3")]
            for name in TABLES
        }
    finally:
        await connection.close()


async def busy(postgres: EmbeddedPostgres) -> System:
    database = Database("tandem", postgres.dsn(), postgres.admin_dsn)
    system = await make_system(database, AT)
    await system.receive("Core switch nw-core-sw1 does not answer", host="nw-core-sw1")
    await system.acknowledge(Party.INTERNAL, "chloe-nguyen")
    await system.fast_forward(minutes=7)
    return system


async def test_a_restore_into_an_empty_directory_gives_the_same_incidents_clocks_and_pages(tmp_path: Path):
    file = tmp_path / "tandem.dump"
    async with server() as first:
        await upgrade(first.dsn())
        system = await busy(first)
        await system.stop()
        before = await rows(first.admin_dsn)
        await backup(first.admin_dsn, file)
        await system.database.close()

    async with server() as second:
        await restore(file, dsn=second.dsn(), admin_dsn=second.admin_dsn)
        await upgrade(second.dsn())
        after = await rows(second.admin_dsn)

        assert after == before
        assert all(before.values())


async def test_what_was_restored_goes_on_where_it_stopped(tmp_path: Path):
    file = tmp_path / "tandem.dump"
    async with server() as first:
        await upgrade(first.dsn())
        system = await busy(first)
        await system.stop()
        await backup(first.admin_dsn, file)
        await system.database.close()

    async with server() as second:
        await restore(file, dsn=second.dsn(), admin_dsn=second.admin_dsn)
        database = Database("tandem", second.dsn(), second.admin_dsn)
        again = await make_system(database, system.clock.now(), boot="boot-2")
        await again.fast_forward(minutes=10)

        assert "grace-whitfield" in again.paged  # the MSP has not answered: its path walks on
        assert "chloe-nguyen" not in again.paged
        await again.stop()
        await database.close()


async def test_a_database_that_holds_something_is_not_overwritten(tmp_path: Path):
    file = tmp_path / "tandem.dump"
    async with server() as only:
        await upgrade(only.dsn())
        await backup(only.admin_dsn, file)

        with pytest.raises(StartFailed, match="empty"):
            await restore(file, dsn=only.dsn(), admin_dsn=only.admin_dsn)
