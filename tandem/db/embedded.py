"""The embedded PostgreSQL: starting, watching and ending one server as our own foreground child.

Making a cluster is ``cluster.py``, telling servers apart ``postmaster.py``, the data directory's lock
``datadir.py``. There is no TCP listener and no restart: when the server dies, the process that owns it ends
(``died``) and starts again as a whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import asyncpg

from tandem.clock import monotonic, wait_event
from tandem.db import cluster as clusters
from tandem.db.cluster import SUPERUSER, Cluster
from tandem.db.datadir import DataDirLock
from tandem.db.postmaster import end, read_pid_file, stop_orphan, wait_for_exit
from tandem.errors import StartFailed

LOGIN = "tandem"
"""The login of every pool: no superuser, owns no table, inherits nothing; also the database's name."""

_READY_DEADLINE_S = 120.0  # replaying the log after a crash of a busy server takes a while
_READY_POLL_S = 0.01
_CONNECT_DEADLINE_S = 5.0
_LOG_CHECK_S = 60.0


class EmbeddedPostgres:
    """One server on ``data_dir``, for one event loop. Not reusable after ``stop``."""

    def __init__(
        self,
        data_dir: Path,
        *,
        lock: DataDirLock | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing happens before ``start``.

        Args:
            data_dir: the base directory; the cluster lives in ``postgres/`` below it.
            lock: a lock on ``data_dir`` the caller already holds and keeps; by default an own one is taken.
            settings: server settings over the built-in ones (tests switch fsync off).
        """
        self._base = data_dir
        self._lock = lock
        self._own_lock: DataDirLock | None = None
        self._settings = settings or {}
        self._cluster: Cluster | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._ended = asyncio.Event()
        self.stopped_orphan = False
        """Whether ``start`` had to end a server that a killed parent left behind."""

    async def start(self) -> str:
        """Take the directory, make the cluster if need be, run the server; returns the login's DSN.

        The first start takes about a second, later ones a tenth.

        Raises:
            DataDirHeld: another process has the directory.
            StartFailed: anything else that a person has to put right, in one line.
        """
        if self._lock is None or not self._lock.held:
            self._own_lock = DataDirLock(self._base).acquire()
        while True:
            launch = asyncio.ensure_future(asyncio.to_thread(self._launch, asyncio.get_running_loop()))
            try:
                await asyncio.shield(launch)
                if await self._becomes_ready():
                    return self.dsn()
                # A parent killed within milliseconds of its start leaves a server that had no pid file yet.
                if not await asyncio.to_thread(stop_orphan, self.cluster.data):
                    raise StartFailed(f"PostgreSQL ended while starting: {self._log_hint()}")
                self.stopped_orphan = True
            except BaseException:
                await asyncio.wait([launch])  # a thread cannot be cancelled, and it may be about to start the server
                await asyncio.shield(self.stop())
                raise

    def dsn(self, *, database: str = LOGIN, user: str = LOGIN) -> str:
        """A DSN for asyncpg and libpq alike."""
        where = urlencode({"host": str(self._socket_dir), "user": user}, quote_via=quote)
        return f"postgresql:///{database}?{where}"

    @property
    def admin_dsn(self) -> str:
        """The superuser's DSN on Tandem's database: for backup, restore and tests, never for a service."""
        return self.dsn(user=SUPERUSER)

    @property
    def cluster(self) -> Cluster:
        """Where the cluster lives and with which programs it runs; only after ``start``."""
        if self._cluster is None:
            raise ValueError("not started")
        return self._cluster

    @property
    def pid(self) -> int:
        """The server's process id; only after ``start``."""
        if self._child is None:
            raise ValueError("not started")
        return self._child.pid

    async def died(self) -> str:
        """Return when the server has ended, whoever ended it, with its last words."""
        await self._ended.wait()
        return clusters.last_words(self.cluster)

    def complaint(self) -> str:
        """What last went wrong in the server, and where its log is; only after ``start``."""
        return f"{clusters.last_fault(self.cluster)} (log: {self.cluster.log})"

    async def stop(self) -> None:
        """End the server (fast, then immediately, then by force), reap it and let the directory go; idempotent."""
        child = self._child
        if child is not None and not self._ended.is_set():
            # SIGINT aborts open transactions: by now the services have drained.
            await asyncio.to_thread(end, child.send_signal, lambda seconds: wait_for_exit(child.pid, seconds))
            await wait_event(self._ended, _CONNECT_DEADLINE_S)
        if self._cluster is not None:
            clusters.remove_socket_dir(self._socket_dir, self._cluster.account)
        if self._own_lock is not None:
            self._own_lock.release()

    def _launch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Everything before readiness that blocks; runs in a thread."""
        cluster = self._cluster = clusters.prepare(self._base)
        left = clusters.left_socket_dir(cluster)
        self.stopped_orphan = stop_orphan(cluster.data) or self.stopped_orphan
        clusters.remove_socket_dir(left, cluster.account)
        clusters.make_if_absent(cluster)
        self._socket_dir = clusters.make_socket_dir(cluster)
        log = clusters.open_log(cluster)
        self._ended = ended = asyncio.Event()
        try:
            # Its own session: Ctrl-C in a terminal must reach us alone, so that services drain before it stops.
            self._child = subprocess.Popen(
                clusters.command(cluster, self._socket_dir, self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clusters.environment(),
                cwd="/",
                start_new_session=True,
                umask=0o077,
                **cluster.account.process_owner(),
            )
        except OSError as fault:
            raise StartFailed(f"PostgreSQL did not start: {fault}") from fault
        finally:
            os.close(log)
        threading.Thread(
            target=self._watch, args=(self._child, ended, loop), name="postgres-watch", daemon=True
        ).start()

    def _watch(self, child: subprocess.Popen[bytes], ended: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
        """Reap the child when it ends, and meanwhile keep its log bounded.

        A thread behaves alike on every event loop and system; uvloop's subprocesses refuse ``user=``.
        """
        while not wait_for_exit(child.pid, _LOG_CHECK_S):
            clusters.bound_log(self.cluster)
        child.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(ended.set)

    async def _becomes_ready(self) -> bool:
        """Wait until the server takes connections; false when it ended instead."""
        deadline = monotonic() + _READY_DEADLINE_S
        while not await wait_event(self._ended, _READY_POLL_S):
            if self._says_ready() and await self._make_database():
                return True
            if monotonic() >= deadline:
                raise StartFailed(f"PostgreSQL is not ready after {_READY_DEADLINE_S:.0f} s: {self._log_hint()}")
        return False

    def _says_ready(self) -> bool:
        """Whether the pid file names our child, not some other server, and says that it takes connections."""
        said = read_pid_file(self.cluster.data)
        return said is not None and said.ready and said.pid == self.pid

    async def _make_database(self) -> bool:
        """Connect, and see that login and database exist; false when the server does not answer yet."""
        try:
            connection = await asyncpg.connect(
                self.dsn(database="postgres", user=SUPERUSER), timeout=_CONNECT_DEADLINE_S
            )
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        try:
            if not await connection.fetchval("select true from pg_roles where rolname = $1", LOGIN):
                await connection.execute(f"create role {LOGIN} login noinherit createrole")
            if not await connection.fetchval("select true from pg_database where datname = $1", LOGIN):
                await connection.execute(f"create database {LOGIN} owner {LOGIN}")
        finally:
            await connection.close(timeout=_CONNECT_DEADLINE_S)
        return True

    def _log_hint(self) -> str:
        return f"{clusters.last_words(self.cluster)} (log: {self.cluster.log})"
