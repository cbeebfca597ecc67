"""The dry run: a sentence a person can read aloud, and the whole decision as JSON."""

from __future__ import annotations

import json

import pytest

from tandem.errors import Refused
from tandem.model.alert import AlertStatus, Severity
from tandem_router.explain import explain, read_alert
from tests.unit.router.world import NIGHT, NOON, agreement

ACME = agreement()


def test_the_sentence_says_how_urgent_whose_who_is_paged_and_why():
    said, _ = explain(ACME, {"title": "Disk full on fs1", "host": "fs1"}, NIGHT)

    assert said == (
        "P2 storage, owned by internal; msp is responsible and msp is paged on the ops track: "
        "rule disk-full makes it storage; row storage: internal; P3 by kinds.monitoring.unknown; "
        "at least P2 by rule disk-full; internal hours are closed (Tue 2026-11-17 03:00 America/New_York), "
        "so msp takes P2 after hours; ops track: pages msp; told without a page: internal."
    )


def test_the_json_is_the_whole_decision():
    _, decision = explain(ACME, {"title": "switch down", "host": "sw21"}, NOON, {"severity": "high"})

    again = json.loads(json.dumps(decision))
    assert (again["priority"], again["p1_workflow"], again["affected_users"]) == ("P1", True, 21)
    assert again["paged"] == ["internal", "msp"]
    assert [clock["clock"] for clock in again["trace"]["clocks"]] == ["detect", "response", "joint_call", "resolution"]


def test_settings_change_a_field_or_a_label_first():
    _, decision = explain(ACME, {"title": "x", "labels": {"a": "1"}}, NOON, {"title": "mail", "labels.site": "hq"})

    assert decision["function"] == "mail"
    assert decision["trace"]["classification"]["site"] == "hq"


def test_a_body_that_says_little_is_enough():
    read = read_alert({}, "acme", NOON)

    assert (read.title, read.status, read.severity) == ("Untitled alert", AlertStatus.FIRING, Severity.UNKNOWN)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"kind": "toaster"}, "kind should be one of"),
        ({"status": "perhaps"}, "status should be one of firing, resolved"),
        ({"title": ["a"]}, "title should be a text"),
        ({"labels": "x"}, "labels should be an object"),
        ({"occurred_at": "yesterday"}, "occurred_at should be a time like"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(body, said):
    with pytest.raises(Refused, match=said):
        explain(ACME, body, NOON)
