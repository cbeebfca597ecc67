"""The whole process behind an integration's page: its test button, its preview and its rotation, each way in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tandem.app.dialects import Dialects
from tandem.clock import SystemClock, pause
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.model.ownership import Party
from tandem.policy.integrations import add_integration
from tandem_console.access import Role
from tandem_console.accounts import create_token
from tandem_console.store.accounts import AccountStore
from tests.support.everything import KEY, everything
from tests.support.postgres import Database, Server, fresh_database

pytestmark = pytest.mark.timeout(240)  # the first test starts every service
WITHIN_S = 60.0
WAYS = {
    "cedarline-bearer": Integration(
        name="cedarline-bearer", tenant="cedarline", vendor="generic", auth=AuthKind.BEARER
    ),
    "cedarline-path": Integration(name="cedarline-path", tenant="cedarline", vendor="generic", auth=AuthKind.PATH),
    "cedarline-hmac": Integration(
        name="cedarline-hmac", tenant="cedarline", vendor="generic", auth=AuthKind.HMAC, hmac=HmacScheme()
    ),
    "cedarline-rotated": Integration(
        name="cedarline-rotated", tenant="cedarline", vendor="generic", auth=AuthKind.BEARER
    ),
    "cedarline-off": Integration(
        name="cedarline-off", tenant="cedarline", vendor="generic", auth=AuthKind.SNS, topics=("arn:aws:sns:x:1:y",)
    ),
}


@pytest.fixture(scope="module")
async def database(postgres_server: Server, postgres_template: str) -> AsyncIterator[Database]:
    """One for this file: the start of a process is what a test of it costs."""
    async with fresh_database(postgres_server, postgres_template) as fresh:
        yield fresh


@pytest.fixture(scope="module")
async def api(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A lead of Cedarline's at the API of a process with every target."""
    async with everything(database, tmp_path_factory.mktemp("data")) as http:
        http.headers["authorization"] = f"Bearer {await token(database)}"
        yield http


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
    ways = ["cedarline-bearer", "cedarline-path", "cedarline-hmac"]
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
    # Of these ways alone: another tenant's maintenance window may begin whenever this runs, and tells its people so.
    states = await admin.fetch(
        "select distinct state from notifier.page join router.alert using (incident_id) where integration = any($1)",
        ways,
    )
    assert {row["state"] for row in states} <= {"would_have_paged"}


async def test_where_amazon_signs_the_button_says_what_to_do(database: Database, api: httpx.AsyncClient) -> None:
    await made(database, "cedarline-off")

    sent = (await api.post("/api/v1/integrations/cedarline-off/test")).json()

    assert (sent["alert_id"], sent["stages"][0]["ok"]) == (None, False)
    assert "only Amazon can sign" in sent["stages"][0]["said"]


async def test_a_rotated_secret_opens_the_door_and_what_came_is_previewed_by_another_mapping(
    database: Database, api: httpx.AsyncClient
) -> None:
    await made(database, "cedarline-rotated")
    here = "/api/v1/integrations/cedarline-rotated"
    secret = (await api.post(f"{here}/rotate")).json()["secret"]
    body = {"title": "Disk D: of fs02 is full", "machine": "fs02", "severity": "critical"}

    async with asyncio.timeout(WITHIN_S):
        while (
            await api.post("/v1/alerts/cedarline-rotated", json=body, headers={"authorization": f"Bearer {secret}"})
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
    assert way["address"] == "https://alerts.example.com/v1/alerts/cedarline-rotated"
    assert way["steps"].startswith("# Generic JSON")


def test_every_tool_we_read_has_its_page_and_no_page_is_too_odd_to_show() -> None:
    from tandem_console.pages.markdown import rendered
    from tandem_ingest.vendors.catalogue import CATALOGUE

    pages = {slug: rendered(Dialects().guide(slug).steps) for slug in CATALOGUE}

    assert [slug for slug, page in pages.items() if slug != "custom" and len(page) < 200] == []
    assert [slug for slug, page in pages.items() if "style=" in page or "<script" in page] == []
    assert Dialects().guide("nobody-reads-this").steps == ""
