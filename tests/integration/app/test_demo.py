"""The demo as a visitor meets it: one command, real posts, pages on the phones, nothing left behind.

One demo for this file: its start is what a test of it costs. So each test looks at what it posted itself. It lives in a
working hour that lasts: of a Wednesday evening Fairhaven's branches are updated, and what the demo posts of them is held.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tandem.clock import SystemClock
from tests.support.installation import clock_ahead, hours_ahead
from tests.support.postgres import new_base, quick_room

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]  # the first test starts everything

READY_S = 120
SOON_S = 60
"""Generous: a machine may be busy with much else."""
ENDED = {"met", "cancelled"}
"""Of clocks."""
ROOT = Path(__file__).parents[3]
FIREWALL = {"title": "Firewall cd-fw-main does not answer", "host": "cd-fw-main", "severity": "high"}
LAKESIDE = {"title": "Firewall cd-fw-lake does not answer", "host": "cd-fw-lake", "severity": "high"}


class Demo:
    """A running ``tandem demo``."""

    def __init__(self, process: asyncio.subprocess.Process, data_dir: Path, ahead: timedelta) -> None:
        self.process = process
        self.ahead = ahead
        """How far its clock is ahead of the machine's."""
        self.data_dir = data_dir
        self.facts: dict[str, Any] = {}
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))

    async def ready(self) -> None:
        file = self.data_dir / "demo.json"
        async with asyncio.timeout(READY_S):
            while not file.exists():
                assert self.process.returncode is None, "the demo ended"
                await asyncio.sleep(0.05)
        self.facts = json.loads(file.read_text())

    async def post(self, integration: str, body: dict[str, Any]) -> tuple[int, Any]:
        way = self.facts["integrations"][integration]
        raw = json.dumps(body).encode()
        headers = dict(way["headers"])
        if way["hmac"]:
            digest = hmac.new(way["hmac"]["secret"].encode(), raw, sha256).hexdigest()
            headers[way["hmac"]["header"]] = way["hmac"]["prefix"] + digest
        async with self.http.post(way["url"], data=raw, headers=headers) as answer:
            return answer.status, await answer.json()

    async def page_about(self, alert_id: str) -> dict[str, Any]:
        """The first page about an alert, once the phones show it."""
        async with asyncio.timeout(SOON_S):
            while True:
                headers = {"Accept": "application/json"}
                async with self.http.get(self.facts["pager_inbox_url"], headers=headers) as answer:
                    arrived: list[dict[str, Any]] = await answer.json()
                # A window of the examples may begin or end while this runs; its notice is about no alert.
                pages = [page for page in arrived if alert_id in page.get("alert_ids", ())]
                if pages:
                    return pages[0]
                await asyncio.sleep(0.05)

    async def decided(self, alert_id: str) -> None:
        """Until the router decided on an alert; with its decision its incident is there."""
        async with asyncio.timeout(SOON_S):
            while True:
                status, told = await self.api("GET", f"/api/v1/alerts/{alert_id}/explain", "msp_lead")
                if status == 200 and told["trace"]:
                    return
                await asyncio.sleep(0.05)

    async def act(self, path: str, role: str, **options: Any) -> int:
        """The status of an action; of one the router did not do within the answer's two seconds, as it came out."""
        status, said = await self.api("POST", path, role, **options)
        async with asyncio.timeout(SOON_S):
            while status == 202:
                _, followed = await self.api("GET", said["status_url"], role)
                if followed["outcome"] != "pending":
                    return 200 if followed["outcome"] == "done" else 409
                await asyncio.sleep(0.05)
        return status

    async def ended_clocks(self, incident: str) -> list[dict[str, Any]]:
        """An incident's clocks, once it has some and none of them runs; they follow it, be it in a commit of their own."""
        async with asyncio.timeout(SOON_S):
            while True:
                _, clocks = await self.api("GET", f"{incident}/clocks", "internal_lead")
                if clocks["items"] and {clock["state"] for clock in clocks["items"]} <= ENDED:
                    found: list[dict[str, Any]] = clocks["items"]
                    return found
                await asyncio.sleep(0.05)

    async def api(self, method: str, path: str, role: str, **options: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.facts['tokens'][role]}"}
        url = self.facts["api_url"] + path
        async with self.http.request(method, url, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(SOON_S):
            return await self.process.wait()


class Shared:
    """The file's demo; another one after it was stopped: workers that share tests do not keep a file's order."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack = stack
        self.made: Demo | None = None

    async def running(self) -> Demo:
        if self.made is None or self.made.process.returncode is not None:
            self.made = await self.stack.enter_async_context(started())
        return self.made


@pytest.fixture(scope="module")
async def shared() -> AsyncIterator[Shared]:
    async with AsyncExitStack() as stack:
        yield Shared(stack)


@pytest.fixture
async def demo(shared: Shared) -> Demo:
    return await shared.running()


@asynccontextmanager
async def started() -> AsyncIterator[Demo]:
    base = new_base(quick_room())
    ahead = hours_ahead(SystemClock().now())
    environment = {**os.environ, **clock_ahead(base, ahead)}
    command = [sys.executable, "-c", "from tandem.cli import main; main()", "demo"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--port",
        "0",
        "--no-feed",
        "--data-dir",
        str(base / "demo"),
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    running = Demo(process, base / "demo", ahead)
    try:
        await running.ready()
        yield running
    finally:
        await running.stop()
        await running.http.close()
        shutil.rmtree(base, ignore_errors=True)


def processes_of(data_dir: Path) -> list[str]:
    """Command lines of living processes that name the data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(data_dir) in line:
                found.append(line)
    return found


async def test_a_posted_alert_reaches_a_phone_and_the_api_and_is_acknowledged_from_the_phone(demo: Demo):
    status, answer = await demo.post("cedarline-generic", FIREWALL)
    assert status == 202, answer
    assert answer["quarantined"] == 0
    alert_id = answer["accepted"][0]["alert_id"]

    page = await demo.page_about(alert_id)
    assert page["alert_ids"] == [alert_id]
    assert (page["tenant"], page["party"], page["priority"]) == ("cedarline", "msp", "P1")
    _, on_call = await demo.api("GET", "/api/v1/oncall?tenant=cedarline", "msp_analyst")
    (duty,) = [one for one in on_call["items"] if one["schedule"] == "brightwater-ops"]
    assert page["person"] in duty["people"]  # whose week it is changes

    async with demo.http.get(page["ack_url"]) as shown:
        assert shown.status == 200
    _, incident = await demo.api("GET", f"/api/v1/incidents/{page['incident_id']}", "msp_analyst")
    assert incident["state"] == "open"  # looking at the link acknowledges nothing
    async with demo.http.post(page["ack_url"]) as answered:
        assert answered.status == 200

    async with asyncio.timeout(SOON_S):
        while incident["state"] == "open":
            _, incident = await demo.api("GET", f"/api/v1/incidents/{page['incident_id']}", "msp_analyst")
            await asyncio.sleep(0.05)
    assert incident["state"] == "acknowledged"


async def test_people_of_both_parties_act_on_an_incident_through_the_api(demo: Demo):
    status, raised = await demo.api(
        "POST",
        "/api/v1/incidents",
        "internal_lead",
        json={"tenant": "northwind", "title": "Nobody can print invoices", "function": "firewall", "impact": "high"},
    )
    assert status in {200, 201}, raised
    begin = f"/api/v1/incidents/{raised['id']}"

    statuses = {
        "ack": await demo.act(f"{begin}/acknowledge", "msp_analyst"),
        "again": await demo.act(f"{begin}/acknowledge", "msp_lead"),
        "other party": await demo.act(f"{begin}/acknowledge", "internal_responder"),
        "note": await demo.act(f"{begin}/note", "msp_analyst", json={"text": "spooler was stuck"}),
        "start": await demo.act(f"{begin}/start", "msp_analyst"),
        "resolve": await demo.act(f"{begin}/resolve", "msp_analyst"),
        "unsupported": await demo.act(f"{begin}/snooze", "msp_analyst"),
    }
    _, incident = await demo.api("GET", begin, "internal_lead")
    _, timeline = await demo.api("GET", f"{begin}/timeline", "internal_lead")
    clocks = await demo.ended_clocks(begin)

    refused = {"again": 409, "unsupported": statuses["unsupported"]}
    assert statuses == {name: refused.get(name, 200) for name in statuses}
    assert 400 <= statuses["unsupported"] < 500
    assert incident["state"] == "resolved"
    assert any("spooler was stuck" in json.dumps(entry) for entry in timeline["items"])
    assert {clock["state"] for clock in clocks} <= ENDED


async def test_every_integration_of_the_demo_takes_its_vendors_post(demo: Demo):
    from tandem.app.demo.scenes import POSTS

    now = SystemClock().now() + demo.ahead
    alerts: list[str] = []
    for post in POSTS:
        status, answer = await demo.post(post.integration, dict(post.body(1, now)))
        assert (status, answer.get("quarantined")) == (202, 0), (post.integration, answer)
        alerts += [one["alert_id"] for one in answer["accepted"]]
    for alert_id in alerts:
        await demo.decided(alert_id)
    _, listed = await demo.api("GET", "/api/v1/incidents?limit=100", "msp_lead")
    assert {one["tenant"] for one in listed["items"]} == {"northwind", "harborlight", "cedarline", "fairhaven"}
    assert {one["owner"] for one in listed["items"]} == {"internal", "msp", "shared"}

    _, own = await demo.api("GET", "/api/v1/incidents?limit=100", "internal_lead")
    assert {one["tenant"] for one in own["items"]} == {"northwind"}


async def test_what_travelled_can_be_read_from_the_shell_while_it_runs(demo: Demo):
    _, answer = await demo.post("cedarline-generic", LAKESIDE)
    alert_id = answer["accepted"][0]["alert_id"]
    await demo.decided(alert_id)  # whichever test is first: by then its incident was opened
    command = [sys.executable, "-c", "from tandem.cli import main; main()"]

    async def ask(*arguments: str) -> str:
        asked = await asyncio.create_subprocess_exec(
            *command, *arguments, "--data-dir", str(demo.data_dir), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(asked.communicate(), 60)
        assert asked.returncode == 0, arguments
        return said.decode()

    alerts = [json.loads(line)["payload"] for line in (await ask("bus", "tail", "alerts")).splitlines()]
    incidents = [json.loads(line) for line in (await ask("bus", "tail", "incidents")).splitlines()]
    url = (await ask("integrations", "url", "cedarline-ninjaone")).strip()

    assert [one["title"] for one in alerts if one["alert_id"] == alert_id] == [LAKESIDE["title"]]
    assert incidents[0]["payload"]["fact"]["kind"] == "opened"
    assert url == demo.facts["integrations"]["cedarline-ninjaone"]["url"]


async def test_ctrl_c_ends_all_of_it_and_leaves_no_process(demo: Demo):
    assert await demo.stop() == 0
    assert processes_of(demo.data_dir) == []
