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
    reading = read(CATALOGUE[vendor], body_of(case), case.get("headers", {}))

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
        ("azure-monitor", "a test of the action group", True),
        ("azure-monitor", "a metric alert fires", False),
        ("gcp", "the test of a channel", True),
        ("gcp", "an incident opens", False),
        ("graylog", "the test notification", True),
        ("graylog", "an aggregation with a key", False),
        ("defender", "the test alert of onboarding", True),
        ("sentinel", "a sample of Defender for Cloud", True),
        ("sentry", "the sample of the legacy plugin", True),
        ("sentry", "the legacy plugin", False),
        ("generic", "a test message", True),
        ("generic", "only a title", False),
        ("datto-rmm", "its variables were not filled: a test", True),
        ("datto-rmm", "a monitor raises", False),
        ("tactical", "its test button: the alert's variables are not filled", True),
        ("tactical", "a check fails", False),
        ("tactical", "Zammad's example by the test button", True),
        ("tactical", "its manual's example for Zammad", False),
        ("grafana", "its test message", True),
        ("grafana", "the test message of Grafana 7", True),
        ("grafana", "a rule fires", False),
        ("grafana", "a panel alert of Grafana 7", False),
        ("zabbix", "the media type's test button: no macro was filled", True),
        ("zabbix", "the template of Grafana OnCall", False),
        ("uptime-kuma", "its test message", True),
        ("uptime-kuma", "a certificate that expires is no test", False),
        ("uptime-kuma", "a notice without a beat", False),
        ("datadog", "a test notification", True),
        ("datadog", "a monitor triggers", False),
        ("prtg", "placeholders that were not filled", True),
        ("prtg", "a sensor is down", False),
        ("cloudwatch", "a sample finding of GuardDuty", True),
        ("rubrik", "its test event", True),
        ("rubrik", "a ransomware detection is a success of severity Critical", False),
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
        ("ninjaone", "alert and device side by side", None),
        ("wazuh", "an alert of level 12", "wazuh-1/1795144364.2201734"),
        ("wazuh", "wrapped by shuffle.py", "wazuh-1/1795144364.2201734"),
        ("alertmanager", "a firing group with a resolved alert", None),
        ("veeam", "an alarm of Veeam ONE", None),
        ("ninjaone", "wrapped by a workflow tool", "6"),
        ("auvik", "an alert triggers", None),
        ("datadog", "a monitor triggers", "7713020044189923055"),
        ("datadog", "the default body", "8306082202796025694"),
        ("datadog", "a list of tags, seconds", None),
        ("zabbix", "a problem", None),
        ("cloudwatch", "an alarm in the envelope of SNS", "6b0f0d4c-9c3f-5e0a-8a55-5b9d1f0c2a11"),
        ("cloudwatch", "EventBridge without SNS, OK", "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92"),
        ("cloudevents", "a structured event", "urn:acme:plc-gateway|evt-20261120-000017"),
        ("cloudevents", "a batch", None),
        ("gcp", "a Pub/Sub push", "2070443601311540"),
        ("graylog", "an aggregation with a key", "01JAZZJAKS82TDZAE82E0WAENT"),
    ],
)
def test_the_delivery_id_is_the_dialects_own(vendor: str, name: str, expected: str | None) -> None:
    assert read(CATALOGUE[vendor], golden(vendor, name), {}).delivery_id == expected


@pytest.mark.parametrize(
    ("vendor", "fires", "clears"),
    [
        ("datto-rmm", "a monitor raises", "the same alert resolves"),
        ("datto-rmm", "names of another template", "that template resolved"),
        ("tactical", "a check fails", "it is resolved"),
        ("auvik", "an alert triggers", "it clears"),
        ("ninjaone", "a flat body of a notification channel", "that channel clears"),
        ("ninjaone", "alert and device side by side", "alert and device side by side, resolved"),
        ("ninjaone", "a condition's own code, type CONDITION", "that condition resets"),
        ("datto-rmm", "the type of the event says raised", "the type of the event says resolved"),
        ("ncentral", "a service has failed (XML over HTTP)", "it is normal again"),
        ("ncentral", "a service has failed (XML over HTTP)", "a return to normal without a trigger's id"),
        ("ncentral", "a JSON template of its keywords", "that template, normal again"),
        ("atera", "a ticket", "the ticket is resolved"),
        ("kaseya", "an alarm of VSA 9", "that alarm is closed"),
        ("veeam", "VeeamNotify for Discord: failed", "VeeamNotify for Slack: success"),
        ("proxmox", "a template for Discord", "other names for title and message"),
        ("healthchecks", "only a sentence", "only a sentence: up"),
        ("healthchecks", "its integration for Spike", "its integration for PagerTree: up"),
        ("grafana", "a rule fires", "it is resolved"),
        ("grafana", "a panel alert of Grafana 7", "the panel is ok"),
        ("zabbix", "a problem", "its recovery"),
        ("zabbix", "a problem", "an update of it"),
        ("zabbix", "macro names as keys", "macro names as keys, resolved"),
        ("zabbix", "subject and default message only", "subject and default message only, resolved"),
        ("uptime-kuma", "a monitor is down", "it is up"),
        ("uptime-kuma", "a certificate that expires is no test", "the same certificate a week later"),
        ("datadog", "a monitor triggers", "it recovers"),
        ("datadog", "the default body", "the default body of its recovery"),
        ("datadog", "the default body without a link", "the default body without a link, recovered"),
        ("prtg", "a sensor is down", "it is up again"),
        ("librenms", "an alert", "it recovers"),
        ("checkmk", "a service is critical", "it recovers"),
        ("checkmk", "a host is down", "the host is up"),
        ("nagios", "a service is critical", "it recovers"),
    ],
)
def test_one_condition_has_one_key_from_firing_to_clear(vendor: str, fires: str, clears: str) -> None:
    found = [read(CATALOGUE[vendor], golden(vendor, name), {}).alerts[0].dedup_key for name in (fires, clears)]

    assert found[0] is not None
    assert found[0] == found[1]


