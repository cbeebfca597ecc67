"""One PostgreSQL per test process, one fresh migrated database per test that asks for ``database``.

The server is Tandem's own embedded one with fsync off, or the one TANDEM_TEST_DATABASE_URL names (a login that may
create databases and roles, best a superuser). Under xdist each worker has a server of its own: it starts in half a
second, and two workers then share nothing. A server that a killed run left behind is ended by the next run.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from tandem.db.datadir import DataDirHeld, DataDirLock
from tandem.db.embedded import EmbeddedPostgres
from tandem.db.migrate import upgrade
from tandem.db.pool import open_pool, set_codecs
from tandem.db.postmaster import stop_orphan
from tandem.errors import StartFailed

_PREFIX = "tandem-test-"
_ROOMS = (Path("/dev/shm"), Path("/tmp"))
_MEMORY_NEEDED = 2 << 30
_QUICK = {
    "fsync": "off",  # a test run has nothing to lose at a power cut
    "full_page_writes": "off",
    "max_connections": "100",
    "min_wal_size": "64MB",
    "max_wal_size": "128MB",
}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A server to make databases on. Both DSNs take the name of a database."""

    login: str
    admin: str

    def dsn(self, database: str) -> str:
        """What the system under test gets: the login, which owns the database and nothing in it."""
        return _with_database(self.login, database)

    def admin_dsn(self, database: str) -> str:
        """What a test looks with: sees every row."""
        return _with_database(self.admin, database)

    async def run(self, statement: str) -> None:
        """One statement as administrator, outside every test's database."""
        connection = await asyncpg.connect(self.admin)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create(self, *, template: str = "template0") -> str:
        """A new database; returns its name."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        owner = _user_of(self.login)
        owned = f" owner {owner}" if owner else ""
        await self.run(f"create database {name}{owned} template {template} strategy file_copy")
        return name

    async def drop(self, name: str) -> None:
        """Remove a database and whoever is still connected to it."""
        await self.run(f"drop database if exists {name} with (force)")


@dataclass(slots=True)
class Database:
    """One test's database."""

    name: str
    dsn: str
    """The login's DSN, as TANDEM_DATABASE_URL."""
    admin_dsn: str
    _open: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def pool(self, role: str | None, *, max_size: int = 4) -> asyncpg.Pool:
        """A pool as the services open it (``tandem_router`` ...), closed after the test."""
        pool = await open_pool(self.dsn, role, application_name="test", max_size=max_size)
        self._open.push_async_callback(_close_pool, pool)
        return pool

    async def admin(self) -> asyncpg.Connection:
        """A connection that sees every row of every tenant, for arranging and asserting; closed after the test."""
        connection = await asyncpg.connect(self.admin_dsn)
        self._open.push_async_callback(connection.close, timeout=5)
        await set_codecs(connection)
        return connection

    async def away(self) -> None:
        """Cut every session but those of the test's own, and take no new one."""
        await self._allow("false")

    async def back(self) -> None:
        """Take sessions again."""
        await self._allow("true")

    async def _allow(self, whether: str) -> None:
        connection = await asyncpg.connect(self.admin_dsn.replace(f"/{self.name}", "/postgres"))
        try:
            await connection.execute(f"alter database {self.name} allow_connections {whether}")
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name <> 'test'",
                self.name,
            )
        finally:
            await connection.close(timeout=5)

    async def close(self) -> None:
        """Close what the test opened here."""
        await self._open.aclose()


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[Server]:
    """The process's server."""
    external = os.environ.get("TANDEM_TEST_DATABASE_URL")
    if external:
        yield Server(external, external)
        return
    _end_leftovers()
    base = new_base(quick_room())
    postgres = EmbeddedPostgres(base, settings=_QUICK)
    try:
        await postgres.start()
        yield Server(postgres.dsn(), postgres.admin_dsn)
    finally:
        await postgres.stop()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres_template(postgres_server: Server) -> AsyncIterator[str]:
    """A database with every branch at its head, to be copied."""
    name = await postgres_server.create()
    try:
        await upgrade(postgres_server.dsn(name))
        yield name
    finally:
        await postgres_server.drop(name)


@pytest.fixture
async def database(postgres_server: Server, postgres_template: str) -> AsyncIterator[Database]:
    """A fresh database with the whole schema."""
    async with fresh_database(postgres_server, postgres_template) as fresh:
        yield fresh


@pytest.fixture
async def another_database(postgres_server: Server, postgres_template: str) -> AsyncIterator[Database]:
    """A second fresh database, for tests that compare two."""
    async with fresh_database(postgres_server, postgres_template) as fresh:
        yield fresh


@pytest.fixture
async def empty_database(postgres_server: Server) -> AsyncIterator[Database]:
    """A fresh database without any schema."""
    async with fresh_database(postgres_server, "template0") as fresh:
        yield fresh


@contextlib.asynccontextmanager
async def fresh_database(server: Server, template: str) -> AsyncIterator[Database]:
    name = await server.create(template=template)
    fresh = Database(name, server.dsn(name), server.admin_dsn(name))
    try:
        yield fresh
    finally:
        try:
            await fresh.close()
        finally:
            await server.drop(name)


def new_base(room: Path = Path("/tmp")) -> Path:
    """A data directory that PostgreSQL's account can reach also when root runs the tests (tmp_path is 0700)."""
    base = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=room))
    base.chmod(0o711)
    return base


def quick_room() -> Path:
    """Memory where there is enough: a new database is some 300 files, 0.1 s on a disk and 0.01 s here."""
    memory = _ROOMS[0]
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _MEMORY_NEEDED:
        return memory
    return _ROOMS[1]


def _end_leftovers() -> None:
    for base in (found for room in _ROOMS for found in room.glob(f"{_PREFIX}*")):
        with contextlib.suppress(DataDirHeld, StartFailed, OSError):
            if base.stat().st_uid == os.geteuid() and (base / "lock").exists():
                with DataDirLock(base):
                    stop_orphan((base / "postgres" / "data").resolve())
                    shutil.rmtree(base, ignore_errors=True)


async def _close_pool(pool: asyncpg.Pool) -> None:
    # A test that failed may still hold a connection; waiting for it would hide the failure behind a time-out.
    pool.terminate()


def _with_database(dsn: str, database: str) -> str:
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{database}"))


def _user_of(dsn: str) -> str:
    """The user a DSN names, in its authority or its query."""
    parts = urlsplit(dsn)
    if parts.username:
        return parts.username
    return dict(part.split("=", 1) for part in parts.query.split("&") if "=" in part).get("user", "")
