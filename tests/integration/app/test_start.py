"""A process that starts or ends answers meanwhile: it says what it waits for, and that it will be gone."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import httpx
import pytest

from tandem.app.process import Process
from tandem.app.settings import Settings
from tandem.clock import pause
from tandem.db.migrate import upgrade
from tests.support.postgres import Database
from tests.support.web import NO_TLS

pytestmark = pytest.mark.timeout(240)  # several waits of a minute at most
KEY = base64.b64encode(bytes(32)).decode()


async def answers(process: Process) -> httpx.AsyncClient:
    async with asyncio.timeout(60):
        while not process.address:
            await pause(0.01)
    return httpx.AsyncClient(base_url=process.address, timeout=10.0, trust_env=False, verify=NO_TLS)


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while (await http.get("/readyz")).status_code != 200:
            await pause(0.05)


async def test_an_ingest_without_its_schema_refuses_says_so_and_serves_once_it_is_there(
    empty_database: Database, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=empty_database.dsn, data_dir=tmp_path, listen="127.0.0.1:0", secret_key=KEY, shutdown_s=60
    )
    process = Process(settings, ["ingest"])
    running = asyncio.create_task(process.run())
    async with await answers(process) as http:
        async with asyncio.timeout(60):
            while "run tandem db upgrade" not in (told := await http.get("/readyz")).json()["detail"]:
                assert told.status_code == 503
        posted = await http.post("/v1/alerts/erp", content=b'{"title":"t"}')
        assert posted.status_code == 503
        assert "retry-after" in posted.headers
        assert (await http.get("/livez")).status_code == 200

        await upgrade(empty_database.dsn)
        await until_ready(http)
        assert (await http.post("/v1/alerts/erp", content=b'{"title":"t"}')).status_code == 401

    process.lifecycle.stop()
    assert await running == 0


async def test_a_process_that_ends_says_so_first_and_asks_each_client_to_come_by_another_connection(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=database.dsn, data_dir=tmp_path, listen="127.0.0.1:0", secret_key=KEY, shutdown_notice_s=60
    )
    process = Process(settings, ["ingest"])
    running = asyncio.create_task(process.run())
    async with await answers(process) as http:
        await until_ready(http)
        kept = await http.post("/v1/alerts/erp", content=b'{"title":"t"}')
        assert (kept.status_code, kept.headers.get("connection")) == (401, None)

        process.lifecycle.stop()

        ready = await http.get("/readyz")
        assert (ready.status_code, ready.headers["connection"]) == (503, "close")
        assert "stopping" in ready.json()["detail"]
        posted = await http.post("/v1/alerts/erp", content=b'{"title":"t"}')
        assert (posted.status_code, posted.headers["connection"]) == (401, "close")
        assert (await http.get("/livez")).status_code == 200

        process.lifecycle.stop()
        assert await running == 0
        with pytest.raises(httpx.ConnectError):
            await http.get("/livez")
