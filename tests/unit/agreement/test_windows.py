"""Windows on the wall clock: weekly hours, recurrence rules, both changes of the clocks, and rules that never come."""

# ruff: noqa: DTZ001 - rules begin at wall times
from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.rrule import parse_rule
from tandem.agreement.windows import LONGEST, Recurrence, weekly_hours
from tandem.model.calendar import instant_of

NY = ZoneInfo("America/New_York")
ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
     "Africa/Casablanca", "Pacific/Apia", "Europe/London", "Antarctica/Troll"]
).map(ZoneInfo)  # fmt: skip
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def weekly(days: str, start: str, end: str, zone: ZoneInfo = NY) -> Recurrence:
    return Recurrence(zone=zone, weekly=(weekly_hours((days,), start, end),))


def rule(text: str, start: datetime, hours: float = 1, zone: ZoneInfo = NY) -> Recurrence:
    return Recurrence(zone=zone, rule=parse_rule(text), start=start, length=timedelta(hours=hours))


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        (utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 5), utc(2026, 11, 1, 8)),
        (utc(2027, 3, 14, 6, 30), utc(2027, 3, 14, 6), utc(2027, 3, 14, 7)),
    ],
)
def test_e35_one_to_three_is_three_hours_in_autumn_and_one_in_spring(at: datetime, start: datetime, end: datetime):
    assert weekly("sun", "01:00", "03:00").active(at) == (start, end)
    assert rule("FREQ=WEEKLY;BYDAY=SU", datetime(2026, 1, 4, 1), 2).active(at) == (start, end)


def test_e36_a_start_that_does_not_exist_is_the_first_instant_after_the_gap():
    window = weekly("sun", "02:30", "04:00")

    assert window.active(utc(2026, 3, 8, 7)) == (utc(2026, 3, 8, 7), utc(2026, 3, 8, 8))
    assert window.active(utc(2026, 3, 8, 6, 59, 59)) is None
    assert rule("FREQ=DAILY", datetime(2026, 3, 8, 2, 30), 1.5).active(utc(2026, 3, 8, 7, 30)) == (
        utc(2026, 3, 8, 7),
        utc(2026, 3, 8, 8),
    )


def test_a_window_that_lies_in_the_gap_is_empty_and_left_out():
    assert list(weekly("sun", "02:10", "02:50").between(utc(2026, 3, 8), utc(2026, 3, 9))) == []


def test_a_night_runs_into_the_next_day():
    assert weekly("fri", "22:00", "06:00").active(utc(2026, 11, 21, 8)) == (utc(2026, 11, 21, 3), utc(2026, 11, 21, 11))


def test_ended_by_hand_nothing_goes_on():
    window = Recurrence(zone=NY, once=(utc(2026, 11, 20, 9), utc(2026, 11, 20, 12)), cut_at=utc(2026, 11, 20, 10))

    assert window.active(utc(2026, 11, 20, 9, 59)) == (utc(2026, 11, 20, 9), utc(2026, 11, 20, 10))
    assert window.active(utc(2026, 11, 20, 10)) is None
    assert window.next_change(utc(2026, 11, 20, 10)) is None


def test_occurrences_begin_within_the_bounds():
    window = Recurrence(
        zone=NY,
        weekly=(weekly_hours(("mon-sun",), "01:00", "02:00"),),
        not_before=utc(2026, 11, 20, 6),
        not_after=utc(2026, 11, 22, 6),
    )

    assert [start for start, _ in window.between(utc(2026, 11, 1), utc(2026, 12, 1))] == [
        utc(2026, 11, 20, 6),
        utc(2026, 11, 21, 6),
    ]


def test_an_end_at_the_end_of_the_calendar_is_none():
    assert (
        rule("FREQ=DAILY;UNTIL=99991231T235959Z", datetime(2026, 11, 20, 1)).active(utc(2027, 7, 1, 5, 30)) is not None
    )


def test_count_and_until_end_a_rule():
    three = rule("FREQ=DAILY;COUNT=3", datetime(2026, 11, 20, 1))
    until = rule("FREQ=DAILY;UNTIL=20261122T060000Z", datetime(2026, 11, 20, 1))

    for window in (three, until):
        assert len(list(window.between(utc(2026, 11, 1), utc(2027, 1, 1)))) == 3
        assert window.next_change(utc(2026, 11, 23)) is None


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=1MO",
        "FREQ=DAILY;COUNT=10000;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_a_rule_that_never_comes_is_no_endless_search(text: str):
    begun = process_time()

    assert rule(text, datetime(2026, 1, 6, 1)).next_change(utc(2026, 1, 1)) is None
    assert process_time() - begun < 5


def written(
    freq: str, interval: int, days: list[str], months: list[int], month_days: list[int], hours: list[int]
) -> str:
    """A rule that comes again and again: the oracle walks to the year 9999 for one that does not."""
    parts = [f"FREQ={freq}", f"INTERVAL={interval}"]
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    if months and interval == 1 and not month_days:
        parts.append(f"BYMONTH={','.join(map(str, months))}")
    if month_days and freq != "WEEKLY":
        parts.append(f"BYMONTHDAY={','.join(map(str, month_days))}")
    if hours and freq != "HOURLY":
        parts.append(f"BYHOUR={','.join(map(str, hours))}")
    return ";".join(parts)


