"""Ingest on the real PostgreSQL bus: what was answered 202 can be read back, and an absent database is a 503."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest

from tandem.bus.postgres import PostgresBus
from tandem.clock import ManualClock, monotonic
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import Integration
from tandem.wire import codec
from tandem_ingest.service import Ingest
from tests.support.integrations import integration
from tests.support.postgres import Database

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BEARER = {"authorization": "Bearer s3cret-of-this-integration"}


async def known() -> Sequence[Integration]:
    return [integration("erp")]


async def nowhere(scope, receive, send) -> None:
    raise AssertionError("nothing goes past the lane here")


@pytest.fixture
async def posting(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    bus = PostgresBus(database.dsn, "tandem_ingest", clock=ManualClock(NOW))
    ingest = Ingest(bus=bus, integrations=known, clock=ManualClock(NOW), metrics=Metrics())
    await bus.start()
    await ingest.start()
    transport = httpx.ASGITransport(app=ingest.lane(nowhere))
    async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=BEARER) as http:
        yield http
    await ingest.stop()
    await bus.stop()


async def test_every_202_is_one_row_of_the_log_in_order_per_key(database: Database, posting: httpx.AsyncClient) -> None:
    bodies = [f'{{"title":"t{n}","dedup_key":"k{n % 5}"}}'.encode() for n in range(60)]

    answers = await asyncio.gather(*(posting.post("/v1/alerts/erp", content=body) for body in bodies))

    assert {answer.status_code for answer in answers} == {202}
    admin = await database.admin()
    rows = await admin.fetch(
        "select part, key, value from bus.log where topic = 'tandem.alerts' order by part, \"offset\""
    )
    alerts = [codec.decode(Alert, row["value"]) for row in rows]
    told = {each["alert_id"] for answer in answers for each in answer.json()["accepted"]}
    assert {str(alert.alert_id) for alert in alerts} == told
    assert len(alerts) == len(told) == 60
    for key in {alert.dedup_key for alert in alerts}:
        numbers = [int(alert.title[1:]) for alert in alerts if alert.dedup_key == key]
        assert numbers == sorted(numbers)


async def test_hostile_text_is_storable(database: Database, posting: httpx.AsyncClient) -> None:
    body = b'{"title":"a\\u0000b\\ud800","dedup_key":"\\u0000\\udfff","labels":{"\\u0000":"\\ud800","x":"\\u001b[31m"}}'

    answer = await posting.post("/v1/alerts/erp", content=body)

    assert answer.status_code == 202
    admin = await database.admin()
    assert await admin.fetchval("select count(*) from bus.log") == 1


async def test_without_the_database_a_post_is_refused_within_two_seconds(
    database: Database, posting: httpx.AsyncClient
) -> None:
    admin = await database.admin()
    assert (await posting.post("/v1/alerts/erp", content=b'{"title":"before"}')).status_code == 202
    lock = admin.transaction()
    await lock.start()
    await admin.execute("lock table bus.log in access exclusive mode")
    began = monotonic()

    answer = await posting.post("/v1/alerts/erp", content=b'{"title":"during"}')

    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert monotonic() - began < 15
    await lock.rollback()
    async with asyncio.timeout(60):
        while (await posting.post("/v1/alerts/erp", content=b'{"title":"during"}')).status_code != 202:
            pass


async def test_only_ingest_writes_its_schema(database: Database) -> None:
    mine, others = await database.pool("tandem_ingest"), await database.pool("tandem_router")
    insert = "insert into ingest.delivery values ('acme', 'erp', 'msg_1', now())"

    await mine.execute(insert)

    assert await mine.fetchval("select count(*) from ingest.delivery") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await others.execute(insert)
