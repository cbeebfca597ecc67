"""How commands reach the stored agreements and alerts: as the roles that may read them, and read only. No command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from tandem.app.reach import database
from tandem.app.settings import Settings
from tandem.cli.edge import run
from tandem.cli.named import Named, from_database, from_file, is_file
from tandem.cli.serve import settings_with
from tandem.db.pool import connect, engine
from tandem.errors import Unavailable
from tandem.model.alert import Alert
from tandem_router.store.alerts import stored_alerts

Result = TypeVar("Result")
PAGE = 1000
"""Alerts read at once."""
STRETCH = timedelta(days=1)
"""Read at once at most; so a long period is sorted day by day."""
QUERY_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Stored:
    """An installation's database, open for reading."""

    policy: AsyncEngine
    router: Any
    """A connection that may not write."""
    console: AsyncEngine
    """As the console: what is published, of the tenants that a transaction names."""

    async def named(self, reference: str) -> Named:
        """A file's agreement, or a client's: ``acme``, ``acme@3``."""
        return from_file(Path(reference)) if is_file(reference) else await from_database(self.policy, reference)

    async def alerts(self, tenant: str, since: datetime, until: datetime) -> AsyncIterator[Alert]:
        """What was accepted in ``[since, until)``, oldest first, a bounded page in memory."""
        while since < until:
            end, after = min(since + STRETCH, until), UUID(int=0)
            while page := await stored_alerts(self.router, tenant, since, end, after=after, limit=PAGE):
                for alert in page:
                    yield alert
                since, after = page[-1].received_at, page[-1].alert_id
                if len(page) < PAGE:
                    break
            since = end


def reading(data_dir: Path | None, work: Callable[[Stored], Awaitable[Result]]) -> Result:
    """Run ``work`` on the installation's database; errors become one line and an exit code."""

    async def reach() -> Result:
        async with database(installed(data_dir)) as reached:
            policy = engine(reached.dsn, "tandem_policy", pooled=False)
            read_only = {"default_transaction_read_only": "on"}
            router = await connect(reached.dsn, "tandem_router", command_timeout_s=QUERY_TIMEOUT_S, settings=read_only)
            console = engine(reached.dsn, "tandem_console", pooled=False)
            try:
                return await work(Stored(policy, router, console))
            finally:
                await router.close()
                await policy.dispose()
                await console.dispose()

    return run(reach)


def installed(data_dir: Path | None) -> Settings:
    """The settings of an installation that is there.

    Raises:
        Unavailable: no database is configured; asking for one would make an empty one.
    """
    settings = settings_with(data_dir=data_dir)
    if settings.database_url is None and not (settings.data_dir / "postgres").is_dir():
        state = "holds none" if settings.data_dir.is_dir() else "does not exist"
        detail = f"there is no database: no TANDEM_DATABASE_URL, and {settings.data_dir} {state} (--data-dir)"
        raise Unavailable("database", detail)
    return settings
