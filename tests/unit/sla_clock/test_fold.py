"""Rules of the fold beside the worked examples, and its properties."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.errors import PoisonRecord
from tandem.model.calendar import build_calendar
from tandem.model.events import ClockName, ClockState, Fact, FactAlert, FactKind
from tandem.model.ownership import Party, Track
from tandem.model.priority import Priority
from tandem_sla_clock.fold import CLEAR_PENDING, fold
from tandem_sla_clock.timeline import Profile
from tests.support.sla import INCIDENT, NYBH, Clocks, DefaultClauses, Story, instant

INTERNAL, MSP = Party.INTERNAL, Party.MSP
MET, BREACHED, CANCELLED = ClockState.MET, ClockState.BREACHED, ClockState.CANCELLED
RUNNING, PAUSED = ClockState.RUNNING, ClockState.PAUSED
DAY = "2026-11-16T"


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def test_an_acknowledgement_of_the_other_party_assists_and_does_not_stop_response():
    clock = Story(DAY + "14:00").acknowledged(DAY + "14:10", INTERNAL).clocks(DAY + "14:20").response

    assert (clock.state, clock.flags) == (RUNNING, ("assisted_by=internal",))


def test_an_answer_on_the_track_that_does_not_lead_stops_no_clock_though_the_party_is_responsible():
    """Its analyst has answered; its operations, which lead, have not (R-A3)."""
    story = Story(DAY + "14:00").tell(FactKind.ACKNOWLEDGED, DAY + "14:10", MSP, track=Track.SOC, assists=True)
    assert story.clocks(DAY + "14:20").response.state is RUNNING

    story.tell(FactKind.ACKNOWLEDGED, DAY + "14:25", MSP, track=Track.OPS)
    clock = story.clocks(DAY + "14:30").response
    assert (clock.state, clock.stop) == (MET, instant(DAY + "14:25"))


def test_starting_work_is_a_response():
    clock = Story(DAY + "14:00").tell(FactKind.STARTED, DAY + "14:10", MSP).clocks().response

    assert (clock.state, clock.stop) == (MET, instant(DAY + "14:10"))


def test_what_no_person_did_is_no_response():
    clock = Story(DAY + "14:00").tell(FactKind.ACKNOWLEDGED, DAY + "14:10").clocks(DAY + "14:20").response

    assert clock.state is RUNNING


def test_the_other_partys_resolve_before_due_cancels_response():
    clock = Story(DAY + "14:00").resolved(DAY + "14:10", INTERNAL).clocks().response

    assert (clock.state, clock.flags) == (CANCELLED, ("resolved_by_other",))


def test_the_receiver_of_a_handoff_answers_for_response():
    story = Story(DAY + "14:00").tell(FactKind.HANDOFF_OFFERED, DAY + "14:05", MSP, to_party=INTERNAL)
    story.tell(FactKind.HANDOFF_ACCEPTED, DAY + "14:10", INTERNAL, to_party=INTERNAL)

    clock = story.acknowledged(DAY + "14:12", INTERNAL).clocks().response

    assert (clock.state, clock.party, clock.stop) == (MET, INTERNAL, instant(DAY + "14:12"))


def test_a_breach_stays_with_the_party_that_was_responsible_when_it_was_due():
    story = Story(DAY + "14:00").tell(FactKind.HANDOFF_OFFERED, DAY + "14:25", MSP, to_party=INTERNAL)

    clock = (
        story.tell(FactKind.HANDOFF_ACCEPTED, DAY + "14:40", INTERNAL, to_party=INTERNAL).clocks(DAY + "15:00").response
    )

    assert (clock.state, clock.party) == (BREACHED, MSP)


def test_an_accepted_handoff_counts_resolution_in_the_receivers_hours():
    nights = build_calendar("nights", "America/New_York", {day: [(time(17), time(9))] for day in range(7)})
    clauses = DefaultClauses(calendars={INTERNAL: NYBH, MSP: nights})
    story = Story(DAY + "14:00", priority=Priority.P3, responsible=INTERNAL)
    assert story.clocks(DAY + "14:00", clauses).resolution.due == instant("2026-11-18T22:00")

    story.tell(FactKind.HANDOFF_ACCEPTED, DAY + "15:00", MSP, to_party=MSP)
    clock = story.clocks(DAY + "15:00", clauses).resolution

    assert (clock.calendar, clock.party) == ("nights", MSP)
    assert clock.due == nights.add(instant(DAY + "14:00"), timedelta(hours=24))


def test_a_managed_tenant_has_a_joint_call_of_its_msp_only():
    clocks = Story(DAY + "14:00").clocks(DAY + "14:00", DefaultClauses(parties=(MSP,)))

    assert [c.party for c in clocks.all if c.clock is ClockName.JOINT_CALL] == [MSP]


def test_an_informational_incident_has_no_clocks():
    assert Story(DAY + "14:00", priority=Priority.P5).clocks().all == ()


def test_detection_of_low_priorities_is_not_promised():
    assert not Story(DAY + "14:00", priority=Priority.P3).clocks().has(ClockName.DETECT)


@pytest.mark.parametrize(
    ("occurred", "flag"),
    [("2026-11-16T14:00:01", "skew"), ("2026-10-17T13:59:59", "implausible")],
)
def test_an_onset_that_cannot_be_believed_is_flagged(occurred: str, flag: str):
    assert Story(DAY + "14:00", occurred=occurred).clocks().detect.flags == (flag,)


def test_an_unknown_onset_is_estimated_as_the_arrival():
    story = Story(DAY + "14:00")
    story.facts[0] = replace_alert(story.facts[0], None)

    clock = story.clocks().detect

    assert (clock.flags, clock.counted, clock.state) == (("estimated",), minutes(0), MET)


def replace_alert(fact: Fact, alert: FactAlert | None) -> Fact:
    return replace(fact, alert=alert)


def test_a_pending_clear_breaches_nothing():
    story = Story(DAY + "14:00").clear_held(DAY + "14:25", DAY + "14:35")

    clock = story.clocks(DAY + "14:34").response

    assert (clock.state, clock.flags) == (RUNNING, (CLEAR_PENDING,))


def test_a_refire_goes_on_as_if_it_had_never_cleared():
    story = Story(DAY + "14:00").clear_held(DAY + "14:25", DAY + "14:35").fired(DAY + "14:33")

    clock = story.clocks(DAY + "14:33").response

    assert (clock.state, clock.breached_at, clock.flags) == (BREACHED, instant(DAY + "14:30"), ())


def test_a_final_clear_counts_from_the_first_clear():
    story = Story(DAY + "14:00").clear_held(DAY + "14:25", DAY + "14:35").cleared(DAY + "14:25", learned=DAY + "14:35")

    clocks = story.clocks(DAY + "14:35")

    assert (clocks.response.state, clocks.response.stop) == (CANCELLED, instant(DAY + "14:25"))
    assert clocks.resolution.counted == minutes(25)


def test_waiting_on_ones_own_party_is_no_pause():
    story = Story(DAY + "14:00").tell(
        FactKind.REQUESTED, DAY + "15:00", MSP, to_party=MSP, obligation="approval", obligation_id="a", blocking=True
    )

    assert story.clocks(DAY + "15:30").resolution.state is RUNNING


def test_a_request_that_does_not_block_pauses_nothing():
    story = Story(DAY + "14:00").tell(FactKind.REQUESTED, DAY + "15:00", MSP, to_party=INTERNAL, obligation_id="a")

    clocks = story.clocks(DAY + "15:10")

    assert clocks.resolution.state is RUNNING
    assert clocks.one(ClockName.OBLIGATION_INFORMATION).party is INTERNAL


def test_response_and_joint_call_never_pause():
    clocks = Story(DAY + "14:00").requested(DAY + "14:01", MSP).clocks(DAY + "14:10")

    assert clocks.resolution.state is PAUSED
    assert clocks.response.state is clocks.joint_call(MSP).state is RUNNING


def test_a_breach_outlives_a_pause_that_begins_after_it():
    clock = Story(DAY + "14:00").requested(DAY + "18:30", MSP).clocks(DAY + "19:00").resolution

    assert (clock.state, clock.breached_at) == (BREACHED, instant(DAY + "18:00"))


def test_an_unanswered_request_is_withdrawn_by_the_resolve():
    clocks = Story(DAY + "14:00").requested(DAY + "15:00", MSP).resolved(DAY + "15:10").clocks()

    assert clocks.one(ClockName.OBLIGATION_APPROVAL).state is CANCELLED
    assert clocks.resolution.counted == minutes(60)


def test_a_stop_beats_a_cancel_at_the_same_instant():
    story = Story(DAY + "14:00").cleared(DAY + "14:10").acknowledged(DAY + "14:10").joined(DAY + "14:10", MSP)

    clocks = story.clocks()

    assert (clocks.response.state, clocks.joint_call(MSP).state) == (MET, MET)
    assert clocks.joint_call(INTERNAL).state is CANCELLED


def test_merging_cancels_what_runs():
    clocks = Story(DAY + "14:00").tell(FactKind.MERGED, DAY + "14:10").clocks()

    found = {c.clock: c for c in clocks.all if c.clock is not ClockName.DETECT}
    assert {c.state for c in found.values()} == {CANCELLED}
    assert {c.flags for c in found.values()} == {("merged_into",)}


def test_a_parent_takes_over_the_earlier_start_of_a_merged_child():
    child = FactAlert(received_at=instant(DAY + "13:50"))

    clocks = (
        Story(DAY + "14:00").tell(FactKind.LINKED, DAY + "14:10", alert=child, reason="merged").clocks(DAY + "14:10")
    )

    assert clocks.resolution.start == instant(DAY + "13:50")
    assert clocks.response.due == instant(DAY + "14:20")
    assert clocks.detect.stop == instant(DAY + "14:00")


def test_a_breach_of_an_earlier_cycle_is_not_a_new_breach_of_the_next():
    story = Story(DAY + "14:00").acknowledged(DAY + "14:01").resolved(DAY + "18:30").reopened(DAY + "19:00")

    clocks = story.clocks(DAY + "19:10")

    assert clocks.one(ClockName.RESOLUTION, cycle=1).state is BREACHED
    again = clocks.one(ClockName.RESOLUTION, cycle=2)
    assert (again.state, again.flags) == (BREACHED, ("breached_before",))


def test_a_clear_and_a_refire_of_one_delivery_leave_the_incident_open():
    story = Story(DAY + "14:00").cleared(DAY + "15:00").reopened(DAY + "15:00")

    assert story.clocks(DAY + "15:10").one(ClockName.RESPONSE, cycle=2).state is RUNNING


def test_a_refire_and_its_clear_at_one_instant_leave_it_resolved():
    story = Story(DAY + "14:00").cleared(DAY + "14:30").reopened(DAY + "15:00").cleared(DAY + "15:00")

    assert story.clocks(DAY + "15:10").one(ClockName.RESOLUTION, cycle=2).state is MET


def test_a_clear_dated_before_the_reopening_it_follows_ends_the_reopened_cycle():
    story = Story(DAY + "14:00").cleared(DAY + "14:30").reopened(DAY + "15:00")

    clock = story.cleared(DAY + "14:59", learned=DAY + "15:05").clocks(DAY + "15:10").one(ClockName.RESOLUTION, cycle=2)

    assert (clock.state, clock.stop) == (MET, instant(DAY + "15:00"))


def test_a_p1_that_comes_back_after_a_downgrade_has_its_joint_call_again():
    story = Story(DAY + "14:00").reprioritised(DAY + "14:10", Priority.P2).reprioritised(DAY + "14:20", Priority.P1)

    call = story.clocks(DAY + "14:20").joint_call(MSP)

    assert (call.state, call.due) == (RUNNING, instant(DAY + "15:00"))


def test_a_downgrade_below_every_promise_cancels():
    clocks = Story(DAY + "14:00").reprioritised(DAY + "14:10", Priority.P5).clocks()

    assert (clocks.response.state, clocks.response.flags) == (CANCELLED, ("downgraded",))


def test_a_correction_of_an_acknowledgement_counts_when_it_is_said_to_have_happened():
    story = Story(DAY + "14:00").acknowledged(DAY + "14:40")
    assert story.clocks().response.state is BREACHED

    story.tell(FactKind.CORRECTED, DAY + "14:20", MSP, learned=DAY + "16:00", reason="acknowledged")

    assert (story.clocks().response.state, story.clocks().response.stop) == (MET, instant(DAY + "14:20"))


def test_suppressed_time_counts_for_nobody_once_it_is_lifted():
    story = Story(DAY + "14:00").tell(FactKind.SUPPRESSED, DAY + "14:10")
    assert story.clocks(DAY + "14:20").response.state is CANCELLED

    clock = story.tell(FactKind.RELEASED, DAY + "15:10").clocks(DAY + "15:15").response

    assert (clock.state, clock.due, clock.counted) == (RUNNING, instant(DAY + "15:30"), minutes(15))


def test_facts_without_an_opening_are_poison():
    story = Story(DAY + "14:00").acknowledged(DAY + "14:10")

    with pytest.raises(PoisonRecord, match="never opened"):
        fold(story.facts[1:], DefaultClauses(), Profile(incident_id=INCIDENT), instant(DAY + "14:10"))


EVENTS = ("ack", "ack_other", "start", "join", "join_other", "up", "down", "ask", "answer", "resolve", "clear", "note")


def told(steps: list[tuple[str, int]]) -> Story:
    """A story of drawn events at distinct seconds after 14:00; its facts are in order of effect."""
    story = Story(DAY + "14:00", priority=Priority.P2)
    second = 0
    for event, gap in steps:
        second += gap
        at = (instant(DAY + "14:00") + timedelta(seconds=second)).replace(tzinfo=None).isoformat()
        match event:
            case "ack" | "ack_other":
                story.acknowledged(at, MSP if event == "ack" else INTERNAL)
            case "start":
                story.tell(FactKind.STARTED, at, MSP)
            case "join" | "join_other":
                story.joined(at, MSP if event == "join" else INTERNAL)
            case "up" | "down":
                story.reprioritised(at, Priority.P1 if event == "up" else Priority.P3)
            case "ask":
                story.requested(at, MSP)
            case "answer":
                story.answered(at, INTERNAL)
            case "resolve":
                story.resolved(at)
            case "clear":
                story.cleared(at)
            case _:
                story.tell(FactKind.NOTED, at, MSP)
    return story


steps = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(1, 9000)), max_size=9)
looks = st.integers(0, 40_000).map(lambda n: instant(DAY + "14:00") + timedelta(seconds=n))


def renumbered(facts: list[Fact], seed: int) -> list[Fact]:
    """The same facts as if they had arrived in another order; the opening still came first."""
    versions = list(range(2, len(facts) + 1))
    random.Random(seed).shuffle(versions)
    return [facts[0], *(replace(fact, version=version) for fact, version in zip(facts[1:], versions, strict=True))]


@settings(deadline=None)
@given(steps, looks, st.integers())
def test_arrival_order_does_not_matter_where_effective_order_is_the_same(
    drawn: list[tuple[str, int]], now: datetime, seed: int
):
    facts = told([step for step in drawn if step[0] not in {"ask", "answer"}]).facts
    shuffled = renumbered(facts, seed)
    random.Random(seed).shuffle(shuffled)
    profile = Profile(incident_id=INCIDENT)

    assert fold(shuffled, DefaultClauses(), profile, now) == fold(facts, DefaultClauses(), profile, now)


@settings(deadline=None)
@given(steps, looks)
def test_no_clock_counts_backwards_and_every_state_fits_its_instants(drawn: list[tuple[str, int]], now: datetime):
    for clock in told(drawn).clocks(max(now, instant(DAY + "14:00"))).all:
        assert clock.counted is not None
        assert clock.counted >= timedelta(0)
        assert (clock.state is BREACHED) == (clock.breached_at is not None)
        assert (clock.due is None) == (clock.state is PAUSED)
        if clock.state is MET:
            assert clock.stop is not None
            assert clock.due is not None
            assert clock.stop <= clock.due
        if clock.state is BREACHED:
            assert clock.breached_at == clock.due
            assert clock.breached_at is not None
            assert clock.stop is None or clock.stop > clock.breached_at


@settings(deadline=None)
@given(steps, looks)
def test_an_upgrade_never_breaches_at_the_instant_it_is_made_and_never_lengthens(
    drawn: list[tuple[str, int]], now: datetime
):
    story = told([step for step in drawn if step[0] not in {"up", "down"}])
    story.reprioritised(DAY + "14:00:00.5", Priority.P3)
    at = max([now, *(fact.effective_at for fact in story.facts)]) + timedelta(seconds=1)
    before = {key(c): c for c in story.clocks(at).all}

    story.reprioritised(at.replace(tzinfo=None).isoformat(), Priority.P1)

    for clock in story.clocks(at).all:
        old = before.get(key(clock))
        if old is None:
            assert clock.state in {RUNNING, MET, CANCELLED}
        elif old.state is RUNNING and clock.clock is not ClockName.DETECT:
            assert clock.state is RUNNING
            assert old.due is not None
            assert clock.due is not None
            assert clock.due <= old.due


def key(clock) -> tuple[object, ...]:
    return clock.clock, clock.party, clock.cycle, *(flag for flag in clock.flags if flag.startswith("about="))


@settings(deadline=None)
@given(st.integers(-3, 3))
def test_met_is_inclusive_to_the_microsecond(offset: int):
    at = instant(DAY + "14:30") + timedelta(microseconds=offset)
    story = Story(DAY + "14:00").acknowledged(at.replace(tzinfo=None).isoformat())

    clock = Clocks(tuple(run.clock for run in story.runs(datetime(2026, 11, 17, tzinfo=UTC)))).response

    assert clock.state is (MET if offset <= 0 else BREACHED)
