"""SIEM, EDR and backup dialects: what is a test, what a delivery, and which clear ends which alert."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tandem.model.alert import AlertStatus, Kind
from tandem_ingest.normalise import read
from tandem_ingest.unreadable import Unreadable
from tandem_ingest.vendors.catalogue import CATALOGUE
from tandem_ingest.vendors.vendor import Vendor

GOLDEN = Path(__file__).parents[2] / "golden" / "ingest"


def golden(vendor: str, name: str) -> bytes:
    cases = json.loads((GOLDEN / f"{vendor}.json").read_text(encoding="utf-8"))
    return next(json.dumps(case["body"]).encode() for case in cases if case["name"] == name)


@pytest.mark.parametrize(
    ("vendor", "name", "test"),
    [
        ("huntress", "its send-test button", True),
        ("huntress", "an incident report is sent", False),
        ("defender", "Event Grid validates its subscription", True),
        ("defender", "a Graph alert", False),
        ("wazuh5", "a channel's test message", True),
        ("wazuh5", "the message a monitor proposes", False),
        ("proxmox", "the target's test button", True),
        ("proxmox", "a verification failed", False),
    ],
)
def test_a_tools_test_message_is_marked(vendor: str, name: str, test: bool) -> None:
    (alert,) = read(CATALOGUE[vendor], golden(vendor, name), {}).alerts

    assert alert.test is test


@pytest.mark.parametrize(
    ("vendor", "name", "expected"),
    [
        ("wazuh", "sent by pagerduty.py, which calls all of it a warning", "wazuh-1/1795144364.2201734"),
        ("wazuh5", "our template", "kX81"),
        ("wazuh5", "an indexed document", "kX81"),
        ("splunk", "a saved search", None),
        ("defender", "a Graph alert", None),
        ("rubrik", "a backup failed", None),
    ],
)
def test_the_delivery_id_is_the_dialects_own(vendor: str, name: str, expected: str | None) -> None:
    assert read(CATALOGUE[vendor], golden(vendor, name), {}).delivery_id == expected


def test_huntress_names_its_delivery_in_svixs_header() -> None:
    body = golden("huntress", "an incident report is sent")

    assert read(CATALOGUE["huntress"], body, {"svix-id": "msg_2r"}).delivery_id == "msg_2r"
    assert read(CATALOGUE["huntress"], body, {}).delivery_id is None


@pytest.mark.parametrize(
    ("vendor", "text", "title"),
    [
        ("duplicati", "Duplicati Backup report for home\n\nParsedResult: Error\n", "Backup of home: Error"),
        ("wazuh5", "Monitor M just entered alert status.\n- Trigger: T\n- Severity: 1", "M: T"),
        ("elastic", "CPU above 90 % is active\n\n- Value: 95", "CPU above 90 % is active"),
        (
            "proxmox",
            "vzdump backup status (pve2): backup failed\n\nDetails",
            "vzdump backup status (pve2): backup failed",
        ),
    ],
)
def test_plain_text_is_read_where_the_tool_writes_it(vendor: str, text: str, title: str) -> None:
    """Decoding of a body that is no JSON gives its text."""
    (alert,) = CATALOGUE[vendor].read(text, {})

    assert alert.title == title


@pytest.mark.parametrize("vendor", [vendor for vendor in CATALOGUE.values() if vendor.kind in (Kind.SIEM, Kind.BACKUP)])
@pytest.mark.parametrize("text", ['{"title": "x", "search_na', "[{", "", "  "])
def test_json_that_broke_off_is_no_message_for_people(vendor: Vendor, text: str) -> None:
    with pytest.raises(Unreadable):
        vendor.read(text, {})


@pytest.mark.parametrize(
    ("vendor", "fires", "clears"),
    [
        ("huntress", "an incident report is sent", "the report is closed"),
        ("huntress", "an escalation for an organization", "the escalation is resolved"),
        ("defender", "a Graph alert", "the alert is resolved"),
        ("defender", "a Graph incident with its alerts", "the incident is resolved"),
        ("sentinel", "an incident from a playbook's trigger", "the incident is closed"),
        ("splunk", "a notable event of Enterprise Security", "the notable event is closed"),
        ("elastic", "our connector body", "it recovers"),
        ("elastic", "Kibana's own variables as they are", "the rule's recovered action"),
        ("ocsf", "a detection finding", "the finding is closed"),
        ("ocsf", "an incident finding on hold is not over", "the incident finding is closed"),
        ("proxmox", "a verification failed", "the next verification is good"),
        ("proxmox", "like Gotify: failed", "like Gotify: successful"),
        ("rubrik", "a backup failed", "the next backup succeeds"),
        ("duplicati", "text in the form field message", "text of a success"),
        ("script", "restic failed", "the next run succeeds"),
        ("veeam", "an alarm of the Service Provider Console", "the console's alarm is resolved"),
    ],
)
def test_the_clear_has_the_key_of_what_it_clears(vendor: str, fires: str, clears: str) -> None:
    (fired,) = read(CATALOGUE[vendor], golden(vendor, fires), {}).alerts
    (cleared,) = read(CATALOGUE[vendor], golden(vendor, clears), {}).alerts

    assert (fired.status, cleared.status) == (AlertStatus.FIRING, AlertStatus.RESOLVED)
    assert fired.dedup_key == cleared.dedup_key is not None
