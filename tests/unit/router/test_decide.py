"""The decision, row by row of the domain's tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.model.alert import Alert, AlertStatus, Kind, Severity
from tandem.model.events import CommandKind
from tandem.model.incident import FiringAlert
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority
from tandem_router.batch import Batch, Loaded
from tandem_router.decide import NOTHING_OPEN, Situation, decide, decide_raised
from tandem_router.routing import Routing
from tandem_router.service import new_incident_id
from tests.unit.router.world import NIGHT, NOON, THANKSGIVING, Book, agreement, alert, command

ACME = agreement()
MANAGED = agreement(kind="managed")
INTERNAL, MSP = Party.INTERNAL, Party.MSP


def decided(title: str, at: datetime = NOON, **fields: Any) -> Routing:
    return decide(alert(title, at, **fields), ACME, NOTHING_OPEN, at)


SIEM: dict[str, Any] = {"kind": Kind.SIEM, "severity": Severity.HIGH}
BACKUP: dict[str, Any] = {"kind": Kind.BACKUP}

TABLE = [
    # title, at, fields, priority, responsible, paged, informed
    ("disk full", NOON, {}, "P2", INTERNAL, [INTERNAL], []),
    ("disk full", NIGHT, {}, "P2", MSP, [MSP], [INTERNAL]),
    ("disk full", THANKSGIVING, {}, "P2", MSP, [MSP], [INTERNAL]),
    ("space low", NOON, {}, "P3", INTERNAL, [], [INTERNAL]),
    ("space low", NIGHT, {}, "P3", INTERNAL, [], [INTERNAL]),
    ("stays up", NIGHT, {"severity": Severity.CRITICAL}, "P2", INTERNAL, [INTERNAL], []),
    ("switch down", NOON, {"host": "sw20", "severity": Severity.CRITICAL}, "P2", INTERNAL, [INTERNAL], []),
    ("switch down", NOON, {"host": "sw21"}, "P1", INTERNAL, [INTERNAL, MSP], []),
    ("switch down", NIGHT, {"host": "sw21"}, "P1", MSP, [MSP], [INTERNAL]),
    ("internet gone", NOON, {}, "P1", INTERNAL, [INTERNAL, MSP], []),
    ("uplink down", NIGHT, {"host": "sw21"}, "P1", MSP, [MSP, INTERNAL], []),
    ("uplink slow", NOON, {"severity": Severity.CRITICAL}, "P2", MSP, [MSP], [INTERNAL]),
    ("erp down", NOON, {"kind": Kind.MONITORING, "severity": Severity.CRITICAL}, "P1", INTERNAL, [INTERNAL, MSP], []),
    ("erp down", NIGHT, {"kind": Kind.MONITORING, "severity": Severity.CRITICAL}, "P1", MSP, [MSP, INTERNAL], []),
    ("erp slow", NOON, {"severity": Severity.CRITICAL}, "P2", INTERNAL, [INTERNAL], [MSP]),
    ("erp slow", NIGHT, {"severity": Severity.CRITICAL}, "P2", MSP, [MSP], [INTERNAL]),
    ("erp slow", NIGHT, {"severity": Severity.LOW}, "P4", INTERNAL, [], [INTERNAL, MSP]),
    ("leak of db", NOON, {"host": "db1"}, "P1", MSP, [MSP, INTERNAL], []),
    ("mail slow on db", NOON, {"host": "db1"}, "P3", MSP, [], [MSP]),
    ("finding", NOON, SIEM, "P2", MSP, [MSP, INTERNAL], []),
    ("finding", NIGHT, SIEM, "P2", MSP, [MSP], [INTERNAL]),
    ("finding", NIGHT, {**SIEM, "severity": Severity.CRITICAL}, "P1", MSP, [MSP, INTERNAL], []),
    ("ransom note", NIGHT, SIEM, "P2", MSP, [MSP, INTERNAL], []),
    ("finding", NOON, {**SIEM, "severity": Severity.LOW}, "P4", MSP, [], [MSP, INTERNAL]),
    ("verify failed", NOON, {**BACKUP, "severity": Severity.CRITICAL}, "P2", MSP, [MSP], [INTERNAL]),
    ("verify failed", NIGHT, {**BACKUP, "severity": Severity.HIGH}, "P3", MSP, [], [MSP, INTERNAL]),
    ("nobody knows this", NOON, {"severity": Severity.CRITICAL}, "P2", MSP, [MSP], [INTERNAL]),
    ("nobody knows this", NOON, {"severity": Severity.INFO}, "P5", MSP, [], []),
]


@pytest.mark.parametrize(("title", "at", "fields", "priority", "responsible", "paged", "informed"), TABLE)
def test_who_is_responsible_paged_and_told(title, at, fields, priority, responsible, paged, informed):
    routing = decided(title, at, **fields)

    assert routing.priority == priority
    assert routing.responsible_party is responsible
    assert list(routing.must_acknowledge) == paged
    assert list(routing.informed) == informed


def test_everybody_absent_makes_a_working_day_a_night_but_one_absence_does_not():
    one_away = decided("disk full", datetime(2026, 12, 1, 17, tzinfo=UTC))
    both_away = decided("disk full", datetime(2026, 12, 2, 17, tzinfo=UTC))

    assert one_away.responsible_party is INTERNAL
    assert both_away.responsible_party is MSP
    assert any("absent" in clause for clause in both_away.because)


def test_the_absence_ends_with_the_local_day():
    before_midnight = datetime(2026, 12, 3, 4, 59, tzinfo=UTC)  # 23:59 of the 2nd in New York: closed anyway
    next_morning = datetime(2026, 12, 3, 15, tzinfo=UTC)

    assert decided("disk full", before_midnight).responsible_party is MSP
    assert decided("disk full", next_morning).responsible_party is INTERNAL


def test_hours_begin_at_the_opening_and_end_at_the_close():
    opening = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)
    close = datetime(2026, 11, 17, 22, 0, tzinfo=UTC)

    assert decided("disk full", opening).responsible_party is INTERNAL
    assert decided("disk full", close).responsible_party is MSP


def test_twenty_per_cent_exactly_is_no_wide_outage_and_one_user_more_is():
    exactly, more = decided("switch down", host="sw20"), decided("switch down", host="sw21")

    assert (exactly.affected_users, exactly.p1_workflow, exactly.priority) == (20, False, Priority.P3)
    assert (more.affected_users, more.p1_workflow, more.priority) == (21, True, Priority.P1)
    assert "P1: 21 of 100 users are affected, more than 20 %" in more.because


def test_affected_users_are_those_of_the_distinct_assets_of_the_incidents_firing_alerts():
    first = alert("switch a", host="sw10")
    batch = Batch(Loaded(), Book(ACME), NOON, new_incident_id)
    batch.take_alert(first)
    (incident,) = batch.incidents.values()

    again = decide(alert("switch b", host="SW10"), ACME, Situation(incident), NOON)
    other = decide(alert("switch c", host="sw11"), ACME, Situation(incident), NOON)

    assert (again.affected_users, other.affected_users) == (10, 20)


def test_an_asset_the_agreement_lost_counts_no_users():
    batch = Batch(Loaded(), Book(ACME), NOON, new_incident_id)
    batch.take_alert(alert("switch a", host="sw10"))
    (incident,) = batch.incidents.values()
    ghost = FiringAlert(alert_id=incident.incident_id, asset="gone")
    routing = decide(alert("switch b"), ACME, Situation(replace(incident, firing={"x": ghost})), NOON)

    assert routing.affected_users == 0


def test_regulated_data_alone_does_not_raise_but_marks():
    routing = decided("mail slow on db", host="db1")

    assert (routing.regulated, routing.p1_workflow) == (True, False)


def test_a_managed_client_has_the_msp_only():
    for title, fields in (("disk full", {}), ("erp down", {}), ("finding", SIEM), ("verify", BACKUP)):
        routing = decide(alert(title, NOON, **fields), MANAGED, NOTHING_OPEN, NOON)

        assert routing.owner is Owner.MSP
        assert routing.responsible_party is MSP
        assert {*routing.must_acknowledge, *routing.informed} == {MSP}


def test_an_alert_nobody_mapped_takes_the_safety_row_and_says_so():
    routing = decided("nobody knows this")

    assert (routing.row, routing.function, routing.unmapped) == ("safety", "unmapped", True)
    assert routing.because[0] == "no classification rule matched, so it is unmapped"


def test_an_unreadable_body_takes_the_safety_row_even_when_a_rule_would_match():
    routing = decided("disk full", quarantined="not JSON")

    assert routing.row == "safety"
    assert routing.responsible_party is MSP


def test_what_may_be_security_and_nobody_placed_is_on_the_soc_track():
    unknown_tool = decided("odd", kind=Kind.SIEM, quarantined="not JSON")

    assert unknown_tool.track is Track.SOC


def test_an_assets_function_places_what_no_rule_knows():
    assert decided("something", host="CRM").function == "mail"


def test_a_test_message_is_decided_and_pages_nobody():
    routing = decided("disk full", test=True)

    assert routing.mode is Mode.OBSERVE
    assert routing.because[-1] == "a test: nobody is paged"


def test_a_high_finding_is_for_the_soc_whatever_function_it_is_about_and_whatever_its_vendor_calls_it():
    """D05 and R-P5 overrule the tool's word and the function's track."""
    routing = decided("mail phished", kind=Kind.SIEM, severity=Severity.HIGH, vendor="wazuh", severity_word="7")

    assert (routing.track, routing.priority) == (Track.SOC, Priority.P2)
    assert routing.must_acknowledge == (MSP, INTERNAL)


def test_the_vendors_own_word_decides_before_our_severity():
    routing = decided("mail x", vendor="wazuh", kind=Kind.SIEM, severity_word="12", severity=Severity.MEDIUM)

    trace: Any = routing.trace
    assert trace["priority"]["floor_source"] == "vendors.wazuh.12"
    assert routing.priority is Priority.P2


def test_one_tools_high_is_not_another_tools_high():
    routing = decided("mail x", vendor="nobody", severity_word="high", severity=Severity.LOW)

    assert routing.priority is Priority.P4


def test_each_track_has_its_own_path():
    security, operations = decided("finding", **SIEM), decided("switch down", host="sw21")

    assert dict(security.paths) == {MSP: "msp-soc", INTERNAL: "internal-soc"}
    assert dict(operations.paths) == {INTERNAL: "internal-ops", MSP: "msp-ops"}


def test_the_trace_holds_every_step():
    trace: Any = decided("disk full", NIGHT).trace

    assert trace["classification"]["rule"] == "disk-full"
    assert trace["row"]["id"] == "storage"
    assert trace["hours"] == {
        "on_duty": False,
        "calendar": "office",
        "zone": "America/New_York",
        "local": "Tue 2026-11-17 03:00",
    }
    assert trace["parties"] == {"responsible": "msp", "took_over": True, "paged": ["msp"], "informed": ["internal"]}
    assert [clock["clock"] for clock in trace["clocks"]] == ["detect", "response", "resolution"]


def test_a_person_raises_to_the_other_party():
    wish = command(
        new_incident_id(alert()), CommandKind.RAISE, INTERNAL, function="storage", impact="high", to_party=MSP
    )

    routing = decide_raised(wish, ACME, NOON)

    assert (routing.priority, routing.owner, routing.responsible_party) == (Priority.P2, Owner.INTERNAL, MSP)
    assert routing.must_acknowledge == (MSP,)


@pytest.mark.parametrize(("impact", "priority"), [("high", "P2"), ("medium", "P3"), ("low", "P4"), (None, "P3")])
def test_a_raised_incident_takes_the_matrix_at_medium_urgency(impact, priority):
    wish = command(new_incident_id(alert()), CommandKind.RAISE, function="mail", impact=impact)

    assert decide_raised(wish, ACME, NOON).priority == priority


def test_a_raised_incident_of_an_unknown_function_takes_the_safety_row():
    wish = command(new_incident_id(alert()), CommandKind.RAISE, function="no such", asset="no such", impact="what")

    assert decide_raised(wish, ACME, NOON).unmapped


START = datetime(2020, 1, 1, tzinfo=UTC)
texts = st.text(max_size=20)
alerts = st.builds(
    Alert,
    alert_id=st.uuids(),
    tenant=st.just("acme"),
    integration=texts,
    vendor=st.sampled_from(["wazuh", "generic", "ninjaone", "x"]),
    kind=st.sampled_from(Kind),
    delivery_id=texts,
    dedup_key=st.text(min_size=1, max_size=255),
    title=st.one_of(texts, st.sampled_from([row[0] for row in TABLE])),
    status=st.sampled_from(AlertStatus),
    severity=st.sampled_from(Severity),
    severity_word=st.one_of(st.none(), texts, st.sampled_from(["12", "critical"])),
    host=st.one_of(st.none(), texts, st.sampled_from(sorted(ACME.assets))),
    received_at=st.just(NOON),
    labels=st.dictionaries(texts, texts, max_size=3),
    test=st.booleans(),
    quarantined=st.one_of(st.none(), texts),
)


@given(
    alerts,
    st.sampled_from([ACME, MANAGED]),
    st.integers(0, 15 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
)
def test_every_alert_gets_exactly_one_responsible_party_who_hears_of_it_unless_it_is_for_information(one, terms, now):
    routing = decide(one, terms, NOTHING_OPEN, now)

    heard = {*routing.must_acknowledge, *routing.informed}
    assert routing.because
    assert not set(routing.must_acknowledge) & set(routing.informed)
    assert routing.responsible_party in heard or routing.priority is Priority.P5
    assert not routing.must_acknowledge or routing.must_acknowledge[0] is routing.responsible_party
    assert routing.must_acknowledge or not routing.priority.pages
    assert (routing.lead is None) == (routing.owner is not Owner.SHARED)
    assert decide(one, terms, NOTHING_OPEN, now) == routing
