"""Whatever is posted at a door, it takes it, answers, or refuses in words; nothing else happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.errors import Refused, Unavailable
from tandem.web.body import decompress
from tandem_ingest import normalise
from tandem_ingest.doors.door import Answer, Asked, Door, Taken
from tandem_ingest.doors.table import Doors
from tandem_ingest.integrations import IntegrationBook
from tandem_ingest.normalise import Post
from tandem_ingest.sns import SnsDoor, cannot_fetch
from tests.support.integrations import integration, secret

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "key"
PATHS = (
    *("/v2/enqueue", "/v2/change/enqueue", "/generic/2010-04-15/create_event.json"),
    *("/v2/alerts", "/v2/alerts/alias/close", "/v2/alerts/alias/acknowledge"),
    *("/api/v2/alerts", f"/am/alertmanager/{KEY}/api/v2/alerts"),
)
VENDOR_OF = {"/v2/al": "opsgenie", "/api/v": "alertmanager", "/am/al": "alertmanager"}
WORDS = (
    *("event_action", "event_type", "routing_key", "service_key", "dedup_key", "incident_key", "payload", "summary"),
    *("source", "severity", "timestamp", "custom_details", "links", "images", "href", "client", "details", "contexts"),
    *("message", "alias", "priority", "tags", "entity", "action", "alert", "note"),
    *("labels", "annotations", "startsAt", "endsAt", "generatorURL", "alertname"),
)
SAID = st.sampled_from(["trigger", "acknowledge", "resolve", "critical", "P1", "close", "2026-11-20T08:00:00Z", KEY])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec=None))
VALUES = st.recursive(
    SCALARS | SAID,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=20,
)
BODIES = st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize("path", PATHS)
@given(body=BODIES, data=st.data())
def test_a_door_takes_answers_or_refuses(path: str, body: bytes, data: st.DataObject) -> None:
    vendor = VENDOR_OF.get(path[:6], "pagerduty")
    book = IntegrationBook([integration(vendor, vendor=vendor, secrets=(secret(KEY),))])
    door = Doors(SnsDoor(cannot_fetch)).at(path)
    assert door is not None
    asked = Asked(
        method="POST", path=path, query="", request_id="r", inflate=decompress,
        headers={"authorization": f"Bearer {KEY}", "x-routing-key": data.draw(st.sampled_from(["", KEY, "wrong"]))},
    )  # fmt: skip
    try:
        assert door.find(asked, book) is None
        asked.body = body
        answer: Any = took(door, asked, book)
        if isinstance(answer, Taken):
            answer = door.accepted(asked, answer, _stored(answer))
    except Refused as refusal:
        answer = door.refused(asked, refusal)

    assert isinstance(answer, Answer)
    assert 200 <= answer.status < 500
    assert answer.body == b"" or json.loads(answer.body) is not None
    assert isinstance(door.unavailable(asked, Unavailable("bus")), Answer)


def took(door: Door, asked: Asked, book: IntegrationBook) -> Taken | Answer:
    """What the door makes of it; it waits for nothing, so one step is all."""
    try:
        door.take(asked, book, NOW).send(None)
    except StopIteration as done:
        found: Taken | Answer = done.value
        return found
    raise AssertionError("the door waited for something")


def _stored(taken: Taken) -> list[Any]:
    post = Post(integration=taken.integration, vendor=taken.vendor, body=b"", content_type=None, received_at=NOW)
    return normalise.accepted(taken.reading, post, normalise.keys(taken.reading, post), "delivery")


@pytest.mark.parametrize("path", ["/", "/v1/incidents", "/api/v1/alerts", "/v2/alert", "/v2/enqueue/x", "/amazing", ""])
def test_other_addresses_are_the_applications(path: str) -> None:
    assert Doors(SnsDoor(cannot_fetch)).at(path) is None


@given(query=st.text(st.characters(codec=None)) | st.sampled_from(["filter=a", 'filter=a=~"("', "receiver=("]))
def test_any_query_is_answered(query: str) -> None:
    book = IntegrationBook([integration("am", vendor="alertmanager", secrets=(secret(KEY),))])
    door = Doors(SnsDoor(cannot_fetch)).at("/api/v2/alerts")
    assert door is not None
    asked = Asked(
        method="GET", path="/api/v2/alerts", query=query, request_id="r", inflate=decompress,
        headers={"authorization": f"Bearer {KEY}"},
    )  # fmt: skip
    door.find(asked, book)

    answer = took(door, asked, book)

    assert isinstance(answer, Answer)
    assert answer.status in {200, 400}
