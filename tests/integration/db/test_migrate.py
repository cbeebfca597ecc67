"""Upgrades of the schema: all branches, again, in parallel, and what a waiting service says."""

from __future__ import annotations

import asyncio
import shutil
import sys

import asyncpg
import pytest

from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import BRANCHES, heads, status, upgrade, wait_for_schema
from tandem.errors import StartFailed, Unavailable
from tests.support.postgres import Server, new_base, quick_room
from tests.support.sample_schema import SAMPLE, WITH_SAMPLE


async def test_an_upgrade_brings_every_branch_to_its_head(database):
    found = await status(database.dsn)

    assert found.ready
    assert [branch.schema for branch in found.branches] == list(BRANCHES)


async def test_an_upgrade_can_be_run_again(database):
    before = await status(database.dsn)

    after = await upgrade(database.dsn)

    assert after == before


async def test_a_branch_joins_a_database_that_has_the_others(database):
    before = await status(database.dsn)

    after = await upgrade(database.dsn, branches=WITH_SAMPLE)

    assert after.branches[: len(BRANCHES)] == before.branches
    assert (after.branches[-1].schema, after.branches[-1].current) == ("sample", 2)


async def test_an_empty_database_says_which_command_to_run(empty_database):
    found = await status(empty_database.dsn, branches=SAMPLE)

    assert not found.ready
    assert str(found) == "schema 0 < 2: run tandem db upgrade (sample 0 < 2)"


async def test_a_service_waits_until_the_upgrade_has_run(empty_database):
    waiting = asyncio.create_task(wait_for_schema(empty_database.dsn, seconds=30, branches=SAMPLE))
    await upgrade(empty_database.dsn, branches=SAMPLE)

    found = await waiting

    assert found.current == 2


async def test_a_service_that_waited_in_vain_says_why(empty_database):
    with pytest.raises(Unavailable, match="database: schema 0 < 2: run tandem db upgrade"):
        await wait_for_schema(empty_database.dsn, seconds=0, branches=SAMPLE)


async def test_an_older_release_refuses_to_upgrade_a_newer_database_and_still_runs_on_it(empty_database):
    await upgrade(empty_database.dsn, branches=SAMPLE)
    admin = await empty_database.admin()
    await admin.execute("update tandem.alembic_version set version_num = 'sample_0009'")

    found = await status(empty_database.dsn, branches=SAMPLE)

    assert found.ready
    with pytest.raises(StartFailed, match=r"newer than this release \(sample 9 > 2\)"):
        await upgrade(empty_database.dsn, branches=SAMPLE)


async def test_a_branch_nobody_here_knows_counts_as_newer(database):
    await upgrade(database.dsn, branches=WITH_SAMPLE)

    with pytest.raises(StartFailed, match=r"newer than this release \(sample 2 > 0\)"):
        await upgrade(database.dsn)


async def test_parallel_upgrades_of_one_database_do_the_work_once(empty_database):
    results = await asyncio.gather(*(upgrade(empty_database.dsn, branches=SAMPLE) for _ in range(6)))

    assert {result.current for result in results} == {2}


async def test_parallel_upgrades_of_several_databases_of_one_cluster_all_succeed(postgres_server):
    names = [await postgres_server.create() for _ in range(6)]
    try:
        results = await asyncio.gather(*(upgrade(postgres_server.dsn(n), branches=SAMPLE) for n in names))
    finally:
        for name in names:
            await postgres_server.drop(name)

    assert {result.current for result in results} == {2}


async def test_parallel_processes_make_the_roles_of_a_new_cluster_without_tripping_over_each_other():
    base = new_base(quick_room())
    postgres = EmbeddedPostgres(base)
    try:
        await postgres.start()
        server = Server(postgres.dsn(), postgres.admin_dsn)
        names = [await server.create() for _ in range(4)]
        code = "import asyncio, sys; from tandem.db.migrate import upgrade; asyncio.run(upgrade(sys.argv[1]))"
        children = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", code, server.dsn(name)) for name in names
        ]
        codes = await asyncio.gather(*(child.wait() for child in children))
    finally:
        await postgres.stop()
        shutil.rmtree(base)

    assert codes == [0] * 4


async def test_a_failed_upgrade_leaves_nothing_behind(empty_database):
    admin = await empty_database.admin()
    await admin.execute("create schema sample")  # in the way of the revision's own

    with pytest.raises(Exception, match="already exists"):
        await upgrade(empty_database.dsn, branches=SAMPLE)

    assert (await status(empty_database.dsn, branches=SAMPLE)).current == 0
    assert await admin.fetchval("select to_regnamespace('tandem')") is None


async def test_a_database_that_is_away_is_unavailable():
    with pytest.raises(Unavailable, match="database"):
        await status("postgresql:///tandem?host=/nonexistent&user=tandem")


async def test_the_owner_can_backfill_under_forced_row_security(empty_database):
    await upgrade(empty_database.dsn, branches=SAMPLE)
    admin = await empty_database.admin()

    assert await admin.fetchval("select name from sample.thing where id = 1") == "backfilled"


def test_every_branch_has_a_place_in_the_order_of_the_upgrade():
    assert list(heads()) == ["bus", "agreement", "ingest", "router", "sla", "notifier", "console"]


async def test_the_version_can_be_read_without_a_role(database):
    connection = await asyncpg.connect(database.dsn)

    try:
        await connection.fetch("select version_num from tandem.alembic_version")
    finally:
        await connection.close()
