"""Backup and restore of the whole database with PostgreSQL's own programs, and the nightly files kept.

One file in pg_dump's custom format holds every schema, row and grant as of one instant; roles are made again by
``roles.py``. The key that seals secrets is not in the database and not in the file. When to back up is asked here
(``due``) and decided by whoever calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tandem.db.binaries import Binaries, tools_for
from tandem.db.cluster import environment
from tandem.db.migrate import make_roles
from tandem.db.pool import connect, unavailable
from tandem.errors import StartFailed, Unavailable

DEADLINE_S: Final = 3600.0
"""Longest a backup or restore may take."""
NIGHT_HOUR_UTC: Final = 2
"""The nightly backup belongs to 02:00 UTC; a machine that was off then makes it when it is back."""
KEPT_NIGHTS: Final = 7

_NIGHTLY = re.compile(r"tandem-(\d{8}T\d{6}Z)\.dump\Z")
_STAMP = "%Y%m%dT%H%M%SZ"
_LONGEST_LINE = 1 << 16
_CONTENTS = re.compile(r"(?:dumping contents of table|processing data for table) (.*)")

Progress = Callable[[str], None]


async def backup(dsn: str, file: Path, *, binaries: Binaries | None = None, progress: Progress = lambda _: None) -> int:
    """Write ``file`` whole or not at all; returns its size in bytes.

    Args:
        dsn: a login that sees every row: the embedded server's ``admin_dsn``, else a superuser or BYPASSRLS.
        file: made with mode 0600; it holds people's data. An existing file is replaced once the new one is whole.
        binaries: whose pg_dump; by default what suits the server.
        progress: called with the name of each table.

    Raises:
        Unavailable: the database does not answer, or went away meanwhile.
        StartFailed: the login may not read everything, no fitting pg_dump, or the file cannot be written.
    """
    tools = binaries or tools_for(await _server_major(dsn))
    await _require_sight_of_every_row(dsn)
    part = file.with_name(f"{file.name}.part")
    try:
        _make_private(part)
        await _run(tools, "pg_dump", ["--format=custom", "--verbose", f"--file={part}"], dsn, progress)
        await _run(tools, "pg_restore", ["--list", str(part)], None, lambda _: None)
        return _put_in_place(part, file)
    finally:
        part.unlink(missing_ok=True)


async def restore(
    file: Path, *, dsn: str, admin_dsn: str, binaries: Binaries | None = None, progress: Progress = lambda _: None
) -> None:
    """Fill an empty database from ``file``, in one transaction: all of it or nothing.

    Args:
        file: made by ``backup``.
        dsn: the login that will serve; the roles are made and granted to it first.
        admin_dsn: who restores: the embedded server's ``admin_dsn``, else a superuser's or ``dsn`` itself.
        binaries: whose pg_restore; by default what suits the server.
        progress: called with the name of each table.

    Raises:
        StartFailed: the database is not empty, or the file is no backup or of a newer PostgreSQL.
        Unavailable: the database does not answer, or went away meanwhile.
    """
    _require_file(file)
    tools = binaries or tools_for(await _server_major(admin_dsn))
    await _run(tools, "pg_restore", ["--list", str(file)], None, lambda _: None)
    await _require_empty(admin_dsn)
    await make_roles(dsn)
    options = ["--exit-on-error", "--single-transaction", "--verbose", f"--dbname={_database(admin_dsn)}"]
    await _run(tools, "pg_restore", [*options, str(file)], admin_dsn, progress)


def nightly_file(folder: Path, now: datetime) -> Path:
    """Where the backup of instant ``now`` (aware UTC) belongs."""
    return folder / f"tandem-{now.astimezone(UTC).strftime(_STAMP)}.dump"


def due(now: datetime, folder: Path) -> bool:
    """Whether the last 02:00 UTC has no backup yet; false for a folder that cannot be read."""
    night = now.astimezone(UTC).replace(hour=NIGHT_HOUR_UTC, minute=0, second=0, microsecond=0)
    if night > now:
        night -= timedelta(days=1)
    made = [at for at, _ in _nightly_files(folder)]
    return not made or max(made) < night


def rotate(folder: Path, keep: int = KEPT_NIGHTS) -> list[Path]:
    """Remove all but the ``keep`` newest nightly files; other files are left alone. Returns what it removed."""
    old = [path for _, path in sorted(_nightly_files(folder), reverse=True)[keep:]]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _nightly_files(folder: Path) -> list[tuple[datetime, Path]]:
    found: list[tuple[datetime, Path]] = []
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            name = _NIGHTLY.match(path.name)
            if name is not None:
                with contextlib.suppress(ValueError):
                    found.append((datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC), path))
    return found


async def _run(tools: Binaries, name: str, options: Sequence[str], dsn: str | None, progress: Progress) -> None:
    """Run one program to its end; its complaint becomes the message."""
    try:
        child = await asyncio.create_subprocess_exec(
            tools.program(name),
            *options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**environment(), **(_libpq_environment(dsn) if dsn else {})},
            limit=_LONGEST_LINE,
        )
    except OSError as fault:
        raise StartFailed(f"{name} did not run: {fault}") from fault
    try:
        async with asyncio.timeout(DEADLINE_S):
            complaint = await _listen(child, name, progress)
            code = await child.wait()
    except TimeoutError as fault:
        raise Unavailable("database", f"{name} was not done after {DEADLINE_S:.0f} s") from fault
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if code != 0:
        raise _failed(name, complaint)


async def _listen(child: asyncio.subprocess.Process, name: str, progress: Progress) -> str:
    """Follow the program's standard error; returns its first error line."""
    complaint = ""
    while child.stderr is not None:
        try:
            raw = await child.stderr.readline()
        except ValueError:  # longer than the limit; the rest follows
            continue
        if not raw:
            break
        line = raw.decode(errors="replace").strip().removeprefix(f"{name}: ")
        table = _CONTENTS.match(line)
        if table:
            progress(table[1].strip('"'))
        if not complaint and ("error:" in line or "FATAL" in line):
            complaint = line[:500]
    return complaint


