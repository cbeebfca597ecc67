"""The opening list (R64), what pages say before anybody acts (R18, R19, R71), and who hears by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from tandem.agreement.schema.people import Contact, PersonSpec
from tandem.model.events import FactKind
from tandem.model.incident import Acknowledgement, IncidentState, RaciPeople
from tandem.model.ownership import Mode
from tandem.model.priority import Priority
from tandem_notifier.brief import Brief, brief_of
from tandem_notifier.case import Case
from tandem_notifier.opening import MOST_LISTED, lines, opening_list
from tandem_notifier.paging import WOULD_HAVE_PAGED
from tandem_notifier.render import mail, ntfy
from tests.support.ladder import INTERNAL, MSP, PEOPLE, START, Ladder, agreement, event, incident

COMPLIANCE = PersonSpec(name="Cora", party=INTERNAL, contacts=(Contact(channel="email", to="cora@acme.example"),))


def case(number: int = 1, **fields: Any) -> Case:
    brief = replace(a_brief(), number=number, incident_id=UUID(int=number), **fields)
    return Case(brief=brief, night=True)


def a_brief() -> Brief:
    return brief_of(event(incident(responsible_party=MSP, flags=("after_hours",)), FactKind.OPENED, START), None)


def test_each_incident_stands_in_the_part_that_says_what_is_to_do():
    said = lines(
        [
            case(1, state=IncidentState.RESOLVED),
            case(2, responsible_party=INTERNAL),
            case(3),
        ]
    )

    assert [line.partition(" (")[0] for line in said if not line.startswith(" ")] == [
        *("Handed back to you", "Still open at the MSP", "Solved over night"),
    ]


def test_a_long_night_is_cut_and_says_how_much_more_there_is():
    said = lines([case(number) for number in range(1, MOST_LISTED + 4)])

    assert said[0] == f"Still open at the MSP ({MOST_LISTED + 3}):"
    assert said[-1] == "  and 3 more"


def test_what_nobody_would_have_been_paged_for_is_not_in_the_list_of_what_was():
    page = opening_list([case(1, mode=Mode.OBSERVE), case(2)], agreement(), START, "http://console.example")

    assert page is not None
    content = msgspec.json.decode(page.content)
    assert [entry["number"] for entry in content["incidents"]] == [2]


def test_a_night_in_observe_mode_is_kept_and_not_sent():
    page = opening_list([case(1, mode=Mode.OBSERVE)], agreement(), START, "http://console.example")

    assert page is not None
    assert page.state == WOULD_HAVE_PAGED


def test_a_night_without_incidents_has_no_list():
    assert opening_list([], agreement(), START, "http://console.example") is None


def people() -> dict[str, PersonSpec]:
    return {**PEOPLE, "cora": COMPLIANCE}


def named(**fields: Any) -> Ladder:
    raci = RaciPeople(consulted=("cora",), informed=("ina",))
    return Ladder(agreement(people=people()), incident(raci=raci, **fields))


def test_somebody_who_was_paged_is_not_told_as_well():
    system = named(priority=Priority.P1).open()

    told = {page.person for page in system.pages if page.told}
    paged = {page.person for page in system.pages if not page.told}
    assert "cora" in told
    assert not paged & told


def test_a_p2_is_told_at_its_opening_and_not_at_its_end():
    system = named(priority=Priority.P2).open()
    system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED)

    assert [page.path for page in system.pages if page.person == "cora"] == ["tell:consulted:cora"]


def test_an_incident_that_becomes_a_p1_consults_then():
    system = named(priority=Priority.P3).open()
    assert [page.path for page in system.pages if page.person == "cora"] == []

    system.fact(FactKind.REPRIORITISED, priority=Priority.P1)

    assert [page.path for page in system.pages if page.person == "cora"] == ["tell:consulted:cora"]


def test_what_a_page_says_before_anybody_acts_is_one_line_each():
    system = Ladder(
        agreement(),
        incident(
            priority=Priority.P1,
            approval="Chloe\nBcc: x",
            runbook="https://wiki.example/a",
            public_communications="ina",
        ),
    ).open()
    page = next(page for page in system.pages if not page.told)

    text = mail(page, None).text
    message = msgspec.json.decode(ntfy(page, None)[1])["message"]
    for said in (text, message):
        assert "Ask Chloe Bcc: x before changing it" in said
        assert "Runbook: https://wiki.example/a" in said


def test_a_case_of_an_older_release_is_read():
    brief = a_brief()
    old = msgspec.json.decode(msgspec.json.encode(Case(brief=brief)))
    for name in ("accountable", "responsible_people", "consulted", "informed_people", "runbook", "approval"):
        del old["brief"][name]
    del old["night"]

    read = msgspec.convert(old, type=Case, strict=False)

    assert (read.brief.consulted, read.night) == ((), False)


def test_an_acknowledged_incident_is_held_by_whoever_took_it():
    taken = {MSP: Acknowledgement(person="mo", at=START)}
    held = incident(responsible_party=MSP, flags=("after_hours",), acknowledged=taken)

    said = lines([Case(brief=brief_of(event(held, FactKind.ACKNOWLEDGED, START), None))])

    assert said == ["Held by the MSP (1):", "  #7 P1 Disk full on srv-1, mo has it"]
