"""Every target in this process on the example agreements, served for real: what stands behind the doors and the console."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tandem.app.process import Process
from tandem.app.settings import Settings
from tandem.app.targets import ALL
from tandem.clock import pause
from tests.support.postgres import Database
from tests.support.system import EXAMPLES
from tests.support.web import NO_TLS

KEY = bytes(32)
READY_S = 90.0


@asynccontextmanager
async def everything(database: Database, data_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a process that is ready; it is stopped afterwards, and must end as one that was asked to."""
    settings = Settings(
        database_url=database.dsn, data_dir=data_dir, listen="127.0.0.1:0", agreements=EXAMPLES,
        secret_key=base64.b64encode(KEY).decode(), shutdown_s=60, ingest_url="https://alerts.example.com",
    )  # fmt: skip
    process = Process(settings, list(ALL))
    running = asyncio.create_task(process.run())
    async with asyncio.timeout(READY_S):
        while not process.address:
            await pause(0.01)
    async with httpx.AsyncClient(base_url=process.address, timeout=40.0, trust_env=False, verify=NO_TLS) as http:
        async with asyncio.timeout(READY_S):
            while (await http.get("/readyz")).status_code != 200:
                await pause(0.05)
        yield http
    process.lifecycle.stop()
    assert await running == 0
