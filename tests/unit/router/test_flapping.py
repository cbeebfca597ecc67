"""A condition that changes too often is one incident, and a clear has to hold (R-P9)."""

from __future__ import annotations

from datetime import timedelta

from tandem.agreement.schema.joining import FlappingSpec
from tandem.model.events import CommandKind
from tandem.model.priority import Priority
from tandem_router.batch import Batch
from tests.unit.router.world import NOON, alert, clear
from tests.unit.router.yard import INTERNAL, MINUTE, OPEN, SECOND, Yard, said


def flap(yard: Yard, changes: int, title: str = "mail slow", every: timedelta = MINUTE) -> list[Batch]:
    """``changes`` state changes of one condition from noon on, the first one fires."""
    batches = []
    for number in range(changes):
        fires = alert(title, NOON + number * every)
        batches.append(yard.run(fires if number % 2 == 0 else clear(fires, NOON + number * every)))
    return batches


def test_four_changes_within_a_quarter_of_an_hour_are_no_flapping_and_the_fifth_is(yard):
    before = flap(yard, 4)
    assert yard.one.flags == ()

    batch = yard.run(alert("mail slow", NOON + 4 * MINUTE))

    assert all("noted:flapping" not in said(each) for each in before)
    assert said(batch) == ["alert_joined", "noted:flapping"]
    assert "flapping" in yard.one.flags
    assert yard.one.calm_at == NOON + 19 * MINUTE
    assert "5 state changes within 15m" in (batch.events[-1].fact.detail.text or "")


def test_changes_older_than_the_window_do_not_count(yard):
    flap(yard, 5, every=timedelta(minutes=3, seconds=45))

    assert yard.one.flags == ()


def test_changes_of_different_conditions_of_one_group_are_counted_apart(yard):
    for number, title in enumerate(["switch a", "switch b", "switch c", "switch d", "switch e", "switch f"]):
        yard.run(alert(title, NOON + number * SECOND))

    assert yard.one.flags == ()


def test_while_it_flaps_a_clear_has_to_hold_for_the_quiet_time_and_nothing_opens_again(yard):
    flap(yard, 6)
    assert yard.one.hold_until == NOON + 5 * MINUTE + 15 * MINUTE

    assert yard.pass_to(NOON + 12 * MINUTE) == []
    batch = yard.run(alert("mail slow", NOON + 13 * MINUTE))

    assert said(batch) == ["alert_joined"]
    assert (yard.one.cycle, yard.one.state) == (1, OPEN)


def test_after_the_quiet_time_it_says_so_and_a_clear_that_held_resolves(yard):
    flap(yard, 6)

    assert yard.pass_to(NOON + 20 * MINUTE) == ["noted:flapping_over", "resolved"]

    assert yard.one.resolved_at == NOON + 5 * MINUTE
    assert (yard.one.flags, yard.one.calm_at) == ((), None)


def test_after_the_quiet_time_what_still_fires_goes_on_as_an_ordinary_incident(yard):
    flap(yard, 5)

    assert yard.pass_to(NOON + 19 * MINUTE) == ["noted:flapping_over"]
    batch = yard.run(clear(alert("mail slow"), NOON + 21 * MINUTE))

    assert yard.one.hold_until == NOON + 26 * MINUTE
    assert said(batch) == ["alert_cleared"]


def test_a_late_timer_changes_nothing_for_what_comes_after_the_quiet_time(yard):
    flap(yard, 5)

    batch = yard.run(clear(alert("mail slow"), NOON + 40 * MINUTE))

    assert said(batch) == ["noted:flapping_over", "alert_cleared"]
    assert batch.events[0].fact.effective_at == NOON + 19 * MINUTE


def test_a_flapping_p1_keeps_its_start_its_priority_and_its_acknowledgement(yard):
    yard.run(alert("erp down", NOON, host="db1"))
    yard.act(CommandKind.ACKNOWLEDGE, INTERNAL, NOON + MINUTE)
    for number in (2, 3, 4, 5):
        fires = alert("erp down", NOON + number * MINUTE, host="db1")
        yard.run(clear(fires, NOON + number * MINUTE) if number % 2 == 0 else fires)

    assert "flapping" in yard.one.flags
    assert (yard.one.priority, yard.one.detected_at, yard.one.cycle) == (Priority.P1, NOON, 1)
    assert yard.one.acknowledged[INTERNAL].at == NOON + MINUTE


def test_flapping_can_be_switched_off():
    yard = Yard(flapping=FlappingSpec(changes=0))

    flap(yard, 12)

    assert yard.one.flags == ()
