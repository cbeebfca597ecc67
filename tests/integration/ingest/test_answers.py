"""What a tool is answered, for every dialect there is: interfaces.md section 4, as a table.

A wrong status costs minutes or the alert: Alertmanager comes again for 5xx only, Uptime Kuma never.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import pytest

from tandem.clock import ManualClock
from tandem.errors import Unavailable
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import AuthKind, Integration
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.api import AlertLane
from tandem_ingest.fairness.gate import Bounds, Gate
from tandem_ingest.fairness.room import Room
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.waiting.turns import Queued, Turns
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BEARER = {"authorization": "Bearer s3cret-of-this-integration"}
COMES_AGAIN_FOR_429 = {"cloudevents", "opsgenie", "pagerduty"}
"""Whose own documentation asks for 429 with Retry-After."""
NEVER_COMES_AGAIN = {"generic", "tactical", "uptime-kuma", "wazuh"}
"""A refusal there is a lost alert; the generic body comes from anybody's script."""
SLUGS = sorted(CATALOGUE)


@dataclass
class Waits:
    """What is known of what waits."""

    count: int = 0
    empty: bool = False
    away: bool = False

    def holds(self, tenant: str) -> bool:
        return tenant == "acme" and self.count > 0

    @property
    def most(self) -> int:
        return self.count

    def waiting(self, tenant: str) -> int:
        return self.count

    async def put(self, records) -> None:
        self.count += len(records)


class Door:
    """The lane of one integration, with a bus and a router that a test can take away or keep busy."""

    def __init__(self, way: Integration) -> None:
        self.bus, self.waits, self.room = FakeBus(), Waits(), Room()
        self.counted: list[int] = []
        gate = Gate(self.room, self.waits, Bounds(rate=1, burst_s=1), look=lambda: None)
        turns = Turns(gate, Queued(self.waits, self.bus), waits=lambda _, alerts: self.counted.append(alerts))
        self.acceptance = Acceptance(self.bus, encode=codec.encode, turns=turns)
        book = IntegrationBook()
        book.replace([way, replace(way, name="other", tenant="birch")])
        self.lane = AlertLane(
            _nowhere, book=book, acceptance=self.acceptance, clock=ManualClock(NOW), counts=Counts(Metrics()),
            deadline_s=0.05,
        )  # fmt: skip

    async def post(
        self, body: bytes | AsyncIterator[bytes] = b"no parser's", *, name: str = "way", headers=BEARER
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.lane)
        async with httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers) as http:
            return await http.post(f"/v1/alerts/{name}", content=body)

    async def storm(self) -> None:
        """Another client has posted, and the router is behind."""
        await self.post(name="other")
        await self.post(b"the one its burst allows")
        self.room.sampled(self.room.began(), 100_000, 0, 0.0)


async def _nowhere(scope, receive, send) -> None:
    raise AssertionError("nothing goes past the lane here")


@pytest.fixture(params=SLUGS)
async def slug(request) -> str:
    return request.param


@pytest.fixture
async def door(slug: str) -> AsyncIterator[Door]:
    made = Door(integration("way", vendor=slug, auth=AuthKind.BEARER))
    yield made
    await made.acceptance.drain()


async def test_who_comes_again_is_written_in_the_catalogue_as_its_documentation_says(slug: str):
    vendor = CATALOGUE[slug]

    assert (vendor.overload == 429) == (slug in COMES_AGAIN_FOR_429)
    assert vendor.overload in {429, 503}
    assert vendor.retries or vendor.overload == 503
    assert not (vendor.retries and slug in NEVER_COMES_AGAIN)


async def test_when_nothing_can_be_stored_it_is_told_to_come_again(door: Door, slug: str):
    door.bus.fault = Unavailable("database")

    answer = await door.post()

    assert answer.status_code == CATALOGUE[slug].overload
    assert int(answer.headers["retry-after"]) > 0


async def test_past_its_rate_it_is_told_to_come_again_if_it_does_and_waits_if_it_does_not(door: Door, slug: str):
    await door.storm()

    answer = await door.post(b"one more")

    if CATALOGUE[slug].retries:
        assert answer.status_code == CATALOGUE[slug].overload
        assert int(answer.headers["retry-after"]) > 0
        assert door.waits.count == 0
    else:
        assert answer.status_code == 202
        assert door.waits.count == 1
        assert door.counted == [1]


async def test_one_that_never_comes_again_is_refused_only_when_ten_thousand_wait(door: Door, slug: str):
    await door.storm()
    door.waits.count = Bounds().waiting

    answer = await door.post(b"one more")

    assert answer.status_code == CATALOGUE[slug].overload
    assert int(answer.headers["retry-after"]) > 0


async def test_what_is_authentic_and_cannot_be_read_is_accepted_as_a_plain_alert(door: Door):
    answer = await door.post(b'{"cut short": ')

    assert answer.status_code == 202
    assert answer.json()["quarantined"] in {0, 1}  # a dialect of plain text reads anything
    assert [codec.decode(Alert, record.value).title for record in door.bus.records] != [""]
    assert len(answer.json()["accepted"]) >= 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"x" * (1024 * 1024 + 1), BEARER, 413, id="too large"),
        pytest.param(b"{}", {"authorization": "Bearer wrong"}, 401, id="wrong secret"),
        pytest.param(b"{}", {}, 401, id="no secret"),
    ],
)
async def test_what_is_refused_is_refused_with_the_same_status_whatever_the_dialect(
    door: Door, body: bytes, headers: dict[str, str], status: int
):
    answer = await door.post(body, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_that_stops_arriving_is_given_up(door: Door):
    async def half() -> AsyncIterator[bytes]:
        yield b"the first half"
        await asyncio.Event().wait()

    answer = await asyncio.wait_for(door.post(half()), 30)

    assert answer.status_code == 408
