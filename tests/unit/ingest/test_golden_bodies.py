"""Each vendor's bodies as they come, and the alerts they are: firing, clear, and the odd ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tandem.model.alert import AlertStatus, VendorAlert
from tandem_ingest.normalise import read
from tandem_ingest.vendors.catalogue import CATALOGUE

GOLDEN = Path(__file__).parents[2] / "golden" / "ingest"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(GOLDEN.glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
]


def body_of(case: dict[str, Any]) -> bytes:
    return (case["text"] if "text" in case else json.dumps(case["body"])).encode()


def written(alert: VendorAlert) -> dict[str, Any]:
    """As the golden files write an alert: what `tandem ingest normalize` prints."""
    at = alert.occurred_at and alert.occurred_at.isoformat().replace("+00:00", "Z")
    names = ("title", "severity_word", "host", "dedup_key", "customer", "url")
    words = {"status": str(alert.status), "severity": str(alert.severity)}
    return {name: getattr(alert, name) for name in names} | words | {"labels": dict(alert.labels), "occurred_at": at}


def golden(vendor: str, name: str) -> bytes:
    cases = json.loads((GOLDEN / f"{vendor}.json").read_text(encoding="utf-8"))
    return next(body_of(case) for case in cases if case["name"] == name)


@pytest.mark.parametrize(("vendor", "case"), CASES)
def test_a_body_becomes_the_alerts_written_beside_it(vendor: str, case: dict[str, Any]) -> None:
    reading = read(CATALOGUE[vendor], body_of(case), {})

    assert [written(alert) for alert in reading.alerts] == case["alerts"]
    assert reading.quarantined == case["quarantined"]


def test_every_vendor_has_golden_bodies_and_every_clearing_one_a_clear() -> None:
    cleared = {
        path.stem
        for path in GOLDEN.glob("*.json")
        for case in json.loads(path.read_text(encoding="utf-8"))
        for alert in case["alerts"]
        if alert["status"] == AlertStatus.RESOLVED.value
    }

    assert {path.stem for path in GOLDEN.glob("*.json")} == set(CATALOGUE)
    assert cleared == {slug for slug, vendor in CATALOGUE.items() if vendor.clears}


@pytest.mark.parametrize(
    ("vendor", "name", "test"),
    [
        ("alertmanager", "a test message of Grafana", True),
        ("alertmanager", "severity page", False),
        ("healthchecks", "its own test message", True),
        ("healthchecks", "a check is down", False),
        ("generic", "a test message", True),
        ("generic", "only a title", False),
    ],
)
def test_a_tools_test_message_is_marked(vendor: str, name: str, test: bool) -> None:
    reading = read(CATALOGUE[vendor], golden(vendor, name), {})

    assert [alert.test for alert in reading.alerts] == [test]


@pytest.mark.parametrize(
    ("vendor", "name", "expected"),
    [
        ("ninjaone", "a condition triggers", "88120417"),
        ("ninjaone", "a list of activities", None),
        ("wazuh", "an alert of level 12", "wazuh-1/1795144364.2201734"),
        ("wazuh", "wrapped by shuffle.py", "wazuh-1/1795144364.2201734"),
        ("alertmanager", "a firing group with a resolved alert", None),
        ("veeam", "an alarm of Veeam ONE", None),
    ],
)
def test_the_delivery_id_is_the_dialects_own(vendor: str, name: str, expected: str | None) -> None:
    assert read(CATALOGUE[vendor], golden(vendor, name), {}).delivery_id == expected


def test_a_generic_sender_names_its_delivery_in_a_header() -> None:
    reading = read(CATALOGUE["generic"], b'{"title":"t"}', {"idempotency-key": "abc"})

    assert reading.delivery_id == "abc"
