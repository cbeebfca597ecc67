"""What is told and not paged: queues of P3 and P4, opening hours, security contacts at night."""

from __future__ import annotations

from datetime import UTC, datetime, time

from tandem.model.calendar import build_calendar
from tandem.model.events import FactKind, SlaEventKind
from tandem.model.incident import Acknowledgement, IncidentState
from tandem.model.ownership import Actor, Track
from tandem.model.priority import Priority
from tests.support.ladder import INTERNAL, MSP, PARTIES, Ladder, agreement, incident

OFFICE = build_calendar("office", "UTC", {day: [(time(9), time(17))] for day in range(5)})
PARTIES_IN_OFFICE = {**PARTIES, INTERNAL: PARTIES[INTERNAL].model_copy(update={"calendar": "office"})}
NIGHT = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
OPENING = 6 * 60 - 11 * 60
"""Minutes from the ladder's start (14:00) to 09:00 of that day."""


def at_night(**fields) -> Ladder:
    system = Ladder(agreement(parties=PARTIES_IN_OFFICE, calendars={"office": OFFICE}), incident(**fields), now=NIGHT)
    return system.open()


def test_a_p3_in_hours_is_told_to_the_responsible_party_at_once_and_pages_nobody():
    system = Ladder(agreement(), incident(priority=Priority.P3)).open()

    assert system.told() == [(0, "internal", "queue")]
    assert system.people() == []


def test_a_p3_at_night_waits_for_opening():
    system = at_night(priority=Priority.P3)
    assert system.told() == []

    system.forward(6 * 60 - 1)
    assert system.told() == []

    system.forward(2)
    assert system.told() == [(OPENING, "internal", "queue")]


def test_a_p3_that_was_taken_before_opening_is_not_told():
    system = at_night(priority=Priority.P3)
    taken = {INTERNAL: Acknowledgement(person="ina", at=NIGHT)}
    system.fact(FactKind.ACKNOWLEDGED, by=Actor(INTERNAL, "ina"), acknowledged=taken, state=IncidentState.ACKNOWLEDGED)

    system.forward(24 * 60)

    assert system.told() == []


def test_a_p3_that_resolved_before_opening_is_not_told():
    system = at_night(priority=Priority.P3)
    system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED)

    system.forward(24 * 60)

    assert system.told() == []
    assert system.due is None


def test_a_p5_is_recorded_and_nobody_is_told():
    system = Ladder(agreement(), incident(priority=Priority.P5, informed=(MSP,))).open()

    assert system.pages == []


def test_a_backup_failure_below_p2_is_told_to_both_parties():
    system = Ladder(agreement(), incident(priority=Priority.P3, informed=(MSP,))).open()

    assert sorted(system.told()) == [(0, "internal", "queue"), (0, "msp", "open")]


def test_at_p2_a_backup_failure_pages_the_owner_and_tells_the_other():
    system = Ladder(agreement(), incident(priority=Priority.P2, informed=(MSP,))).open()

    assert system.people() == ["ina"]
    assert system.told() == [(0, "msp", "open")]


def test_a_security_finding_at_night_is_told_to_the_security_contact_at_opening():
    system = at_night(
        priority=Priority.P2, track=Track.SOC, must_acknowledge=(MSP,), responsible_party=MSP, informed=(INTERNAL,)
    )
    assert system.told() == []

    system.forward(7 * 60)

    assert system.told() == [(OPENING, "internal", "open")]
    assert [page.person for page in system.pages if page.told] == ["iris"]


def test_a_p1_finding_at_night_is_told_at_once():
    system = at_night(track=Track.SOC, must_acknowledge=(MSP,), responsible_party=MSP, informed=(INTERNAL,))

    assert len(system.told()) == 1


def test_a_party_that_nobody_can_be_told_of_is_a_gap():
    silent = {**PARTIES, MSP: PARTIES[MSP].model_copy(update={"team": None, "accountable": None})}
    system = Ladder(agreement(parties=silent), incident(informed=(MSP,))).open()

    assert system.told() == []
    assert "gap" in [kind.value for kind in system.kinds()]


def test_an_offered_hand_off_is_told_to_the_party_that_shall_take_it():
    system = Ladder(agreement(), incident()).open()

    system.fact(FactKind.HANDOFF_OFFERED, by=Actor(INTERNAL, "ina"), detail={"to_party": MSP})

    assert system.told() == [(0, "msp", "offered:2")]


def test_a_breach_of_a_p3_is_told_and_pages_nobody():
    system = Ladder(agreement(), incident(priority=Priority.P3)).open()

    system.sla(SlaEventKind.BREACHED)

    assert system.people() == []
    assert sorted(system.told()[1:]) == [(0, "internal", "breached:response"), (0, "msp", "breached:response")]
