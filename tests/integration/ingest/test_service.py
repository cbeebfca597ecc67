"""Ingest as a process runs it: integrations are followed, and /readyz is red only when posts must be refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from tandem.clock import ManualClock, pause
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.integration import Integration
from tandem_ingest.service import Ingest
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "s3cret-of-this-integration"


class Source:
    """Integrations that somebody else stores."""

    def __init__(self, *known: Integration) -> None:
        self.known: Sequence[Integration] = known
        self.fault: Exception | None = None

    async def __call__(self) -> Sequence[Integration]:
        if self.fault is not None:
            raise self.fault
        return self.known


def ingest(source: Source, bus: FakeBus) -> Ingest:
    return Ingest(bus=bus, integrations=source, clock=ManualClock(NOW), metrics=Metrics())


async def nowhere(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def post(its: Ingest, key: str = SECRET, body: bytes = b'{"title":"t"}') -> int:
    transport = httpx.ASGITransport(app=its.lane(nowhere))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        answer = await http.post("/v1/alerts/rmm", content=body, headers={"authorization": f"Bearer {key}"})
    return answer.status_code


async def check_in(its: Ingest, key: str = SECRET) -> int:
    transport = httpx.ASGITransport(app=its.heartbeats(nowhere))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        answer = await http.post("/v1/heartbeats/rmm/backup", headers={"authorization": f"Bearer {key}"})
    return answer.status_code


async def red(its: Ingest) -> set[str]:
    found = set()
    for name, check in its.checks().items():
        try:
            await check()
        except Unavailable:
            found.add(name)
    return found


async def test_it_starts_loads_its_integrations_and_accepts() -> None:
    bus = FakeBus()
    its = ingest(Source(integration()), bus)
    await its.start()

    assert await post(its) == 202
    assert await red(its) == set()
    await its.stop()

    assert len(bus.records) == 1


@pytest.mark.parametrize("fault", [Unavailable("database"), OSError("no route")])
async def test_without_integrations_it_starts_refuses_and_says_so(fault: Exception) -> None:
    source = Source(integration())
    source.fault = fault
    its = ingest(source, FakeBus())
    await its.start()

    assert await post(its) == 503
    assert await red(its) == {"integrations"}
    source.fault = None
    await its.refresh()
    assert await post(its) == 202
    await its.stop()


async def test_when_the_source_goes_away_the_last_integrations_stay() -> None:
    source = Source(integration())
    its = ingest(source, FakeBus())
    await its.start()
    source.fault = Unavailable("database")
    await its.refresh()

    assert await post(its) == 202
    assert await red(its) == set()
    await its.stop()


async def test_who_is_unknown_while_integrations_cannot_be_looked_up_is_asked_to_come_again() -> None:
    source = Source(integration())
    its = ingest(source, FakeBus())
    await its.start()
    source.known = (integration(secrets=(secret("the-new-secret"),)),)
    source.fault = Unavailable("database")
    await its.refresh()

    assert await post(its, "the-new-secret") == 503, "4xx is not tried again, and the secret may be new"
    assert await check_in(its, "the-new-secret") == 503
    assert await check_in(its) == 200

    source.fault = None
    await its.refresh()
    assert await post(its, "the-new-secret") == 202
    assert await post(its) == 401
    await its.stop()


async def test_a_rotated_secret_is_followed_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tandem_ingest.service.REFRESH_S", 0.01)
    source = Source(integration())
    its = ingest(source, FakeBus())
    await its.start()
    source.known = (integration(secrets=(secret("the-new-secret"),)),)

    async with asyncio.timeout(30):
        while await post(its, "the-new-secret", b'{"title":"new"}') != 202:
            await pause(0.01)

    assert await post(its, SECRET) == 401
    await its.stop()


async def test_a_fault_in_the_sources_own_code_does_not_end_the_following(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tandem_ingest.service.REFRESH_S", 0.01)
    source = Source(integration())
    its = ingest(source, FakeBus())
    await its.start()
    source.fault = KeyError("a bug")
    await asyncio.sleep(0.1)
    source.fault, source.known = None, (integration(secrets=(secret("the-new-secret"),)),)

    async with asyncio.timeout(30):
        while await post(its, "the-new-secret") != 202:
            await pause(0.01)
    await its.stop()


async def test_readiness_is_red_while_alerts_cannot_be_stored_and_green_again_after() -> None:
    bus = FakeBus()
    its = ingest(Source(integration()), bus)
    await its.start()
    bus.away()
    assert await post(its) == 503
    assert await red(its) == {"alerts"}
    bus.back()

    assert await post(its) == 202
    assert await red(its) == set()
    await its.stop()


async def test_stopping_waits_for_posts_that_are_being_stored() -> None:
    bus = FakeBus()
    its = ingest(Source(integration()), bus)
    await its.start()
    bus.open.clear()
    posting = asyncio.create_task(post(its))
    async with asyncio.timeout(30):
        await bus.reached.wait()
    stopping = asyncio.create_task(its.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()

    bus.open.set()
    await stopping

    assert await posting == 202
    assert len(bus.records) == 1
