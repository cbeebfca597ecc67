"""A PostgreSQL cluster on disk: its directories, making it, the settings it runs with, its log.

A cluster counts as made only under its final name: it is built in ``data.new-*`` and renamed, so what a crash
leaves half done is thrown away and done again. Running it is ``embedded.py``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tandem.db.account import Account, account_for
from tandem.db.binaries import Binaries, find
from tandem.db.postmaster import read_pid_file
from tandem.errors import StartFailed

SUPERUSER = "postgres"
_INITDB_DEADLINE_S = 120
_LONGEST_SOCKET_DIR = 86  # bytes: sun_path holds 104 (macOS) or 108 (Linux), less "/.s.PGSQL.5432" and NUL
_SOCKET_PREFIX = "tandem-pg-"
_LARGEST_LOG_BYTES = 8 << 20
_END_BYTES = 16 << 10
_STARTS, _SHUT_DOWN = "starting PostgreSQL", "database system is shut down"
"""What the server says first and last."""
_ASKED = "shutdown request"
"""Somebody wanted it to end; the sessions it then ends say FATAL too."""
_FAULTS = ("PANIC: ", "FATAL: ", "error: ")
_TURNED_AWAY = "FATAL:  the database system is "

SETTINGS: Mapping[str, str] = {
    # Reached by a socket in a directory of mode 0700 only.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # A 2xx stands on these.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Small: one machine, one program with a handful of pools.
    "shared_buffers": "64MB",
    "max_connections": "60",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_max_workers": "2",
    "autovacuum_naptime": "20s",  # counters and timers churn a few pages fast
    "huge_pages": "off",
    # Latency: many short commits. Nobody streams from here, so the log carries the minimum; recycled segments
    # need no zero-filling; checkpoints are rare and spread.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "wal_buffers": "4MB",
    "min_wal_size": "128MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "10min",
    "jit": "off",  # compiling costs more than our short statements take
    "update_process_title": "off",
    "timezone": "UTC",
    # A log without people's data: neither statements, nor their parameters, nor the rows in DETAIL.
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a cluster lives, who runs it and with which programs."""

    room: Path
    """``<data dir>/postgres``, mode 0700, the account's; holds everything below."""
    account: Account
    binaries: Binaries

    @property
    def data(self) -> Path:
        """The cluster itself."""
        return self.room / "data"

    @property
    def log(self) -> Path:
        """What the server writes to its standard error."""
        return self.room / "postgres.log"


def prepare(base: Path) -> Cluster:
    """Make the directories below ``base`` and choose account and binaries; ``base`` is locked by the caller.

    Raises:
        StartFailed: no fitting binaries, or a directory the account may not enter.
    """
    base = base.resolve()
    room = base / "postgres"
    account = account_for(base, room / "data")
    account.require_entry(base)
    if not room.exists():
        room.mkdir(mode=0o700)
        account.own(room)
    binaries = find(_major_of(room / "data"), usable=lambda path: account.may_enter(path) is None)
    return Cluster(room, account, binaries)


