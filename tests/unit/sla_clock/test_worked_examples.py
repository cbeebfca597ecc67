"""The worked examples of domain.md 1.9, each by its number."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tandem.model.events import ClockName, ClockState, FactKind, SlaEventKind
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock.diff import diff
from tandem_sla_clock.measures import decided_at, mean_time_clocks
from tests.support.sla import NYBH, Story, instant

INTERNAL, MSP = Party.INTERNAL, Party.MSP
MET, BREACHED, CANCELLED = ClockState.MET, ClockState.BREACHED, ClockState.CANCELLED
RUNNING, PAUSED = ClockState.RUNNING, ClockState.PAUSED


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def e01() -> Story:
    return Story("2026-11-20T14:05", occurred="2026-11-20T14:00")


def test_e01_a_p1_handled_in_time_meets_all_of_its_clocks():
    story = e01().acknowledged("2026-11-20T14:25")
    story.joined("2026-11-20T14:50", INTERNAL).joined("2026-11-20T14:58", MSP).resolved("2026-11-20T17:30")

    clocks = story.clocks()

    assert (clocks.detect.state, clocks.detect.counted) == (MET, minutes(5))
    assert clocks.response.due == instant("2026-11-20T14:35")
    assert (clocks.response.state, clocks.response.counted) == (MET, minutes(20))
    for party, at in ((INTERNAL, "2026-11-20T14:50"), (MSP, "2026-11-20T14:58")):
        call = clocks.joint_call(party)
        assert (call.due, call.state, call.stop) == (instant("2026-11-20T15:05"), MET, instant(at))
    assert clocks.resolution.due == instant("2026-11-20T18:05")
    assert (clocks.resolution.state, clocks.resolution.counted) == (MET, minutes(205))


def test_e02_an_acknowledgement_at_the_due_instant_is_in_time():
    clock = e01().acknowledged("2026-11-20T14:35:00.000000").clocks().response

    assert (clock.state, clock.breached_at) == (MET, None)


def test_e02_a_microsecond_later_is_a_breach_dated_at_the_due_instant():
    clock = e01().acknowledged("2026-11-20T14:35:00.000001").clocks().response

    assert (clock.state, clock.breached_at) == (BREACHED, instant("2026-11-20T14:35"))


def test_e03_late_detection_is_a_breach_of_the_period_of_its_due_instant():
    clock = Story("2026-11-20T14:05", occurred="2026-11-20T13:40").clocks().detect

    assert (clock.state, clock.counted) == (BREACHED, minutes(25))
    assert decided_at(clock) == clock.breached_at == instant("2026-11-20T13:55")


@pytest.mark.parametrize(
    ("priority", "detected", "due"),
    [
        pytest.param("P3", "2026-11-20T21:30", "2026-11-23T17:30", id="e04_over_the_weekend"),
        pytest.param("P3", "2026-11-25T21:00", "2026-11-27T17:00", id="e05_over_a_holiday_to_a_short_day"),
        pytest.param("P4", "2026-11-25T21:00", "2026-11-30T17:00", id="e06_over_holiday_short_day_and_weekend"),
        pytest.param("P3", "2026-11-20T18:00", "2026-11-20T22:00", id="e07_used_up_at_the_close_is_the_close"),
        pytest.param("P3", "2026-03-06T21:00", "2026-03-09T16:00", id="e08_spring_2026"),
        pytest.param("P3", "2027-03-12T21:00", "2027-03-15T16:00", id="e08_spring_2027"),
        pytest.param("P3", "2026-10-30T20:00", "2026-11-02T17:00", id="e09_autumn_2026"),
        pytest.param("P3", "2027-11-05T20:00", "2027-11-08T17:00", id="e09_autumn_2027"),
        pytest.param("P3", "2026-12-24T21:30", "2026-12-28T17:30", id="e37_over_christmas"),
        pytest.param("P3", "2026-12-31T21:00", "2027-01-04T17:00", id="e37_over_new_year"),
        pytest.param("P3", "2026-11-21T15:00", "2026-11-23T18:00", id="e37_detected_on_a_saturday"),
    ],
)
def test_response_in_business_hours_is_due(priority: str, detected: str, due: str):
    clock = Story(detected, priority=Priority(priority)).clocks(detected).response

    assert (clock.state, clock.due, clock.calendar) == (RUNNING, instant(due), "nybh")


@pytest.mark.parametrize(
    ("detected", "due"),
    [
        pytest.param("2027-03-14T06:30", "2027-03-14T10:30", id="e10_clock_face_shows_five_hours"),
        pytest.param("2026-11-01T05:30", "2026-11-01T09:30", id="e11_clock_face_shows_three_hours"),
    ],
)
def test_a_p1_resolution_takes_four_real_hours_over_a_change_of_the_clocks(detected: str, due: str):
    assert Story(detected).clocks(detected).resolution.due == instant(due)


def e13() -> Story:
    return Story("2026-11-16T14:00", priority=Priority.P3)


def test_e13_waiting_on_the_other_party_moves_the_due_by_the_hours_of_the_calendar():
    story = e13().requested("2026-11-17T21:00", MSP)

    assert story.clocks("2026-11-17T21:00").resolution.due is None
    assert story.clocks("2026-11-17T21:00").resolution.state is PAUSED
    story.answered("2026-11-18T15:00", INTERNAL)
    clock = story.clocks("2026-11-18T15:00").resolution
    assert (clock.state, clock.due) == (RUNNING, instant("2026-11-19T16:00"))


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        pytest.param("2026-11-25T20:00", "2026-11-30T15:00", 7, id="e14_over_holiday_and_short_day"),
        pytest.param("2026-11-20T23:00", "2026-11-22T23:00", 0, id="e15_on_a_weekend_counts_nothing"),
    ],
)
def test_a_pause_counts_only_what_the_calendar_counts(begins: str, ends: str, hours: int):
    detected = begins[:10] + "T14:00"
    story = Story(detected, priority=Priority.P4)
    undisturbed = story.clocks(detected).resolution

    clock = story.requested(begins, MSP).answered(ends, INTERNAL).clocks(ends).resolution

    assert clock.due is not None
    assert undisturbed.due is not None
    assert NYBH.business(undisturbed.due, clock.due) == timedelta(hours=hours)


def test_e16_a_blocking_approval_stops_one_partys_clock_and_runs_the_others():
    story = Story("2026-11-20T14:00").requested("2026-11-20T15:00", MSP).answered("2026-11-20T15:40", INTERNAL)
    clocks = story.resolved("2026-11-20T18:30").clocks()

    approval = clocks.one(ClockName.OBLIGATION_APPROVAL)

    assert (approval.party, approval.due) == (INTERNAL, instant("2026-11-20T15:15"))
    assert (approval.state, approval.breached_at) == (BREACHED, instant("2026-11-20T15:15"))
    assert clocks.resolution.due == instant("2026-11-20T18:40")
    assert (clocks.resolution.state, clocks.resolution.counted) == (MET, minutes(230))


def test_e17_two_requests_that_overlap_pause_once():
    story = Story("2026-11-20T14:00").requested("2026-11-20T15:00", MSP, "o1").requested("2026-11-20T15:20", MSP, "o2")
    story.answered("2026-11-20T15:40", INTERNAL, "o1").answered("2026-11-20T16:00", INTERNAL, "o2")

    assert story.clocks("2026-11-20T16:00").resolution.due == instant("2026-11-20T19:00")


def test_e18_an_upgrade_soon_after_detection_counts_from_detection():
    story = e13()
    assert story.clocks("2026-11-16T14:00").resolution.due == instant("2026-11-18T22:00")

    clocks = story.reprioritised("2026-11-16T14:20", Priority.P1).clocks("2026-11-16T14:20")

    assert clocks.response.due == instant("2026-11-16T14:35")
    assert clocks.resolution.due == instant("2026-11-16T18:00")
    assert clocks.joint_call(INTERNAL).due == clocks.joint_call(MSP).due == instant("2026-11-16T15:00")


def test_e19_a_late_upgrade_leaves_half_the_new_target_but_is_never_later_than_before():
    clocks = e13().reprioritised("2026-11-16T17:00", Priority.P1).clocks("2026-11-16T17:00")

    assert clocks.response.due == instant("2026-11-16T17:15")
    assert clocks.resolution.due == instant("2026-11-16T19:00")
    assert clocks.joint_call(MSP).due == instant("2026-11-16T17:30")


def test_e20_a_downgrade_does_not_undo_a_breach_and_lengthens_what_runs():
    story = Story("2026-11-16T14:00").reprioritised("2026-11-16T14:50", Priority.P3)

    clocks = story.clocks("2026-11-16T14:50")

    assert (clocks.response.state, clocks.response.breached_at) == (BREACHED, instant("2026-11-16T14:30"))
    assert clocks.resolution.due == instant("2026-11-18T22:00")
    assert clocks.resolution.counted == minutes(50)
    assert clocks.joint_call(MSP).state is CANCELLED


def test_e21_who_resolves_without_acknowledging_has_responded():
    clocks = Story("2026-11-20T14:00").resolved("2026-11-20T14:12").clocks()

    assert (clocks.response.state, clocks.response.stop) == (MET, instant("2026-11-20T14:12"))
    assert "implied_by=resolve" in clocks.response.flags
    assert {clocks.joint_call(party).state for party in Party} == {CANCELLED}
    assert (clocks.resolution.state, clocks.resolution.counted) == (MET, minutes(12))


def test_e22_a_clear_before_anybody_acted_cancels_and_counts_in_no_mean():
    clocks = Story("2026-11-20T14:00").cleared("2026-11-20T14:12").clocks()

    assert (clocks.response.state, clocks.response.flags) == (CANCELLED, ("auto_cleared",))
    assert {clocks.joint_call(party).state for party in Party} == {CANCELLED}
    assert (clocks.resolution.state, clocks.resolution.flags) == (MET, ("auto",))
    assert mean_time_clocks(clocks.all, ClockName.RESPONSE) == []
    assert mean_time_clocks(clocks.all, ClockName.RESOLUTION) == []


def test_e23_a_clear_does_not_undo_a_breach():
    clocks = Story("2026-11-20T14:00").cleared("2026-11-20T14:45").clocks()

    assert (clocks.response.state, clocks.response.breached_at) == (BREACHED, instant("2026-11-20T14:30"))
    assert (clocks.resolution.state, clocks.resolution.flags) == (MET, ("auto",))


def test_e24_a_reopened_incident_goes_on_counting_without_the_time_between():
    story = Story("2026-11-20T14:00").acknowledged("2026-11-20T14:05").resolved("2026-11-20T16:00")
    story.reopened("2026-11-20T16:30")
    again = story.clocks("2026-11-20T16:30")

    clocks = story.resolved("2026-11-20T18:20").clocks()

    assert again.one(ClockName.RESPONSE, cycle=2).due == instant("2026-11-20T17:00")
    resolution = clocks.one(ClockName.RESOLUTION, cycle=2)
    assert resolution.due == instant("2026-11-20T18:30")
    assert (resolution.state, resolution.counted) == (MET, minutes(230))


def test_e27_a_late_clear_takes_a_breach_back():
    story = Story("2026-11-20T14:00").acknowledged("2026-11-20T14:05")
    told = diff((), story.runs("2026-11-20T18:00"), instant("2026-11-20T18:00"), tenant="acme", incident_version=2)
    story.cleared("2026-11-20T17:50", learned="2026-11-20T18:05")

    now = instant("2026-11-20T18:05")
    change = diff(told.clocks, story.runs(now), now, tenant="acme", incident_version=3)

    clock = story.clocks(now).resolution
    assert (clock.state, clock.counted, clock.stop) == (MET, minutes(230), instant("2026-11-20T17:50"))
    of_resolution = [(e.kind, e.at) for e in change.events if e.clock.clock is ClockName.RESOLUTION]
    assert of_resolution == [(SlaEventKind.RETRACTED, now), (SlaEventKind.MET, instant("2026-11-20T17:50"))]


def test_e28_a_clear_that_comes_days_later_counts_when_it_came_and_the_breach_stands():
    story = Story("2026-11-20T14:00").cleared("2026-11-22T18:05")

    assert story.clocks().resolution.breached_at == instant("2026-11-20T18:00")


def test_e29_a_clear_that_overtook_its_trigger_leaves_nothing_to_respond_to():
    story = Story("2026-11-20T14:05", occurred="2026-11-20T14:01").cleared("2026-11-20T14:05")

    clocks = story.clocks()

    assert (clocks.detect.state, clocks.detect.counted) == (MET, minutes(4))
    assert clocks.response.state is CANCELLED
    assert (clocks.resolution.state, clocks.resolution.counted) == (MET, minutes(0))
    assert "auto" in clocks.resolution.flags


def test_e30_an_onset_after_its_arrival_counts_nothing_and_is_flagged():
    clocks = Story("2026-11-20T14:05", occurred="2026-11-20T14:10").clocks()

    assert (clocks.detect.counted, clocks.detect.flags) == (minutes(0), ("skew",))
    assert mean_time_clocks(clocks.all, ClockName.DETECT) == []


@pytest.mark.parametrize(
    ("answer", "at", "state", "breached_at"),
    [
        pytest.param(FactKind.HANDOFF_ACCEPTED, "2026-11-20T15:10", MET, None, id="e31a"),
        pytest.param(FactKind.HANDOFF_REFUSED, "2026-11-20T15:05", MET, None, id="e31b"),
        pytest.param(FactKind.HANDOFF_ACCEPTED, "2026-11-20T15:40", BREACHED, "2026-11-20T15:15", id="e31c"),
        pytest.param(FactKind.HANDOFF_REFUSED, "2026-11-20T15:40", BREACHED, "2026-11-20T15:15", id="e31d"),
    ],
)
def test_an_offer_is_the_receivers_to_answer(answer: FactKind, at: str, state: ClockState, breached_at: str | None):
    story = Story("2026-11-20T14:00").tell(FactKind.HANDOFF_OFFERED, "2026-11-20T15:00", MSP, to_party=INTERNAL)

    clock = story.tell(answer, at, INTERNAL, to_party=INTERNAL).clocks().one(ClockName.HANDOFF_ACCEPT)

    expected: datetime | None = instant(breached_at) if breached_at else None
    assert (clock.party, clock.state, clock.breached_at) == (INTERNAL, state, expected)


def test_e34_paging_again_after_an_acknowledgement_changes_no_clock():
    once = Story("2026-11-20T14:00").acknowledged("2026-11-20T14:20")
    before = once.clocks("2026-11-20T15:00").response

    again = once.tell(FactKind.UNACKNOWLEDGED, "2026-11-20T14:50").acknowledged("2026-11-20T14:55")

    assert (before.state, before.stop) == (MET, instant("2026-11-20T14:20"))
    assert again.clocks("2026-11-20T15:00").response == before


def test_e38_each_party_answers_for_its_own_join():
    story = Story("2026-11-20T14:00").joined("2026-11-20T14:20", INTERNAL).joined("2026-11-20T15:10", MSP)

    clocks = story.clocks("2026-11-20T15:10")

    internal, msp = clocks.joint_call(INTERNAL), clocks.joint_call(MSP)
    assert (internal.state, internal.stop) == (MET, instant("2026-11-20T14:20"))
    assert (msp.state, msp.breached_at) == (BREACHED, instant("2026-11-20T15:00"))
    assert msp.stop == instant("2026-11-20T15:10")
