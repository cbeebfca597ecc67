"""Words that tools use for severity and status, placeholders that were not filled, and lines of a log."""

from __future__ import annotations

import json

import pytest

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest.normalise import read
from tandem_ingest.vendors import severity, status
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.vendors.monitoring import records


def one(vendor: str, body: object) -> VendorAlert:
    (alert,) = read(CATALOGUE[vendor], json.dumps(body).encode(), {}).alerts
    return alert


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("SEVERITY_HIGH", Severity.HIGH),
        ("ALERT_CRITICALITY_LEVEL_WARNING", Severity.MEDIUM),
        ("risk_critical", Severity.CRITICAL),
        ("not_critical", Severity.UNKNOWN),
        ("level_", Severity.UNKNOWN),
        ("severity_9", Severity.UNKNOWN),
    ],
)
def test_a_constant_that_names_its_scale_is_its_last_word(word: str, expected: Severity) -> None:
    assert severity.of_word(word) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("STATUS_070_RESOLVED_OTHER", AlertStatus.RESOLVED),
        ("closed_true_positive", AlertStatus.RESOLVED),
        ("auto_resolved", AlertStatus.RESOLVED),
        ("STATUS_010_NEW", AlertStatus.FIRING),
        ("resolved_pending_review", AlertStatus.FIRING),
        ("not_resolved", AlertStatus.FIRING),
        ("closed - waiting for the customer", AlertStatus.FIRING),
    ],
)
def test_a_status_may_say_how_it_ended(word: str, expected: AlertStatus) -> None:
    assert status.of_word(word) is expected


@pytest.mark.parametrize(
    "left", ["{{host}}", "{{ context.host.name }}", "${Host name}", "$HOSTNAME", "%host%", "%host", "{HOST.NAME}"]
)
def test_a_placeholder_that_was_left_as_it_stands_is_no_host_and_no_key(left: str) -> None:
    alert = one(
        "pagerduty", {"event_action": "trigger", "dedup_key": left, "payload": {"summary": "Fan", "source": left}}
    )

    assert (alert.host, alert.dedup_key) == (None, None)


def test_a_word_in_single_braces_is_a_key_that_a_template_may_make() -> None:
    assert one("pagerduty", {"event_action": "trigger", "dedup_key": "{Lyon}", "payload": {"summary": "F"}}).dedup_key


def test_guardduty_marks_its_samples_also_where_the_finding_comes_alone() -> None:
    finding = {
        "arn": "arn:aws:guardduty:eu-west-1:1:detector/d/finding/f",
        "accountId": "1",
        "title": "An instance talks to a Tor node",
        "severity": 8,
        "service": {"serviceName": "guardduty", "additionalInfo": {"sample": True}},
    }

    assert one("cloudwatch", finding).test


@pytest.mark.parametrize(
    ("level", "expected"),
    [("0", Severity.LOW), ("3", Severity.LOW), ("4", Severity.MEDIUM), ("7", Severity.HIGH), ("9", Severity.CRITICAL),
     ("10", Severity.CRITICAL), ("Very-High", Severity.CRITICAL), ("Unknown", Severity.UNKNOWN), ("", Severity.UNKNOWN)],
)  # fmt: skip
def test_a_line_of_cef_says_how_bad_it_is_from_0_to_10_or_by_a_word(level: str, expected: Severity) -> None:
    alert = records.read(f"CEF:0|Vendor|Product|1.0|100|Name|{level}|dvchost=h")

    assert alert is not None
    assert alert.severity is expected


def test_a_value_of_cef_has_blanks_and_equals_signs_and_goes_on_until_the_next_name() -> None:
    line = r"CEF:0|V|P|1|2|a\|b|5|msg=two words c\=d rt=1793606400000 request=http://x/?y\=1 dvchost=h1"

    alert = records.read(line)

    assert alert is not None
    assert (alert.title, alert.host) == ("a|b: two words c=d", "h1")
    assert alert.labels["request"] == "http://x/?y=1"
    assert alert.occurred_at is not None


@pytest.mark.parametrize(
    "line",
    [
        "CEF: twelve files",
        "CEF:0|V|P|1",
        "host=a msg=b",
        "disk full: a=1 b=2 c=3 msg=d e=f",
        'time=1 level=error host=a msg="two lines"\nmore',
        "a=1 b=2 c=3 d=4",
    ],
)
def test_what_is_no_record_stays_a_text(line: str) -> None:
    assert records.read(line) is None


def test_the_outcome_of_what_a_log_line_tells_is_no_clear() -> None:
    alert = records.read('devname="FW1" level="notice" status="success" logdesc="Admin login successful" msg="Hello"')

    assert alert is not None
    assert (alert.status, alert.severity, alert.host) == (AlertStatus.FIRING, Severity.INFO, "FW1")
