"""Until when a source takes a firing alert for true (R-P13): read where a tool says it, and never invented."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem_ingest.normalise import Post, accepted, keys, read
from tandem_ingest.vendors.catalogue import CATALOGUE
from tests.support.integrations import integration

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SOON = "2026-11-20T09:30:00Z"


def expiry(vendor: str, body: Any) -> datetime | None:
    """Of the one alert that ``body`` becomes when it is accepted at 09:00."""
    raw = json.dumps(body).encode()
    post = Post(
        integration=integration("tool"),
        vendor=CATALOGUE[vendor],
        body=raw,
        content_type="application/json",
        received_at=NOW,
    )
    reading = read(post.vendor, raw, {})
    (alert,) = accepted(reading, post, keys(reading, post), "one")
    return alert.expires_at


def alertmanager(ends_at: object, status: str = "firing") -> dict[str, Any]:
    alert = {"status": status, "labels": {"alertname": "NodeDown"}, "startsAt": "2026-11-20T08:14:05Z"}
    return {"version": "4", "status": status, "alerts": [{**alert, "endsAt": ends_at, "fingerprint": "a7"}]}


@pytest.mark.parametrize(
    ("ends_at", "expected"),
    [
        pytest.param(SOON, NOW + timedelta(minutes=30), id="to come"),
        pytest.param("0001-01-01T00:00:00Z", None, id="the year 1 of Go means none"),
        pytest.param("2026-11-20T09:00:00Z", None, id="now is over"),
        pytest.param("2026-11-20T08:59:00Z", None, id="past"),
        pytest.param("tomorrow", None, id="no instant"),
        pytest.param(["2026-11-20T09:30:00Z"], None, id="odd"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_firing_alert_of_alertmanager_expires_at_an_end_to_come(ends_at: object, expected: datetime | None):
    assert expiry("alertmanager", alertmanager(ends_at)) == expected


def test_the_end_of_a_resolved_one_is_when_it_was_over_and_no_expiry():
    assert expiry("alertmanager", alertmanager(SOON, status="resolved")) is None


@pytest.mark.parametrize("field", ["expires_at", "ends_at"])
def test_a_generic_body_may_say_until_when(field: str):
    assert expiry("generic", {"title": "Disk full", field: SOON}) == NOW + timedelta(minutes=30)
    assert expiry("generic", {"title": "Disk full", field: SOON, "status": "ok"}) is None
    assert expiry("generic", {"title": "Disk full", field: 1795167000}) == NOW + timedelta(minutes=30)


def test_what_says_nothing_does_not_expire():
    assert expiry("generic", {"title": "Disk full"}) is None
