"""What nobody repeats any more is marked, and closed only if the agreement says so (R-P13)."""

from __future__ import annotations

from datetime import timedelta

from tandem.agreement.schema.joining import StaleSpec
from tandem.model.events import CommandKind
from tandem.model.priority import Priority
from tests.unit.router.world import NOON, alert, clear
from tests.unit.router.yard import INTERNAL, MINUTE, OPEN, Yard, said


def test_what_nobody_repeats_for_a_day_is_marked_and_not_resolved(yard):
    yard.run(alert("mail slow", NOON))
    assert yard.pass_to(NOON + timedelta(hours=23)) == []

    assert yard.pass_to(NOON + timedelta(hours=24)) == ["noted:stale"]
    assert yard.pass_to(NOON + timedelta(days=30)) == []

    assert (yard.one.state, yard.one.flags) == (OPEN, ("stale",))


def test_a_new_alert_takes_the_mark_away_with_a_fact(yard):
    yard.run(alert("mail slow", NOON))
    yard.pass_to(NOON + timedelta(hours=24))

    batch = yard.run(alert("mail slow", NOON + timedelta(hours=25)))

    assert said(batch) == ["noted:no_longer_stale"]
    assert yard.one.flags == ()


def test_a_stale_p3_is_closed_only_if_the_agreement_says_so_and_a_p2_never():
    yard = Yard(stale=StaleSpec(close=True))
    yard.run(alert("mail slow", NOON), alert("disk full", NOON))
    yard.pass_to(NOON + timedelta(hours=24))

    assert yard.pass_to(NOON + timedelta(days=7)) == []
    assert yard.pass_to(NOON + timedelta(days=8)) == ["resolved"]

    assert [incident.priority for incident in yard.running()] == [Priority.P2]


def test_what_a_person_raised_and_what_waits_for_a_person_is_not_stale():
    yard = Yard(stale=StaleSpec(after=timedelta(hours=1)))
    yard.run(alert("erp down", NOON, host="db1"))
    yard.act(CommandKind.ACKNOWLEDGE, INTERNAL, NOON + MINUTE)
    yard.run(clear(alert("erp down"), NOON + 2 * MINUTE))
    yard.pass_to(NOON + 30 * MINUTE)

    assert yard.pass_to(NOON + timedelta(days=2)) == []
    assert yard.one.flags == ("cleared_pending_confirm",)
