"""One pass over a stretch gives the same answer as asking for every instant, whatever changes in it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.oncall.absence import absent_stretches
from tandem.agreement.oncall.timeline import Shift, on_call, timeline
from tandem.agreement.schema.people import Absence, Layer, Override, PersonSpec, ScheduleSpec
from tandem.model.ownership import Party
from tests.support.rosters import CHANGES, changes, is_absent, people, schedules

STEP = timedelta(minutes=13)


def people_at(shifts: list[Shift], moments: list[datetime]) -> list[tuple[str, ...]]:
    found = iter(shifts)
    shift = next(found)
    answer = []
    for at in moments:
        while shift.end <= at:
            shift = next(found)
        answer.append(shift.people)
    return answer


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_sweep_is_the_answer_of_every_instant_over_both_changes_of_the_clocks(data: st.DataObject):
    """Some 50,000 instants: every 13 minutes of six days around a change, and each edge of the sweep itself."""
    zone = data.draw(st.sampled_from(sorted(CHANGES)))
    change = data.draw(changes(zone))
    spec, crew = data.draw(schedules(zone, change.date())), data.draw(people(change.date()))
    start, end = change - timedelta(days=3), change + timedelta(days=3)

    shifts = timeline(spec, start, end, people=crew, zone="America/Chicago")

    def absent(person: str, at: datetime) -> bool:
        return is_absent(crew[person], at, "America/Chicago")

    moments = sorted({*(start + n * STEP for n in range((end - start) // STEP)), *(shift.start for shift in shifts)})
    assert people_at(shifts, moments) == [on_call(spec, at, absent) for at in moments]
    assert [one.end for one in shifts[:-1]] == [two.start for two in shifts[1:]]
    assert (shifts[0].start, shifts[-1].end) == (start, end)
    assert all((one.people, one.layer) != (two.people, two.layer) for one, two in itertools.pairwise(shifts))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("forever", ["9999-12-31", "9999-01-01"])
def test_an_absence_for_ever_is_one(forever: str):
    away = Absence.model_validate({"from": "2026-12-01", "to": forever})
    person = PersonSpec(name="A", party=Party.MSP, zone="Pacific/Auckland", absences=(away,))

    ((start, end),) = absent_stretches(person)

    assert start == moment("2026-11-30T11:00")
    assert end > moment("8999-01-01T00:00")


def test_an_override_and_a_layer_without_end_are_no_trouble_for_any_zone():
    ever, never = datetime.fromisoformat("0001-01-01T00:00"), datetime.fromisoformat("9999-12-31T23:59")
    layer = Layer(people=("a",), anchor=datetime.fromisoformat("2026-01-05T09:00"), until=never)
    swap = Override(type="replace", person="a", by="b", start=ever, end=never)
    spec = ScheduleSpec(id="s", zone="Pacific/Pago_Pago", layers=(layer,), overrides=(swap,))

    shifts = timeline(spec, moment("2026-12-01T00:00"), moment("2026-12-08T00:00"))

    assert [shift.people for shift in shifts] == [("b",)]
