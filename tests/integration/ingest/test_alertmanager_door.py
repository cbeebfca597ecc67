"""What Prometheus and amtool find where they look for an Alertmanager."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.clock import ManualClock
from tests.support.intake import Intake, open_intake
from tests.support.integrations import basic, integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "s3cret-of-metrics"
AM = integration("metrics", vendor="alertmanager", secrets=(secret(KEY),))
OTHER = integration("more-metrics", vendor="alertmanager", secrets=(secret("another"),), tenant="globex")
ERP = integration("erp", secrets=(secret("key-of-erp"),))
BEARER = {"authorization": f"Bearer {KEY}"}
ALERTS = "/api/v2/alerts"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def intake(clock: ManualClock) -> AsyncIterator[Intake]:
    async with open_intake((AM, OTHER, ERP), clock) as found:
        yield found


def posted(name: str = "NodeDown", **more: Any) -> dict[str, Any]:
    labels = {"alertname": name, "severity": "critical", "instance": "db3.internal:9100"}
    return {"labels": labels, "annotations": {"summary": f"{name} on db3"}, **more}


def at(**shift: float) -> str:
    return (NOW + timedelta(**shift)).isoformat()


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (ALERTS, BEARER),
        (ALERTS, {"authorization": basic("anybody", KEY)}),
        ("/am/metrics/api/v2/alerts", BEARER),
        ("/am/metrics/api/v2/alerts", {"authorization": basic("metrics", KEY)}),
        (f"/am/metrics/{KEY}/api/v2/alerts", {}),
        ("/am/metrics/api/v2/alerts", {"x-tandem-key": KEY}),
    ],
)
async def test_the_secret_is_shown_as_bearer_as_password_in_a_header_or_in_the_path(
    intake: Intake, path: str, headers
) -> None:
    answer = await intake.post(path, [posted()], headers=headers)

    assert (answer.status_code, answer.content) == (200, b"")
    assert [(alert.tenant, alert.integration) for alert in intake.alerts] == [("acme", "metrics")]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (ALERTS, {}, 401),
        (ALERTS, {"authorization": "Bearer wrong"}, 401),
        (ALERTS, {"authorization": "Bearer key-of-erp"}, 401),
        ("/am/erp/api/v2/alerts", {"authorization": "Bearer key-of-erp"}, 401),
        ("/am/more-metrics/api/v2/alerts", BEARER, 401),
        ("/am/nobody/api/v2/alerts", BEARER, 401),
        ("/am/metrics/wrong/api/v2/alerts", {}, 404),
        (f"/am/metrics/{KEY}/api/v1/alerts", {}, 404),
        ("/am/", {}, 404),
        ("/am/metrics/x/y/api/v2/alerts", {}, 404),
        ("/api/v2/nothing", BEARER, 404),
    ],
)
async def test_nobody_else_may(intake: Intake, path: str, headers, status: int) -> None:
    post = await intake.post(path, [posted()], headers=headers)
    get = await intake.http.get(path, headers=headers)

    assert (post.status_code, get.status_code) == (status, status)
    assert post.json()["code"] == status
    assert intake.alerts == []


# --- what is stored -----------------------------------------------------------------------------------------------


async def test_an_alert_keeps_what_it_says_and_has_alertmanagers_fingerprint(intake: Intake) -> None:
    await intake.post(
        ALERTS,
        [posted(startsAt=at(minutes=-2), endsAt=at(minutes=4), generatorURL="http://prom/graph?g0.expr=up")],
        headers=BEARER,
    )

    (alert,) = intake.alerts
    assert (alert.title, alert.host, alert.severity.value) == ("NodeDown on db3", "db3.internal", "critical")
    assert alert.dedup_key == "55d2449e88e0b505"
    assert (alert.occurred_at, alert.expires_at) == (NOW - timedelta(minutes=2), NOW + timedelta(minutes=4))
    assert alert.url == "http://prom/graph?g0.expr=up"


async def test_an_end_that_has_passed_resolves_and_one_that_is_missing_is_five_minutes_away(intake: Intake) -> None:
    body = [
        posted("Over", startsAt=at(minutes=-9), endsAt=at(minutes=-1)),
        posted("Ending", endsAt=at()),
        posted("Open", endsAt="0001-01-01T00:00:00Z"),
    ]

    await intake.post(ALERTS, body, headers=BEARER)

    assert [(alert.status.value, alert.occurred_at, alert.expires_at) for alert in intake.alerts] == [
        ("resolved", NOW - timedelta(minutes=1), None),
        ("resolved", NOW, None),
        ("firing", NOW, NOW + timedelta(minutes=5)),
    ]


async def test_labels_without_a_value_do_not_count(intake: Intake) -> None:
    bare, padded = posted(), posted()
    padded["labels"]["zone"] = ""

    await intake.post(ALERTS, [bare, padded], headers=BEARER)

    first, second = intake.alerts
    assert first.dedup_key == second.dedup_key


async def test_a_label_set_without_a_name_has_a_title(intake: Intake) -> None:
    await intake.post(ALERTS, [{"labels": {"foo": "bar", "baz": 7}}], headers=BEARER)

    assert [alert.title for alert in intake.alerts] == ["baz=7, foo=bar"]


async def test_the_valid_ones_of_a_batch_are_stored_and_the_others_told(intake: Intake) -> None:
    body = [
        posted("First"),
        {"labels": {"zone": ""}},
        posted("Backwards", startsAt=at(minutes=2), endsAt=at(minutes=1)),
        "text",
        posted("Last"),
    ]

    answer = await intake.post(ALERTS, body, headers=BEARER)

    assert answer.status_code == 400
    missing = "invalid label set: at least one label pair required"
    assert answer.json() == f"{missing}; start time must be before end time: Backwards; {missing}"
    assert [alert.title for alert in intake.alerts] == ["First on db3", "Last on db3"]
    assert (intake.count("accepted", AM), intake.count("invalid", AM)) == (2, 3)


@pytest.mark.parametrize("body", [b"", b"not json", b"{}", b"null", b"[NaN]", b"[1,", b'"text"', b"[{]"])
async def test_a_body_that_is_no_list_of_alerts_is_400_and_nothing_is_stored(intake: Intake, body: bytes) -> None:
    answer = await intake.post(ALERTS, body, headers=BEARER)

    assert answer.status_code == 400
    assert isinstance(answer.json(), str)
    assert intake.alerts == []


async def test_an_empty_list_is_fine(intake: Intake) -> None:
    answer = await intake.post(ALERTS, [], headers=BEARER)

    assert (answer.status_code, answer.content) == (200, b"")


async def test_a_batch_of_prometheus_is_larger_than_one_body_may_be_of_keys(intake: Intake) -> None:
    wide = [posted(f"Rule{index}") for index in range(256)]
    for alert in wide:
        alert["labels"] |= {f"label{index}": "x" for index in range(20)}

    assert (await intake.post(ALERTS, wide, headers=BEARER)).status_code == 200

    assert len(intake.alerts) == 256


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 2000 + b"]" * 2000, 422),
        (b'[{"labels":' + b'{"a":' * 100 + b"1" + b"}" * 101 + b"]", 422),
        (b"[" + b"1," * 6000 + b"1]", 422),
        (b'[{"labels":{"alertname":"\\ud800"},"annotations":{"\\udfff":"\\u0000"},"generatorURL":"\\ud800"}]', 200),
        (b" " * (1 << 20) + b"[]", 413),
    ],
)
async def test_hostile_bodies_get_a_deliberate_answer(intake: Intake, body: bytes, status: int) -> None:
    assert (await intake.post(ALERTS, body, headers=BEARER)).status_code == status
    assert (await intake.http.get(ALERTS, headers=BEARER)).status_code == 200


async def test_a_post_that_came_again_is_one_delivery(intake: Intake) -> None:
    said = [posted(endsAt=at(minutes=4))]

    await intake.post(ALERTS, said, headers=BEARER)
    await intake.post(ALERTS, said, headers=BEARER)

    assert len(intake.alerts) == 1
    assert intake.count("duplicate", AM) == 1


async def test_a_sender_that_names_no_end_renews_it_with_the_same_bytes(intake: Intake, clock: ManualClock) -> None:
    for _ in range(3):
        await intake.post(ALERTS, [posted()], headers=BEARER)
        clock.advance(timedelta(minutes=1))

    ends = [alert.expires_at for alert in intake.alerts]
    assert ends == [NOW + timedelta(minutes=minutes) for minutes in (5, 6, 7)]


async def test_what_cannot_be_stored_is_503_and_not_shown(intake: Intake) -> None:
    intake.bus.away()

    answer = await intake.post(ALERTS, [posted()], headers=BEARER)
    intake.bus.back()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await intake.http.get(ALERTS, headers=BEARER)).json() == []


# --- what is shown ------------------------------------------------------------------------------------------------


async def test_whoever_asks_back_sees_what_fires_of_its_own_integration(intake: Intake, clock: ManualClock) -> None:
    body = [posted("A", endsAt=at(minutes=4)), posted("B"), posted("C", endsAt=at(minutes=-1))]
    await intake.post(ALERTS, body, headers=BEARER)

    shown = (await intake.http.get(ALERTS, headers=BEARER)).json()
    foreign = (await intake.http.get(ALERTS, headers={"authorization": "Bearer another"})).json()
    groups = (await intake.http.get(f"{ALERTS}/groups", headers=BEARER)).json()
    await intake.post(ALERTS, [posted("B", startsAt=at(minutes=-2), endsAt=at(minutes=-1))], headers=BEARER)
    left = (await intake.http.get(ALERTS, headers=BEARER)).json()
    clock.advance(timedelta(minutes=4))
    none = (await intake.http.get(ALERTS, headers=BEARER)).json()

    assert [each["labels"]["alertname"] for each in shown] == ["A", "B"]
    assert shown[0]["status"] == {"inhibitedBy": [], "silencedBy": [], "state": "active"}
    assert shown[0]["receivers"] == [{"name": "tandem"}]
    assert datetime.fromisoformat(shown[0]["endsAt"]) == NOW + timedelta(minutes=4)
    assert foreign == none == []
    assert [each["labels"]["alertname"] for each in groups[0]["alerts"]] == ["A", "B"]
    assert [each["labels"]["alertname"] for each in left] == ["A"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"filter": 'alertname="A"'}, ["A"]),
        ({"filter": ['alertname=~"A|B"', 'alertname!="B"']}, ["A"]),
        ({"filter": 'alertname!~"A.*"'}, ["B"]),
        ({"filter": 'missing=""'}, ["A", "B"]),
        ({"filter": "alertname=B"}, ["B"]),
        ({"active": "false"}, []),
        ({"receiver": "tan.*"}, ["A", "B"]),
        ({"receiver": "mail"}, []),
        ({"silenced": "false", "inhibited": "false", "unprocessed": "false"}, ["A", "B"]),
    ],
)
async def test_a_query_filters(intake: Intake, query: dict[str, Any], names: list[str]) -> None:
    await intake.post(ALERTS, [posted("A"), posted("B")], headers=BEARER)

    answer = await intake.http.get(ALERTS, headers=BEARER, params=query)

    assert [each["labels"]["alertname"] for each in answer.json()] == names


@pytest.mark.parametrize("wrong", ["(", "a", 'a=~"("', "=x", "&" * 300])
async def test_a_matcher_that_is_none_is_400(intake: Intake, wrong: str) -> None:
    answer = await intake.http.get(ALERTS, headers=BEARER, params={"filter": wrong})

    assert answer.status_code == 400
    assert isinstance(answer.json(), str)


async def test_the_rest_of_the_api_is_there(intake: Intake) -> None:
    status = (await intake.http.get("/am/metrics/api/v2/status", headers=BEARER)).json()

    assert status.keys() == {"cluster", "config", "uptime", "versionInfo"}
    assert (await intake.http.get("/api/v2/receivers", headers=BEARER)).json() == [{"name": "tandem"}]
    assert (await intake.http.get("/api/v2/silences", headers=BEARER)).json() == []
    assert (await intake.http.get("/api/v2/silence/1", headers=BEARER)).status_code == 404
    assert (await intake.http.delete("/api/v2/silence/1", headers=BEARER)).status_code == 404


async def test_a_silence_is_refused_with_where_they_are_made(intake: Intake) -> None:
    answer = await intake.post("/api/v2/silences", {"comment": "x"}, headers=BEARER)

    assert answer.status_code == 400
    assert "tandem silences add" in json.loads(answer.content)


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready", "/am/metrics/-/healthy", f"/am/metrics/{KEY}/-/ready"])
async def test_health_is_answered_without_a_secret(intake: Intake, path: str) -> None:
    answer = await intake.http.get(path)

    assert (answer.status_code, answer.text) == (200, "OK")


async def test_it_is_not_ready_before_the_integrations_are_loaded(intake: Intake) -> None:
    intake.book.loaded = False

    assert (await intake.http.get("/-/ready")).status_code == 503
    assert (await intake.post(ALERTS, [posted()], headers=BEARER)).status_code == 503


async def test_memory_of_what_stands_is_bounded(intake: Intake) -> None:
    for start in range(0, 12_000, 500):
        batch = [posted(f"Rule{index}", annotations={"text": "x" * 1000}) for index in range(start, start + 500)]
        assert (await intake.post(ALERTS, batch, headers=BEARER)).status_code == 200

    shown = await intake.http.get(ALERTS, headers=BEARER)

    assert len(shown.content) < 9 << 20
    assert shown.json()[-1]["labels"]["alertname"] == "Rule11999"
