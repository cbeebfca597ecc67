"""Who is on call: rotations, restrictions, overrides, absences and daylight saving (R-S1 to R-S9)."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.oncall.absence import absences
from tandem.agreement.oncall.restriction import wall_time, weekdays
from tandem.agreement.oncall.rotation import add_months
from tandem.agreement.oncall.timeline import on_call, timeline
from tandem.agreement.schema.people import Absence, Layer, Override, PersonSpec, Restriction, ScheduleSpec
from tandem.model.ownership import Party
from tests.support.schedules import DAYS, Oracle, minutes, utc

NY = "America/New_York"


def layer(*people: str, anchor: str = "2026-10-26T09:00", **fields) -> Layer:
    return Layer(people=people, anchor=datetime.fromisoformat(anchor), **fields)


def schedule(*layers: Layer, zone: str = NY, **fields) -> ScheduleSpec:
    return ScheduleSpec(id="s", zone=zone, layers=layers, **fields)


def hours(days: str, start: str, end: str) -> Restriction:
    return Restriction(days=tuple(days.split()), start=start, end=end)


def override(kind: str, person: str, start: str, end: str, by: str | None = None) -> Override:
    return Override(type=kind, person=person, by=by, start=utc(start), end=utc(end))  # type: ignore[arg-type]


def names(spec: ScheduleSpec, start: str, end: str) -> list[tuple[str, str]]:
    """(UTC start, people) of the timeline."""
    return [(s.start.strftime("%m-%dT%H:%M"), "+".join(s.people)) for s in timeline(spec, utc(start), utc(end))]


# --- Against the oracle, over the nights on which clocks change ------------------------------------------------

WALLS = st.sampled_from(["00:00", "00:30", "01:00", "01:30", "02:00", "02:30", "03:00", "09:00", "17:00", "22:30"])
ZONES = st.sampled_from([NY, "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "UTC"])
CHANGES = {
    NY: ["2026-11-01T06:00", "2027-03-14T07:00"],
    "Europe/Berlin": ["2026-10-25T01:00", "2027-03-28T01:00"],
    "Australia/Lord_Howe": ["2026-10-03T15:30", "2027-04-03T15:00"],
    "America/Santiago": ["2026-09-06T04:00", "2027-04-04T03:00"],
    "UTC": ["2026-11-01T06:00"],
}


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    restrict = []
    for _ in range(draw(st.integers(0, 2))):
        days = draw(st.sets(st.sampled_from(DAYS), min_size=1).map(lambda found: tuple(sorted(found))))
        restrict.append(Restriction(days=days, start=draw(WALLS), end=draw(WALLS)))
    unit = draw(st.sampled_from(["hour", "week"] if restrict else ["hour", "day", "week"]))
    length = draw(st.integers(1, 23 if unit == "hour" else 3))
    people = draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=4))
    anchor = f"2026-{draw(st.sampled_from(['10', '12']))}-0{draw(st.integers(1, 9))}T{draw(WALLS)}"
    return layer(*people, anchor=anchor, unit=unit, length=length, restrict=tuple(restrict))


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_every_minute_around_a_clock_change_agrees_with_watching_the_wall_clock(data):
    zone = data.draw(ZONES)
    change = utc(data.draw(st.sampled_from(CHANGES[zone])))
    mode = data.draw(st.sampled_from(["priority", "additive"]))
    spec = schedule(*data.draw(st.lists(layers(), min_size=1, max_size=3)), zone=zone, mode=mode)
    start, end = change - timedelta(hours=5), change + timedelta(hours=5)
    oracle = Oracle(spec, start, end)

    wrong = [at for at in minutes(start, end) if on_call(spec, at) != oracle.on_call(at)]

    assert wrong == []


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_timeline_is_the_answer_of_every_minute_merged(data):
    zone = data.draw(ZONES)
    start = utc(data.draw(st.sampled_from(CHANGES[zone]))) - timedelta(hours=20)
    end = start + timedelta(hours=40)
    spec = schedule(*data.draw(st.lists(layers(), min_size=1, max_size=3)), zone=zone)

    shifts = timeline(spec, start, end)

    assert [shift.end for shift in shifts[:-1]] == [shift.start for shift in shifts[1:]]
    assert (shifts[0].start, shifts[-1].end) == (start, end)
    assert all(one.people != two.people or one.layer != two.layer for one, two in itertools.pairwise(shifts))
    for at in minutes(start, end)[::7]:
        (now,) = [shift for shift in shifts if shift.start <= at < shift.end]
        assert now.people == on_call(spec, at)


# --- Rotations ------------------------------------------------------------------------------------------------


def test_a_weekly_hand_off_keeps_its_wall_time_over_the_autumn_change():
    spec = schedule(layer("ann", "bob", unit="week"))

    assert names(spec, "2026-10-26T13:00", "2026-11-16T14:00") == [
        ("10-26T13:00", "ann"),
        ("11-02T14:00", "bob"),
        ("11-09T14:00", "ann"),
    ]


def test_a_hand_off_in_the_spring_gap_is_the_first_instant_after_it():
    spec = schedule(layer("ann", "bob", anchor="2027-03-13T02:30", unit="day"))

    assert names(spec, "2027-03-14T06:00", "2027-03-15T06:00") == [("03-14T06:00", "ann"), ("03-14T07:00", "bob")]


def test_a_hand_off_in_the_autumn_fold_is_at_the_first_occurrence():
    spec = schedule(layer("ann", "bob", anchor="2026-10-31T01:30", unit="day"))

    assert names(spec, "2026-11-01T05:00", "2026-11-01T08:00") == [("11-01T05:00", "ann"), ("11-01T05:30", "bob")]


def test_a_rotation_of_24_hours_equals_a_daily_one():
    daily = schedule(layer("ann", "bob", "cec", unit="day", restrict=(hours("mon tue wed", "09:00", "17:00"),)))
    hourly = schedule(
        layer("ann", "bob", "cec", unit="hour", length=24, restrict=(hours("mon tue wed", "09:00", "17:00"),))
    )

    assert names(daily, "2026-10-26T00:00", "2026-12-26T00:00") == names(hourly, "2026-10-26T00:00", "2026-12-26T00:00")


def test_months_are_clamped_from_the_anchor_without_drift():
    anchor = datetime(2027, 1, 31, 9)  # noqa: DTZ001 - a wall time

    assert [add_months(anchor, number).strftime("%m-%d") for number in range(4)] == ["01-31", "02-28", "03-31", "04-30"]
    assert add_months(anchor, 13) == datetime(2028, 2, 29, 9)  # noqa: DTZ001
    assert add_months(anchor, -2) == datetime(2026, 11, 30, 9)  # noqa: DTZ001


def test_turns_before_the_anchor_count_backwards():
    spec = schedule(layer("ann", "bob", "cec", unit="day"), zone="UTC")

    assert on_call(spec, utc("2026-10-25T12:00")) == ("cec",)
    assert on_call(spec, utc("2026-10-24T12:00")) == ("bob",)


def test_periods_before_effective_from_use_up_their_turns():
    spec = schedule(
        layer("ann", "bob", unit="day", effective_from=utc("2026-10-27T12:00"), until=utc("2026-10-28T12:00")),
        zone="UTC",
    )

    assert names(spec, "2026-10-27T00:00", "2026-10-29T00:00") == [
        ("10-27T00:00", ""),
        ("10-27T12:00", "bob"),
        ("10-28T09:00", "ann"),
        ("10-28T12:00", ""),
    ]


def test_a_daily_rotation_on_weekdays_counts_weekdays_only():
    spec = schedule(
        layer(
            "ann", "bob", "cec", anchor="2026-11-02T00:00", unit="day", restrict=(hours("mon-fri", "09:00", "17:00"),)
        ),
        zone="UTC",
    )

    weeks = [on_call(spec, utc("2026-11-02T10:00") + timedelta(days=day)) for day in range(14)]

    assert [people[0] if people else "-" for people in weeks] == [
        "ann",
        "bob",
        "cec",
        "ann",
        "bob",
        "-",
        "-",
        "cec",
        "ann",
        "bob",
        "cec",
        "ann",
        "-",
        "-",
    ]


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize(("hand_off", "opens"), [("00:00", "09:00"), ("12:00", "09:00"), ("09:00", "09:00")])
def test_days_of_duty_follow_one_another_without_a_jump(length: int, hand_off: str, opens: str):
    """An oracle that only counts: the people of successive duty days are the rotation, each ``length`` times."""
    restrict = (hours("mon wed thu", opens, "17:00"),)
    rota = layer("a", "b", "c", "d", anchor=f"2026-11-04T{hand_off}", unit="day", length=length, restrict=restrict)
    spec = schedule(rota, zone="UTC")

    first = [utc(f"2026-09-01T{opens}") + timedelta(days=day) for day in range(200)]
    on_duty = [people[0] for at in first if (people := on_call(spec, at))]
    runs = [on_duty[0]]
    counts = [1]
    for who in on_duty[1:]:
        if who == runs[-1]:
            counts[-1] += 1
        else:
            runs.append(who)
            counts.append(1)

    assert set(counts[1:-1]) == {length}
    assert all((ord(two) - ord(one)) % 4 == 1 for one, two in itertools.pairwise(runs))


def test_a_night_window_belongs_to_the_day_it_opens():
    spec = schedule(layer("ann", restrict=(hours("fri", "22:00", "06:00"),)), zone="UTC")

    assert names(spec, "2026-11-06T00:00", "2026-11-08T00:00") == [
        ("11-06T00:00", ""),
        ("11-06T22:00", "ann"),
        ("11-07T06:00", ""),
    ]


def test_a_restriction_is_open_from_the_first_to_the_last_occurrence():
    spec = schedule(layer("ann", restrict=(hours("sun", "01:30", "01:45"),)))

    assert names(spec, "2026-11-01T05:00", "2026-11-01T08:00") == [
        ("11-01T05:00", ""),
        ("11-01T05:30", "ann"),
        ("11-01T06:45", ""),
    ]


def test_follow_the_sun_uses_each_sites_zone():
    day = (hours("mon-sun", "08:00", "20:00"),)
    spec = schedule(
        layer("berlin", restrict=day, zone="Europe/Berlin"),
        layer("denver", restrict=day, zone="America/Denver"),
        zone="UTC",
    )

    assert names(spec, "2026-11-10T07:00", "2026-11-11T07:00") == [
        ("11-10T07:00", "berlin"),
        ("11-10T15:00", "denver"),
        ("11-11T03:00", ""),
    ]


def test_the_highest_layer_that_yields_somebody_wins_and_additive_takes_all():
    base, weekend = layer("ann"), layer("bob", restrict=(hours("sat-sun", "00:00", "24:00"),))
    saturday = utc("2026-11-07T12:00")

    assert on_call(schedule(base, weekend, zone="UTC"), saturday) == ("bob",)
    assert on_call(schedule(base, weekend, zone="UTC"), utc("2026-11-09T12:00")) == ("ann",)
    assert on_call(schedule(base, weekend, zone="UTC", mode="additive"), saturday) == ("ann", "bob")


# --- Overrides and absences -----------------------------------------------------------------------------------


def test_a_replacement_is_half_open_and_the_later_created_wins():
    spec = schedule(
        layer("ann"),
        zone="UTC",
        overrides=(
            override("replace", "ann", "2026-11-10T08:00", "2026-11-10T12:00", by="bob"),
            override("replace", "ann", "2026-11-10T10:00", "2026-11-10T11:00", by="cec"),
        ),
    )

    assert names(spec, "2026-11-10T07:00", "2026-11-10T13:00") == [
        ("11-10T07:00", "ann"),
        ("11-10T08:00", "bob"),
        ("11-10T10:00", "cec"),
        ("11-10T11:00", "bob"),
        ("11-10T12:00", "ann"),
    ]


def test_an_override_for_somebody_who_is_not_on_call_changes_nothing():
    spec = schedule(
        layer("ann"),
        zone="UTC",
        overrides=(
            override("remove", "bob", "2026-11-10T08:00", "2026-11-10T12:00"),
            override("replace", "cec", "2026-11-10T08:00", "2026-11-10T12:00", by="dan"),
        ),
    )

    assert on_call(spec, utc("2026-11-10T09:00")) == ("ann",)


def test_remove_leaves_a_gap_and_add_comes_beside():
    gap = override("remove", "ann", "2026-11-10T08:00", "2026-11-10T09:00")
    added = override("add", "bob", "2026-11-10T09:00", "2026-11-10T10:00")
    spec = schedule(layer("ann"), zone="UTC", overrides=(gap, added))

    shifts = timeline(spec, utc("2026-11-10T07:00"), utc("2026-11-10T11:00"))

    assert [(shift.people, shift.layer) for shift in shifts] == [
        (("ann",), 0),
        ((), None),
        (("ann", "bob"), "override"),
        (("ann",), 0),
    ]


def away(first: str, last: str) -> dict[str, PersonSpec]:
    absence = Absence(first=date.fromisoformat(first), last=date.fromisoformat(last))
    return {"ann": PersonSpec(name="Ann", party=Party.INTERNAL, zone=NY, absences=(absence,))}


def test_an_absence_of_whole_local_days_leaves_a_gap():
    shifts = timeline(
        schedule(layer("ann")),
        utc("2026-11-09T00:00"),
        utc("2026-11-13T00:00"),
        people=away("2026-11-10", "2026-11-11"),
    )

    assert [(shift.start, shift.people) for shift in shifts] == [
        (utc("2026-11-09T00:00"), ("ann",)),
        (utc("2026-11-10T05:00"), ()),
        (utc("2026-11-12T05:00"), ("ann",)),
    ]


def test_somebody_absent_leaves_their_turn_to_the_layer_below_or_to_their_stand_in():
    absent = absences(away("2026-11-10", "2026-11-10"))
    at = utc("2026-11-10T15:00")

    assert on_call(schedule(layer("bob"), layer("ann")), at, absent) == ("bob",)
    stand_in = override("replace", "ann", "2026-11-10T00:00", "2026-11-11T00:00", by="cec")
    assert on_call(schedule(layer("bob"), layer("ann"), overrides=(stand_in,)), at, absent) == ("cec",)


# --- Texts ----------------------------------------------------------------------------------------------------


def test_days_and_times_are_read_as_people_write_them():
    assert weekdays(("mon-wed", "sat")) == {0, 1, 2, 5}
    assert weekdays(("fri-mon",)) == {4, 5, 6, 0}
    assert wall_time("24:00") == wall_time("00:00")


@pytest.mark.parametrize("text", ["noon", "25:00", "9", "", "09:61", "٩:00:00"])
def test_a_time_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match=r"time of day|must be in"):
        wall_time(text)
