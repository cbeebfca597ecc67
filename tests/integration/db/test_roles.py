"""Who may see and do what: no service is superuser or owner, tenants are kept apart by the database itself."""

from __future__ import annotations

import asyncpg
import pytest

from tandem.db.migrate import upgrade
from tandem.db.roles import ALL, BUS, CHAIN, OWNER, SERVICES, role_of
from tests.support.sample_schema import WITH_SAMPLE

SYSTEM = "('pg_catalog', 'information_schema', 'pg_toast')"


@pytest.fixture
async def sample(database):
    """The whole schema and the sample, with rows of two tenants."""
    await upgrade(database.dsn, branches=WITH_SAMPLE)
    router = await database.pool("tandem_router")
    await router.execute(
        "insert into sample.thing values (2, 'acme', 'a', 's'), (3, 'globex', 'b', 's'), (4, 'initech', 'c', 's')"
    )
    return database


async def test_no_role_of_ours_is_superuser_or_bypasses_row_security_or_logs_in(database):
    admin = await database.admin()

    rows = await admin.fetch("select rolname from pg_roles where rolname like 'tandem\\_%'")
    mighty = await admin.fetch(
        "select rolname from pg_roles where rolname like 'tandem\\_%' "
        "and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb)"
    )

    assert {row["rolname"] for row in rows} >= set(ALL)
    assert mighty == []


async def test_the_login_is_no_superuser_and_owns_nothing(database, postgres_server):
    admin = await database.admin()
    if postgres_server.login == postgres_server.admin:
        pytest.skip("the external server's login is the administrator's")

    login = await admin.fetchrow(
        "select oid, rolsuper, rolbypassrls, rolinherit from pg_roles where rolname = 'tandem'"
    )
    owned = await admin.fetchval("select count(*) from pg_class where relowner = $1", login["oid"])
    schemas = await admin.fetchval("select count(*) from pg_namespace where nspowner = $1", login["oid"])

    assert (login["rolsuper"], login["rolbypassrls"], login["rolinherit"]) == (False, False, False)
    assert (owned, schemas) == (0, 0)


async def test_everything_in_our_schemas_belongs_to_the_owner_role(sample):
    admin = await sample.admin()

    others = await admin.fetch(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        f"where n.nspname not in {SYSTEM} and n.nspname !~ '^pg_' and pg_get_userbyid(c.relowner) <> $1",
        OWNER,
    )
    schemas = await admin.fetch(
        "select nspname from pg_namespace where nspname !~ '^pg_' "
        "and nspname not in ('information_schema', 'public') and pg_get_userbyid(nspowner) <> $1",
        OWNER,
    )

    assert others == []
    assert schemas == []


async def test_every_table_with_a_tenant_forces_row_security(sample):
    admin = await sample.admin()

    tenant_tables = await admin.fetch(
        "select c.oid::regclass::text as name, c.relrowsecurity and c.relforcerowsecurity as forced "
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped "
        f"where c.relkind in ('r', 'p') and n.nspname not in {SYSTEM}"
    )

    assert {row["name"] for row in tenant_tables} >= {"sample.thing", "sample.fact", "sample.timer"}
    assert [row["name"] for row in tenant_tables if not row["forced"]] == []


async def test_every_view_runs_with_its_readers_rights(sample):
    admin = await sample.admin()

    careless = await admin.fetch(
        "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        f"where c.relkind in ('v', 'm') and n.nspname not in {SYSTEM} "
        "and not coalesce('security_invoker=true' = any(c.reloptions), false)"
    )

    assert [row["name"] for row in careless] == []