def test_an_acknowledge_of_pagerdutys_api_is_no_alert() -> None:
    reading = read(CATALOGUE["generic"], b'{"event_action":"acknowledge","dedup_key":"ups/1"}', {})

    assert (reading.alerts, reading.quarantined) == ((), None)


def test_a_generic_sender_names_its_delivery_in_a_header() -> None:
    reading = read(CATALOGUE["generic"], b'{"title":"t"}', {"idempotency-key": "abc"})

    assert reading.delivery_id == "abc"


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("azure-monitor", "Event Grid validates its subscription"),
        ("cloudwatch", "a subscription is confirmed"),
        ("cloudwatch", "a subscription has ended"),
        ("sentry", "an installation"),
        ("sentry", "an issue is assigned"),
        ("cloudevents", "Event Grid validates its subscription"),
    ],
)
def test_a_post_that_tells_no_fault_is_no_alert_and_no_quarantine(vendor: str, name: str) -> None:
    reading = read(CATALOGUE[vendor], golden(vendor, name), {})

    assert (reading.alerts, reading.quarantined) == ((), None)


@pytest.mark.parametrize(
    ("vendor", "fires", "clears"),
    [
        ("azure-monitor", "a metric alert fires", "the same firing resolved"),
        ("azure-monitor", "service health, active", "service health, resolved"),
        ("azure-monitor", "resource health, unavailable", "resource health, available again"),
        ("azure-monitor", "a metric alert before the common schema", "the same, deactivated"),
        ("cloudwatch", "an alarm in the envelope of SNS", "the same alarm OK"),
        ("cloudwatch", "EventBridge through SNS", "EventBridge without SNS, OK"),
        ("gcp", "an incident opens", "the same incident closed"),
        ("sentry", "an issue is created", "an issue is resolved"),
        ("sentry", "a metric alert is critical", "a metric alert is resolved"),
        ("cloudevents", "a structured event", "its clear by the type"),
        ("text", "a line with a severity", "its clear"),
        ("text", "a subject of Nagios", "its recovery"),
    ],
)
def test_a_clear_has_the_key_of_what_it_clears(vendor: str, fires: str, clears: str) -> None:
    (fired,) = read(CATALOGUE[vendor], golden(vendor, fires), {}).alerts
    (cleared,) = read(CATALOGUE[vendor], golden(vendor, clears), {}).alerts

    assert fired.dedup_key
    assert fired.dedup_key == cleared.dedup_key
    assert (fired.status, cleared.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)


@pytest.mark.parametrize(
    ("notes", "title"),
    [
        ({"summary": "Mail queue above 500", "description": "812 wait"}, "Mail queue above 500"),
        ({"description": "812 wait"}, "Mail queue: 812 wait"),
        ({"summary": "", "message": "Mail queue is long"}, "Mail queue is long"),
        ({}, "Mail queue"),
    ],
)
def test_a_title_of_grafana_is_the_rules_summary_else_its_name_and_never_its_values(notes: dict[str, str], title: str):
    alert = {
        "status": "firing",
        "labels": {"alertname": "Mail queue", "instance": "mx1"},
        "annotations": notes,
        "valueString": "[ var='A' labels={instance=mx1} value=812 ]",
        "fingerprint": "6c3e1b0a9f22d710",
    }

    (found,) = CATALOGUE["grafana"].read({"status": "firing", "alerts": [alert]}, {})

    assert found.title == title
    assert found.labels["alertname"] == "Mail queue"
    assert "value=812" in found.labels["values"]
