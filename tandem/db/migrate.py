"""Schema upgrades: Alembic without an ini file, one branch per schema, roles first, everything in one transaction.

Revisions live in the package that owns the schema, in its ``migrations`` folder, and are named ``<branch>_<nnnn>``.
Branches never depend on one another in Alembic's sense (``depends_on`` removes rows of the version table);
they run in the order of ``BRANCHES``. What a revision may call is ``tandem/db/grants.py``.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from tandem.clock import monotonic, pause
from tandem.db.pool import UPGRADE_TIMEOUT_S, engine, unavailable
from tandem.db.roles import OWNER, ensure_roles
from tandem.errors import StartFailed, Unavailable

if TYPE_CHECKING:
    from alembic.config import Config

BRANCHES: Final = {
    "bus": "tandem.bus",
    "agreement": "tandem.policy",
    "ingest": "tandem_ingest",
    "router": "tandem_router",
    "sla": "tandem_sla_clock",
    "notifier": "tandem_notifier",
    "console": "tandem_console",
}
"""Branch, which is also the schema's name, and the package that owns it; in the order of the upgrade."""

VERSION_SCHEMA: Final = "tandem"
"""Holds Alembic's version table and nothing else."""

_LOCK = 0x7461_6E64_656D  # "tandem": any fixed number that no other advisory lock of ours uses
_POLL_S = 1.0
_ONE_AT_A_TIME = asyncio.Lock()
"""Alembic's ``op`` and ``context`` are one per process, and a second upgrade would write through the first's."""
# Which revision a database has is no secret, and every process asks before it has a role.
_VERSION_SCHEMA_IS_PUBLIC = (
    f"create schema if not exists {VERSION_SCHEMA}",
    f"grant usage on schema {VERSION_SCHEMA} to public",
    f"alter default privileges in schema {VERSION_SCHEMA} grant select on tables to public",
)


@dataclass(frozen=True, slots=True)
class BranchStatus:
    """How far one schema is. Numbers are those of the revision ids; 0 is before the first."""

    schema: str
    current: int
    head: int


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """How far the database is against this code."""

    branches: tuple[BranchStatus, ...]

    @property
    def current(self) -> int:
        """Revisions the database has."""
        return sum(branch.current for branch in self.branches)

    @property
    def head(self) -> int:
        """Revisions this code knows."""
        return sum(branch.head for branch in self.branches)

    @property
    def ready(self) -> bool:
        """Whether every schema has at least what this code knows; a newer database is additive and serves."""
        return all(branch.current >= branch.head for branch in self.branches)

    def __str__(self) -> str:
        """What ``/readyz`` shows."""
        if self.ready:
            return f"schema {self.current}"
        behind = ", ".join(f"{b.schema} {b.current} < {b.head}" for b in self.branches if b.current < b.head)
        known = sum(min(branch.current, branch.head) for branch in self.branches)
        return f"schema {known} < {self.head}: run tandem db upgrade ({behind})"


async def upgrade(dsn: str, *, branches: Mapping[str, str] = BRANCHES) -> SchemaStatus:
    """Bring every schema to this code's head, roles included; concurrent upgrades wait for one another.

    Args:
        dsn: a login with CREATEROLE that owns the database (or may grant CREATE on it).

    Raises:
        Unavailable: the database cannot be reached.
        StartFailed: the database has revisions that this release does not know.
    """
    known = heads(branches)
    async with _transaction(dsn) as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await ensure_roles(connection)
        await connection.execute(text(f"set local role {OWNER}"))
        for statement in _VERSION_SCHEMA_IS_PUBLIC:
            await connection.execute(text(statement))
        _refuse_newer(_compare(known, await _current(connection)))
        async with _ONE_AT_A_TIME:
            await connection.run_sync(_run_branches, branches, known)
        return _compare(known, await _current(connection))


async def make_roles(dsn: str) -> None:
    """Only the roles, for a restore that brings the schemas.

    Raises:
        Unavailable: the database cannot be reached.
    """
    async with _transaction(dsn) as connection:
        await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await ensure_roles(connection)


