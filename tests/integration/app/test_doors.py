"""The whole process behind the doors: what PagerDuty's and Alertmanager's senders say opens and clears incidents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tandem.clock import SystemClock, pause
from tandem.db.pool import engine
from tandem.model.integration import AuthKind, Integration
from tandem.policy.integrations import add_integration
from tests.support.everything import KEY, everything
from tests.support.postgres import Database, Server, fresh_database

pytestmark = pytest.mark.timeout(240)  # the first test starts every service
WITHIN_S = 60.0


@pytest.fixture(scope="module")
async def database(postgres_server: Server, postgres_template: str) -> AsyncIterator[Database]:
    """One for this file: the start of a process is what a test of it costs."""
    async with fresh_database(postgres_server, postgres_template) as fresh:
        yield fresh


@pytest.fixture(scope="module")
async def http(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    async with everything(database, tmp_path_factory.mktemp("data")) as found:
        yield found


async def way_in(database: Database, vendor: str) -> str:
    """A new integration of Cedarline; returns its secret."""
    policy = engine(database.dsn, "tandem_policy", pooled=False)
    wanted = Integration(name=f"cedarline-{vendor}", tenant="cedarline", vendor=vendor, auth=AuthKind.BEARER)
    try:
        return (await add_integration(policy, wanted, key=KEY, now=SystemClock().now())).secret
    finally:
        await policy.dispose()


async def posted(http: httpx.AsyncClient, path: str, body: Any, **more: Any) -> httpx.Response:
    """The answer, once the new way in is known."""
    async with asyncio.timeout(WITHIN_S):
        while (answer := await http.post(path, json=body, **more)).status_code in {400, 401}:
            await pause(0.1)
    return answer


async def incident(database: Database, title: str, *, clear: bool) -> None:
    """Return when there is an incident of that title which fires, or does not any more."""
    admin = await database.admin()
    query = "select state = 'resolved' or snapshot ->> 'clear_pending_at' is not null from router.incident"
    async with asyncio.timeout(WITHIN_S):
        while await admin.fetchval(f"{query} where title = $1", title) is not clear:
            await pause(0.05)


async def test_an_event_of_pagerduty_opens_an_incident_and_its_resolve_clears_it(
    database: Database, http: httpx.AsyncClient
) -> None:
    key = await way_in(database, "pagerduty")
    payload = {"summary": "UPS lyon-1 on battery", "source": "ups-lyon-1", "severity": "error"}
    event = {"routing_key": key, "dedup_key": "ups/1", "payload": payload}

    assert len(key) == 32
    assert (await posted(http, "/v2/enqueue", {**event, "event_action": "trigger"})).status_code == 202
    await incident(database, "UPS lyon-1 on battery", clear=False)
    assert (await posted(http, "/v2/enqueue", {**event, "event_action": "resolve"})).status_code == 202
    await incident(database, "UPS lyon-1 on battery", clear=True)


async def test_an_alert_of_prometheus_opens_one_incident_however_often_it_is_sent(
    database: Database, http: httpx.AsyncClient
) -> None:
    key = await way_in(database, "alertmanager")
    labels = {"alertname": "NodeDown", "severity": "critical", "instance": "db3:9100"}
    now = datetime.now(UTC)
    headers = {"authorization": f"Bearer {key}"}

    async def send(ends: timedelta) -> None:
        body = [
            {"labels": labels, "startsAt": (now - timedelta(hours=1)).isoformat(), "endsAt": (now + ends).isoformat()}
        ]
        assert (await posted(http, "/api/v2/alerts", body, headers=headers)).status_code == 200

    for minutes in range(4, 8):
        await send(timedelta(minutes=minutes))
    await incident(database, "NodeDown", clear=False)
    await send(timedelta(minutes=-1))
    await incident(database, "NodeDown", clear=True)

    admin = await database.admin()
    assert await admin.fetchval("select count(*) from router.incident where title = 'NodeDown'") == 1
