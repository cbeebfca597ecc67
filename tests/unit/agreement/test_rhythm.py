"""When signals are due: intervals, deadlines on the wall clock, crontabs; which deadline a signal pays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.agreement.cron import parse_cron
from tandem.agreement.rhythm import Rhythm, rhythm_of, slot_of, slots
from tandem.agreement.schema.expected import ExpectedSpec
from tandem.agreement.schema.suppression import WeeklyHours

NEWARK = ZoneInfo("America/New_York")
FRIDAY = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SUNDAY_SIX = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def rhythm(**keys: object) -> Rhythm:
    return rhythm_of(ExpectedSpec.model_validate({"id": "x", **keys}), "America/New_York")


WEEKLY = rhythm(days=["sun"], by="06:00")


def test_every_sunday_by_six_is_six_on_the_wall_clock_on_both_sides_of_the_change_of_the_clocks():
    assert WEEKLY.first(FRIDAY) == SUNDAY_SIX
    assert WEEKLY.first(datetime(2026, 10, 30, tzinfo=UTC)) == datetime(2026, 11, 1, 11, 0, tzinfo=UTC)
    assert WEEKLY.first(datetime(2026, 10, 23, tzinfo=UTC)) == datetime(2026, 10, 25, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "due"),
    [
        ("day", datetime(2026, 11, 21, tzinfo=NEWARK)),
        ("week", datetime(2026, 11, 23, tzinfo=NEWARK)),
        ("month", datetime(2026, 12, 1, tzinfo=NEWARK)),
        ("quarter", datetime(2027, 1, 1, tzinfo=NEWARK)),
        ("year", datetime(2027, 1, 1, tzinfo=NEWARK)),
    ],
)
def test_a_calendar_period_is_due_at_its_end_in_the_clients_zone(every: str, due: datetime):
    assert rhythm(every=every).first(FRIDAY) == due


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (SUNDAY_SIX - timedelta(hours=9), SUNDAY_SIX + WEEK),
        (SUNDAY_SIX + timedelta(minutes=20), SUNDAY_SIX + WEEK),
        (SUNDAY_SIX - WEEK + timedelta(minutes=20), SUNDAY_SIX),
    ],
    ids=["the night before pays it", "within the grace pays it", "late for the week before does not"],
)
def test_a_signal_pays_the_deadline_of_its_own_period(at: datetime, due: datetime):
    assert WEEKLY.paid(SUNDAY_SIX, at, timedelta(minutes=30)) == due


def test_what_makes_up_for_a_missed_deadline_pays_the_coming_one_only_when_it_is_nearer_to_it():
    grace = timedelta(minutes=30)

    assert WEEKLY.paid(SUNDAY_SIX, SUNDAY_SIX + 6 * HOUR, grace) == SUNDAY_SIX + WEEK
    assert WEEKLY.paid(SUNDAY_SIX, SUNDAY_SIX + WEEK - 9 * HOUR, grace) == SUNDAY_SIX + 2 * WEEK
    assert WEEKLY.paid(SUNDAY_SIX, SUNDAY_SIX + WEEK + timedelta(minutes=5), grace) == SUNDAY_SIX + 2 * WEEK


def test_a_run_by_hand_before_its_start_does_not_stand_for_the_run():
    nightly = rhythm(cron="30 2 * * *")
    due = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)

    assert nightly.first(FRIDAY) == due
    assert nightly.paid(due, FRIDAY + HOUR, HOUR) == due
    assert nightly.paid(due, due + timedelta(minutes=12), HOUR) == due + timedelta(days=1)


def test_an_interval_begins_with_each_signal():
    hourly = rhythm(every="1h")

    assert hourly.first(FRIDAY) == FRIDAY + HOUR
    assert hourly.paid(FRIDAY + HOUR, FRIDAY + timedelta(minutes=50), HOUR) == FRIDAY + timedelta(minutes=110)
    assert hourly.following(FRIDAY) is None


def test_counted_hours_lie_within_the_weekly_hours_and_are_whole():
    hours = slots((WeeklyHours.model_validate({"days": ["fri"], "from": "09:00", "to": "11:30"}),), NEWARK)

    assert hours(FRIDAY - HOUR, FRIDAY + 12 * HOUR) == [(FRIDAY, FRIDAY + HOUR), (FRIDAY + HOUR, FRIDAY + 2 * HOUR)]
    assert slot_of(hours, FRIDAY + timedelta(minutes=61)) == (FRIDAY + HOUR, FRIDAY + 2 * HOUR)
    assert slot_of(hours, FRIDAY - timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("line", "at", "fires"),
    [
        ("0 6 * * sun", FRIDAY, SUNDAY_SIX),
        ("*/15 * * * *", FRIDAY, FRIDAY + timedelta(minutes=15)),
        ("0 0 29 2 *", FRIDAY, datetime(2028, 2, 29, tzinfo=NEWARK)),
        ("0 12 13 * fri", FRIDAY, datetime(2026, 11, 20, 12, 0, tzinfo=NEWARK)),
        ("0 9 * * 7", FRIDAY, datetime(2026, 11, 22, 9, 0, tzinfo=NEWARK)),
        ("@monthly", FRIDAY, datetime(2026, 12, 1, tzinfo=NEWARK)),
        ("5,35 8-10/2 * jan,dec mon-fri", FRIDAY, datetime(2026, 12, 1, 8, 5, tzinfo=NEWARK)),
    ],
)
def test_a_cron_line_fires_as_crontab_says(line: str, at: datetime, fires: datetime):
    assert parse_cron(line).after(at, NEWARK) == fires


def test_a_cron_line_that_never_fires_says_so():
    assert parse_cron("0 0 30 2 *").after(FRIDAY, NEWARK) is None


@pytest.mark.parametrize(
    "line", ["", "* * * *", "60 * * * *", "* 5-2 * * *", "a b c d e", "*/0 * * * *", "0 0 * * *" * 50]
)
def test_what_is_no_cron_line_is_refused_in_words(line: str):
    with pytest.raises(ValueError, match=r"cron line|is no|runs backwards"):
        parse_cron(line)


@given(st.text(max_size=60))
def test_any_text_is_a_cron_line_or_refused(line: str):
    try:
        cron = parse_cron(line)
    except ValueError:
        return
    fires = cron.after(FRIDAY, NEWARK)
    assert fires is None or fires > FRIDAY


RHYTHMS = st.sampled_from(
    [
        {"every": "1h"},
        {"every": "quarter"},
        {"every": "day"},
        {"days": ["sun"], "by": "06:00"},
        {"by": "02:30"},
        {"days": ["mon-fri"], "by": "24:00"},
        {"cron": "30 2 * * *"},
        {"cron": "*/20 * * * *"},
    ]
)


@given(RHYTHMS, INSTANTS)
def test_deadlines_come_one_after_another_for_ever(keys: dict[str, object], at: datetime):
    made = rhythm(**keys)

    due = made.first(at)

    for _ in range(20):
        assert due is not None
        assert due > at
        at, due = due, made.following(due)
        if due is None:
            assert "every" in keys
            return


@given(RHYTHMS, INSTANTS, st.timedeltas(timedelta(), timedelta(days=400)), st.sampled_from([0, 5, 15]))
def test_no_signal_ever_moves_a_deadline_back_and_a_paid_one_lies_ahead(
    keys: dict[str, object], start: datetime, later: timedelta, grace_minutes: int
):
    made, grace = rhythm(**keys), timedelta(minutes=grace_minutes)
    due, at = made.first(start), start + later
    assert due is not None

    paid = made.paid(due, at, grace)

    assert paid is not None
    assert paid >= due
    assert paid == due or paid + grace >= at