def _failed(name: str, complaint: str) -> StartFailed | Unavailable:
    away = ("connection to server", "server closed the connection", "terminating connection", "shutting down")
    if any(words in complaint for words in away):
        return Unavailable("database", f"{name}: {complaint}")
    return StartFailed(f"{name}: {complaint or 'failed without a word'}")


async def _server_major(dsn: str) -> int:
    connection = await connect(dsn, None, application_name="tandem-backup")
    try:
        return connection.get_server_version().major
    finally:
        await connection.close()


async def _require_sight_of_every_row(dsn: str) -> None:
    """An owner under FORCE sees no row at all and pg_dump would only say so table by table."""
    connection = await connect(dsn, None, application_name="tandem-backup")
    try:
        with unavailable():
            sees = await connection.fetchval(
                "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
            )
    finally:
        await connection.close()
    if not sees:
        raise StartFailed(
            "this login cannot see every tenant's rows: back up with one that is superuser or has BYPASSRLS "
            "(alter role NAME bypassrls)"
        )


async def _require_empty(dsn: str) -> None:
    connection = await connect(dsn, None, application_name="tandem-restore")
    try:
        with unavailable():
            present = await connection.fetch(
                "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
                " and (nspname <> 'public' or exists (select from pg_class where relnamespace = pg_namespace.oid))"
                " order by nspname"
            )
    finally:
        await connection.close()
    if present:
        names = ", ".join(row["nspname"] for row in present[:10])
        raise StartFailed(f"the database is not empty (schemas {names}): restore into a new --data-dir or database")


def _database(dsn: str) -> str:
    return unquote(urlsplit(dsn).path.lstrip("/"))


def _libpq_environment(dsn: str) -> dict[str, str]:
    """The DSN as libpq's variables: a command line, with its password, can be read by everybody on the machine."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    known = {
        "PGHOST": query.pop("host", None) or parts.hostname,
        "PGPORT": query.pop("port", None) or (str(parts.port) if parts.port else None),
        "PGUSER": query.pop("user", None) or parts.username,
        "PGPASSWORD": query.pop("password", None) or parts.password,
        "PGDATABASE": _database(dsn),
        "PGSSLMODE": query.pop("sslmode", None),
        "PGSSLROOTCERT": query.pop("sslrootcert", None),
        "PGSSLCERT": query.pop("sslcert", None),
        "PGSSLKEY": query.pop("sslkey", None),
        "PGAPPNAME": "tandem-backup",
    }
    return {name: unquote(value) for name, value in known.items() if value}


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise StartFailed(f"no such backup: {file}")


def _make_private(part: Path) -> None:
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    except OSError as fault:
        raise StartFailed(f"cannot write {part}: {fault.strerror}") from fault


def _put_in_place(part: Path, file: Path) -> int:
    """Make the finished file durable under its name."""
    with part.open("rb") as whole:
        os.fsync(whole.fileno())
        size = whole.seek(0, os.SEEK_END)
    part.replace(file)
    return size
