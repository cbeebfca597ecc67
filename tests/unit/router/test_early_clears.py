"""A clear that comes before its trigger (R-C7, E29)."""

from __future__ import annotations

import pytest

from tandem.model.incident import IncidentState
from tests.unit.router.world import NOON, alert, clear
from tests.unit.router.yard import MINUTE, OPEN, said


def test_a_trigger_whose_clear_was_here_first_opens_and_closes_at_once(yard):
    over = clear(alert("mail slow"), NOON + 4 * MINUTE, occurred_at=NOON + 3 * MINUTE)
    assert yard.run(over).decided[0].outcome == "ignored"

    batch = yard.run(alert("mail slow", NOON + 5 * MINUTE, occurred_at=NOON + MINUTE))

    assert said(batch) == ["opened", "resolved"]
    assert (yard.one.detected_at, yard.one.resolved_at) == (NOON + 5 * MINUTE, NOON + 5 * MINUTE)
    assert batch.events[1].fact.detail.auto
    assert batch.events[0].incident.clear_pending_at == NOON + 5 * MINUTE  # so that nobody is paged


@pytest.mark.parametrize(
    ("trigger", "occurred"),
    [
        pytest.param(NOON + 15 * MINUTE, NOON, id="more than ten minutes later"),
        pytest.param(NOON + 5 * MINUTE, NOON + 4 * MINUTE, id="began after the clear"),
        pytest.param(NOON + 5 * MINUTE, None, id="does not say when it began"),
    ],
)
def test_any_other_trigger_opens_an_incident(yard, trigger, occurred):
    yard.run(clear(alert("mail slow"), NOON + 4 * MINUTE, occurred_at=NOON + 3 * MINUTE))

    batch = yard.run(alert("mail slow", trigger, occurred_at=occurred))

    assert said(batch) == ["opened"]


def test_an_overtaken_trigger_opens_nothing_again_and_joins_nothing(yard):
    yard.run(alert("mail slow", NOON))
    yard.run(clear(alert("mail slow"), NOON + MINUTE))
    yard.pass_to(NOON + 10 * MINUTE)
    yard.run(clear(alert("mail slow"), NOON + 12 * MINUTE, occurred_at=NOON + 11 * MINUTE))

    batch = yard.run(alert("mail slow", NOON + 13 * MINUTE, occurred_at=NOON + 11 * MINUTE))

    assert (said(batch), batch.decided[0].outcome) == ([], "repeated")
    assert yard.one.state is IncidentState.RESOLVED


def test_a_trigger_that_its_clear_overtook_on_the_way_is_over_although_it_was_accepted_first(yard):
    yard.run(clear(alert("mail slow"), NOON + 4 * MINUTE))

    batch = yard.run(alert("mail slow", NOON + 3 * MINUTE, occurred_at=None), now=NOON + 30 * MINUTE)

    assert said(batch) == ["opened", "resolved"]


def test_a_clear_that_was_accepted_before_its_condition_fired_again_ends_nothing(yard):
    yard.run(alert("mail slow", NOON))
    yard.run(clear(alert("mail slow"), NOON + MINUTE))
    yard.run(alert("mail slow", NOON + 3 * MINUTE))

    batch = yard.run(clear(alert("mail slow"), NOON + 2 * MINUTE), now=NOON + 4 * MINUTE)

    assert (said(batch), batch.decided[0].outcome) == ([], "ignored")
    assert (yard.one.state, yard.one.clear_pending_at) == (OPEN, None)
