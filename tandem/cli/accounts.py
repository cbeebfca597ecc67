"""How commands about people and tokens reach their rows. Holds no command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tandem.app.reach import database
from tandem.cli.edge import run
from tandem.cli.serve import settings_with
from tandem.db.pool import engine
from tandem_console.store.accounts import AccountStore

Result = TypeVar("Result")


def with_accounts(data_dir: Path | None, work: Callable[[AccountStore], Awaitable[Result]]) -> Result:
    """Run ``work`` on the installation's accounts, embedded or not; errors become one line and an exit code."""
    settings = settings_with(data_dir=data_dir)

    async def reach() -> Result:
        async with database(settings) as reached:
            console = engine(reached.dsn, "tandem_console", pooled=False)
            try:
                return await work(AccountStore(console))
            finally:
                await console.dispose()

    return run(reach)
