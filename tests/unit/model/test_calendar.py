"""Business calendars: the rules R-B1 to R-B4 of domain.md, and properties against a slow oracle."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tandem.model.calendar import ALWAYS, Calendar, build_calendar, instant_of

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "UTC")
CHANGES = (
    *("2026-03-08T07:00", "2026-11-01T06:00", "2027-03-14T07:00", "2027-11-07T06:00"),  # New York
    *("2026-03-29T01:00", "2026-10-25T01:00", "2026-04-04T15:00", "2026-10-03T15:30"),  # Berlin, Lord Howe
)
unhurried = settings(deadline=None)  # the machine may be busy
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(*pairs: str) -> list[tuple[time, time]]:
    """``09:00-17:00``; 24:00 is written 00:00."""
    return [(time.fromisoformat(pair[:5]), time.fromisoformat(pair[6:])) for pair in pairs]


WORKDAYS = {day: hours("09:00-17:00") for day in range(5)}
NIGHTS = build_calendar("night desk", "America/New_York", {day: hours("22:00-06:00") for day in range(7)})
OFFICE = build_calendar(
    "office",
    "America/New_York",
    WORKDAYS,
    holidays=[date(2026, 11, 26)],
    special={date(2026, 11, 27): hours("09:00-13:00")},
)


def test_an_opening_belongs_to_the_hours_and_a_closing_does_not():
    assert OFFICE.is_open(at("2026-11-20T14:00"))
    assert OFFICE.is_open(at("2026-11-20T21:59:59.999999"))
    assert not OFFICE.is_open(at("2026-11-20T22:00"))
    assert not OFFICE.is_open(at("2026-11-20T13:59:59.999999"))


@pytest.mark.parametrize(
    ("evening", "opens", "closes"),
    [
        pytest.param("2026-10-31T20:00", "2026-11-01T02:00", "2026-11-01T11:00", id="e12_autumn_2026_has_9_hours"),
        pytest.param("2026-03-07T20:00", "2026-03-08T03:00", "2026-03-08T10:00", id="e12_spring_2026_has_7_hours"),
        pytest.param("2027-03-13T20:00", "2027-03-14T03:00", "2027-03-14T10:00", id="e12_spring_2027_has_7_hours"),
        pytest.param("2027-11-06T20:00", "2027-11-07T02:00", "2027-11-07T11:00", id="e12_autumn_2027_has_9_hours"),
    ],
)
def test_a_night_over_a_change_of_the_clocks_is_as_long_as_it_is(evening: str, opens: str, closes: str):
    assert NIGHTS.next_open(at(evening)) == at(opens)
    assert NIGHTS.next_change(at(opens)) == at(closes)
    assert NIGHTS.business(at(evening), at(evening) + DAY / 2 + 4 * HOUR) == at(closes) - at(opens)


def test_a_time_that_the_clock_skips_is_the_end_of_the_gap():
    new_york = ZoneInfo("America/New_York")

    assert instant_of(date(2026, 3, 8), time(2, 30), new_york) == at("2026-03-08T07:00")
    assert instant_of(date(2026, 3, 8), time(2, 30), new_york, last=True) == at("2026-03-08T07:00")


def test_of_a_repeated_time_an_opening_takes_the_first_and_a_closing_the_last():
    new_york = ZoneInfo("America/New_York")

    assert instant_of(date(2026, 11, 1), time(1, 30), new_york) == at("2026-11-01T05:30")
    assert instant_of(date(2026, 11, 1), time(1, 30), new_york, last=True) == at("2026-11-01T06:30")


def test_e35_and_e36_windows_over_a_change_of_the_clocks():
    def window(day: date, opens: str, closes: str) -> tuple[datetime, datetime]:
        calendar = build_calendar("window", "America/New_York", {}, special={day: hours(f"{opens}-{closes}")})
        start = calendar.next_open(at("2026-01-01T00:00"))
        end = calendar.next_change(start)
        assert end is not None
        return start, end

    assert window(date(2026, 11, 1), "01:00", "03:00") == (at("2026-11-01T05:00"), at("2026-11-01T08:00"))
    assert window(date(2027, 3, 14), "01:00", "03:00") == (at("2027-03-14T06:00"), at("2027-03-14T07:00"))
    assert window(date(2026, 3, 8), "02:30", "04:00") == (at("2026-03-08T07:00"), at("2026-03-08T08:00"))


def test_hours_that_exist_only_inside_a_gap_are_no_hours():
    calendar = build_calendar("gap", "America/New_York", {}, special={date(2026, 3, 8): hours("02:10-02:50")})

    assert calendar.business(at("2026-03-07T00:00"), at("2026-03-10T00:00")) == timedelta(0)


def test_a_night_belongs_to_the_day_it_opens_on_also_before_a_holiday():
    desk = build_calendar("desk", "UTC", {3: hours("22:00-06:00")}, holidays=[date(2026, 11, 20)])

    assert desk.is_open(at("2026-11-20T05:59"))


def test_a_special_day_replaces_the_hours_also_on_a_holiday():
    day = date(2026, 11, 20)
    calendar = build_calendar("x", "UTC", WORKDAYS, holidays=[day], special={day: hours("10:00-11:00")})

    assert calendar.business(at("2026-11-20T00:00"), at("2026-11-21T00:00")) == HOUR


def test_intervals_that_overlap_count_once():
    calendar = build_calendar("x", "UTC", {0: hours("09:00-12:00", "11:00-13:00"), 6: hours("22:00-10:00")})

    assert calendar.business(at("2026-11-15T00:00"), at("2026-11-17T00:00")) == 15 * HOUR


def test_time_used_up_at_a_close_is_that_close():
    assert OFFICE.add(at("2026-11-20T18:00"), 4 * HOUR) == at("2026-11-20T22:00")
    assert OFFICE.add(at("2026-11-20T22:00"), MINUTE) == at("2026-11-23T14:01")


def test_no_time_at_all_is_the_instant_itself_also_when_closed():
    assert OFFICE.add(at("2026-11-21T12:00"), timedelta(0)) == at("2026-11-21T12:00")


def test_negative_time_is_refused():
    for calendar in (OFFICE, ALWAYS):
        with pytest.raises(ValueError, match="not negative"):
            calendar.add(at("2026-11-20T12:00"), -MINUTE)


def test_around_the_clock_never_changes():
    now = at("2026-11-01T05:30")

    assert ALWAYS.is_open(now)
    assert ALWAYS.add(now, 4 * HOUR) == at("2026-11-01T09:30")
    assert ALWAYS.business(now, now + DAY) == DAY
    assert ALWAYS.next_open(now) == now
    assert ALWAYS.next_change(now) is None


def test_a_week_written_as_24_hours_a_day_is_around_the_clock_in_any_zone():
    week = build_calendar("always", "America/New_York", {day: hours("00:00-00:00") for day in range(7)})

    assert week.next_change(at("2026-11-01T05:30")) is None
    assert week.add(at("2026-11-01T05:30"), 4 * HOUR) == at("2026-11-01T09:30")


def test_a_closed_day_of_an_always_open_desk_is_found():
    week = build_calendar("desk", "UTC", {day: hours("00:00-00:00") for day in range(7)}, [date(2027, 1, 1)])

    assert week.next_change(at("2026-06-01T00:00")) == at("2027-01-01T00:00")
    assert week.next_change(at("2027-01-01T12:00")) == at("2027-01-02T00:00")
    assert week.next_change(at("2027-01-02T00:00")) is None


def test_a_calendar_that_never_opens_says_so():
    closed = build_calendar("closed", "UTC", {})

    assert not closed.is_open(at("2026-11-20T12:00"))
    assert closed.next_change(at("2026-11-20T12:00")) is None
    with pytest.raises(ValueError, match="never opens"):
        closed.next_open(at("2026-11-20T12:00"))
    with pytest.raises(ValueError, match="never opens"):
        closed.add(at("2026-11-20T12:00"), MINUTE)


def test_a_calendar_of_special_days_is_closed_after_the_last():
    once = build_calendar("once", "UTC", {}, special={date(2026, 11, 20): hours("09:00-10:00")})

    assert once.next_open(at("2026-01-01T00:00")) == at("2026-11-20T09:00")
    with pytest.raises(ValueError, match="never opens"):
        once.next_open(at("2026-11-20T10:00"))


@pytest.mark.parametrize("zone", ["Nowhere/City", "", "../../etc/passwd", "America"])
def test_an_unknown_zone_is_refused(zone: str):
    with pytest.raises(ValueError, match=r"zone|keys|path"):
        build_calendar("x", zone, WORKDAYS)


def test_an_unknown_weekday_is_refused():
    with pytest.raises(ValueError, match="weekdays"):
        build_calendar("x", "UTC", {7: hours("09:00-17:00")})


wall_times = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
intervals = st.tuples(wall_times, wall_times)
weeks = st.dictionaries(st.integers(0, 6), st.lists(intervals, min_size=1, max_size=2), min_size=1)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    return build_calendar(
        "drawn",
        draw(st.sampled_from(ZONES)),
        draw(weeks),
        draw(st.lists(days, max_size=4)),
        draw(st.dictionaries(days, st.lists(intervals, max_size=2), max_size=3)),
    )


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """Anywhere in 2026 and 2027, half of them within three days of a change of the clocks."""
    if draw(st.booleans()):
        return at(draw(st.sampled_from(CHANGES))) + draw(st.timedeltas(-3 * DAY, 3 * DAY))
    return at("2026-01-01T00:00") + draw(st.timedeltas(timedelta(0), 730 * DAY))


lengths = st.timedeltas(timedelta(0), timedelta(hours=60))


@unhurried
@given(calendars(), instants(), lengths)
def test_adding_business_time_and_measuring_it_are_inverse(calendar: Calendar, start: datetime, length: timedelta):
    until = calendar.add(start, length)

    assert calendar.business(start, until) == length


@unhurried
@given(calendars(), instants(), lengths)
def test_the_instant_reached_is_the_earliest(calendar: Calendar, start: datetime, length: timedelta):
    assume(length)

    before = calendar.add(start, length) - timedelta(microseconds=1)

    assert calendar.business(start, before) < length


@unhurried
@given(calendars(), instants(), lengths, lengths)
def test_business_time_is_additive(calendar: Calendar, start: datetime, first: timedelta, second: timedelta):
    middle, end = start + first, start + first + second

    assert calendar.business(start, middle) + calendar.business(middle, end) == calendar.business(start, end)
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@unhurried
@given(calendars(), instants())
def test_between_changes_a_calendar_is_all_open_or_all_closed(calendar: Calendar, start: datetime):
    change = calendar.next_change(start)
    assume(change is not None)
    assert change is not None

    assert calendar.business(start, change) == (change - start if calendar.is_open(start) else timedelta(0))
    assert calendar.is_open(change) is not calendar.is_open(start)


@unhurried
@given(calendars(), instants(), lengths)
def test_the_windows_of_a_stretch_are_its_working_hours(calendar: Calendar, start: datetime, length: timedelta):
    end = start + length

    found = calendar.windows(start, end)

    assert sum((closes - opens for opens, closes in found), timedelta()) == calendar.business(start, end)
    assert all(calendar.is_open(opens) and start <= opens < closes <= end for opens, closes in found)
    assert all(one < two for (_, one), (two, _) in itertools.pairwise(found))


@unhurried
@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.times(), st.sampled_from(sorted(available_timezones())))
@example(date(2030, 3, 31), time(2, 0, fold=1), "Europe/Paris")
def test_on_a_day_without_a_change_a_wall_clock_shows_each_time_once(day: date, wall: time, name: str):
    """Every zone there is: the instant of a wall time shows that time, unless the clock skips it."""
    zone = ZoneInfo(name)

    first, last = instant_of(day, wall, zone), instant_of(day, wall, zone, last=True)

    shown = first.astimezone(zone).replace(tzinfo=None)
    skipped = shown != datetime.combine(day, wall)
    assert first <= last
    assert not skipped or (first == last and shown > datetime.combine(day, wall))
    assert skipped or last.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, wall)


@unhurried
@given(calendars(), instants())
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar: Calendar, start: datetime):
    opens = calendar.next_open(start)

    assert calendar.is_open(opens)
    assert calendar.business(start, opens) == timedelta(0)


def minutes_of(calendar: Calendar, start: datetime, end: datetime) -> Iterator[bool]:
    """Per minute whether some day's hours hold it, straight from the rule and one wall clock at a time."""
    first = start.date() - 3 * DAY
    windows = []
    for number in range((end - start).days + 7):
        day = first + number * DAY
        for opens, closes in calendar.exceptions.get(day, calendar.weekly[day.weekday()]):
            last_day = day if closes > opens else day + DAY
            windows.append(
                (slow_instant(day, opens, calendar.zone, 0), slow_instant(last_day, closes, calendar.zone, 1))
            )
    minute = start
    while minute < end:
        yield any(opens <= minute < closes for opens, closes in windows)
        minute += MINUTE


def slow_instant(day: date, wall: time, zone: ZoneInfo, occurrence: int) -> datetime:
    """Walk every minute of the day in UTC: the wanted occurrence of the wall time, else the first minute past it."""
    wanted = datetime.combine(day, wall)
    minute = wanted.replace(tzinfo=UTC) - 15 * HOUR
    shown = [minute + n * MINUTE for n in range(30 * 60 + 1)]
    matching = [m for m in shown if m.astimezone(zone).replace(tzinfo=None) == wanted]
    if matching:
        return matching[-1 if occurrence else 0]
    return next(m for m in shown if m.astimezone(zone).replace(tzinfo=None) > wanted)


@settings(max_examples=15, deadline=None)
@given(calendars(), st.sampled_from(CHANGES), st.integers(0, 72), st.integers(1, 60))
def test_it_agrees_with_an_oracle_that_counts_minutes(calendar: Calendar, change: str, before: int, after: int):
    start, end = at(change) - before * HOUR, at(change) + after * HOUR

    open_minutes = list(minutes_of(calendar, start, end))

    assert calendar.business(start, end) == sum(open_minutes) * MINUTE
    assert [calendar.is_open(start + n * MINUTE) for n in range(0, len(open_minutes), 7)] == open_minutes[::7]
