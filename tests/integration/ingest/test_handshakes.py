"""Senders that ask first: Microsoft Graph, Event Grid, CloudEvents and SNS, over a real listener."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import httpx
import pytest

from tandem.clock import ManualClock
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import AuthKind, HmacScheme
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.api import AlertLane
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tandem_ingest.sns import SnsDoor
from tests.support.fake_bus import FakeBus
from tests.support.integrations import integration
from tests.support.sns_sender import CERTIFICATE, SUBSCRIBE, TOPIC, Internet, certificate, key, message, subscription
from tests.support.web import NO_TLS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "s3cret-of-this-integration"
IN_PATH, IN_QUERY = f"/v1/alerts/graph/{SECRET}", f"/v1/alerts/grid?code={SECRET}"
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 0f8fad5b"
# The shape of learn.microsoft.com, Event Grid event schema, "Endpoint validation with Event Grid event schema".
VALIDATION = [
    {
        "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
        "topic": "/subscriptions/xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "subject": "",
        "data": {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", "validationUrl": "https://rp.example/x"},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-11-20T08:59:59.4538837Z",
        "metadataVersion": "1",
        "dataVersion": "1",
    }
]
KNOWN = (
    integration("graph", auth=AuthKind.PATH),
    replace(integration("grid", auth=AuthKind.QUERY), parameter="code"),
    integration("erp"),
    integration("hooks", auth=AuthKind.HMAC, scheme=HmacScheme()),
    replace(integration("aws", auth=AuthKind.SNS, secrets=()), topics=(TOPIC,)),
)


@dataclass
class Intake:
    http: httpx.AsyncClient
    bus: FakeBus
    internet: Internet

    @property
    def alerts(self) -> list[Alert]:
        return [codec.decode(Alert, record.value) for record in self.bus.records]


@pytest.fixture
async def intake() -> AsyncIterator[Intake]:
    bus, book, metrics = FakeBus(), IntegrationBook(), Metrics()
    internet = Internet({CERTIFICATE: certificate(NOW), SUBSCRIBE: b"ok"})
    book.replace(KNOWN)
    acceptance, sns = Acceptance(bus, encode=codec.encode), SnsDoor(internet)

    def lane(app) -> AlertLane:
        return AlertLane(
            app, book=book, acceptance=acceptance, clock=ManualClock(NOW), counts=Counts(metrics), sns=sns
        )  # fmt: skip

    app = build_app(routers=[], lanes=[lane], metrics=metrics, checks={})
    server = WebServer(app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(
        base_url=f"http://{host}:{port}", timeout=30.0, trust_env=False, verify=NO_TLS
    ) as http:
        yield Intake(http, bus, internet)
    await sns.close()
    await acceptance.drain()
    await server.stop(1.0)


# --- Microsoft -----------------------------------------------------------------------------------------------------


async def test_graph_gets_its_token_back_as_plain_text(intake: Intake) -> None:
    answer = await intake.http.post(IN_PATH, params={"validationToken": TOKEN})

    assert (answer.status_code, answer.text) == (200, TOKEN)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert intake.alerts == []


async def test_markup_in_a_token_comes_back_as_text(intake: Intake) -> None:
    answer = await intake.http.post(IN_PATH, params={"validationToken": "<script>alert(1)</script>"})

    assert "<" not in answer.text
    assert answer.text == "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize("token", ["", "x" * 5000])
async def test_a_token_that_cannot_be_one_is_an_ordinary_post(intake: Intake, token: str) -> None:
    answer = await intake.http.post(IN_PATH, params={"validationToken": token}, content=b'{"title":"a"}')

    assert answer.status_code == 202
    assert len(intake.alerts) == 1


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/alerts/graph/wrong", 404), ("/v1/alerts/graph", 401), ("/v1/alerts/nobody/x", 404)]
)
async def test_no_stranger_has_his_own_text_repeated(intake: Intake, path: str, status: int) -> None:
    answer = await intake.http.post(path, params={"validationToken": "hello"})

    assert answer.status_code == status
    assert "hello" not in answer.text


@pytest.mark.parametrize("headers", [{"aeg-event-type": "SubscriptionValidation"}, {}])
async def test_event_grid_gets_its_code_back(intake: Intake, headers: dict[str, str]) -> None:
    answer = await intake.http.post(IN_QUERY, json=VALIDATION, headers=headers)

    assert answer.status_code == 200
    assert answer.json() == {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}
    assert intake.alerts == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[1]", b'[{"eventType":7}]', b"not json", b'{"data":{}}'])
async def test_a_validation_without_a_code_is_kept_as_any_other_post(intake: Intake, body: bytes) -> None:
    headers = {"aeg-event-type": "SubscriptionValidation"}

    answer = await intake.http.post(IN_QUERY, content=body, headers=headers)

    assert answer.status_code == 202


async def test_a_wrong_code_in_the_query_is_401_without_the_code_in_it(intake: Intake) -> None:
    answer = await intake.http.post("/v1/alerts/grid?code=wrong-but-private", json=VALIDATION)

    assert answer.status_code == 401
    assert "private" not in answer.text


async def test_cloud_events_ask_by_options_and_may_come(intake: Intake) -> None:
    asks = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}

    answer = await intake.http.request("OPTIONS", IN_QUERY, headers=asks)

    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert answer.headers["webhook-allowed-rate"] == "*"
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(("path", "status"), [("/v1/alerts/grid", 401), ("/v1/alerts/hooks", 401)])
async def test_options_without_the_secret_are_refused(intake: Intake, path: str, status: int) -> None:
    answer = await intake.http.request("OPTIONS", path, headers={"WebHook-Request-Origin": "evil.example"})

    assert answer.status_code == status
    assert "webhook-allowed-origin" not in answer.headers


async def test_options_that_ask_for_nothing_are_405(intake: Intake) -> None:
    assert (await intake.http.request("OPTIONS", IN_QUERY)).status_code == 405


# --- SNS -------------------------------------------------------------------------------------------------------------


async def test_a_signed_notification_is_accepted_as_text_plain_and_again_with_the_same_id(intake: Intake) -> None:
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}

    first = await intake.http.post("/v1/alerts/aws", content=message(NOW), headers=headers)
    again = await intake.http.post("/v1/alerts/aws", content=message(NOW), headers=headers)

    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert intake.alerts[0].delivery_id == "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"
    assert len(intake.alerts) == 1


async def test_an_unsigned_notification_gets_the_refusal_everybody_gets(intake: Intake) -> None:
    unsigned = json.dumps({**json.loads(message(NOW)), "Signature": "c2lnbmF0dXJl"}).encode()
    answers = [
        await intake.http.post(path, content=content)
        for path, content in (
            ("/v1/alerts/aws", unsigned),
            ("/v1/alerts/aws", message(NOW, by=key(1))),
            ("/v1/alerts/aws", b"{}"),
            ("/v1/alerts/nobody", message(NOW)),
        )
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert intake.alerts == []


async def test_a_subscription_is_answered_at_once_and_confirmed(intake: Intake) -> None:
    answer = await intake.http.post("/v1/alerts/aws", content=subscription(NOW))

    assert answer.status_code == 202
    assert answer.json() == {"accepted": [], "quarantined": 0}
    async with asyncio.timeout(30):
        await intake.internet.was_asked.wait()
    assert intake.internet.asked == [CERTIFICATE, SUBSCRIBE]
    assert intake.alerts == []


async def test_an_unreachable_certificate_is_503_because_sns_does_not_come_again_after_a_4xx(intake: Intake) -> None:
    intake.internet.pages.clear()

    answer = await intake.http.post("/v1/alerts/aws", content=message(NOW))

    assert answer.status_code == 503
    assert "retry-after" in answer.headers


# --- our own test post -----------------------------------------------------------------------------------------------


async def test_a_test_post_is_marked_whatever_it_says_and_proves_itself_like_any_other(intake: Intake) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "x-tandem-test": "1"}

    answer = await intake.http.post("/v1/alerts/erp", json={"title": "a", "test": False}, headers=headers)
    refused = await intake.http.post("/v1/alerts/erp", json={"title": "a"}, headers={"x-tandem-test": "1"})

    assert (answer.status_code, refused.status_code) == (202, 401)
    assert [alert.test for alert in intake.alerts] == [True]
