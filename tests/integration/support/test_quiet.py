"""An installation under test lives in working hours that last, on whatever day and at whatever time it is started."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tandem.agreement.duty import duty
from tests.support.quiet import STILL, until_a_quiet_hour
from tests.support.system import examples

STARTS = {
    "a weekday a minute before opening": "2026-12-01T13:59",
    "a weekday just after opening": "2026-12-01T14:00",
    "the evening of the month's end": "2026-12-01T01:30",
    "the evening before a holiday": "2026-12-24T22:00",
    "across the year": "2026-12-31T23:58",
    "a Sunday's patching": "2026-12-06T06:30",
    "a Saturday noon": "2026-12-05T17:00",
    "American summer time begins": "2027-03-14T06:59",
    "European summer time begins": "2027-03-28T00:59",
    "a leap day": "2028-02-29T12:00",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_the_next_quiet_hour_is_ahead_and_nobody_hands_over_during_it(start: str) -> None:
    northwind = examples().active("northwind")
    assert northwind is not None
    now = datetime.fromisoformat(start).replace(tzinfo=UTC)

    ahead = until_a_quiet_hour(northwind, now)

    assert timedelta() < ahead < timedelta(days=8)
    minutes = range(0, int(STILL.total_seconds() // 60), 10)
    assert {duty(northwind, now + ahead + timedelta(minutes=n)).on_duty for n in minutes} == {True}
