"""Compliance and statistics: rules R-K1 to R-K5, examples E32 and E33."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tandem.model.events import ClockName, ClockState, SlaClock
from tandem.model.priority import Priority
from tandem_sla_clock.measures import Compliance, compliance, decided_at, spread
from tests.support.sla import Story, instant


def clocks(state: str) -> SlaClock:
    story = Story("2026-11-16T14:00", priority=Priority.P2)
    match state:
        case "met":
            story.acknowledged("2026-11-16T14:10")
        case "breached":
            story.acknowledged("2026-11-16T15:10")
        case "cancelled":
            story.cleared("2026-11-16T14:10")
        case _:
            pass
    return story.clocks("2026-11-16T14:20" if state == "open" else "2026-11-16T16:00").response


def test_e32_nineteen_of_twenty_pass_and_neither_cancelled_nor_open_ones_count():
    found = compliance([clocks("met")] * 19 + [clocks("breached")] + [clocks("cancelled")] * 3 + [clocks("open")] * 2)

    assert (found.met, found.breached, dict(found.excluded)) == (19, 1, {"cancelled": 3})
    assert (found.percent, found.passes) == ("95.0", True)


def test_e32_almost_is_not_enough_and_is_not_shown_as_enough():
    found = Compliance(met=1899, breached=101, excluded={})

    assert (found.percent, found.passes) == ("94.9", False)


def test_e32_nothing_decided_is_no_figure():
    found = compliance([clocks("open")])

    assert (found.percent, found.passes) == (None, None)


def test_a_breach_of_an_earlier_cycle_is_counted_once():
    story = Story("2026-11-16T14:00").acknowledged("2026-11-16T14:01")
    story.resolved("2026-11-16T18:30").reopened("2026-11-16T19:00")
    resolutions = [c for c in story.clocks("2026-11-16T20:00").all if c.clock is ClockName.RESOLUTION]

    found = compliance(resolutions)

    assert (found.breached, dict(found.excluded)) == (1, {"breached_before": 1})


def test_a_clock_is_decided_at_its_stop_or_due_whichever_is_first():
    assert decided_at(clocks("met")) == instant("2026-11-16T14:10")
    assert decided_at(clocks("breached")) == instant("2026-11-16T15:00")
    assert decided_at(clocks("open")) is None
    assert clocks("cancelled").state is ClockState.CANCELLED
    assert decided_at(clocks("cancelled")) is None


def test_e33_percentiles_by_nearest_rank():
    found = spread([timedelta(minutes=m) for m in (100, 5, 20, 10, 15)])

    assert found is not None
    minutes = [length / timedelta(minutes=1) for length in (found.mean, found.p50, found.p90, found.p95, found.max)]
    assert (found.n, minutes) == (5, [30, 15, 100, 100, 100])


@pytest.mark.parametrize("n", [1, 2, 19, 20, 21, 100])
def test_a_percentile_is_a_value_that_occurred(n: int):
    found = spread([timedelta(minutes=m + 1) for m in range(n)])

    assert found is not None
    assert found.p95 == timedelta(minutes=-(-95 * n // 100))


def test_no_times_have_no_spread():
    assert spread([]) is None
