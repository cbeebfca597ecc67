"""What is told about a change, and when to look again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.model.events import ClockName, ClockState, FactKind, SlaClock, SlaEventKind
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_sla_clock.diff import Change, diff
from tests.support.sla import Story, instant

DAY = "2026-11-16T"
MSP, INTERNAL = Party.MSP, Party.INTERNAL
Told = tuple[ClockName, SlaEventKind, int | None]


def look(story: Story, now: str | datetime, before: tuple[SlaClock, ...] = ()) -> Change:
    at = instant(now) if isinstance(now, str) else now
    return diff(before, story.runs(at), at, tenant="acme", incident_version=len(story.facts))


def told(change: Change, clock: ClockName = ClockName.RESPONSE) -> list[tuple[SlaEventKind, str]]:
    found = [event for event in change.events if event.clock.clock is clock]
    return [(event.kind, f"{event.at:%H:%M}" + (f" {event.threshold}" if event.threshold else "")) for event in found]


def p2() -> Story:
    return Story(DAY + "14:00", priority=Priority.P2)


def test_a_new_incident_starts_its_clocks_and_tells_detection_as_done():
    change = look(p2(), DAY + "14:00")

    kinds = [(event.clock.clock, event.kind) for event in change.events]
    assert kinds == [
        (ClockName.DETECT, SlaEventKind.MET),
        (ClockName.RESPONSE, SlaEventKind.STARTED),
        (ClockName.RESOLUTION, SlaEventKind.STARTED),
    ]
    assert {event.incident_version for event in change.events} == {1}


def test_the_next_look_is_at_the_first_warning_then_the_next_then_the_due():
    story = p2()
    seen: tuple[SlaClock, ...] = ()
    looks = []
    for now in ("14:00", "14:30", "14:45", "14:54", "15:00"):
        change = look(story, DAY + now, seen)
        seen = change.clocks
        looks.append(change.next_at)

    # After the response breach at 15:00 half of the resolution's eight hours is next.
    assert looks == [instant(DAY + at) for at in ("14:30", "14:45", "14:54", "15:00", "18:00")]


def test_each_threshold_is_warned_at_its_instant():
    story = p2()
    seen: tuple[SlaClock, ...] = ()
    warned = []
    for now in ("14:00", "14:31", "14:46", "14:55"):
        change = look(story, DAY + now, seen)
        seen = change.clocks
        warned += told(change)

    warnings = [at for kind, at in warned if kind is SlaEventKind.WARNED]
    assert warnings == ["14:30 50", "14:45 75", "14:54 90"]


def test_of_several_thresholds_passed_at_once_only_the_highest_is_warned():
    story = p2()
    first = look(story, DAY + "14:00")

    late = look(story, DAY + "14:50", first.clocks)
    again = look(story, DAY + "14:51", late.clocks)

    assert told(late) == [(SlaEventKind.WARNED, "14:45 75")]
    assert told(again) == []


def test_a_late_look_past_the_due_tells_the_breach_at_its_due_and_no_warning():
    story = p2()
    first = look(story, DAY + "14:00")

    assert told(look(story, DAY + "15:20", first.clocks)) == [(SlaEventKind.BREACHED, "15:00")]


def test_a_breach_is_told_once():
    story = p2()
    breached = look(story, DAY + "15:00", look(story, DAY + "14:00").clocks)

    assert told(breached) == [(SlaEventKind.BREACHED, "15:00")]
    assert told(look(story, DAY + "15:10", breached.clocks)) == []


def test_an_acknowledgement_tells_met_and_late_ones_tell_stopped():
    story = p2()
    before = look(story, DAY + "14:00").clocks
    breached = look(story, DAY + "15:05", before).clocks

    assert told(look(p2().acknowledged(DAY + "14:10"), DAY + "14:10", before)) == [(SlaEventKind.MET, "14:10")]
    late = p2().acknowledged(DAY + "15:06")
    assert told(look(late, DAY + "15:06", breached)) == [(SlaEventKind.STOPPED, "15:06")]


def test_a_pause_and_its_end_are_told_and_nothing_is_due_meanwhile():
    story = p2().acknowledged(DAY + "14:01")
    running = look(story, DAY + "14:01").clocks

    story.requested(DAY + "15:00", MSP)
    paused = look(story, DAY + "15:00", running)
    resumed = look(story.answered(DAY + "15:20", INTERNAL), DAY + "15:20", paused.clocks)

    assert told(paused, ClockName.RESOLUTION) == [(SlaEventKind.PAUSED, "15:00")]
    assert told(resumed, ClockName.RESOLUTION) == [(SlaEventKind.RESUMED, "15:20")]


def test_an_upgrade_tells_the_new_target_and_the_highest_warning_it_jumps():
    story = Story(DAY + "14:00", priority=Priority.P3)
    before = look(story, DAY + "14:00").clocks

    change = look(story.reprioritised(DAY + "17:00", Priority.P1), DAY + "17:00", before)

    # 180 of the 195 minutes that are allowed now are gone: 92 percent.
    assert told(change) == [(SlaEventKind.RETARGETED, "17:00"), (SlaEventKind.WARNED, "16:55 90")]
    assert [event.kind for event in change.events if event.clock.clock is ClockName.JOINT_CALL] == [
        SlaEventKind.STARTED, SlaEventKind.WARNED, SlaEventKind.STARTED, SlaEventKind.WARNED,
    ]  # fmt: skip


def test_a_downgrade_does_not_warn_again_what_was_warned():
    story = p2()
    warned = look(story, DAY + "14:31", look(story, DAY + "14:00").clocks)
    story.reprioritised(DAY + "14:32", Priority.P3)

    longer = look(story, DAY + "14:32", warned.clocks)
    half = look(story, DAY + "16:30", longer.clocks)

    assert told(longer) == [(SlaEventKind.RETARGETED, "14:32")]
    assert told(half) == []


def test_a_late_acknowledgement_that_was_in_time_takes_the_breach_back():
    story = p2()
    breached = look(story, DAY + "15:00", look(story, DAY + "14:00").clocks)
    story.tell(FactKind.ACKNOWLEDGED, DAY + "14:50", MSP, learned=DAY + "15:10")

    change = look(story, DAY + "15:10", breached.clocks)

    assert told(change) == [(SlaEventKind.RETRACTED, "15:10"), (SlaEventKind.MET, "14:50")]


def test_a_final_outcome_that_moves_is_restated():
    story = p2().acknowledged(DAY + "14:40")
    met = look(story, DAY + "14:40")
    story.tell(FactKind.ACKNOWLEDGED, DAY + "14:20", MSP, learned=DAY + "15:10")

    change = look(story, DAY + "15:10", met.clocks)

    assert told(change) == [(SlaEventKind.RESTATED, "15:10")]
    assert [clock.stop for clock in change.changed] == [instant(DAY + "14:20")]


def test_a_pending_clear_silences_and_a_refire_tells_the_breach_it_hid():
    story = p2()
    running = look(story, DAY + "14:00").clocks
    pending = look(story.clear_held(DAY + "14:50", DAY + "15:05"), DAY + "14:50", running)

    quiet = look(story, DAY + "15:02", pending.clocks)
    refired = look(story.fired(DAY + "15:03"), DAY + "15:03", quiet.clocks)

    assert pending.events == quiet.events == ()
    assert pending.next_at is quiet.next_at is None
    assert told(refired) == [(SlaEventKind.BREACHED, "15:00")]


def test_a_breach_that_a_pending_clear_may_undo_is_not_taken_back_before_the_clear_is_final():
    story = p2()
    breached = look(story, DAY + "15:01", look(story, DAY + "14:00").clocks)
    story.clear_held(DAY + "14:58", DAY + "15:08")

    pending = look(story, DAY + "15:02", breached.clocks)
    final = look(story.cleared(DAY + "14:58", learned=DAY + "15:08"), DAY + "15:08", pending.clocks)

    assert told(pending) == []
    assert told(final) == [(SlaEventKind.RETRACTED, "15:08"), (SlaEventKind.CANCELLED, "14:58")]


def test_only_clocks_that_differ_are_written():
    story = p2()
    first = look(story, DAY + "14:00")

    second = look(story, DAY + "14:10", first.clocks)

    assert len(first.changed) == 3
    assert second.changed == ()


def test_a_clock_that_late_facts_took_away_is_kept_as_cancelled():
    story = p2()
    before = look(story, DAY + "14:00").clocks
    other = replace(before[1], cycle=7)

    change = look(story, DAY + "14:10", (*before, other))

    assert [(event.kind, event.clock.cycle) for event in change.events] == [(SlaEventKind.CANCELLED, 7)]
    assert change.changed[0].state is ClockState.CANCELLED


looks = st.lists(st.integers(0, 600), min_size=1, max_size=12).map(sorted)


@settings(deadline=None)
@given(looks, st.integers(0, 600), st.sampled_from([Priority.P1, Priority.P3]))
def test_however_often_it_is_looked_at_nothing_is_told_twice(minutes: list[int], changed_at: int, to: Priority):
    start = instant(DAY + "14:00")
    seen: tuple[SlaClock, ...] = ()
    warned: list[Told] = []
    for minute in [0, *minutes]:
        now = start + timedelta(minutes=minute)
        story = p2()
        if minute >= changed_at:
            story.reprioritised((start + timedelta(minutes=changed_at)).replace(tzinfo=None).isoformat(), to)
        change = look(story, now, seen)
        seen = change.clocks
        warned += [
            (event.clock.clock, event.kind, event.threshold)
            for event in change.events
            if event.kind in {SlaEventKind.WARNED, SlaEventKind.BREACHED}
            and event.clock.clock is not ClockName.JOINT_CALL
        ]

    assert len(warned) == len(set(warned))


@settings(deadline=None)
@given(looks)
def test_but_for_what_was_warned_the_last_look_knows_as_much_as_one_look_alone(minutes: list[int]):
    start = instant(DAY + "14:00")
    seen: tuple[SlaClock, ...] = ()
    for minute in minutes:
        seen = look(p2(), start + timedelta(minutes=minute), seen).clocks

    alone = look(p2(), start + timedelta(minutes=minutes[-1])).clocks
    assert [replace(clock, warned=()) for clock in seen] == [replace(clock, warned=()) for clock in alone]
