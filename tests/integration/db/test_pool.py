"""Connections: codecs, settings, and which faults mean that the database is away."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tandem.db.pool import connect, engine, open_pool, unavailable
from tandem.errors import Unavailable

NOWHERE = "postgresql:///tandem?host=/nonexistent&user=tandem"


async def run(db, *statements):
    """Statements in one transaction of an engine."""
    async with db.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


@pytest.fixture
async def pool(database):
    return await database.pool("tandem_router", max_size=2)


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True]}, [], "text", 7, None, {"ünï": "\u2028", "n": 2**60}])
async def test_jsonb_goes_in_and_out_as_python_values(pool, value):
    assert await pool.fetchval("select $1::jsonb", value) == value


async def test_arrays_of_jsonb_can_feed_unnest(pool):
    rows = await pool.fetch("select v from unnest($1::jsonb[]) v", [{"a": [1]}, {}, None])

    assert [row["v"] for row in rows] == [{"a": [1]}, {}, None]


async def test_every_connection_says_who_it_is_and_speaks_utc(pool):
    settings = await pool.fetchrow(
        "select current_user, current_setting('application_name') as name, current_setting('timezone') as zone,"
        " current_setting('jit') as jit"
    )

    assert tuple(settings) == ("tandem_router", "test", "UTC", "off")


async def test_a_single_connection_keeps_its_session_locks_until_it_is_closed(database):
    connection = await connect(database.dsn, "tandem_router")
    await connection.execute("select pg_advisory_lock(1)")
    async with connection.transaction():
        await connection.execute("select 1")
    held = await connection.fetchval(
        "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
    )
    await connection.close()

    assert held == 1


async def test_the_engine_takes_the_same_role_and_json(database):
    db = engine(database.dsn, "tandem_router")
    try:
        async with db.connect() as connection:
            role = await connection.scalar(text("select current_user"))
            value = await connection.scalar(text("select cast('{\"a\": [1]}' as jsonb)"))
    finally:
        await db.dispose()

    assert (role, value) == ("tandem_router", {"a": [1]})


async def test_a_server_that_is_not_there_is_unavailable_to_pool_connection_and_engine():
    with pytest.raises(Unavailable, match="database"):
        await (await open_pool(NOWHERE, None)).close()
    with pytest.raises(Unavailable, match="database"):
        await connect(NOWHERE, None)
    db = engine(NOWHERE)
    with pytest.raises(Unavailable, match="database"), unavailable():
        async with db.connect():
            pass


async def test_a_connection_that_was_cut_is_unavailable_and_the_pool_recovers(database, pool):
    admin = await database.admin()
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = $1"
    async with pool.acquire() as connection:
        await admin.execute(kill, database.name)
        with pytest.raises(Unavailable), unavailable():
            await connection.fetchval("select 1")

    assert await pool.fetchval("select 1") == 1


async def test_an_engine_notices_a_cut_connection_before_it_hands_it_out(database):
    admin = await database.admin()
    db = engine(database.dsn, "tandem_router", pool_size=1)
    try:
        async with db.connect() as connection:
            await connection.execute(text("select 1"))
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = $1",
            database.name,
        )
        async with db.connect() as connection:
            again = await connection.scalar(text("select 1"))
    finally:
        await db.dispose()

    assert again == 1


async def test_a_statement_past_its_deadline_is_unavailable(database):
    async with await open_pool(database.dsn, None, command_timeout_s=1.0) as pool:
        with pytest.raises(Unavailable, match="no answer in time"), unavailable():
            await pool.fetchval("select pg_sleep(30)")


async def test_an_engine_without_a_free_connection_is_unavailable_after_its_deadline(database, monkeypatch):
    monkeypatch.setattr("tandem.db.pool.CONNECT_TIMEOUT_S", 1.0)
    db = engine(database.dsn, pool_size=1)
    try:
        async with db.connect():
            with pytest.raises(Unavailable), unavailable():
                async with db.connect():
                    pass
    finally:
        await db.dispose()


async def test_our_own_mistakes_are_not_called_unavailable(database, pool):
    with pytest.raises(asyncpg.UndefinedTableError), unavailable():
        await pool.execute("select * from nothing")
    with pytest.raises(asyncpg.DataError), unavailable():
        await pool.fetchval("select $1::int", "seven")
    admin = await database.admin()
    await admin.execute("select pg_advisory_lock(1)")
    async with pool.acquire() as connection:
        busy = asyncio.create_task(connection.fetchval("select pg_advisory_lock(1)"))  # until we let it go
        await asyncio.sleep(0.05)
        with pytest.raises(asyncpg.InterfaceError, match="another operation"), unavailable():
            await connection.fetchval("select 1")
        await admin.execute("select pg_advisory_unlock(1)")
        await busy
    db = engine(database.admin_dsn)
    try:
        with pytest.raises(IntegrityError), unavailable():
            await run(db, "insert into tandem.alembic_version values ('x_0001'), ('x_0001')")
        with pytest.raises(DBAPIError), unavailable():
            await run(db, "select * from nothing")
    finally:
        await db.dispose()


async def test_a_fault_is_described_without_the_statement_or_its_rows(database):
    db = engine(database.dsn)
    try:
        with pytest.raises(Unavailable) as fault, unavailable():
            await run(db, "select set_config('statement_timeout', '50', false)", "select pg_sleep(30), 'hunter2'")
    finally:
        await db.dispose()

    assert str(fault.value) == "database: canceling statement due to statement timeout"
