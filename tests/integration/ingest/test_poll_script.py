"""The poller we ship, run as cron runs it, against an interface that answers like the tool and a door that keeps posts."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tandem.metrics import Metrics
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind
from tandem_ingest.normalise import read
from tandem_ingest.vendors.catalogue import CATALOGUE

DEPLOY = Path(__file__).parents[3] / "deploy" / "integrations"
ACRONIS = {
    "id": "a1",
    "type": "BackupFailed",
    "severity": "critical",
    "tenantID": "5120",
    "details": {"resourceName": "NAS-1"},
}
THREAT = {
    "id": "t1",
    "threatInfo": {"threatName": "mimikatz.exe", "incidentStatus": "unresolved", "confidenceLevel": "malicious"},
    "agentRealtimeInfo": {"agentComputerName": "HR-1", "siteName": "Acme"},
}


@dataclass
class World:
    """The tool's interface at any path, and Tandem's door at /v1/alerts/x."""

    answers: dict[str, Any] = field(default_factory=dict)
    """Path, or JSON-RPC method -> what it answers."""
    refusing: bool = False
    posts: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope, receive, send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, answer = 200, b"{}"
        if scope["path"] == "/v1/alerts/x":
            headers = dict(scope["headers"])
            self.secrets.append(headers[b"authorization"].decode())
            if not self.refusing:
                self.posts.append(json.loads(body))
            status = 503 if self.refusing else 202
        else:
            said = json.loads(body) if body.startswith(b"{") else {}
            found = self.answers.get(said.get("method") or scope["path"])
            status, answer = (404, b"{}") if found is None else (200, json.dumps(found).encode())
        length = (b"content-length", b"%d" % len(answer))
        await send({"type": "http.response.start", "status": status, "headers": [length]})
        await send({"type": "http.response.body", "body": answer})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    found = World()
    app = build_app(routers=[], lanes=[lambda _: found], metrics=Metrics(), checks={})
    server = WebServer(app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    found.url = "http://{}:{}".format(*server.address)
    yield found
    await server.stop(1.0)


@pytest.fixture
def poll(world: World, tmp_path: Path):
    """Run the poller once; its exit code."""

    async def once(source: str, **more: str) -> int:
        config = {
            "source": source, "url": f"{world.url}/v1/alerts/x", "secret": "s3cret", "state": str(tmp_path / "state.json"),
            "api": world.url, "user": "u", "password": "p", **more,
        }  # fmt: skip
        file = tmp_path / "config.json"
        file.write_text(json.dumps(config))
        process = await asyncio.create_subprocess_exec(sys.executable, DEPLOY / "poll" / "tandem-poll", file)
        return await asyncio.wait_for(process.wait(), 60)

    return once


def titles(world: World, vendor: str) -> list[tuple[str, str, str | None, str | None]]:
    """What the posts are to Tandem."""
    readings = [read(CATALOGUE[vendor], json.dumps(post).encode(), {}) for post in world.posts]
    return [(each.status.value, each.title, each.host, each.customer) for one in readings for each in one.alerts]


async def test_a_new_alert_is_told_once_and_one_that_is_gone_is_told_as_over(world: World, poll) -> None:
    world.answers = {"/api/2/idp/token": {"access_token": "t"}, "/api/alert_manager/v1/alerts": {"items": [ACRONIS]}}

    assert [await poll("acronis"), await poll("acronis")] == [0, 0]
    world.answers["/api/alert_manager/v1/alerts"] = {"items": []}
    assert [await poll("acronis"), await poll("acronis")] == [0, 0]

    assert titles(world, "acronis") == [
        ("firing", "BackupFailed on NAS-1", "NAS-1", "5120"),
        ("resolved", "BackupFailed on NAS-1", "NAS-1", "5120"),
    ]
    assert set(world.secrets) == {"Bearer s3cret"}


async def test_what_tandem_did_not_take_is_told_at_the_next_run(world: World, poll) -> None:
    world.answers = {"/api/2/idp/token": {"access_token": "t"}, "/api/alert_manager/v1/alerts": {"items": [ACRONIS]}}
    world.refusing = True
    assert await poll("acronis") == 1

    world.refusing = False
    assert await poll("acronis") == 0

    assert len(world.posts) == 1


async def test_an_odd_answer_never_says_that_all_is_over(world: World, poll) -> None:
    world.answers = {"/web/api/v2.1/threats": {"data": [THREAT], "pagination": {}}}
    await poll("sentinelone")

    world.answers = {"/web/api/v2.1/threats": {"errors": ["no permission"]}}
    assert await poll("sentinelone") == 1

    assert titles(world, "sentinelone") == [("firing", "mimikatz.exe", "HR-1", "Acme")]


async def test_sessions_of_cove_are_told_when_they_are_over_and_end_otherwise(world: World, poll) -> None:
    def device(status: str) -> dict[str, Any]:
        settings = [{"I1": "sql-1"}, {"I18": "SQL-1"}, {"I8": "Acme"}, {"T0": status}]
        return {"result": {"result": [{"AccountId": 5, "PartnerId": 7, "Settings": settings}]}}

    world.answers = {"Login": {"visa": "v", "result": {"result": {"PartnerId": 7}}}}
    for status in ("2", "1", "2", "5"):
        world.answers["EnumerateAccountStatistics"] = device(status)
        assert await poll("cove", partner="Brightwater") == 0

    assert [(each[0], each[2], each[3]) for each in titles(world, "cove")] == [
        ("firing", "SQL-1", "Acme"),
        ("resolved", "SQL-1", "Acme"),
    ]


async def test_backups_and_screenshots_of_datto_are_two_conditions(world: World, poll) -> None:
    asset = {
        "name": "SQL-1", "lastScreenshotAttemptStatus": False, "lastScreenshotAttempt": 1795138681,
        "backups": [{"timestamp": 1795138000, "backup": {"status": "success", "errorMessage": None}}],
    }  # fmt: skip
    world.answers = {
        "/v1/bcdr/device": {"items": [{"serialNumber": "AB12", "name": "SIRIS", "clientCompanyName": "Acme"}]},
        "/v1/bcdr/device/AB12/asset": [asset],
    }

    assert await poll("datto-bcdr") == 0

    assert titles(world, "datto-bcdr") == [
        ("resolved", "Backup of SQL-1 success", "SQL-1", "Acme"),
        ("firing", "Screenshot verification of SQL-1 failed", "SQL-1", "Acme"),
    ]


async def test_alerts_of_atera(world: World, poll) -> None:
    alert = {
        "AlertID": 4,
        "Title": "Disk",
        "AlertMessage": "C: full",
        "Severity": "Critical",
        "DeviceName": "PC",
        "CustomerName": "Acme",
    }
    world.answers = {"/api/v3/alerts": {"items": [alert], "totalPages": 1}}
    await poll("atera")
    world.answers = {"/api/v3/alerts": {"items": [], "totalPages": 1}}
    await poll("atera")

    assert [each[0] for each in titles(world, "atera")] == ["firing", "resolved"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed (apt-get install curl)")
async def test_the_script_for_icinga_posts_what_it_is_told_whatever_stands_in_it(world: World, tmp_path: Path) -> None:
    conf = tmp_path / "tandem.conf"
    conf.write_text(f"URL={world.url}/v1/alerts/x\nSECRET=s3cret\n")
    output = 'DISK "C:\\" full\n\tnow \u00e9'
    said = {
        "TANDEM_CONF": str(conf), "NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": "erp1", "SERVICEDESC": "disk",
        "SERVICESTATE": "CRITICAL", "SERVICEOUTPUT": output, "PATH": "/usr/bin:/bin",
    }  # fmt: skip

    process = await asyncio.create_subprocess_exec(DEPLOY / "icinga" / "tandem-notify", env=said)

    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert titles(world, "icinga") == [
        ("firing", 'disk on erp1 is CRITICAL: DISK "C:\\" full  now \u00e9', "erp1", None)
    ]
    assert world.secrets == ["Bearer s3cret"]
