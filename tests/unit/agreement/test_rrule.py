"""Recurrence rules as they are written: what is wrong with one is said in words."""

from __future__ import annotations

import pytest

from tandem.agreement.rrule import parse_rule


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FREQ=SECONDLY", "shortest is FREQ=HOURLY"),
        ("FREQ=MINUTELY;INTERVAL=5", "shortest is FREQ=HOURLY"),
        ("FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,15,30,45", "at most 10,000 a year"),
        ("FREQ=FORTNIGHTLY", "is not one of HOURLY, DAILY"),
        ("every second tuesday", "write it like FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYDAY=2SU", "needs FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYDAY=XX", "no weekday"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "from -31 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "count from 1"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "contradict each other"),
        ("FREQ=DAILY;UNTIL=soon", "20271231T235959Z"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not supported"),
        ("FREQ=DAILY;INTERVAL=0", "from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=९", "from 1 to 1000"),
        ("FREQ=MONTHLY;BYSETPOS=1", "needs BYDAY or BYMONTHDAY"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_in_words(text: str, says: str):
    with pytest.raises(ValueError, match=says.replace("(", "\\(")):
        parse_rule(text)
