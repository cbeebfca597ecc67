"""The whole process behind an integration's page: its test button, its preview and its rotation, each way in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tandem.app.dialects import Dialects
from tandem.app.process import Process
from tandem.app.settings import Settings
from tandem.app.targets import ALL
from tandem.clock import SystemClock, pause
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.model.ownership import Party
from tandem.policy.integrations import add_integration
from tandem_console.access import Role
from tandem_console.accounts import create_token
from tandem_console.store.accounts import AccountStore
from tests.support.postgres import Database

EXAMPLES = Path(__file__).parents[3] / "deploy" / "agreement"
KEY = bytes(32)
WITHIN_S = 60.0
WAYS = {
    "cedarline-bearer": Integration(
        name="cedarline-bearer", tenant="cedarline", vendor="generic", auth=AuthKind.BEARER
    ),
    "cedarline-path": Integration(name="cedarline-path", tenant="cedarline", vendor="generic", auth=AuthKind.PATH),
    "cedarline-hmac": Integration(
        name="cedarline-hmac", tenant="cedarline", vendor="generic", auth=AuthKind.HMAC, hmac=HmacScheme()
    ),
    "cedarline-off": Integration(
        name="cedarline-off", tenant="cedarline", vendor="generic", auth=AuthKind.SNS, topics=("arn:aws:sns:x:1:y",)
    ),
}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A lead of Cedarline's at the API of a process with every target."""
    settings = Settings(
        database_url=database.dsn, data_dir=tmp_path, listen="127.0.0.1:0", agreements=EXAMPLES,
        secret_key=base64.b64encode(KEY).decode(), shutdown_s=10, ingest_url="https://alerts.example.com",
    )  # fmt: skip
    process = Process(settings, list(ALL))
    running = asyncio.create_task(process.run())
    async with asyncio.timeout(WITHIN_S):
        while not process.address:
            await pause(0.01)
    headers = {"authorization": f"Bearer {await token(database)}"}
    async with httpx.AsyncClient(base_url=process.address, timeout=40.0, trust_env=False, headers=headers) as found:
        async with asyncio.timeout(WITHIN_S):
            while (await found.get("/readyz")).status_code != 200:
                await pause(0.05)
        yield found
    process.lifecycle.stop()
    assert await running == 0


async def token(database: Database) -> str:
    console = engine(database.dsn, "tandem_console", pooled=False)
    values = {"name": "lead", "person": "lead", "party": Party.MSP, "role": Role.LEAD, "tenants": ["cedarline"]}
    _, text = await create_token(AccountStore(console), now=SystemClock().now(), **values)  # type: ignore[arg-type]
    await console.dispose()
    return text


async def made(database: Database, *names: str) -> None:
    policy = engine(database.dsn, "tandem_policy", pooled=False)
    for name in names:
        await add_integration(policy, WAYS[name], key=KEY, now=SystemClock().now())
    await policy.dispose()


async def test_the_test_button_goes_through_the_door_to_a_decision_whatever_proves_the_way_in(
    database: Database, api: httpx.AsyncClient
) -> None:
    ways = [name for name in WAYS if name != "cedarline-off"]
    await made(database, *ways)

    for name in ways:
        sent = (await api.post(f"/api/v1/integrations/{name}/test")).json()
        assert sent["alert_id"], sent
        async with asyncio.timeout(WITHIN_S):
            while not (travelled := (await api.get(sent["status_url"])).json())["over"]:
                await pause(0.05)
        assert [stage["ok"] for stage in travelled["stages"]] == [True, True, True], travelled
        way = (await api.get(f"/api/v1/integrations/{name}")).json()
        assert (way["last_event_at"] is not None, len(way["secrets"])) == (True, 1)

    admin = await database.admin()
    # Cedarline's alone: another tenant's maintenance window may begin whenever this runs, and tells its people so.
    states = await admin.fetch("select distinct state from notifier.page where tenant = 'cedarline'")
    assert {row["state"] for row in states} <= {"would_have_paged"}


async def test_where_amazon_signs_the_button_says_what_to_do(database: Database, api: httpx.AsyncClient) -> None:
    await made(database, "cedarline-off")

    sent = (await api.post("/api/v1/integrations/cedarline-off/test")).json()

    assert (sent["alert_id"], sent["stages"][0]["ok"]) == (None, False)
    assert "only Amazon can sign" in sent["stages"][0]["said"]


async def test_a_rotated_secret_opens_the_door_and_what_came_is_previewed_by_another_mapping(
    database: Database, api: httpx.AsyncClient
) -> None:
    await made(database, "cedarline-bearer")
    here = "/api/v1/integrations/cedarline-bearer"
    secret = (await api.post(f"{here}/rotate")).json()["secret"]
    body = {"title": "Disk D: of fs02 is full", "machine": "fs02", "severity": "critical"}

    async with asyncio.timeout(WITHIN_S):
        while (
            await api.post("/v1/alerts/cedarline-bearer", json=body, headers={"authorization": f"Bearer {secret}"})
        ).status_code != 202:
            await pause(0.1)
        while (seen := (await api.post(f"{here}/preview")).json())["received_at"] is None:
            await pause(0.05)
    mapped = (
        await api.post(f"{here}/preview", json={"mapping": 'alert: {title: "{$.machine}: disk", host: $.machine}'})
    ).json()
    wrong = (await api.post(f"{here}/preview", json={"mapping": "alert:\n  titel: $.title\n"})).json()

    assert (seen["alerts"][0]["title"], seen["alerts"][0]["severity"]) == ("Disk D: of fs02 is full", "critical")
    assert (mapped["alerts"][0]["title"], mapped["alerts"][0]["host"]) == ("fs02: disk", "fs02")
    assert any(problem.startswith("mapping:2:3: ") for problem in wrong["problems"]), wrong
    way = (await api.get(here)).json()
    assert way["address"] == "https://alerts.example.com/v1/alerts/cedarline-bearer"
    assert way["steps"].startswith("# Generic JSON")


def test_every_tool_we_read_has_its_page_and_no_page_is_too_odd_to_show() -> None:
    from tandem_console.pages.markdown import rendered
    from tandem_ingest.vendors.catalogue import CATALOGUE

    pages = {slug: rendered(Dialects().guide(slug).steps) for slug in CATALOGUE}

    assert [slug for slug, page in pages.items() if slug != "custom" and len(page) < 200] == []
    assert [slug for slug, page in pages.items() if "style=" in page or "<script" in page] == []
    assert Dialects().guide("nobody-reads-this").steps == ""
