"""Through a real Kafka with access rules: an alert of a customer nobody knows yet, and a check-in that does not come.

The edge and the router are processes with a login each; neither may write what is the other's.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tandem.app.outside import ensure_all
from tandem.bus.kafka_acls import grant, service_rules
from tandem.bus.topics import ALERTS, MISSING
from tandem.clock import SystemClock, monotonic, pause
from tandem.db.pool import engine
from tandem.model.alert import Alert
from tandem.model.integration import AuthKind, Integration
from tandem.policy.integrations import add_integration
from tandem.wire import codec
from tests.support.kafka.fixtures import INGEST, ROUTER, KafkaRoom
from tests.support.kafka.services import KEY
from tests.support.outside import COME_S, House
from tests.support.postgres import Database, new_base, quick_room

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]  # two processes, and the first test starts the broker

JOB = "\nexpected:\n  - {id: nightly-export, integration: northwind-scripts, every: 1h, grace: 10m}\n"
"""Before the signals that the document expects already."""
SCRIPTS = "\nintegrations:\n  - {name: northwind-scripts, vendor: generic, auth: header}\n"
MISSED_S = 70 * 60 + 10
"""After the last check-in: the interval, its grace and what is given to what is on its way."""
_INCIDENT = "select tenant, title, responsible_party from router.incident where title = $1"
_SILENT = (
    "select tenant, title, responsible_party from router.incident where title like 'nightly-export was not heard%'"
)
_HEARD = "select 1 from router.checks where check_id = 'nightly-export' and phase = 'up'"


@pytest.fixture
async def houses(secured_room: KafkaRoom, database: Database, tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    """The edge and the router, ready."""
    offset = tmp_path / "offset"
    offset.write_text("0")
    await ensure_all(secured_room.settings, database.dsn, dry_run=False)
    for login, service in ((INGEST, "ingest"), (ROUTER, "router")):
        await grant(secured_room.settings, service_rules(secured_room.settings, login.name, service))
    made = tuple(
        House(
            secured_room,
            database,
            new_base(quick_room()),
            name,
            settings={"TANDEM_CLOCK_OFFSET_FILE": str(offset)},
            edit=expect_the_job,
        )
        for name in ("ingest", "router")
    )
    edge, router = made
    edge.secrets.update(await ways(database))
    try:
        await edge.start(INGEST)
        await router.start(ROUTER)
        yield edge, router
    finally:
        await edge.stop()
        await router.stop()


def expect_the_job(agreements: Path) -> None:
    file = agreements / "northwind.yaml"
    text = file.read_text().replace("\nexpected:\n", JOB).replace("\nintegrations:\n", SCRIPTS)
    file.write_text(text)


async def test_an_alert_of_an_unknown_customer_waits_for_its_line_and_a_missed_check_in_has_an_owner(
    houses: tuple[House, House], secured_room: KafkaRoom, database: Database
):
    edge, router = houses
    admin = await database.admin()
    await hears(admin)
    await posted(edge, "POST", "/v1/alerts/brightwater-rmm", json=full_disk("99"))
    await posted(edge, "GET", "/v1/heartbeats/northwind-scripts/nightly-export")

    offset = Path(edge.settings["TANDEM_CLOCK_OFFSET_FILE"])
    kept = await admin.fetch("select said from ingest.unknown_tenant")
    before = await admin.fetch(_INCIDENT, full_disk("99")["title"])
    await come(admin, _HEARD)
    document = edge.base / "agreements" / "brightwater.yaml"
    document.write_text(document.read_text().replace('"31": cedarline', '"31": cedarline\n    "99": cedarline'))
    routed = await come(admin, _INCIDENT, full_disk("99")["title"])
    offset.write_text(str(MISSED_S))  # noqa: ASYNC240 - a few bytes
    silent = await come(admin, _SILENT)

    assert ([row["said"] for row in kept], before) == (["99"], [])
    assert (routed["tenant"], routed["responsible_party"]) == ("cedarline", "msp")
    assert silent["tenant"] == "northwind"
    assert silent["responsible_party"] in {"internal", "msp"}
    missing = [codec.decode(Alert, value) for value in await secured_room.values(MISSING.name)]
    posts = [codec.decode(Alert, value) for value in await secured_room.values(ALERTS.name)]
    assert {alert.title for alert in missing} == {silent["title"]}
    assert silent["title"] not in {alert.title for alert in posts}
    assert "Traceback" not in edge.said() + router.said()


def full_disk(customer: str) -> dict[str, str]:
    host = "srv-of-somebody"
    return {"title": f"Volume C: is full on server {host}", "severity": "high", "host": host, "customer": customer}


async def hears(admin: Any) -> None:
    """Ingest heard all the time: its own word would begin anew when the clock is moved."""
    now, ever = datetime.now(UTC), timedelta(days=400)
    await admin.execute(
        "insert into ingest.uptime (id, began_at, seen_at) values ($1, $2, $3)", uuid4(), now - ever, now + ever
    )


async def ways(database: Database) -> dict[str, str]:
    """Ways in of a provider's tool, whose customers are told by a field, and of a client's scripts; name -> secret.

    Before the documents, which name the second: they leave what is there as it is.
    """
    policy = engine(database.dsn, "tandem_policy", pooled=False)
    wanted = (
        Integration(
            name="brightwater-rmm",
            tenant="northwind",
            vendor="generic",
            auth=AuthKind.HEADER,
            provider="brightwater",
            tenant_from="customer",
        ),
        Integration(name="northwind-scripts", tenant="northwind", vendor="generic", auth=AuthKind.HEADER),
    )
    try:
        made = [await add_integration(policy, each, key=KEY, now=SystemClock().now()) for each in wanted]
        return {way.name: each.secret for way, each in zip(wanted, made, strict=True)}
    finally:
        await policy.dispose()


async def posted(edge: House, method: str, path: str, **more: Any) -> None:
    """Sent until it is taken: a new way in is known within two seconds."""
    headers = {"X-Tandem-Key": edge.secrets[path.split("/")[3]]}
    until = time.monotonic() + COME_S
    async with aiohttp.ClientSession(trust_env=False) as http:
        while True:
            async with http.request(method, edge.address + path, headers=headers, **more) as answer:
                if answer.status in {200, 202}:
                    return
                assert time.monotonic() < until, (answer.status, await answer.text())
            await pause(0.2)


async def come(admin: Any, query: str, *arguments: Any) -> Any:
    """The first row, once there is one."""
    until = monotonic() + COME_S
    while (row := await admin.fetchrow(query, *arguments)) is None:
        assert monotonic() < until, f"nothing came: {query}"
        await pause(0.1)
    return row
