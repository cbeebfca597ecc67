"""Who still holds an incident when their hours are over is called once, on their soonest channel (R-A5)."""

from __future__ import annotations

from typing import Any

from tandem.model.events import FactKind, PageEventKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Actor, Mode, Party
from tandem.model.priority import Priority
from tests.support.ladder import PEOPLE, Ladder, agreement, incident, person


def held_by(who: str | None, *, people: Any = PEOPLE, **fields: Any) -> Ladder:
    """A P2 that somebody of internal IT has acknowledged and works on."""
    ladder = Ladder(agreement(people=people), incident(priority=Priority.P2, **fields)).open()
    ladder.acknowledge(Party.INTERNAL, who)  # type: ignore[arg-type]
    ladder.fact(FactKind.STARTED, by=Actor(Party.INTERNAL, who), state=IncidentState.IN_PROGRESS)
    ladder.pages.clear()
    ladder.events.clear()
    return ladder


def ask(ladder: Ladder, **change: Any) -> None:
    ladder.fact(FactKind.NOTED, detail={"reason": "still_yours", "auto": True}, **change)


def test_the_person_who_acknowledged_is_called_and_only_they():
    ladder = held_by("ivo")

    ask(ladder)
    ladder.forward(60)

    assert ladder.people() == ["ivo"]
    assert ladder.pages[0].reason.startswith("your hours are over")


def test_without_a_person_the_partys_people_on_call_are():
    ladder = held_by(None)

    ask(ladder)

    assert ladder.people() == ["ina"]


def test_a_holder_without_a_contact_is_stood_in_for_by_who_is_on_call():
    ladder = held_by("ivo", people={**PEOPLE, "ivo": person(Party.INTERNAL)})

    ask(ladder)

    assert ladder.people() == ["ina"]


def test_when_nobody_can_be_reached_the_gap_is_said():
    nobody = {name: person(spec.party) for name, spec in PEOPLE.items()}
    ladder = held_by("ivo", people=nobody)

    ask(ladder)

    assert ladder.people() == []
    assert [(event.kind, event.party) for event in ladder.events if event.path and event.path.startswith("hours:")] == [
        (PageEventKind.GAP, Party.INTERNAL)
    ]


def test_of_several_channels_the_soonest_one_rings():
    rules = ({"channel": "ntfy", "after": "5m"}, {"channel": "webhook", "after": "1m"})
    ladder = held_by("ivo", people={**PEOPLE, "ivo": person(Party.INTERNAL, "webhook", "ntfy", high=rules)})

    ask(ladder)
    ladder.forward(30)

    assert [page.channel for page in ladder.pages] == ["webhook"]


def test_in_observe_mode_it_is_only_recorded():
    ladder = held_by("ivo", mode=Mode.OBSERVE)

    ask(ladder)

    assert ladder.people() == []
    assert ladder.kinds() == [PageEventKind.WOULD_HAVE_PAGED]


def test_what_is_over_by_then_calls_nobody():
    ladder = held_by("ivo")

    ask(ladder, state=IncidentState.RESOLVED)

    assert ladder.people() == []


def test_a_second_stretch_of_hours_calls_again():
    ladder = held_by("ivo")

    ask(ladder)
    ladder.forward(600)
    ask(ladder)

    assert ladder.people() == ["ivo", "ivo"]
