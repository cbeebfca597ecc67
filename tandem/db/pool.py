"""Ways to the database: asyncpg pools for hot paths, an SQLAlchemy engine for the rest, one role each.

Also the one place that knows which driver exceptions mean "the database is away" (``unavailable``). Roles are
made by ``roles.py``; transactions and SQL belong to each service's ``store``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import asyncpg
import msgspec
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from tandem.errors import Unavailable

COMMAND_TIMEOUT_S: Final = 10.0
"""Deadline of one statement of a service."""
CONNECT_TIMEOUT_S: Final = 5.0
"""Deadline of making a connection."""
UPGRADE_TIMEOUT_S: Final = 600.0
"""Deadline of one statement of an upgrade, and of waiting for another's."""

_IDLE_IN_TRANSACTION = "60000"  # milliseconds; a stuck batch must not hold its locks for ever

_AWAY: Final = (
    OSError,  # refused, reset, no such socket; TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,  # starting, stopping, replaying its log
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,  # a session whose process stood still for too long
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.PostgresIOError,
    asyncpg.QueryCanceledError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # a lock that is taken; a database that takes no sessions for now
    asyncpg.ReadOnlySQLTransactionError,  # a replica after a fail-over
    asyncpg.InvalidAuthorizationSpecificationError,  # a password being rotated
    asyncpg.InvalidCatalogNameError,  # a server whose database is still being made
    asyncpg.InternalClientError,  # how the driver meets a connection that was cut while it was idle
    sqlalchemy.exc.TimeoutError,  # no free connection in the engine's pool
)


async def open_pool(
    dsn: str,
    role: str | None,
    *,
    application_name: str = "tandem",
    min_size: int = 1,
    max_size: int = 4,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
) -> asyncpg.Pool[asyncpg.Record]:
    """A pool whose connections are ``role`` for as long as they live; jsonb columns are Python values.

    Args:
        dsn: the login; see ``tandem/db/roles.py``.
        role: one of ``roles.ALL``; as a server setting it survives rollback, RESET ALL and RESET ROLE. None is the
            login itself, for tools.
        min_size: connections opened now.
        max_size: bound; a caller waits for a free one.

    Raises:
        Unavailable: the database does not answer within ``CONNECT_TIMEOUT_S``.
    """
    with unavailable():
        return await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            max_inactive_connection_lifetime=0,  # a connection made anew costs a hot path milliseconds
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            server_settings=server_settings(role, application_name),
            init=set_codecs,
        )


async def connect(
    dsn: str,
    role: str | None,
    *,
    application_name: str = "tandem",
    command_timeout_s: float = COMMAND_TIMEOUT_S,
    settings: Mapping[str, str] | None = None,
) -> asyncpg.Connection[asyncpg.Record]:
    """One connection outside every pool, for LISTEN and session locks: a pool's release drops both.

    ``settings`` are the server's, for this connection alone.

    Raises:
        Unavailable: as ``open_pool``.
    """
    with unavailable():
        connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            server_settings=server_settings(role, application_name) | dict(settings or {}),
        )
        try:
            await set_codecs(connection)
        except BaseException:
            connection.terminate()  # cancelled, perhaps: nobody else knows of it yet
            raise
        return connection


def engine(
    dsn: str,
    role: str | None = None,
    *,
    application_name: str = "tandem",
    pool_size: int = 4,
    command_timeout_s: float = COMMAND_TIMEOUT_S,
    pooled: bool = True,
) -> AsyncEngine:
    """An SQLAlchemy engine on the same terms as ``open_pool``; connects at first use.

    Wrap its use in ``unavailable()``. ``pooled=False`` makes a connection per checkout, for one-off tools.
    """

    async def make() -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(
            dsn,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            server_settings=server_settings(role, application_name),
        )

    options: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        options = {
            "poolclass": AsyncAdaptedQueuePool,
            "pool_pre_ping": True,
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": CONNECT_TIMEOUT_S,
        }
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=make,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        **options,
    )


def server_settings(role: str | None, application_name: str) -> dict[str, str]:
    """What every connection of ours tells the server at its start."""
    settings = {
        "application_name": application_name,
        "jit": "off",
        "timezone": "UTC",
        "idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION,
    }
    return settings if role is None else {**settings, "role": role}


async def set_codecs(connection: Any) -> None:  # noqa: ANN401  (a connection or a pool's proxy of one)
    """Json and jsonb as Python values by msgspec, in the binary format.

    In an array parameter (``unnest($1::jsonb[])``) the driver takes a list for a further dimension: objects and null
    work there, lists travel as ``text[]`` and are cast.
    """
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),  # 1 is the format's version
        decoder=lambda raw: msgspec.json.decode(memoryview(raw)[1:]),
    )
    await connection.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=msgspec.json.encode, decoder=msgspec.json.decode
    )


@contextmanager
def unavailable(what: str = "database") -> Iterator[None]:
    """Turn the driver's ways of saying that the server is away or out of means into ``Unavailable``.

    Everything else, a constraint violation or a programming error, passes through.
    """
    try:
        yield
    except _AWAY as fault:
        raise Unavailable(what, describe(fault)) from fault
    except asyncpg.InterfaceError as fault:
        if not _closed(fault):
            raise
        raise Unavailable(what, describe(fault)) from fault
    except sqlalchemy.exc.DBAPIError as fault:
        if not (fault.connection_invalidated or is_away(driver_error(fault))):
            raise
        raise Unavailable(what, describe(driver_error(fault))) from fault


def is_away(fault: BaseException | None) -> bool:
    """Whether a driver's exception means that trying again later may help."""
    return isinstance(fault, _AWAY) or (isinstance(fault, asyncpg.InterfaceError) and _closed(fault))


def driver_error(fault: sqlalchemy.exc.DBAPIError) -> BaseException:
    """The driver's own exception beneath SQLAlchemy's two wrappings."""
    wrapped: BaseException = fault.orig or fault
    return wrapped.__cause__ or wrapped


def describe(fault: BaseException) -> str:
    """One line; never a statement, its parameters or a row."""
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    first = next(iter(str(fault).splitlines()), "")
    return first[:200] or type(fault).__name__


def _closed(fault: asyncpg.InterfaceError) -> bool:
    # The driver has one class for a closed connection and for being used wrongly; only words tell them apart.
    if isinstance(fault, (asyncpg.DataError, asyncpg.exceptions.ClientConfigurationError)):
        return False
    words = str(fault)
    return "closed" in words or "closing" in words or "been released" in words
