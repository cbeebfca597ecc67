"""One long-lived connection outside every pool, made again when it breaks: for hot paths, LISTEN and session locks.

A pool resets a connection at each release, which costs a round trip and drops advisory locks and LISTEN.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from tandem.db.pool import COMMAND_TIMEOUT_S, connect, is_away, unavailable

_CLOSE_S = 2.0
_SETTINGS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "idle_in_transaction_session_timeout": "15000",
}
"""Hot statements read their rows from arrays, so a plan made for particular values is no better, and making it costs
more than running it (measured on the router's load: 440 us against 245). Whole tables are never what they want, but
looks cheap while the tables are empty, when the plan is made. And a process that stands still in mid-transaction keeps
its rows from the others no longer than fifteen seconds (in milliseconds)."""
_PLAN_AGAIN = (50, 500, 5_000)
_PLAN_AGAIN_EVERY = 50_000
"""Uses after which plans are made again. A kept plan was made when the tables were as small as then: one made for an
empty table went on reading every incident of the tenant for each alert, 2,000 rows after a few seconds of load."""


class Link:
    """A connection that one user at a time holds.

    ``generation`` grows with every new connection: whoever holds session state (locks) compares it.
    """

    def __init__(
        self,
        dsn: str,
        role: str | None,
        *,
        name: str = "tandem",
        command_timeout_s: float = COMMAND_TIMEOUT_S,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Connects at first use. ``name`` is what pg_stat_activity shows; ``settings`` are the server's."""
        self._settings = {**_SETTINGS, **(settings or {})}
        self._dsn = dsn
        self._role = role
        self._name = name
        self._timeout_s = command_timeout_s
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._lock = asyncio.Lock()
        self._uses = 0
        self.generation = 0

    @asynccontextmanager
    async def use(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """The connection, alone.

        Raises:
            Unavailable: the database is away; the connection is dropped and the next use makes a new one.
        """
        async with self._lock:
            try:
                with unavailable():
                    connection = await self._connected()
                    await self._plan_again(connection)
                    yield connection
            except BaseException as fault:
                if _broken(fault):
                    self._drop()
                raise

    async def close(self) -> None:
        """Close within two seconds, or cut."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=_CLOSE_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
        except asyncio.CancelledError:
            connection.terminate()
            raise

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(
                self._dsn,
                self._role,
                application_name=self._name,
                command_timeout_s=self._timeout_s,
                settings=self._settings,
            )
            self.generation += 1
            self._uses = 0
        return self._connection

    async def _plan_again(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Now and then drop what the session has planned; its prepared statements stay and are planned at next use."""
        self._uses += 1
        if self._uses in _PLAN_AGAIN or self._uses % _PLAN_AGAIN_EVERY == 0:
            await connection.execute("DISCARD PLANS")

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _broken(fault: BaseException) -> bool:
    """Whether the connection may be in an unknown state: the database went away, or we were cancelled in mid-query."""
    return isinstance(fault, asyncio.CancelledError) or is_away(fault) or is_away(fault.__cause__)
