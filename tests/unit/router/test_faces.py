"""An incident with both faces is one incident with two page legs, each of its own track's people (R-A3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import Face, Incident, IncidentState
from tandem.model.ownership import Actor, Mode, Owner, Party, Track
from tandem.model.priority import Priority
from tandem_router.batch import Batch
from tandem_router.outcome import Refusal
from tandem_router.roll import roll
from tandem_router.routed import cloud_events
from tests.unit.router.world import NIGHT, NOON, agreement, alert, clear, command
from tests.unit.router.yard import Yard, said

INTERNAL, MSP = Party.INTERNAL, Party.MSP
MINUTE = timedelta(minutes=1)
ACKNOWLEDGE = CommandKind.ACKNOWLEDGE


def finding(at: Any = NOON + MINUTE, title: str = "switch b: rogue device", **fields: Any) -> Any:
    """What a SIEM says of the network: of the group of its outages, and of the security track."""
    return alert(title, at, **({"kind": Kind.SIEM, "severity": Severity.HIGH} | fields))


def outage(at: Any = NOON, title: str = "switch a down", **fields: Any) -> Any:
    return alert(title, at, **fields)


def face(incident: Incident) -> Face:
    assert incident.second_face is not None
    return incident.second_face


def both(yard: Yard, *, severity: Severity = Severity.CRITICAL, at: Any = NOON) -> Incident:
    """A P2 of operations that a finding has joined."""
    yard.run(outage(at, severity=severity))
    yard.run(finding(at + MINUTE))
    return yard.one


def answer(yard: Yard, person: str | None, party: Party, at: Any = NOON + 2 * MINUTE, **detail: Any) -> Refusal | None:
    """An acknowledgement of a person, as the console gives it unless ``track`` says of which page."""
    wish = replace(command(yard.one.incident_id, ACKNOWLEDGE, party, at, **detail), by=Actor(party, person))
    return yard.run(wish).answered[0].refusal


# -- the second face opens ------------------------------------------------------------------------------------------


def test_a_finding_in_a_group_of_operations_is_one_incident_whose_other_leg_is_the_analysts(yard):
    yard.run(outage(severity=Severity.CRITICAL))
    before = yard.one

    batch = yard.run(finding())

    after = yard.one
    assert said(batch) == ["alert_joined"]
    assert (after.track, after.must_acknowledge, after.paths) == (Track.OPS, before.must_acknowledge, before.paths)
    assert (after.responsible_party, after.detected_at) == (before.responsible_party, before.detected_at)
    assert (face(after).track, set(face(after).must_acknowledge)) == (Track.SOC, {MSP, INTERNAL})
    assert face(after).paths == {MSP: "msp-soc", INTERNAL: "internal-soc"}


def test_one_fact_tells_of_the_second_leg_and_why(yard):
    yard.run(outage(severity=Severity.CRITICAL))

    (event,) = yard.run(finding()).events

    assert (event.fact.kind, event.fact.detail.track) == (FactKind.ALERT_JOINED, Track.SOC)
    assert event.fact.detail.reason == "P2 on the soc track too: pages internal and msp there"
    assert event.incident.because[-1] == event.fact.detail.reason
    assert "soc track: pages internal and msp" in face(event.incident).because


def test_it_is_the_same_the_other_way_round(yard):
    yard.run(finding(NOON))
    yard.run(outage(NOON + MINUTE, severity=Severity.CRITICAL))

    assert (yard.one.track, face(yard.one).track) == (Track.SOC, Track.OPS)
    assert face(yard.one).paths == {INTERNAL: "internal-ops"}


def test_more_alerts_of_either_track_open_nothing_more(yard):
    both(yard)

    batch = yard.run(finding(NOON + 2 * MINUTE, "switch c: rogue device"), outage(NOON + 2 * MINUTE, "switch d down"))

    assert said(batch) == ["alert_joined", "alert_joined"]
    assert [event.fact.detail.track for event in batch.events] == [None, None]
    assert len(yard.one.firing) == 4


def test_a_finding_for_the_queue_waits_in_the_analysts_queue_and_pages_nobody(yard):
    yard.run(outage(severity=Severity.CRITICAL))

    yard.run(finding(severity=Severity.MEDIUM, title="switch b: rogue device"))
    assert yard.one.second_face is None  # of this function: a medium finding is the network's own

    yard.run(alert("switch b: finding", NOON + MINUTE, kind=Kind.SIEM, severity=Severity.HIGH))
    assert face(yard.one).priority is Priority.P2


def test_a_finding_of_medium_severity_that_becomes_high_opens_the_analysts_leg(yard):
    known = finding(NOON, severity=Severity.MEDIUM)
    yard.run(known)
    assert (yard.one.track, yard.one.second_face) == (Track.OPS, None)

    batch = yard.run(finding(NOON + MINUTE, severity=Severity.HIGH))

    assert face(yard.one).track is Track.SOC
    assert yard.one.must_acknowledge == ()
    assert said(batch) == ["alert_joined", "reprioritised"]


def test_assets_of_the_other_track_count_no_users_and_make_nothing_joint(yard):
    yard.run(outage(host="sw10", severity=Severity.CRITICAL))
    users = yard.one.affected_users

    yard.run(finding(host="sw20", severity=Severity.CRITICAL))

    assert (yard.one.affected_users, yard.one.owner) == (users, Owner.INTERNAL)


# -- urgency: one priority, two ladders -----------------------------------------------------------------------------


def test_a_p1_finding_makes_the_incident_a_p1_and_leaves_whom_operations_page_as_it_was(yard):
    yard.run(outage(severity=Severity.CRITICAL))
    before = yard.one

    batch = yard.run(finding(severity=Severity.CRITICAL))

    assert said(batch) == ["alert_joined", "reprioritised"]
    assert (yard.one.priority, yard.one.main_priority) == (Priority.P1, Priority.P2)
    assert (yard.one.must_acknowledge, yard.one.responsible_party) == (before.must_acknowledge, INTERNAL)
    assert yard.one.leads is Track.OPS


def test_what_waits_in_the_queue_of_operations_wakes_nobody_there_and_the_paged_party_is_responsible(yard):
    """After hours and security: the security track only (D08)."""
    yard.run(outage(NIGHT, severity=Severity.MEDIUM))
    assert (yard.one.priority, yard.one.responsible_party) == (Priority.P3, INTERNAL)

    batch = yard.run(finding(NIGHT + MINUTE))

    assert said(batch) == ["alert_joined", "reprioritised", "reowned"]
    assert (yard.one.priority, yard.one.must_acknowledge) == (Priority.P2, ())
    assert (yard.one.responsible_party, face(yard.one).must_acknowledge) == (MSP, (MSP,))
    assert yard.one.leads is Track.SOC


def test_when_operations_become_as_urgent_their_own_people_are_asked(yard):
    yard.run(outage(NIGHT, severity=Severity.MEDIUM), finding(NIGHT + MINUTE))
    answer(yard, "sam", MSP, NIGHT + 2 * MINUTE)
    assert yard.one.state is IncidentState.ACKNOWLEDGED

    yard.run(outage(NIGHT + 3 * MINUTE, "switch c down", severity=Severity.CRITICAL))

    assert MSP in yard.one.must_acknowledge
    assert yard.one.acknowledged == {}
    assert yard.one.leads is Track.OPS


def test_a_person_gives_a_priority_to_the_whole_incident(yard):
    both(yard)

    yard.wish(CommandKind.PRIORITY, yard.one, NOON + 2 * MINUTE, priority=Priority.P4)

    assert (yard.one.priority, face(yard.one).priority) == (Priority.P4, Priority.P4)
    assert (yard.one.must_acknowledge, face(yard.one).must_acknowledge) == ((), ())


def test_the_hours_change_the_people_of_both_legs(yard):
    incident = both(yard, at=NIGHT)
    assert face(incident).must_acknowledge == (MSP,)

    change = roll(incident, agreement(), agreement(), NOON)

    assert set(face(change.incident).must_acknowledge) == {INTERNAL, MSP}
    assert FactKind.NOTED in [fact.kind for fact in change.facts]


# -- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "party", "track", "answered"),
    [
        ("sam", MSP, None, {Track.SOC}),  # on call on the security track
        ("mo", MSP, None, {Track.OPS}),
        ("bob", INTERNAL, None, {Track.SOC}),  # the security contact
        ("ann", INTERNAL, None, {Track.OPS}),
        ("a-lead", MSP, None, {Track.OPS, Track.SOC}),  # of neither: for both
        (None, MSP, None, {Track.OPS, Track.SOC}),
        ("sam", MSP, Track.OPS, {Track.OPS}),  # the page that was answered has the word
        ("a-lead", MSP, Track.SOC, {Track.SOC}),
    ],
)
def test_an_answer_belongs_to_the_leg_of_its_page_else_to_the_work_of_its_person(yard, person, party, track, answered):
    both(yard)

    assert answer(yard, person, party, track=track) is None

    main, second = yard.one.acknowledged, face(yard.one).acknowledged
    assert {t for t, known in ((Track.OPS, main), (Track.SOC, second)) if party in known} == answered


def test_the_analysts_answer_is_recorded_and_the_incident_still_waits_for_operations(yard):
    both(yard)

    answer(yard, "bob", INTERNAL)
    fact = yard.batch.events[-1].fact
    assert (yard.one.state, fact.detail.track, fact.detail.assists) == (IncidentState.OPEN, Track.SOC, True)

    answer(yard, "ann", INTERNAL, NOON + 3 * MINUTE)
    fact = yard.batch.events[-1].fact
    assert (yard.one.state, fact.detail.track, fact.detail.assists) == (IncidentState.ACKNOWLEDGED, Track.OPS, None)


def test_each_leg_is_answered_once(yard):
    both(yard)
    answer(yard, "bob", INTERNAL)

    again = answer(yard, "bob", INTERNAL, NOON + 3 * MINUTE)
    for_both = answer(yard, "a-lead", INTERNAL, NOON + 4 * MINUTE)

    assert again is not None
    assert again.reason == "already acknowledged by bob"
    assert for_both is None
    assert yard.batch.events[-1].fact.detail.track is Track.OPS
    assert face(yard.one).acknowledged[INTERNAL].person == "bob"


def test_where_only_the_second_leg_pages_its_answer_is_the_incidents(yard):
    yard.run(outage(NIGHT, severity=Severity.MEDIUM), finding(NIGHT + MINUTE))

    answer(yard, "sam", MSP, NIGHT + 2 * MINUTE)

    assert yard.one.state is IncidentState.ACKNOWLEDGED
    assert yard.batch.events[-1].fact.detail.assists is None


def test_work_that_an_analyst_starts_does_not_start_that_of_operations(yard):
    both(yard)
    wish = command(yard.one.incident_id, CommandKind.START, INTERNAL, NOON + 2 * MINUTE, track=Track.SOC)

    yard.run(wish)

    assert yard.one.state is IncidentState.OPEN
    assert (INTERNAL in face(yard.one).acknowledged, yard.one.acknowledged) == (True, {})


# -- merges, endings, openings again --------------------------------------------------------------------------------


def two(yard: Yard) -> tuple[Incident, Incident]:
    yard.run(outage(severity=Severity.CRITICAL), alert("malware finding", NOON, kind=Kind.SIEM, severity=Severity.HIGH))
    return yard.titled("switch"), yard.titled("malware")


def test_merged_incidents_of_two_tracks_are_one_with_both_legs(yard):
    ops, soc = two(yard)

    refused = yard.wish(CommandKind.MERGE, soc, NOON + MINUTE, other_incident=ops.incident_id)

    parent = yard.titled("switch")
    assert refused is None
    assert (parent.track, parent.must_acknowledge) == (Track.OPS, ops.must_acknowledge)
    assert (face(parent).track, set(face(parent).must_acknowledge)) == (Track.SOC, set(soc.must_acknowledge))
    assert {known.track for known in parent.firing.values()} == {None, Track.SOC}
    assert yard.titled("malware").merged_into == parent.incident_id


def test_an_analyst_who_has_answered_is_not_asked_again_by_a_merge(yard):
    ops, soc = two(yard)
    yard.run(command(soc.incident_id, ACKNOWLEDGE, MSP, NOON + MINUTE))

    yard.wish(CommandKind.MERGE, soc, NOON + 2 * MINUTE, other_incident=ops.incident_id)

    parent = yard.titled("switch")
    assert (MSP in face(parent).acknowledged, parent.acknowledged) == (True, {})


def test_an_answer_that_only_the_child_had_is_asked_again_where_it_would_be_the_only_one(yard):
    yard.run(outage(severity=Severity.MEDIUM), alert("malware finding", NOON, kind=Kind.SIEM, severity=Severity.HIGH))
    ops, soc = yard.titled("switch"), yard.titled("malware")
    yard.run(command(soc.incident_id, ACKNOWLEDGE, MSP, NOON + MINUTE))

    yard.wish(CommandKind.MERGE, soc, NOON + 2 * MINUTE, other_incident=ops.incident_id)

    parent = yard.titled("switch")
    assert (parent.state, face(parent).acknowledged, parent.responsible_party) == (IncidentState.OPEN, {}, MSP)


def test_an_incident_with_both_faces_keeps_them_in_one_without(yard):
    both(yard)
    yard.run(alert("mail slow", NOON, severity=Severity.HIGH))
    child, parent = yard.titled("switch"), yard.titled("mail")

    yard.wish(CommandKind.MERGE, child, NOON + 3 * MINUTE, other_incident=parent.incident_id)

    assert face(yard.titled("mail")).paths == face(child).paths


def test_opened_again_by_a_person_both_legs_are_asked_again(yard):
    both(yard)
    answer(yard, "a-lead", INTERNAL)
    yard.wish(CommandKind.RESOLVE, yard.one, NOON + 3 * MINUTE)

    yard.wish(CommandKind.REOPEN, yard.one, NOON + 4 * MINUTE)

    assert (yard.one.acknowledged, face(yard.one).acknowledged) == ({}, {})


def test_opened_again_by_a_finding_it_is_the_security_tracks_alone(yard):
    both(yard)
    yard.wish(CommandKind.RESOLVE, yard.one, NOON + 3 * MINUTE)

    yard.run(finding(NOON + 4 * MINUTE))

    assert (yard.one.cycle, yard.one.track, yard.one.second_face) == (2, Track.SOC, None)
    assert yard.one.paths == {INTERNAL: "internal-soc", MSP: "msp-soc"}


def test_it_is_over_when_the_alerts_of_both_tracks_have_cleared(yard):
    down, found = outage(severity=Severity.CRITICAL), finding()
    yard.run(down, found)

    yard.run(clear(down, NOON + 2 * MINUTE))
    assert yard.one.clear_pending_at is None

    yard.run(clear(found, NOON + 3 * MINUTE))
    assert yard.one.clear_pending_at == NOON + 3 * MINUTE


def test_a_test_of_a_finding_touches_no_real_incident(yard):
    yard.run(outage(severity=Severity.CRITICAL))
    yard.run(finding(test=True))

    assert [(i.mode, i.second_face) for i in yard.running()] == [(Mode.LIVE, None), (Mode.OBSERVE, None)]


def test_outside_readers_of_the_other_track_get_the_incident_too(yard):
    yard.run(outage(severity=Severity.CRITICAL))
    alone = {record.name for event in yard.batch.events for record in cloud_events(event)}

    yard.run(finding())
    together = {record.name for event in yard.batch.events for record in cloud_events(event)}

    assert together - alone == {"tandem.routed.msp.brightwater"}


def test_an_incident_of_one_track_says_nothing_of_legs():
    batch: Batch = Yard().run(outage())

    assert [(event.fact.detail.track, event.incident.second_face) for event in batch.events] == [(None, None)]