async def status(dsn: str, *, branches: Mapping[str, str] = BRANCHES) -> SchemaStatus:
    """Current and head of every schema; an empty database has 0 everywhere. Any login may ask.

    Raises:
        Unavailable: the database cannot be reached.
    """
    known = heads(branches)
    async with _transaction(dsn) as connection:
        return _compare(known, await _current(connection))


async def wait_for_schema(
    dsn: str,
    *,
    seconds: float,
    branches: Mapping[str, str] = BRANCHES,
    waiting: Callable[[str], None] = lambda _: None,
) -> SchemaStatus:
    """Wait until the database has what this code needs.

    Args:
        waiting: told after each look what is still missing.

    Raises:
        Unavailable: not within ``seconds``; the text is ``schema 7 < 9: run tandem db upgrade (...)``, or
            what kept us from looking.
    """
    deadline = monotonic() + seconds
    while True:
        try:
            found = await status(dsn, branches=branches)
            if found.ready:
                return found
            raise Unavailable("database", str(found))
        except Unavailable as fault:
            if monotonic() >= deadline:
                raise
            waiting(str(fault))
        await pause(min(_POLL_S, max(0.0, deadline - monotonic())))


def heads(branches: Mapping[str, str] = BRANCHES) -> dict[str, int]:
    """The newest revision this code has of each branch, 0 for a branch without any.

    By the names of the files, which are those of the revisions: every service asks at its start, and Alembic would
    run all of them to say the same.
    """
    newest = dict.fromkeys(branches, 0)
    for folder in _folders(branches):
        for file in folder.glob("*_[0-9][0-9][0-9][0-9].py"):
            branch, number = _split(file.stem)
            newest[branch] = max(number, newest.get(branch, 0))
    return newest


def _run_branches(connection: Connection, branches: Mapping[str, str], known: dict[str, int]) -> None:
    from alembic import command  # noqa: PLC0415 - see _config

    config = _config(branches)
    config.attributes["connection"] = connection
    for branch, newest in known.items():
        if newest:
            command.upgrade(config, f"{branch}@head")


def _config(branches: Mapping[str, str]) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - only an upgrade needs it, and every service imports this file

    config = Config()
    config.set_main_option("script_location", _escaped(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(_escaped(folder) for folder in _folders(branches)))
    return config


def _folders(branches: Mapping[str, str]) -> Iterator[Path]:
    """The ``migrations`` folders there are, found without importing the services that own them."""
    for package in branches.values():
        spec = importlib.util.find_spec(package)
        for location in (spec and spec.submodule_search_locations) or ():
            folder = Path(location) / "migrations"
            if folder.is_dir():
                yield folder


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def _split(revision: str) -> tuple[str, int]:
    """``router_0003`` -> ``("router", 3)``."""
    branch, _, number = revision.rpartition("_")
    return branch, int(number)


async def _current(connection: AsyncConnection) -> dict[str, int]:
    table = f"{VERSION_SCHEMA}.alembic_version"
    if await connection.scalar(text("select to_regclass(:table)::text"), {"table": table}) is None:
        return {}
    rows = await connection.scalars(text(f"select version_num from {table}"))  # noqa: S608  (a constant)
    return dict(_split(revision) for revision in rows)


def _compare(known: dict[str, int], current: dict[str, int]) -> SchemaStatus:
    # A branch this code does not know at all comes from a newer release.
    branches = dict.fromkeys([*known, *current])
    return SchemaStatus(tuple(BranchStatus(b, current.get(b, 0), known.get(b, 0)) for b in branches))


def _refuse_newer(found: SchemaStatus) -> None:
    newer = [branch for branch in found.branches if branch.current > branch.head]
    if newer:
        detail = ", ".join(f"{branch.schema} {branch.current} > {branch.head}" for branch in newer)
        raise StartFailed(f"the database is newer than this release ({detail}): run the newer release")


@asynccontextmanager
async def _transaction(dsn: str) -> AsyncIterator[AsyncConnection]:
    once = engine(dsn, command_timeout_s=UPGRADE_TIMEOUT_S, pooled=False, application_name="tandem-upgrade")
    try:
        with unavailable():
            async with once.begin() as connection:
                yield connection
    finally:
        await once.dispose()
