"""The alert routes over a real listener: every post gets a deliberate answer, and a 202 means durable."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client import generate_latest
from standardwebhooks import Webhook

from tandem.clock import ManualClock
from tandem.metrics import Metrics
from tandem.model.alert import Alert
from tandem.model.integration import AuthKind, HmacScheme, Integration
from tandem.web.application import build_app
from tandem.web.server import WebServer, bind
from tandem.wire import codec
from tandem_ingest.accept import Acceptance
from tandem_ingest.api import AlertLane
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.metrics import Counts
from tests.support.corpora import json_suite
from tests.support.fake_bus import FakeBus
from tests.support.integrations import STANDARD_WEBHOOKS, digest, integration, secret, unix
from tests.support.web import NO_TLS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "s3cret-of-this-integration"
WHSEC = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
BEARER = {"authorization": f"Bearer {SECRET}"}
KNOWN = (
    integration("erp"),
    integration("rmm", vendor="ninjaone", auth=AuthKind.HEADER),
    integration("splunk", auth=AuthKind.PATH),
    integration("am", vendor="alertmanager"),
    integration("hooks", auth=AuthKind.HMAC, scheme=HmacScheme()),
    integration("svix", auth=AuthKind.HMAC, scheme=STANDARD_WEBHOOKS, secrets=(secret(WHSEC),)),
    integration("sns", vendor="cloudwatch"),
    integration("events", vendor="cloudevents"),
    integration("off", enabled=False),
)


@dataclass
class Intake:
    """A listener with the lane in front of an empty application, and what stands behind it."""

    http: httpx.AsyncClient
    bus: FakeBus
    clock: ManualClock
    book: IntegrationBook
    metrics: Metrics
    address: tuple[str, int]

    async def post(self, path: str = "/v1/alerts/erp", body: bytes | object = b'{"title":"Disk full"}', **more):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(path, content=content, **{"headers": BEARER, **more})

    @property
    def alerts(self) -> list[Alert]:
        return [codec.decode(Alert, record.value) for record in self.bus.records]

    def count(self, result: str, name: str = "erp") -> float:
        labels = {"integration": name, "result": result, "vendor": "generic" if name == "erp" else "unknown"}
        return self.metrics.registry.get_sample_value("tandem_alerts_received_total", labels) or 0.0


@asynccontextmanager
async def listening(*, deadline_s: float = 30.0) -> AsyncIterator[Intake]:
    """``deadline_s`` is how long a body may take; by default more than a busy machine needs for one sent at once."""
    bus, clock, book, metrics = FakeBus(), ManualClock(NOW), IntegrationBook(), Metrics()
    book.replace(KNOWN)
    acceptance = Acceptance(bus, encode=codec.encode)

    def lane(app) -> AlertLane:
        return AlertLane(
            app, book=book, acceptance=acceptance, clock=clock, counts=Counts(metrics), deadline_s=deadline_s
        )

    app = build_app(routers=[], lanes=[lane], metrics=metrics, checks={})
    server = WebServer(app, listening=bind("127.0.0.1", 0), stopping=asyncio.Event())
    await server.start()
    host, port = server.address
    async with httpx.AsyncClient(
        base_url=f"http://{host}:{port}", timeout=20.0, trust_env=False, verify=NO_TLS
    ) as http:
        yield Intake(http, bus, clock, book, metrics, server.address)
    await acceptance.drain()
    await server.stop(1.0)


@pytest.fixture
async def intake() -> AsyncIterator[Intake]:
    async with listening() as found:
        yield found


def is_problem(answer: httpx.Response, status: int) -> bool:
    document = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert document.keys() >= {"type", "title", "status", "detail", "errors", "request_id"}
    return document["status"] == status


# --- accepted ----------------------------------------------------------------------------------------------------


async def test_a_post_is_answered_202_with_its_ids(intake: Intake) -> None:
    answer = await intake.post(body={"title": "Disk full", "dedup_key": "srv1/disk", "status": "firing"})

    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    (alert,) = intake.alerts
    assert answer.json() == {
        "accepted": [{"alert_id": str(alert.alert_id), "dedup_key": "srv1/disk", "status": "firing"}],
        "quarantined": 0,
    }
    assert (alert.tenant, alert.integration, alert.vendor, alert.received_at) == ("acme", "erp", "generic", NOW)
    assert intake.count("accepted") == 1


async def test_202_comes_only_after_the_append_has_returned(intake: Intake) -> None:
    intake.bus.open.clear()
    posting = asyncio.create_task(intake.post())
    async with asyncio.timeout(30):
        await intake.bus.reached.wait()

    assert not posting.done()
    intake.bus.open.set()

    assert (await posting).status_code == 202


async def test_a_batch_is_one_answer_in_the_order_of_the_post(intake: Intake) -> None:
    body = {
        "status": "firing",
        "truncatedAlerts": 3,
        "alerts": [
            {"status": "firing", "labels": {"alertname": "NodeDown"}, "fingerprint": "a"},
            {"status": "resolved", "labels": {"alertname": "NodeDown"}, "fingerprint": "b"},
        ],
    }

    answer = await intake.post("/v1/alerts/am", body)

    accepted = answer.json()["accepted"]
    assert [(each["dedup_key"], each["status"]) for each in accepted] == [("a", "firing"), ("b", "resolved")]
    assert b'result="truncated",vendor="alertmanager"} 3.0' in generate_latest(intake.metrics.registry)


async def test_the_same_post_twice_gets_the_same_ids_and_is_one_alert(intake: Intake) -> None:
    first, again = await intake.post(), await intake.post()

    assert again.status_code == 202
    assert again.json() == first.json()
    assert len(intake.alerts) == 1
    assert intake.count("duplicate") == 1


async def test_the_same_signed_post_twice_is_one_alert_although_its_timestamp_moves(intake: Intake) -> None:
    body = b'{"title":"Disk full"}'
    answers = []
    for minutes in (0, 3):
        intake.clock.set(NOW + timedelta(minutes=minutes))
        at = intake.clock.now()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": unix(at),
            "webhook-signature": Webhook(WHSEC).sign("msg_1", at, body.decode()),
        }
        answers.append(await intake.post("/v1/alerts/svix", body, headers=headers))

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert len(intake.alerts) == 1


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/alerts/erp", BEARER),
        ("/v1/alerts/rmm", {"X-Tandem-Key": SECRET}),
        (f"/v1/alerts/splunk/{SECRET}", {}),
        ("/v1/alerts/hooks", {"X-Tandem-Signature": "sha256=" + digest(SECRET.encode(), b'{"title":"t"}').hex()}),
    ],
)
async def test_every_way_to_prove_who_one_is(intake: Intake, path: str, headers: dict[str, str]) -> None:
    assert (await intake.post(path, b'{"title":"t"}', headers=headers)).status_code == 202


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/xml", "nonsense", ""])
async def test_the_content_type_refuses_nothing(intake: Intake, content_type: str) -> None:
    answer = await intake.post(headers={**BEARER, "content-type": content_type})

    assert answer.json()["quarantined"] == 0


async def test_a_compressed_body_is_read(intake: Intake) -> None:
    packed = gzip.compress(b'{"title":"packed"}')

    await intake.post(body=packed, headers={**BEARER, "content-encoding": "gzip"})

    assert intake.alerts[0].title == "packed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"title":NaN}',
        b'{"title":"cut of',
        b"[]",
        b"null",
        b'{"no":"title"}',
        b"\xff\xfe\x00",
        b'{"title":"\x00"}',
    ],
    ids=range(9),
)
async def test_an_authentic_body_that_cannot_be_read_is_accepted_as_one_plain_alert(
    intake: Intake, body: bytes
) -> None:
    answer = await intake.post(body=body)

    assert answer.status_code == 202
    (alert,) = intake.alerts
    assert answer.json() == {
        "accepted": [{"alert_id": str(alert.alert_id), "dedup_key": "unreadable:erp", "status": "firing"}],
        "quarantined": 1,
    }
    assert alert.title == "Unreadable alert from erp"
    assert alert.raw == body
    assert intake.count("quarantined") == 1


async def test_a_post_that_is_no_alert_is_answered_202_with_nothing_accepted(intake: Intake) -> None:
    answer = await intake.post("/v1/alerts/sns", {"Type": "SubscriptionConfirmation", "MessageId": "m", "Token": "t"})

    assert answer.status_code == 202
    assert answer.json() == {"accepted": [], "quarantined": 0}
    assert not intake.bus.records
    assert b'result="ignored",vendor="cloudwatch"} 1.0' in generate_latest(intake.metrics.registry)


async def test_a_dialect_that_retries_on_429_is_told_so(intake: Intake) -> None:
    intake.bus.away()

    answer = await intake.post("/v1/alerts/events", {"specversion": "1.0", "id": "1", "source": "s", "type": "t"})

    assert is_problem(answer, 429)
    assert int(answer.headers["retry-after"]) > 0


async def test_json_that_breaks_parsers_never_costs_the_connection(intake: Intake) -> None:
    for name, body in json_suite().items():
        answer = await intake.post(body=body)

        assert answer.status_code in {202, 422}, name


async def test_compressed_nonsense_is_kept_too(intake: Intake) -> None:
    answer = await intake.post(body=b"nonsense", headers={**BEARER, "content-encoding": "gzip"})

    assert answer.json()["quarantined"] == 1


# --- refused -----------------------------------------------------------------------------------------------------


async def test_wrong_missing_expired_and_unknown_are_one_identical_401(intake: Intake) -> None:
    answers = [
        await intake.post(headers={"authorization": "Bearer wrong"}),
        await intake.post(headers={}),
        await intake.post("/v1/alerts/nobody"),
        await intake.post("/v1/alerts/off"),
        await intake.post("/v1/alerts/splunk"),
        await intake.post("/v1/alerts/hooks"),
        await intake.post(headers=[("authorization", BEARER["authorization"])] * 2),
    ]

    assert all(is_problem(answer, 401) for answer in answers)
    said = {json.dumps({**answer.json(), "request_id": ""}) for answer in answers}
    seen = {tuple(sorted(set(answer.headers) - {"date"})) for answer in answers}
    assert len(said) == len(seen) == 1
    assert not intake.alerts
    assert intake.count("unauthenticated", "unknown") == 1


async def test_a_wrong_secret_in_the_path_is_nowhere(intake: Intake) -> None:
    answers = [
        await intake.post("/v1/alerts/splunk/wrong", headers={}),
        await intake.post(f"/v1/alerts/nobody/{SECRET}", headers={}),
        await intake.post(f"/v1/alerts/erp/{SECRET}"),
    ]

    assert all(is_problem(answer, 404) for answer in answers)
    assert len({json.dumps({**answer.json(), "request_id": ""}) for answer in answers}) == 1
    assert all(SECRET not in answer.text for answer in answers)


@pytest.mark.parametrize("path", ["/v1/alerts/", "/v1/alerts/erp/", "/v1/alerts/erp/a/b", "/v1/alerts//x"])
async def test_other_addresses_are_nowhere(intake: Intake, path: str) -> None:
    assert is_problem(await intake.post(path), 404)


async def test_what_is_not_the_lanes_goes_to_the_application(intake: Intake) -> None:
    assert (await intake.http.get("/livez")).status_code == 200
    assert (await intake.http.post("/v1/alert")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_only_post_sends_alerts(intake: Intake, method: str) -> None:
    answer = await intake.http.request(method, "/v1/alerts/erp", headers=BEARER)

    assert is_problem(answer, 405)
    assert answer.headers["allow"] == "POST"


async def test_a_get_with_a_query_is_the_form_it_sends_without_the_secret(intake: Intake) -> None:
    answer = await intake.http.get("/v1/alerts/erp", params={"title": "Web is down", "key": "x"}, headers=BEARER)

    assert answer.status_code == 202
    assert [(alert.title, alert.raw) for alert in intake.alerts] == [("Web is down", b"title=Web+is+down")]


async def test_a_query_is_read_only_where_there_is_no_body(intake: Intake) -> None:
    await intake.http.post("/v1/alerts/erp?title=query", headers=BEARER)
    await intake.post("/v1/alerts/erp?title=query", {"title": "body"})

    assert [alert.title for alert in intake.alerts] == ["query", "body"]


async def test_a_signature_over_nothing_does_not_vouch_for_a_query(intake: Intake) -> None:

    signed = {"X-Tandem-Signature": "sha256=" + hmac.new(SECRET.encode(), b"", "sha256").hexdigest()}

    assert is_problem(await intake.http.post("/v1/alerts/hooks?title=forged", headers=signed), 401)
    assert intake.alerts == []


@pytest.mark.parametrize("headers", [BEARER, {}])
async def test_two_megabytes_are_refused_before_anything_is_checked(intake: Intake, headers: dict[str, str]) -> None:
    assert is_problem(await intake.post(body=b"x" * (2 << 20), headers=headers), 413)


async def test_two_megabytes_without_an_announcement_are_refused(intake: Intake) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b"x" * (64 << 10)

    answer = await intake.http.post("/v1/alerts/erp", content=chunks(), headers=BEARER)

    assert is_problem(answer, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000 + b"]" * 10_000,
        b'{"title":' * 10_000,
        json.dumps({str(i): i for i in range(5_001)}).encode(),
        gzip.compress(b"0" * (8 << 20)),
    ],
    ids=["nested", "unfinished", "keys", "inflating"],
)
async def test_a_bomb_is_refused(intake: Intake, body: bytes) -> None:
    headers = {**BEARER, "content-encoding": "gzip"} if body[:2] == b"\x1f\x8b" else BEARER

    assert is_problem(await intake.post(body=body, headers=headers), 422)
    assert is_problem(await intake.post(body=body, headers={**headers, "authorization": "Bearer wrong"}), 401)


async def test_a_megabyte_is_taken(intake: Intake) -> None:
    frame = b'{"title":"big","pad":""}'
    body = frame[:-2] + b"x" * ((1 << 20) - len(frame)) + frame[-2:]

    assert (await intake.post(body=body)).status_code == 202
    assert intake.alerts[0].raw == body


async def test_half_a_body_and_then_silence_is_told_that_it_took_too_long() -> None:
    async with listening(deadline_s=0.5) as intake:
        reader, writer = await asyncio.open_connection(*intake.address)
        writer.write(
            b"POST /v1/alerts/erp HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\nAuthorization: Bearer "
            + SECRET.encode()
            + b'\r\n\r\n{"title":'
        )
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n")
        writer.close()

        assert b" 408 " in head
        assert not intake.alerts


async def test_half_a_body_and_then_a_closed_connection_stores_nothing(intake: Intake) -> None:
    _, writer = await asyncio.open_connection(*intake.address)
    writer.write(b"POST /v1/alerts/erp HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await intake.post()).status_code == 202
    assert len(intake.alerts) == 1


async def test_when_the_bus_is_away_the_sender_is_asked_to_come_again_and_gets_the_same_ids(intake: Intake) -> None:
    before = (await intake.post(body={"title": "t", "dedup_key": "k"})).json()
    intake.bus.away()

    refused = await intake.post(body={"title": "other"})

    assert is_problem(refused, 503)
    assert int(refused.headers["retry-after"]) > 0
    assert len(intake.alerts) == 1
    intake.bus.back()
    assert (await intake.post(body={"title": "other"})).status_code == 202
    assert (await intake.post(body={"title": "t", "dedup_key": "k"})).json() == before


async def test_before_the_integrations_are_known_nobody_is_called_unknown(intake: Intake) -> None:
    intake.book.loaded = False

    assert is_problem(await intake.post(), 503)


async def test_a_revoked_integration_is_refused_from_the_next_refresh_on(intake: Intake) -> None:
    assert (await intake.post()).status_code == 202
    remaining: tuple[Integration, ...] = KNOWN[1:]
    intake.book.replace(remaining)

    assert is_problem(await intake.post(), 401)


async def test_a_hundred_posts_at_once_are_a_hundred_alerts(intake: Intake) -> None:
    answers = await asyncio.gather(*(intake.post(body={"title": f"t{i}"}) for i in range(100)))

    assert {answer.status_code for answer in answers} == {202}
    told = {each["alert_id"] for answer in answers for each in answer.json()["accepted"]}
    assert told == {str(alert.alert_id) for alert in intake.alerts}
    assert len(told) == 100
    assert sum(intake.bus.batches) == 100