def make_if_absent(cluster: Cluster) -> bool:
    """Run initdb unless the cluster exists; true when it was made now.

    Raises:
        StartFailed: initdb failed; the message carries its last line.
    """
    if cluster.data.exists():
        return False
    for half_made in cluster.room.glob("data.new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    # A name of its own: the initdb of a killed parent may still be writing under the old one.
    fresh = cluster.room / f"data.new-{secrets.token_hex(4)}"
    command = [cluster.binaries.program("initdb"), "-D", str(fresh), "-U", SUPERUSER]
    # The directory's mode is the lock on the door. C sorts alike on every machine, also after an upgrade of it.
    command += ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--data-checksums"]
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_INITDB_DEADLINE_S,
            check=False,
            env=environment(),
            cwd="/",
            start_new_session=True,
            umask=0o077,
            **cluster.account.process_owner(),
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise StartFailed(f"initdb did not run: {fault}") from fault
    if answer.returncode != 0:
        raise StartFailed(f"initdb failed in {fresh}: {_fault(answer.stderr, 0)}")
    fresh.rename(cluster.data)
    _sync_directory(cluster.room)
    return True


def command(cluster: Cluster, socket_dir: Path, settings: Mapping[str, str]) -> list[str]:
    """The server's command line. Settings stand on it, not in a file: the code that runs is what holds."""
    chosen = {**SETTINGS, "unix_socket_directories": str(socket_dir), **settings}
    if cluster.binaries.major >= 18:
        chosen.setdefault("io_method", "sync")  # no idle worker processes for a database that fits in memory
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    return [cluster.binaries.program("postgres"), "-D", str(cluster.data), *options]


def environment() -> dict[str, str]:
    """What PostgreSQL's programs see: nothing of ours that could hold a secret or change their speech."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC", **kept}


def make_socket_dir(cluster: Cluster) -> Path:
    """A directory of mode 0700 for the socket, in the cluster's room or, when that path is too long, in /tmp."""
    near = cluster.room / "run"
    if len(os.fsencode(near)) <= _LONGEST_SOCKET_DIR:
        # A killed server's socket lock names a pid that a zombie or a stranger may have by now, and PostgreSQL would
        # refuse to start beside it. No server of ours runs here: the caller has ended the orphan, if there was one.
        shutil.rmtree(near, ignore_errors=True)
        near.mkdir(mode=0o700, exist_ok=True)
        cluster.account.own(near)
        return near
    elsewhere = Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir="/tmp"))
    cluster.account.own(elsewhere)
    return elsewhere


def left_socket_dir(cluster: Cluster) -> Path | None:
    """The socket directory that the pid file of a killed server names."""
    said = read_pid_file(cluster.data)
    return Path(said.socket_dir) if said is not None and said.socket_dir else None


def remove_socket_dir(socket_dir: Path | None, account: Account) -> None:
    """Remove a directory that ``make_socket_dir`` made elsewhere; anything else is left alone."""
    if socket_dir is None or not socket_dir.name.startswith(_SOCKET_PREFIX) or not socket_dir.is_dir():
        return
    if socket_dir.lstat().st_uid == account.uid:
        shutil.rmtree(socket_dir, ignore_errors=True)


def open_log(cluster: Cluster) -> int:
    """A descriptor on the log for the server's standard error; the file outlives us, a pipe would not."""
    bound_log(cluster)
    descriptor = os.open(cluster.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    cluster.account.own(cluster.log)
    return descriptor


def bound_log(cluster: Cluster) -> None:
    """Keep the log below 8 MiB and one predecessor: copy, then cut in place, since the server holds it open."""
    try:
        if cluster.log.stat().st_size < _LARGEST_LOG_BYTES:
            return
        shutil.copyfile(cluster.log, cluster.log.with_suffix(".log.1"))
        os.truncate(cluster.log, 0)
    except OSError:
        return  # no log yet, or a full disk, which the database itself will report


def last_words(cluster: Cluster) -> str:
    """Why the server ended, as its log has it, for messages."""
    return why_ended(_end_of(cluster.log))


def last_fault(cluster: Cluster) -> str:
    """What last went wrong in a server that may still run, as its log has it."""
    return _fault(_end_of(cluster.log).rpartition(_STARTS)[2])


def why_ended(log: str) -> str:
    """The last line of a server's log; of a server that shut itself down, the fault that made it do so."""
    last, since_start = _last_line(log), log.rpartition(_STARTS)[2]
    shut_itself_down = last.endswith(_SHUT_DOWN) and _ASKED not in since_start
    return _fault(since_start) if shut_itself_down else last


def _major_of(data: Path) -> int | None:
    """What PG_VERSION says; None for a cluster still to be made.

    Raises:
        StartFailed: the directory exists and is no cluster. It is not ours to delete.
    """
    if not data.exists():
        return None
    try:
        return int((data / "PG_VERSION").read_text().strip())
    except (OSError, ValueError) as fault:
        raise StartFailed(
            f"{data} exists and is no PostgreSQL cluster (PG_VERSION cannot be read): move it away, "
            "then start again or `tandem restore`"
        ) from fault


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _END_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def _fault(text: str, which: int = -1) -> str:
    """A line (the last by default) that tells of a fault, and not only of somebody turned away; else the last line."""
    faults = [line for line in text.splitlines() if any(word in line for word in _FAULTS) and _TURNED_AWAY not in line]
    return _last_line(faults[which] if faults else text)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:500] if lines else "no output"


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
