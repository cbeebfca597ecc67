"""What gateways, workflow tools and functions put around a vendor's body is taken off, and nothing else."""

from __future__ import annotations

import json

import pytest

from tandem_ingest.normalise import Reading, read
from tandem_ingest.vendors.catalogue import CATALOGUE

ALERT = {"alertName": "WAN down", "alertStatusString": "Triggered", "entityName": "fw-1", "correlationId": "c-1"}


def reading_of(body: object) -> Reading:
    return read(CATALOGUE["auvik"], json.dumps(body).encode(), {})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"body": ALERT}, id="under body"),
        pytest.param({"Body": json.dumps(ALERT), "isBase64Encoded": False}, id="as text under body"),
        pytest.param([{"headers": {}, "query": {}, "body": ALERT}], id="as n8n passes it on"),
        pytest.param([json.dumps(ALERT)], id="as text in a list"),
        pytest.param([[ALERT]], id="a list in a list"),
        pytest.param({"Records": [{"body": json.dumps(ALERT)}]}, id="as a queue passes it on"),
    ],
)
def test_a_wrapped_body_gives_the_alert_of_the_bare_one(body: object) -> None:
    assert reading_of(body) == reading_of(ALERT)


def test_each_wrapped_body_of_a_list_is_an_alert() -> None:
    reading = reading_of([{"body": ALERT}, {"body": {**ALERT, "alertStatusString": "Cleared"}}])

    assert [str(alert.status) for alert in reading.alerts] == ["firing", "resolved"]


def test_a_body_with_nothing_inside_keeps_the_adapters_own_reason() -> None:
    assert reading_of({"body": {"data": {"x": 1}}}).quarantined == reading_of({"x": 1}).quarantined


def test_wrappers_without_an_end_are_given_up() -> None:
    body: object = ALERT
    for _ in range(10):
        body = {"body": body}

    assert reading_of(body).alerts == ()
