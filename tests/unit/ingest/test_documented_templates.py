"""What docs/integrations tells people to paste, filled in as the tool does it, becomes the alert it promises."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tandem.model.alert import AlertStatus, Severity, VendorAlert
from tandem_ingest.normalise import read
from tandem_ingest.vendors.catalogue import CATALOGUE

DOCS = Path(__file__).parents[3] / "docs" / "integrations"
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
PARAMETER = re.compile(r"^\| `(\w+)` \| `(.+)` \|$", re.MULTILINE)
CURL = re.compile(r"-d '(\{.*?\})'", re.DOTALL)
TRIED = ("auvik", "checkmk", "datadog", "datto-rmm", "grafana", "librenms", "nagios", "ninjaone", "tactical", "zabbix")
PLACEHOLDERS = {
    "datto-rmm": (r"\[(\w+)\]", {"alert_message_en": 'Disk "C:" is full', "alert_priority": "High"}),
    "tactical": (r"\{\{([\w.]+)\}\}", {"alert.message": 'Disk "C:" is full', "alert.severity": "error"}),
    "datadog": (r"\$(\w+)", {"EVENT_TITLE": "Disk full", "ALERT_PRIORITY": "P2", "ALERT_TRANSITION": "Triggered"}),
    "librenms": (r"\{\{ \$(\w+) \}\}", {"title": 'Disk "C:" is full', "severity": "critical", "state": "1"}),
}
EXPECTED = {
    "datto-rmm": ("device_hostname", "alert_uid", "site_name"),
    "tactical": ("agent.hostname", "alert.id", "agent.site.client.name"),
    "datadog": ("HOSTNAME", "ALERT_CYCLE_KEY", "ORG_NAME"),
    "librenms": ("hostname", "rule_id/device_id", None),
}


def template(slug: str) -> str:
    found = BLOCK.search((DOCS / f"{slug}.md").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def rendered(slug: str) -> str:
    """The template with each placeholder replaced by its value, or by its own name."""
    pattern, values = PLACEHOLDERS[slug]
    return re.sub(pattern, lambda place: values.get(place[1], place[1]), template(slug))


def only(slug: str, body: str) -> VendorAlert:
    reading = read(CATALOGUE[slug], body.encode(), {})
    assert reading.quarantined is None
    return reading.alerts[0]


@pytest.mark.parametrize("slug", PLACEHOLDERS)
def test_a_template_is_json_before_it_is_filled(slug: str) -> None:
    assert json.loads(template(slug))


@pytest.mark.parametrize("slug", PLACEHOLDERS)
def test_a_filled_template_becomes_the_alert_it_promises(slug: str) -> None:
    alert = only(slug, rendered(slug))

    assert alert.title in {'Disk "C:" is full', "Disk full"}
    assert (alert.host, alert.dedup_key, alert.customer) == EXPECTED[slug]
    assert alert.severity in {Severity.HIGH, Severity.CRITICAL}
    assert alert.status is AlertStatus.FIRING
    assert not alert.test


@pytest.mark.parametrize(
    ("slug", "firing", "clear"),
    [
        ("datto-rmm", '"raised"', '"resolved"'),
        ("tactical", '"failure"', '"resolved"'),
        ("datadog", '"Triggered"', '"Recovered"'),
        ("librenms", '"state": "1"', '"state": "0"'),
    ],
)
def test_its_clear_has_the_same_key(slug: str, firing: str, clear: str) -> None:
    fired, over = only(slug, rendered(slug)), only(slug, rendered(slug).replace(firing, clear))

    assert over.status is AlertStatus.RESOLVED
    assert over.dedup_key == fired.dedup_key


@pytest.mark.parametrize("slug", ["datto-rmm", "tactical"])
def test_a_template_that_was_not_filled_is_a_test(slug: str) -> None:
    assert only(slug, template(slug)).test


def test_the_parameters_of_the_zabbix_media_type_become_an_alert() -> None:
    values = {
        "EVENT.NAME": "Swap is low",
        "EVENT.VALUE": "1",
        "EVENT.NSEVERITY": "4",
        "EVENT.TAGSJSON": '[{"tag":"client","value":"acme"}]',
    }
    table = PARAMETER.findall((DOCS / "zabbix.md").read_text(encoding="utf-8"))
    body = {name: re.sub(r"\{([\w.]+)\}", lambda macro: values.get(macro[1], macro[1]), value) for name, value in table}

    alert = only("zabbix", json.dumps({"tandem": "zabbix/1", **body}))

    assert (alert.title, alert.host, alert.dedup_key) == ("Swap is low", "HOST.NAME", "EVENT.ID")
    assert (alert.severity, alert.severity_word) == (Severity.HIGH, "EVENT.SEVERITY")
    assert alert.customer == "acme"
    assert alert.url == "https://zabbix.example/tr_events.php?triggerid=TRIGGER.ID&eventid=EVENT.ID"
    assert "secret" not in alert.labels


@pytest.mark.parametrize("slug", [*TRIED, "uptime-kuma"])
def test_the_line_to_try_it_fires_an_alert_that_is_no_test(slug: str) -> None:
    found = CURL.search((DOCS / f"{slug}.md").read_text(encoding="utf-8"))
    assert found is not None

    alert = only(slug, found[1])

    assert alert.status is AlertStatus.FIRING
    assert alert.host
    assert alert.dedup_key
    assert not alert.test
