"""Transactions that see some tenants only: the one way to the published views.

Row-level security does the isolation; a transaction without tenants sees nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tandem.db.pool import unavailable

_SCOPE = text("select set_config('app.tenants', :tenants, true)")


@asynccontextmanager
async def seeing(engine: AsyncEngine, tenants: Iterable[str]) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees ``tenants``.

    Raises:
        Unavailable: the database is away.
    """
    with unavailable():
        async with engine.begin() as connection:
            await connection.execute(_SCOPE, {"tenants": ",".join(sorted(tenants))})
            yield connection
