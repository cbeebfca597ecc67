"""What senders of PagerDuty's Events APIs are answered, and what becomes of their events."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.clock import ManualClock
from tandem.model.alert import AlertStatus
from tandem.model.integration import AuthKind
from tests.support.intake import Intake, open_intake
from tests.support.integrations import integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "4f1c0b0a7e3d4c70b7c9b2f1a2d3e4f5"
PD = integration("pd", vendor="pagerduty", secrets=(secret(KEY), secret("old-key", expires_at=NOW)))
SIGNED = integration("signed", vendor="pagerduty", auth=AuthKind.HMAC, secrets=(secret("a-key-that-signs"),))
OTHER = integration("erp", secrets=(secret("key-of-another-vendor"),))
OFF = integration("off", vendor="pagerduty", enabled=False, secrets=(secret("key-of-a-disabled-one"),))
INVALID = {"status": "invalid event", "message": "Event object is invalid"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def intake(clock: ManualClock) -> AsyncIterator[Intake]:
    async with open_intake((PD, SIGNED, OTHER, OFF), clock) as found:
        yield found


def event(action: str = "trigger", *, key: str | None = "ups/battery", **more: Any) -> dict[str, Any]:
    payload = {"summary": "UPS on battery", "source": "ups-lyon-1", "severity": "error"}
    said = {"routing_key": KEY, "event_action": action, "payload": payload, **more}
    return said if key is None else {**said, "dedup_key": key}


async def test_a_trigger_is_stored_and_answered_as_pagerduty_does(intake: Intake) -> None:
    answer = await intake.post("/v2/enqueue", event())

    assert answer.status_code == 202
    assert answer.json() == {"status": "success", "message": "Event processed", "dedup_key": "ups/battery"}
    (alert,) = intake.alerts
    assert (alert.tenant, alert.integration, alert.vendor) == ("acme", "pd", "pagerduty")
    assert (alert.title, alert.host, alert.severity_word) == ("UPS on battery", "ups-lyon-1", "error")
    assert intake.count("accepted", PD) == 1


async def test_a_resolve_needs_its_key_only(intake: Intake) -> None:
    answer = await intake.post(
        "/v2/enqueue", {"routing_key": KEY, "event_action": "resolve", "dedup_key": "ups/battery"}
    )

    assert answer.json()["dedup_key"] == "ups/battery"
    assert [(alert.dedup_key, alert.status) for alert in intake.alerts] == [("ups/battery", AlertStatus.RESOLVED)]


async def test_an_acknowledgement_is_answered_and_changes_nothing(intake: Intake) -> None:
    answer = await intake.post("/v2/enqueue", event("acknowledge", key="k\ud800"))

    assert answer.status_code == 202
    assert answer.json()["message"] == "Event processed"
    assert intake.alerts == []
    assert intake.count("ignored", PD) == 1


async def test_without_a_key_one_is_made_and_a_retry_is_told_the_same(intake: Intake, clock: ManualClock) -> None:
    first = (await intake.post("/v2/enqueue", event(key=None))).json()["dedup_key"]
    again = (await intake.post("/v2/enqueue", event(key=None))).json()["dedup_key"]
    other = (await intake.post("/v2/enqueue", event(key=None, client="NUT"))).json()["dedup_key"]
    clock.advance(timedelta(minutes=10))
    later = (await intake.post("/v2/enqueue", event(key=None))).json()["dedup_key"]

    assert first == again
    assert len({first, other, later}) == 3
    assert [alert.dedup_key for alert in intake.alerts] == [first, other, later]


async def test_the_key_may_stand_in_a_header_and_is_never_kept(intake: Intake) -> None:
    said = event()
    del said["routing_key"]

    assert (await intake.post("/v2/enqueue", said, headers={"X-Routing-Key": KEY})).status_code == 202
    assert (await intake.post("/v2/enqueue", event(key="other"))).status_code == 202

    assert len(intake.alerts) == 2
    assert all(KEY.encode() not in alert.raw for alert in intake.alerts)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"event_action": "trigger"}, "'routing_key' is missing or blank"),
        ({"routing_key": "x" * 32, "event_action": "trigger"}, "Invalid routing key"),
        ({"routing_key": "old-key", "event_action": "trigger"}, "Invalid routing key"),
        ({"routing_key": "a-key-that-signs", "event_action": "trigger"}, "Invalid routing key"),
        ({"routing_key": "key-of-another-vendor", "event_action": "trigger"}, "Invalid routing key"),
        ({"routing_key": "key-of-a-disabled-one", "event_action": "trigger"}, "Invalid routing key"),
        (event("explode"), "'event_action' is invalid (must be one of: trigger, acknowledge, resolve)"),
        ({**event(), "event_action": None}, "'event_action' is missing or blank"),
        (event("resolve", key=None), "'dedup_key' is missing or blank"),
        (event(key="k" * 256), "'dedup_key' is too long (at most 255 characters)"),
        ({**event(), "payload": "text"}, "'payload' is missing or blank"),
        ({**event(), "payload": {"source": "s", "severity": "info"}}, "'payload.summary' is missing or blank"),
        ({**event(), "payload": {"summary": "s", "severity": "info"}}, "'payload.source' is missing or blank"),
        (
            {**event(), "payload": {"summary": "s", "source": "s", "severity": "P1"}},
            "'payload.severity' is invalid (must be one of: critical, warning, error, info)",
        ),
        (b"not json", "Event object format is unrecognized: not JSON"),
        (b"", "Event object format is unrecognized: an empty body"),
        ([event()], "Event object format is unrecognized: not an object"),
    ],
)
async def test_what_pagerduty_refuses_is_refused_in_its_words(intake: Intake, body: Any, error: str) -> None:
    answer = await intake.post("/v2/enqueue", body)

    assert answer.status_code == 400
    assert answer.json() == {**INVALID, "errors": [error]}
    assert intake.alerts == []


async def test_all_faults_are_told_at_once(intake: Intake) -> None:
    answer = await intake.post("/v2/enqueue", {**event(), "payload": {}})

    assert len(answer.json()["errors"]) == 3


async def test_an_odd_body_that_the_header_proves_silences_no_outage(intake: Intake) -> None:
    answer = await intake.post("/v2/enqueue", b"on fire", headers={"X-Routing-Key": KEY})

    assert answer.status_code == 202
    assert [(alert.title, alert.raw) for alert in intake.alerts] == [("Unreadable alert from pd", b"on fire")]


async def test_512_kib_is_the_most_and_a_bomb_is_refused(intake: Intake) -> None:
    large = await intake.post("/v2/enqueue", b" " * (512 * 1024 + 1))
    deep = await intake.post("/v2/enqueue", b"[" * 1000)
    bomb = await intake.post("/v2/enqueue", gzip.compress(b" " * (3 << 20)), headers={"content-encoding": "gzip"})

    assert [each.status_code for each in (large, deep, bomb)] == [413, 422, 422]
    assert all(each.json()["status"] == "invalid event" for each in (large, deep, bomb))


async def test_what_cannot_be_stored_is_throttled_so_that_clients_come_again(intake: Intake) -> None:
    intake.bus.away()
    answer = await intake.post("/v2/enqueue", event())

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["status"] == "throttle exceeded"


async def test_a_change_is_answered_and_is_no_alert(intake: Intake) -> None:
    change = {"routing_key": KEY, "payload": {"summary": "Build 7 deployed", "source": "ci"}}

    answer = await intake.post("/v2/change/enqueue", change)

    assert answer.status_code == 202
    assert answer.json() == {"status": "success", "message": "Change event processed"}
    assert (await intake.post("/v2/change/enqueue", {"routing_key": KEY})).status_code == 400
    odd = await intake.post("/v2/change/enqueue", b"deployed", headers={"X-Routing-Key": KEY})
    assert odd.status_code == 400
    assert intake.alerts == []


async def test_the_older_api_is_spoken_too(intake: Intake) -> None:
    path = "/generic/2010-04-15/create_event.json"
    said = {"service_key": KEY, "event_type": "trigger", "incident_key": "srv01/HTTP", "description": "HTTP is down"}

    fired = await intake.post(path, said)
    seen = await intake.post(path, {**said, "event_type": "acknowledge"})
    over = await intake.post(path, {**said, "event_type": "resolve"})

    assert [each.status_code for each in (fired, seen, over)] == [200, 200, 200]
    assert fired.json() == {"status": "success", "message": "Event processed", "incident_key": "srv01/HTTP"}
    assert [alert.status.value for alert in intake.alerts] == ["firing", "resolved"]


async def test_only_post_is_taken(intake: Intake) -> None:
    answer = await intake.http.get("/v2/enqueue")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
