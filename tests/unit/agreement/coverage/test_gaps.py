"""The gaps of a path are exactly the instants at which asking its steps one by one finds too few people."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.coverage.duty import on_duty, responders
from tandem.agreement.coverage.gaps import Lack, find_gaps
from tandem.agreement.coverage.needs import Need, When
from tandem.agreement.coverage.roster import Roster
from tandem.agreement.oncall.stretches import Stretch
from tandem.agreement.oncall.timeline import on_call
from tandem.agreement.schema.documents import SharedParts
from tandem.agreement.schema.people import Absence, Layer, PartySpec, PathSpec, PersonSpec, ScheduleSpec, Step
from tandem.model.calendar import build_calendar
from tandem.model.ownership import Party, Track
from tests.support.rosters import CHANGES, PEOPLE, changes, is_absent, people, schedules

ZONE = "America/Chicago"
STEP = timedelta(minutes=19)


def reached(parts: SharedParts, targets: tuple[str, ...], at: datetime) -> set[str]:
    """Asked for one instant: who is on call or named, has a contact and is not absent."""
    found: set[str] = set()
    for target in targets:
        kind, _, name = target.partition(":")
        if kind == "schedule":
            schedule = next(each for each in parts.schedules if each.id == name)
            found |= set(on_call(schedule, at, lambda who, then: is_absent(parts.people[who], then, ZONE)))
        elif kind == "senior":
            found.add(parts.parties[Party.MSP].senior_ops or "")
        else:
            found.add(name)
    return {who for who in found if parts.people[who].contacts and not is_absent(parts.people[who], at, ZONE)}


def expected(parts: SharedParts, path: PathSpec, at: datetime) -> set[Lack]:
    steps = [reached(parts, step.page, at) for step in path.steps]
    everybody = set().union(*steps)
    if not everybody:
        return {Lack.NOBODY}
    if not steps[0]:
        return {Lack.FIRST}
    return {Lack.SECOND} if len(everybody) == 1 else set()


def holds(stretches: tuple[Stretch, ...], at: datetime) -> bool:
    return any(start <= at < end for start, end in stretches)


@st.composite
def parts_of(draw: st.DrawFn, zone: str, change: datetime) -> SharedParts:
    first: ScheduleSpec = draw(schedules(zone, change.date(), "one"))
    second: ScheduleSpec = draw(schedules(draw(st.sampled_from(sorted(CHANGES))), change.date(), "two"))
    crew: dict[str, PersonSpec] = draw(people(change.date()))
    last = draw(st.sampled_from(["senior:msp", "person:a", "schedule:two"]))
    pages = [("schedule:one",), ("schedule:two",), (last,)][: draw(st.integers(1, 3))]
    path = PathSpec(id="p", party=Party.MSP, track=Track.OPS, steps=tuple(Step(page=page) for page in pages))
    party = PartySpec(name="MSP", calendar="24x7", senior_ops=draw(st.sampled_from(PEOPLE)))
    return SharedParts(people=crew, schedules=(first, second), paths=(path,), parties={Party.MSP: party})


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_gaps_are_those_of_every_instant(data: st.DataObject):
    zone = data.draw(st.sampled_from(sorted(CHANGES)))
    change = data.draw(changes(zone))
    parts = data.draw(parts_of(zone, change))
    within = (change - timedelta(days=3), change + timedelta(days=3))
    roster = Roster(parts, {path.id: path for path in parts.paths}, ZONE, within)

    gaps = find_gaps(roster, [Need(parts.paths[0], When.ALWAYS, ("row",))], lambda _people: [])

    found = {gap.lack: gap.stretches for gap in gaps}
    edges = {
        edge for stretches in found.values() for start, end in stretches for edge in (start, end) if edge < within[1]
    }
    moments = {within[0] + n * STEP for n in range((within[1] - within[0]) // STEP)} | edges
    wrong = [
        at
        for at in sorted(moments)
        if {lack for lack, stretches in found.items() if holds(stretches, at)} != expected(parts, parts.paths[0], at)
    ]
    assert wrong == []


# --- Who is on duty (R-A4) ------------------------------------------------------------------------------------


OFFICE = build_calendar("office", "America/New_York", {day: [(time(9), time(17))] for day in range(5)})
WEEK = (datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 7, tzinfo=UTC))


def team(**absences: str) -> SharedParts:
    """Ann and Bob on a schedule, Kim who is only accountable; ``ann="2026-12-01/2026-12-02"`` is an absence."""
    crew: dict[str, PersonSpec] = {}
    for name in ("ann", "bob", "kim"):
        first, _, last = absences.get(name, "").partition("/")
        away = [Absence.model_validate({"from": first, "to": last})] if first else []
        crew[name] = PersonSpec(name=name.title(), party=Party.INTERNAL, absences=tuple(away))
    layer = Layer(people=("ann", "bob"), anchor=datetime.fromisoformat("2026-01-05T09:00"))
    schedule = ScheduleSpec(id="s", zone="America/New_York", party=Party.INTERNAL, track=Track.OPS, layers=(layer,))
    parties = {Party.INTERNAL: PartySpec(name="IT", calendar="office", accountable="kim")}
    return SharedParts(people=crew, schedules=(schedule,), parties=parties)


def days(parts: SharedParts, named: tuple[str, ...] = ()) -> list[str]:
    found = on_duty(parts, Party.INTERNAL, OFFICE, WEEK, named)
    assert all(end - start == timedelta(hours=8) for start, end in found)
    return [start.strftime("%a") for start, _ in found]


def test_one_absence_of_two_people_is_no_night():
    assert days(team(ann="2026-12-01/2026-12-02")) == ["Mon", "Tue", "Wed", "Thu", "Fri"]


def test_the_house_is_at_night_while_every_responder_is_away():
    assert days(team(ann="2026-12-01/2026-12-03", bob="2026-12-02/2026-12-04")) == ["Mon", "Tue", "Fri"]


def test_who_is_only_accountable_keeps_nobody_awake():
    parts = team(ann="2026-12-01/2026-12-01", bob="2026-12-01/2026-12-01")

    assert responders(parts, Party.INTERNAL) == {"ann", "bob"}
    assert days(parts) == ["Mon", "Wed", "Thu", "Fri"]


def test_where_a_row_names_its_people_their_absence_counts():
    parts = team(ann="2026-12-01/2026-12-02")

    assert days(parts, ("ann",)) == ["Mon", "Thu", "Fri"]
    assert days(parts, ("ann", "bob")) == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert days(parts, ("nobody-we-know",)) == ["Mon", "Tue", "Wed", "Thu", "Fri"]


def test_an_absence_of_a_thousand_years_is_answered_at_once():
    parts = team(ann="0001-01-01/9999-12-31", bob="2026-12-01/9999-12-31")

    assert days(parts) == ["Mon"]
    assert days(parts, ("ann",)) == []
