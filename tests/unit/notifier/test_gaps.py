"""The gauge that says that somebody's schedule has a hole, before the night in which it matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tandem.metrics import Metrics
from tandem_notifier.metrics import set_gaps
from tests.support.system import examples


def gap(at: datetime, party: str, track: str, *, stand_in: bool = True) -> float | None:
    metrics, book = Metrics(), examples()
    northwind = book.active("northwind")
    assert northwind is not None
    if not stand_in:
        alone = {name: spec.model_copy(update={"overrides": ()}) for name, spec in northwind.schedules.items()}
        northwind = replace(northwind, schedules=alone)
    set_gaps(metrics, {"northwind": northwind}, at)
    return metrics.registry.get_sample_value("tandem_oncall_gap_seconds", {"party": party, "track": track})


def test_nights_and_holidays_of_the_internal_party_are_no_gap():
    """The week of Thanksgiving: outside its hours Brightwater covers."""
    assert gap(datetime(2026, 11, 20, 14, tzinfo=UTC), "internal", "ops") == 0


def test_an_absence_without_a_stand_in_is_a_gap_as_long_as_its_working_hours():
    """Chloe has the last week of December and is on holiday from Monday to Thursday."""
    week = datetime(2026, 12, 27, 14, tzinfo=UTC)

    assert gap(week, "internal", "ops", stand_in=False) == 4 * 8 * 3600
    assert gap(week, "internal", "ops") == 0


def test_the_msp_covers_every_minute():
    assert gap(datetime(2026, 12, 20, 14, tzinfo=UTC), "msp", "ops") == 0