async def test_no_service_may_create_anything(sample):
    for service in (*SERVICES, "chain", "auditor"):
        pool = await sample.pool(role_of(service), max_size=1)

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("create table public.mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("create schema mine")


async def test_the_writer_sees_every_tenant_and_the_console_only_those_of_its_transaction(sample):
    router = await sample.pool("tandem_router")
    console = await sample.pool("tandem_console", max_size=1)

    async with console.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.tenants', 'acme,globex', true)")
        seen = await connection.fetch("select id from sample.things order by id")

    assert await router.fetchval("select count(*) from sample.thing") == 4
    assert [row["id"] for row in seen] == [1, 2, 3]


async def test_the_console_sees_nothing_while_no_tenant_is_set_also_on_a_used_connection(sample):
    console = await sample.pool("tandem_console", max_size=1)
    before = await console.fetchval("select count(*) from sample.things")
    async with console.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.tenants', 'acme', true)")

    after = await console.fetchval("select count(*) from sample.things")

    assert (before, after) == (0, 0)


async def test_the_console_reads_published_columns_only_and_writes_nothing(sample):
    console = await sample.pool("tandem_console", max_size=1)

    for statement in (
        "select secret from sample.thing",
        "select * from sample.thing",
        "update sample.thing set name = 'x'",
        "insert into sample.thing values (9, 'acme')",
        "delete from sample.thing",
        "select * from sample.timer",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await console.execute(statement)


async def test_a_reading_service_sees_all_tenants_and_writes_nothing(sample):
    notifier = await sample.pool("tandem_notifier", max_size=1)

    assert await notifier.fetchval("select count(*) from sample.thing") == 4
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await notifier.execute("delete from sample.thing")


async def test_facts_can_be_added_but_neither_changed_nor_removed(sample):
    router = await sample.pool("tandem_router", max_size=1)
    await router.execute("insert into sample.fact (tenant, body) values ('acme', $1)", {"a": 1})

    for statement in ("update sample.fact set tenant = 'x'", "delete from sample.fact", "truncate sample.fact"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await router.execute(statement)


async def test_the_login_itself_may_not_read(sample, postgres_server):
    if postgres_server.login == postgres_server.admin:
        pytest.skip("the external server's login is the administrator's")
    connection = await sample.pool(None, max_size=1)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select * from sample.thing")


async def test_the_chain_does_what_the_services_it_holds_do_and_no_more(sample):
    chain = await sample.pool(CHAIN, max_size=1)

    await chain.execute("update sample.thing set name = 'by the chain'")

    assert await chain.fetchval("select count(*) from sample.thing where name = 'by the chain'") == 4
    assert not await chain.fetchval("select pg_has_role(current_user, 'tandem_console', 'MEMBER')")
    assert not await chain.fetchval("select pg_has_role(current_user, $1, 'MEMBER')", OWNER)


async def test_no_service_holds_another_and_only_the_chain_holds_several(database):
    admin = await database.admin()

    held = await admin.fetch(
        "select pg_get_userbyid(member) as member, pg_get_userbyid(roleid) as role from pg_auth_members "
        "where pg_get_userbyid(member) like 'tandem\\_%'"
    )

    of_chain = {row["role"] for row in held if row["member"] == CHAIN}
    assert of_chain == {"tandem_router", "tandem_sla_clock", "tandem_notifier"}
    assert {row["role"] for row in held if row["member"] != CHAIN} == {BUS}


async def test_a_pools_role_survives_reset_and_rollback(sample):
    router = await sample.pool("tandem_router", max_size=1)

    async with router.acquire() as connection:
        await connection.execute("reset role")
        after_reset_role = await connection.fetchval("select current_user")
        await connection.execute("reset all")
        after_reset_all = await connection.fetchval("select current_user")
        transaction = connection.transaction()
        await transaction.start()
        await transaction.rollback()
        after_rollback = await connection.fetchval("select current_user")

    assert (after_reset_role, after_reset_all, after_rollback) == ("tandem_router",) * 3


async def test_the_policy_uses_the_index_on_tenant(sample):
    admin = await sample.admin()
    await admin.execute(
        "insert into sample.thing select n, 't' || n % 500, 'n', 's' from generate_series(100, 20000) n; analyze sample.thing"
    )
    console = await sample.pool("tandem_console", max_size=1)

    async with console.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('app.tenants', 't1,t2', true)")
        plan = await connection.fetch("explain select id from sample.things")

    assert "thing_tenant_idx" in "\n".join(row[0] for row in plan)
