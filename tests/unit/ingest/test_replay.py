"""A signed post sent again is the delivery it was, also for a process that never saw it; past its tolerance, refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tandem.errors import Refused
from tandem.model.integration import AuthKind, Integration
from tandem.model.signing import PRESETS
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.normalise import Post, read
from tandem_ingest.signature import verify
from tandem_ingest.vendors.catalogue import GENERIC
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration, secret
from tests.support.vendor_signers import SIGNERS

NOW = datetime(2026, 11, 20, 9, 8, tzinfo=UTC)
WHSEC = "whsec_" + base64.b64encode(b"k" * 32).decode()
FIRING, CLEAR = b'{"title":"a","dedup_key":"k"}', b'{"title":"a","dedup_key":"k","status":"ok"}'
STAMPED = ["svix", "grafana-timestamp", "crowdstrike", "slack"]


class Process:
    """An ingest that remembers what it saw, until there is another."""

    def __init__(self, name: str) -> None:
        self.name, self.bus = name, FakeBus()
        self.one: Integration = integration(auth=AuthKind.HMAC, scheme=PRESETS[name], secrets=(secret(WHSEC),))
        self.acceptance = Acceptance(self.bus, encode=codec.encode)

    async def take(self, body: bytes, headers: dict[str, str], at: datetime) -> UUID:
        own_id = verify(self.one, headers, None, body, at)
        its = Post(integration=self.one, vendor=GENERIC, body=body, content_type=None, received_at=at)
        alerts, _ = await self.acceptance.accept(its, read(GENERIC, body, headers), own_id)
        return alerts[0].alert_id


def signed(name: str, body: bytes, at: datetime) -> dict[str, str]:
    key = WHSEC if name == "svix" else WHSEC.removeprefix("whsec_")
    return SIGNERS[name](key, body, at)


@pytest.fixture(params=STAMPED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def process(name: str) -> Process:
    made = Process(name)
    if name != "svix":
        key = secret(WHSEC.removeprefix("whsec_"))
        made.one = integration(auth=AuthKind.HMAC, scheme=PRESETS[name], secrets=(key,))
    return made


async def test_a_replay_is_not_stored_again(name: str) -> None:
    ours, headers = process(name), signed(name, FIRING, NOW)

    ids = {await ours.take(FIRING, headers, NOW + timedelta(seconds=n)) for n in (0, 1, 200)}

    assert len(ids) == 1
    assert len(ours.bus.records) == 1


async def test_a_replay_after_the_clear_does_not_bring_the_condition_back(name: str) -> None:
    ours, headers = process(name), signed(name, FIRING, NOW)
    first = await ours.take(FIRING, headers, NOW)
    if name != "svix":  # one message id is one message there
        await ours.take(CLEAR, signed(name, CLEAR, NOW), NOW)

    again = await ours.take(FIRING, headers, NOW + timedelta(seconds=30))

    assert again == first


async def test_after_a_restart_a_replay_has_the_ids_it_had_so_that_the_router_drops_it(name: str) -> None:
    headers = signed(name, FIRING, NOW)
    first = await process(name).take(FIRING, headers, NOW)

    # 09:08 and 09:12 lie in different windows of ten minutes: what is signed names the delivery, not when it came.
    again = await process(name).take(FIRING, headers, NOW + timedelta(minutes=4))

    assert again == first


async def test_a_header_that_nobody_signed_makes_no_new_delivery_of_a_replay(name: str) -> None:
    ours, headers = process(name), signed(name, FIRING, NOW)
    first = await ours.take(FIRING, headers, NOW)

    again = await ours.take(FIRING, {**headers, "idempotency-key": "another", "webhook-id": "another"}, NOW)

    assert again == first


async def test_past_the_tolerance_it_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        await process(name).take(FIRING, signed(name, FIRING, NOW), NOW + timedelta(minutes=6))
