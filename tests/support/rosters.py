"""Random schedules with everything that can change them, for tests that compare two ways of asking who is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tandem.agreement.schema.people import Absence, Contact, Layer, Override, PersonSpec, Restriction, ScheduleSpec
from tandem.model.ownership import Party, Track

CHANGES = {
    "America/New_York": ("2026-11-01T06:00", "2027-03-14T07:00"),
    "Europe/London": ("2026-10-25T01:00", "2027-03-28T01:00"),
    "Australia/Lord_Howe": ("2026-10-03T15:30", "2027-04-03T15:00"),
    "America/Santiago": ("2026-09-06T04:00", "2027-04-04T03:00"),
    "Asia/Tokyo": ("2026-11-01T06:00", "2027-03-14T07:00"),
}
"""Zone -> instants (UTC) at which its clocks change, autumn and spring; Tokyo's never do."""
PEOPLE = "abcdef"
_WALLS = st.sampled_from(["00:00", "01:30", "02:00", "02:30", "03:00", "09:00", "17:00", "22:30"])
_WEEKDAYS = st.lists(st.sampled_from(["mon-fri", "sat", "sun", "mon", "sat-sun", "wed"]), min_size=1, max_size=2)


def changes(zone: str) -> st.SearchStrategy[datetime]:
    """One of the zone's clock changes."""
    return st.sampled_from([datetime.fromisoformat(text).replace(tzinfo=UTC) for text in CHANGES[zone]])


@st.composite
def layers(draw: st.DrawFn, around: date) -> Layer:
    """Rotations of every unit, restricted or not, in a zone of their own or not, that may begin or end nearby."""
    restrict = [
        Restriction(days=tuple(draw(_WEEKDAYS)), start=draw(_WALLS), end=draw(_WALLS))
        for _ in range(draw(st.integers(0, 2)))
    ]
    near = st.integers(-4, 4).map(lambda days: datetime.combine(around + timedelta(days=days), time(2, 30)))
    return Layer(
        people=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4))),
        unit=draw(st.sampled_from(["hour", "day", "week", "month"])),
        length=draw(st.integers(1, 30)),
        anchor=datetime.combine(around + timedelta(days=draw(st.integers(-90, 90))), time.fromisoformat(draw(_WALLS))),
        effective_from=draw(st.none() | near),
        until=draw(st.none() | near),
        restrict=tuple(restrict),
        zone=draw(st.none() | st.sampled_from(sorted(CHANGES))),
    )


@st.composite
def schedules(draw: st.DrawFn, zone: str, around: date, name: str = "s") -> ScheduleSpec:
    """Up to three layers and up to three overrides of every kind around a day."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start = datetime.combine(around, time()) + timedelta(hours=draw(st.integers(-72, 72)))
        kind: Literal["replace", "add", "remove"] = draw(st.sampled_from(["replace", "add", "remove"]))
        found.append(
            Override(
                type=kind,
                person=draw(st.sampled_from(PEOPLE)),
                by=draw(st.sampled_from(PEOPLE)) if kind == "replace" else None,
                start=start,
                end=start + timedelta(hours=draw(st.integers(1, 60))),
            )
        )
    return ScheduleSpec(
        id=name,
        zone=zone,
        party=Party.MSP,
        track=Track.OPS,
        mode=draw(st.sampled_from(["priority", "additive"])),
        layers=tuple(draw(st.lists(layers(around), min_size=1, max_size=3))),
        overrides=tuple(found),
    )


@st.composite
def people(draw: st.DrawFn, around: date) -> dict[str, PersonSpec]:
    """Six people; some are absent nearby, some have no contact."""
    found = {}
    for name in PEOPLE:
        absences = []
        for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
            first = around + timedelta(days=draw(st.integers(-3, 3)))
            absences.append(Absence(first=first, last=first + timedelta(days=draw(st.integers(0, 2)))))
        contact = Contact(channel="email", to=f"{name}@x.example")
        found[name] = PersonSpec(
            name=name.upper(),
            party=Party.MSP,
            contacts=(contact,) if draw(st.integers(0, 4)) else (),
            zone=draw(st.none() | st.sampled_from(sorted(CHANGES))),
            absences=tuple(absences),
        )
    return found


def is_absent(person: PersonSpec, at: datetime, zone: str) -> bool:
    """By the wall clock of the person's zone."""
    today = at.astimezone(ZoneInfo(person.zone or zone)).date()
    return any(absence.first <= today <= absence.last for absence in person.absences)