RULES = st.builds(
    written,
    st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 3),
    st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), max_size=3, unique=True),
    st.lists(st.integers(1, 12), max_size=3, unique=True),
    st.lists(st.sampled_from([1, 2, 13, 28, -1, -2]), max_size=2, unique=True),
    st.lists(st.integers(0, 23), max_size=2, unique=True),
)
NUMBERED = st.builds(
    lambda freq, which, day, month: f"FREQ={freq};BYDAY={which}{day}" + (f";BYMONTH={month}" if month else ""),
    st.sampled_from(["MONTHLY", "YEARLY"]),
    st.sampled_from([1, 2, 3, 4, 5, -1, -2]),
    st.sampled_from(["MO", "WE", "SU"]),
    st.sampled_from([None, 2, 11]),
)
POSITIONED = st.builds(
    lambda freq, days, which: f"FREQ={freq};BYDAY={','.join(days)};BYSETPOS={which}",
    st.sampled_from(["MONTHLY", "YEARLY"]),  # of a first week the oracle takes only what is left of it
    st.lists(st.sampled_from(["MO", "TU", "FR", "SU"]), min_size=1, max_size=3, unique=True),
    st.sampled_from([1, 2, -1]),
)


@settings(max_examples=150, deadline=None)
@given(
    text=st.one_of(RULES, NUMBERED, POSITIONED),
    ending=st.sampled_from(["", ";COUNT=1", ";COUNT=7", ";UNTIL=20261020T130000"]),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31)),
    first=st.integers(0, 120),
)
def test_a_rule_comes_when_the_calendar_library_says(text: str, ending: str, start: datetime, first: int):
    start = start.replace(second=0, microsecond=0)
    oracle = rrulestr(text + ending + ";BYSECOND=0", dtstart=start)
    begin = start + timedelta(days=first)
    end = begin + timedelta(days=60)
    ours = Recurrence(zone=ZoneInfo("UTC"), rule=parse_rule(text + ending), start=start, length=timedelta(minutes=1))

    expected = [at.replace(tzinfo=UTC) for at in takewhile(lambda at: at < end, oracle) if at >= begin]
    found = [at for at, _ in ours.between(begin.replace(tzinfo=UTC), end.replace(tzinfo=UTC))]

    assert [at for at in found if at >= begin.replace(tzinfo=UTC)] == expected


@settings(max_examples=100, deadline=None)
@given(zone=ZONES, days=st.sets(st.integers(0, 6), min_size=1), opens=CLOCK, closes=CLOCK, at=MOMENTS)
def test_a_window_holds_exactly_between_its_wall_times_in_every_zone(
    zone: ZoneInfo, days: set[int], opens: time, closes: time, at: datetime
):
    window = Recurrence(zone=zone, weekly=((frozenset(days), opens, closes),))

    local_day = at.astimezone(zone).date()
    spans = []
    for day in (local_day - timedelta(days=1), local_day, local_day + timedelta(days=1)):
        if day.weekday() in days:
            last = day if closes > opens else day + timedelta(days=1)
            spans.append((instant_of(day, opens, zone), instant_of(last, closes, zone, last=True)))
    inside = [span for span in spans if span[0] <= at < span[1]]

    assert window.active(at) == (max(inside, key=lambda span: span[1]) if inside else None)


@settings(max_examples=100, deadline=None)
@given(
    zone=ZONES,
    text=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=MONTHLY;BYDAY=2SU", "FREQ=HOURLY;INTERVAL=5"]),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1)),
    minutes=st.integers(1, 3 * 24 * 60),
    at=MOMENTS,
)
def test_what_changes_next_is_the_first_edge_and_nothing_changes_before(
    zone: ZoneInfo, text: str, start: datetime, minutes: int, at: datetime
):
    start = start.replace(second=0, microsecond=0)
    window = Recurrence(zone=zone, rule=parse_rule(text), start=start, length=timedelta(minutes=minutes))

    change = window.next_change(at)

    assert change is not None
    assert change > at
    edges = {edge for span in window.between(at, change + timedelta(days=1)) for edge in span}
    assert change in edges
    assert not [edge for edge in edges if at < edge < change]
    middle = at + (change - at) / 2
    assert (window.active(at) is None) == (window.active(middle) is None)


@settings(max_examples=100, deadline=None)
@given(zone=ZONES, opens=CLOCK, closes=CLOCK, at=MOMENTS, days=st.integers(1, 90))
def test_every_look_gives_the_same_occurrences(zone: ZoneInfo, opens: time, closes: time, at: datetime, days: int):
    window = Recurrence(zone=zone, weekly=((frozenset({2, 5, 6}), opens, closes),))
    end = at + timedelta(days=days)

    whole = list(window.between(at, end))
    middle = at + (end - at) / 2
    parts = {*window.between(at, middle), *window.between(middle, end)}

    assert set(whole) == parts
    assert all(start < until and until - start <= LONGEST for start, until in whole)
