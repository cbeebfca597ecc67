"""A backup holds every tenant's rows, and a restore into an empty cluster gives them back, grants included."""

from __future__ import annotations

import shutil
import stat
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tandem.db.backup import backup, due, nightly_file, restore, rotate
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import status, upgrade
from tandem.db.pool import open_pool
from tandem.errors import StartFailed, Unavailable
from tests.support.postgres import new_base, quick_room
from tests.support.sample_schema import WITH_SAMPLE

NIGHT = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture
async def filled(database):
    """A migrated database with rows of two tenants in tables that force row security."""
    await upgrade(database.dsn, branches=WITH_SAMPLE)
    router = await database.pool("tandem_router")
    await router.execute(
        "insert into sample.thing select n, case when n % 2 = 0 then 'acme' else 'globex' end, 'ünï ' || n, null "
        "from generate_series(2, 500) n"
    )
    await router.execute("insert into sample.fact (tenant, body) values ('acme', $1)", {"a": [1, None, "x"]})
    await router.execute("insert into sample.timer values ('acme', 'k', 'warn', '2026-03-02T12:00:00.123456Z')")
    return database


@pytest.fixture
async def other_cluster():
    """Another server on an empty directory."""
    base = new_base(quick_room())
    postgres = EmbeddedPostgres(base)
    try:
        await postgres.start()
        yield postgres
    finally:
        await postgres.stop()
        shutil.rmtree(base)


async def contents(admin_dsn):
    """Every row of every table of ours, as text."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        tables = await connection.fetch(
            "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1"
        )
        return {
            row["name"]: [r[0] for r in await connection.fetch(f"select t::text from {row['name']} t order by 1")]
            for row in tables
        }
    finally:
        await connection.close()


async def grants(admin_dsn):
    """Owners, what others may, and policies, of everything of ours; what an owner may differs between majors."""
    connection = await asyncpg.connect(admin_dsn)
    try:
        relations = await connection.fetch(
            "select c.oid::regclass::text, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity, "
            "(select array_agg(a::text order by a::text) from unnest(c.relacl) a where a::text !~ '^tandem_owner='), c.reloptions "
            "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1"
        )
        policies = await connection.fetch(
            "select schemaname, tablename, policyname, roles::text, cmd, qual, with_check from pg_policies order by 1,2,3"
        )
        return [tuple(row) for row in relations], [tuple(row) for row in policies]
    finally:
        await connection.close()


async def test_a_restore_into_an_empty_cluster_gives_the_same_rows_and_grants(filled, other_cluster, tmp_path):
    file = tmp_path / "all.dump"
    seen: list[str] = []
    size = await backup(filled.admin_dsn, file, progress=seen.append)

    await restore(file, dsn=other_cluster.dsn(), admin_dsn=other_cluster.admin_dsn)

    before, after = await contents(filled.admin_dsn), await contents(other_cluster.admin_dsn)
    assert after == before
    assert len(after["sample.thing"]) == 500
    assert await grants(other_cluster.admin_dsn) == await grants(filled.admin_dsn)
    assert size == file.stat().st_size
    assert "sample.thing" in seen


async def test_services_work_on_what_was_restored(filled, other_cluster, tmp_path):
    file = tmp_path / "all.dump"
    await backup(filled.admin_dsn, file)
    await restore(file, dsn=other_cluster.dsn(), admin_dsn=other_cluster.admin_dsn)

    assert (await upgrade(other_cluster.dsn(), branches=WITH_SAMPLE)).ready
    assert await status(other_cluster.dsn(), branches=WITH_SAMPLE) == await status(filled.dsn, branches=WITH_SAMPLE)
    router = await open_pool(other_cluster.dsn(), "tandem_router")
    try:
        await router.execute("insert into sample.fact (tenant, body) values ('acme', '{}')")
        assert await router.fetchval("select count(*) from sample.fact") == 2
    finally:
        await router.close()


async def test_a_backup_is_readable_by_its_owner_only(filled, tmp_path):
    file = tmp_path / "all.dump"
    await backup(filled.admin_dsn, file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["all.dump"]


async def test_a_login_that_cannot_see_every_row_is_told_before_anything_is_written(filled, tmp_path, postgres_server):
    if postgres_server.login == postgres_server.admin:
        pytest.skip("the external server's login is the administrator's")

    with pytest.raises(StartFailed, match="BYPASSRLS"):
        await backup(filled.dsn, tmp_path / "some.dump")

    assert list(tmp_path.iterdir()) == []


async def test_a_database_that_is_not_empty_is_left_alone(filled, tmp_path):
    file = tmp_path / "all.dump"
    await backup(filled.admin_dsn, file)
    before = await contents(filled.admin_dsn)

    with pytest.raises(StartFailed, match=r"not empty \(schemas .*sample"):
        await restore(file, dsn=filled.dsn, admin_dsn=filled.admin_dsn)

    assert await contents(filled.admin_dsn) == before


async def test_what_is_no_backup_is_refused_and_the_database_stays_empty(empty_database, tmp_path):
    file = tmp_path / "holiday.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0" * 100)

    with pytest.raises(StartFailed, match="pg_restore: error: "):
        await restore(file, dsn=empty_database.dsn, admin_dsn=empty_database.admin_dsn)
    with pytest.raises(StartFailed, match="no such backup"):
        await restore(tmp_path / "absent", dsn=empty_database.dsn, admin_dsn=empty_database.admin_dsn)

    assert (await contents(empty_database.admin_dsn)) == {}


async def test_a_truncated_backup_restores_nothing(filled, empty_database, tmp_path):
    file = tmp_path / "all.dump"
    size = await backup(filled.admin_dsn, file)
    with file.open("rb+") as whole:
        whole.truncate(size - 2000)

    with pytest.raises(StartFailed, match="pg_restore"):
        await restore(file, dsn=empty_database.dsn, admin_dsn=empty_database.admin_dsn)

    assert (await contents(empty_database.admin_dsn)) == {}


async def test_a_failed_backup_leaves_the_previous_file(filled, tmp_path):
    file = tmp_path / "all.dump"
    file.write_bytes(b"yesterday")

    with pytest.raises(Unavailable):
        await backup("postgresql:///tandem?host=/nonexistent&user=postgres", file)
    with pytest.raises(StartFailed, match="cannot write"):
        await backup(filled.admin_dsn, tmp_path / "absent" / "all.dump")

    assert file.read_bytes() == b"yesterday"


def test_a_nightly_backup_is_due_once_after_each_night_also_when_the_machine_was_off(tmp_path):
    assert due(NIGHT, tmp_path)
    nightly_file(tmp_path, NIGHT + timedelta(minutes=1)).touch()

    assert not due(NIGHT + timedelta(hours=1), tmp_path)
    assert not due(NIGHT + timedelta(hours=23, minutes=59), tmp_path)
    assert due(NIGHT + timedelta(days=1), tmp_path)
    assert due(NIGHT + timedelta(days=3, hours=9), tmp_path)
    assert due(NIGHT, tmp_path / "absent")


def test_seven_nightly_backups_are_kept_and_other_files_are_left_alone(tmp_path):
    nights = [nightly_file(tmp_path, NIGHT + timedelta(days=n)) for n in range(10)]
    others = [tmp_path / "mine.dump", tmp_path / "tandem-yesterday.dump", tmp_path / "tandem-99999999T999999Z.dump"]
    for path in (*nights, *others):
        path.touch()

    removed = rotate(tmp_path)

    assert sorted(removed) == nights[:3]
    assert sorted(tmp_path.iterdir()) == sorted([*nights[3:], *others])
