"""Alerts of unknown customers on a real PostgreSQL: durable before the 202, seen, and released in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import pytest

from tandem.clock import ManualClock
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest.service import Ingest
from tandem_ingest.unknown import UnknownTenants
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration
from tests.support.postgres import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BEARER = {"authorization": "Bearer s3cret-of-this-integration"}
KNOWN = replace(
    integration("rmm", tenant="own"), provider="brightwater", tenant_from="customer", customers={"17": "northwind"}
)


async def nowhere(scope, receive, send) -> None:
    raise AssertionError("nothing goes past the lane here")


@dataclass
class Site:
    """An ingest on a bus that is not the database, as with Kafka, and the provider's mapping."""

    dsn: str
    bus: FakeBus = field(default_factory=FakeBus)
    known: Integration = KNOWN
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A process that knows nothing of the ones before."""
        clock = ManualClock(NOW)
        unknown = UnknownTenants(dsn=self.dsn, clock=clock, metrics=self.metrics)
        self.ingest = Ingest(
            bus=self.bus, integrations=self.integrations, clock=clock, metrics=self.metrics, unknown=unknown
        )
        transport = httpx.ASGITransport(app=self.ingest.lane(nowhere))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://t", headers=BEARER)

    async def integrations(self) -> list[Integration]:
        return [self.known]

    async def post(self, title: str, customer: str | None, **more: object) -> httpx.Response:
        return await self.http.post("/v1/alerts/rmm", json={"title": title, "customer": customer, **more})

    async def map(self, customer: str, tenant: str) -> None:
        """The provider's document gets a line, and ingest looks at it."""
        self.known = replace(self.known, customers={**self.known.customers, customer: tenant})
        await self.look()

    async def look(self) -> None:
        """What every two seconds brings, now."""
        await self.ingest.refresh()
        await self.ingest._release()

    async def stop(self) -> None:
        await self.http.aclose()
        await self.ingest.stop()

    @property
    def routed(self) -> list[tuple[str, str, str]]:
        alerts = [codec.decode(Alert, record.value) for record in self.bus.records]
        return [(alert.tenant, alert.title, alert.status.value) for alert in alerts]

    def of(self, tenant: str) -> list[str]:
        return [title for whose, title, _ in self.routed if whose == tenant]


@pytest.fixture
async def site(database: Database) -> AsyncIterator[Site]:
    made = Site(database.dsn)
    await made.ingest.start()
    yield made
    await made.stop()


NOTICE = "Alerts of an unknown customer wait at rmm"


async def test_an_alert_of_an_unknown_customer_is_a_row_before_its_202(database: Database, site: Site) -> None:
    answer = await site.post("Disk full", "18")

    admin = await database.admin()
    (row,) = await admin.fetch("select * from ingest.unknown_tenant")
    assert answer.status_code == 202
    assert answer.json()["accepted"][0]["alert_id"] == str(row["alert_id"])
    assert (row["tenant"], row["integration"], row["customer"], row["said"]) == ("own", "rmm", "18", "18")
    assert site.routed == [("own", NOTICE, "firing")]


async def test_it_is_released_in_order_when_the_mapping_knows_the_customer_and_the_notice_ends(
    database: Database, site: Site
) -> None:
    for number in range(5):
        await site.post(f"n{number}", "Site 18", dedup_key="k")
    await site.post("other", "17")
    await site.map("site 18", "cedarline")

    admin = await database.admin()
    assert site.of("cedarline") == [f"n{number}" for number in range(5)]
    assert site.routed[-1] == ("own", NOTICE, "resolved")
    assert site.of("northwind") == ["other"]
    assert await admin.fetchval("select count(*) from ingest.unknown_tenant") == 0


async def test_it_goes_on_waiting_while_another_customer_gets_its_line(site: Site) -> None:
    await site.post("a", "18")
    await site.post("b", "19")
    await site.map("18", "cedarline")

    assert site.of("cedarline") == ["a"]
    assert (NOTICE, "resolved") not in {(title, status) for _, title, status in site.routed}
    assert site.metrics.registry.get_sample_value("tandem_unknown_tenant_alerts") == 1


async def test_a_restart_forgets_nothing_and_a_later_alert_still_waits_behind(site: Site) -> None:
    await site.post("first", "18")
    await site.stop()
    site.begin()
    await site.ingest.start()
    await site.post("second", "18")
    await site.map("18", "cedarline")
    await site.post("third", "18")

    assert site.of("cedarline") == ["first", "second", "third"]


async def test_a_retry_after_the_release_has_the_id_it_had(site: Site) -> None:
    first = await site.post("a", "18")
    await site.map("18", "cedarline")
    await site.stop()
    site.begin()
    await site.ingest.start()

    again = await site.post("a", "18")

    assert again.json() == first.json()


async def test_a_bus_that_is_away_keeps_them_here(database: Database, site: Site) -> None:
    await site.post("a", "18")
    site.bus.away()
    await site.map("18", "cedarline")
    admin = await database.admin()
    assert await admin.fetchval("select count(*) from ingest.unknown_tenant") == 1

    site.bus.back()
    await site.look()

    assert site.of("cedarline") == ["a"]


async def test_without_the_database_known_customers_are_served_and_the_others_told_to_come_again(
    database: Database, site: Site
) -> None:
    admin = await database.admin()
    lock = admin.transaction()
    await lock.start()
    await admin.execute("lock table ingest.unknown_tenant in access exclusive mode")

    known, unknown = await site.post("a", "17"), await site.post("b", "18")
    await lock.rollback()
    again = await site.post("b", "18")

    assert (known.status_code, unknown.status_code, again.status_code) == (202, 503, 202)
    assert site.of("northwind") == ["a"]
    assert await admin.fetchval("select count(*) from ingest.unknown_tenant") == 1


async def test_the_console_sees_who_waits_of_its_tenants_and_no_alert(database: Database, site: Site) -> None:
    await site.post("Secret", "18")
    pool = await database.pool("tandem_console")
    seen = {}
    for tenant in ("own", "cedarline"):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('app.tenants', $1, true)", tenant)
            seen[tenant] = await connection.fetch("select * from ingest.unknown_tenants")

    assert [row["said"] for row in seen["own"]] == ["18"]
    assert seen["cedarline"] == []
    assert "value" not in dict(seen["own"][0])


async def test_they_are_counted_apart(site: Site) -> None:
    await site.post("a", "18")
    await site.post("b", "17")

    labels = {"integration": "rmm", "vendor": "generic"}
    value = site.metrics.registry.get_sample_value
    assert value("tandem_alerts_received_total", {**labels, "result": "unknown_tenant"}) == 1
    assert value("tandem_alerts_received_total", {**labels, "result": "accepted"}) == 1
