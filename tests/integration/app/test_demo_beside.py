"""The demo beside services: the same clients, people, phones and feed as the single process, over a shared database."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tandem.app.demo.seed import PERSONAS
from tandem.app.keys import KEY, make_keys
from tests.support.ports import free_ports
from tests.support.postgres import Database, new_base, quick_room

pytestmark = pytest.mark.timeout(240)  # two processes beside each other, also on a busy machine

ROOT = Path(__file__).parents[3]
READY_S = 90
JSON = {"Accept": "application/json"}


class Installation:
    """The services in one process, the demo in another, as containers are; both told by environment only."""

    def __init__(self, database: Database, base: Path) -> None:
        make_keys(base / "keys", host="x", database="y")
        self.base = base
        self.services, self.phones = (f"http://127.0.0.1:{port}" for port in free_ports(2))
        self.shared = {
            **os.environ,
            "TANDEM_DATABASE_URL": database.dsn,
            "TANDEM_SECRET_KEY_FILE": str(base / "keys" / KEY),
        }
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        self.running: list[asyncio.subprocess.Process] = []

    async def serve(self) -> None:
        own = {
            "TANDEM_LISTEN": self.services.removeprefix("http://"),
            "TANDEM_DATA_DIR": str(self.base / "services"),
            "TANDEM_ALLOW_PRIVATE_TARGETS": self.phones.removeprefix("http://"),
            "TANDEM_WELCOME_FILE": str(self.base / "demo" / "welcome.json"),
        }
        await self.start(own, "serve", "--target=all")

    async def play(self, *arguments: str) -> asyncio.subprocess.Process:
        own = {"TANDEM_LISTEN": self.phones.removeprefix("http://"), "TANDEM_DATA_DIR": str(self.base / "demo")}
        doors = ("--console", self.services, "--ingest", self.services, "--inbox", self.phones)
        return await self.start(own, "demo", "--beside", *doors, *arguments)

    async def start(self, own: dict[str, str], *arguments: str) -> asyncio.subprocess.Process:
        program = [sys.executable, "-c", "from tandem.cli import main; main()", *arguments]
        process = await asyncio.create_subprocess_exec(*program, cwd=ROOT, env=self.shared | own)
        self.running.append(process)
        return process

    async def facts(self) -> dict[str, Any]:
        file = self.base / "demo" / "demo.json"
        async with asyncio.timeout(READY_S):
            while not file.exists():
                assert all(process.returncode is None for process in self.running), "a process ended"
                await asyncio.sleep(0.05)
        return json.loads(file.read_text())

    async def pages(self, url: str) -> list[dict[str, Any]]:
        async with asyncio.timeout(READY_S):
            while True:
                async with self.http.get(url, headers=JSON) as answer:
                    found = [page for page in await answer.json() if "incident_id" in page]
                if found:
                    return found
                await asyncio.sleep(0.1)

    async def stop(self) -> list[int]:
        for process in self.running:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            ended = [await process.wait() for process in self.running]
        await self.http.close()
        return ended


@pytest.fixture
async def installation(database: Database) -> AsyncIterator[Installation]:
    made = Installation(database, new_base(quick_room()))
    try:
        yield made
    finally:
        await made.stop()
        shutil.rmtree(made.base, ignore_errors=True)


@pytest.mark.e2e
async def test_the_feed_reaches_phones_and_the_console_shows_the_first_steps(installation: Installation):
    await installation.play()  # first, so that it has to wait for the doors of the services
    facts = await installation.facts()
    await installation.serve()

    page = (await installation.pages(facts["pager_inbox_url"]))[0]

    assert facts["console_url"] == installation.services
    assert facts["tokens"].keys() == {persona.role for persona in PERSONAS}
    assert page["ack_url"].startswith(installation.services)  # no TANDEM_ANSWER_URL: the address they listen on
    bearer = {"Authorization": f"Bearer {facts['tokens']['msp_lead']}"}
    async with installation.http.get(
        f"{installation.services}/api/v1/incidents/{page['incident_id']}", headers=bearer
    ) as a:
        assert (await a.json())["tenant"] == page["tenant"]
    async with asyncio.timeout(READY_S):
        while True:
            async with installation.http.get(f"{installation.services}/welcome", headers=bearer) as welcome:
                if "Send your own alert" in await welcome.text():
                    break
            await asyncio.sleep(0.1)
    async with installation.http.get(facts["pager_inbox_url"], headers={"Accept": "text/html"}) as phones:
        assert f'<a href="{installation.services}">Back to the queue</a>' in await phones.text()
    assert await installation.stop() == [0, 0]
    assert not (installation.base / "demo" / "demo.json").exists()


@pytest.mark.e2e
async def test_a_second_start_finds_what_the_first_made(installation: Installation):
    first = await installation.play("--no-feed")
    before = await installation.facts()
    first.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(first.wait(), 60) == 0
    installation.running.clear()

    await installation.play("--no-feed")
    after = await installation.facts()

    assert after["tokens"] == before["tokens"]
    assert after["integrations"] == before["integrations"]


async def test_without_a_database_of_the_services_it_says_what_to_set(tmp_path: Path):
    program = [sys.executable, "-c", "from tandem.cli import main; main()", "demo", "--beside"]
    environment = {name: value for name, value in os.environ.items() if name != "TANDEM_DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        *program, cwd=tmp_path, env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 2
    assert b"set their TANDEM_DATABASE_URL" in said
