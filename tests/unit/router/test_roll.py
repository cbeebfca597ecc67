"""The day roll as a pure rule (R-A5): for any running incident and instant exactly one party is responsible after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from tandem.model.alert import Severity
from tandem.model.events import FactKind
from tandem.model.incident import Acknowledgement, Incident, IncidentState
from tandem.model.ownership import Mode, Party
from tandem_router.decide import NOTHING_OPEN, decide
from tandem_router.incident.opening import open_incident
from tandem_router.roll import roll
from tests.unit.router.world import NIGHT, NOON, agreement, alert

ACME = agreement()


def opened(title: str, at: datetime, **fields: Any) -> Incident:
    one = alert(title, at, **fields)
    return open_incident(decide(one, ACME, NOTHING_OPEN, at), one, incident_id=uuid4(), number=1, now=at).incident


def taken(incident: Incident, by: Party) -> Incident:
    acknowledged = {by: Acknowledgement(person="ann", at=NOON)}
    return replace(incident, acknowledged=acknowledged, state=IncidentState.ACKNOWLEDGED)


def test_an_unanswered_p2_goes_to_the_msp_at_night_and_comes_back_by_day():
    night = roll(opened("disk full", NOON), ACME, ACME, NIGHT)
    day = roll(night.incident, ACME, ACME, NOON)

    assert [fact.kind for fact in night.facts] == [FactKind.REOWNED]
    assert (night.incident.responsible_party, night.incident.must_acknowledge) == (Party.MSP, (Party.MSP,))
    assert "after_hours" in night.incident.flags
    assert (day.incident.responsible_party, day.incident.must_acknowledge) == (Party.INTERNAL, (Party.INTERNAL,))
    assert "after_hours" not in day.incident.flags


def test_what_the_msp_owns_never_moves():
    assert roll(opened("uplink slow", NIGHT, severity=Severity.CRITICAL), ACME, ACME, NOON).events == ()


def test_what_a_person_raised_to_the_msp_does_not_come_back_by_day():
    raised = replace(opened("disk full", NIGHT), flags=())

    assert roll(raised, ACME, ACME, NOON).incident.responsible_party is Party.MSP


def test_what_overflowed_does_not_come_back_by_day():
    overflowed = replace(opened("disk full", NIGHT), flags=("overflow",))

    assert roll(overflowed, ACME, ACME, NOON).incident.responsible_party is Party.MSP


def test_a_row_that_keeps_the_night_at_home_does_not_move():
    assert roll(opened("stays up", NOON, severity=Severity.CRITICAL), ACME, ACME, NIGHT).events == ()


def test_what_somebody_has_taken_stays_and_a_hand_off_is_suggested():
    held = taken(opened("disk full", NOON), Party.INTERNAL)

    change = roll(held, ACME, ACME, NIGHT)

    assert change.incident.responsible_party is Party.INTERNAL
    (fact,) = change.facts
    assert (fact.kind, fact.detail.reason, fact.detail.to_party) == (FactKind.NOTED, "handoff_suggested", Party.MSP)


def test_a_resolved_incident_is_left_alone():
    over = replace(opened("disk full", NOON), state=IncidentState.RESOLVED)

    assert roll(over, ACME, ACME, NIGHT).events == ()


def test_the_end_of_the_agreement_in_force_ends_paging_whatever_version_opened_it():
    ended = replace(ACME, tenant=ACME.tenant.model_copy(update={"ends_at": NOON}))

    change = roll(opened("disk full", NOON - timedelta(hours=1)), ACME, ended, NOON)

    assert change.incident.mode is Mode.OBSERVE
    assert change.facts[0].detail.reason == "the agreement ended 2026-11-17 17:00Z: nobody is paged"


TITLES = st.sampled_from(
    ["disk full", "space low", "erp down", "uplink slow", "switch down", "leak", "stays up", "odd"]
)
INSTANTS = st.integers(0, 24 * 14).map(lambda hours: NOON + timedelta(hours=hours))


@given(
    title=TITLES,
    severity=st.sampled_from(list(Severity)),
    at=INSTANTS,
    rolls=st.lists(INSTANTS, max_size=6),
    by=st.sampled_from([None, *Party]),
)
def test_after_any_rolls_one_party_is_responsible_and_it_is_paged_when_anybody_is(
    title: str, severity: Severity, at: datetime, rolls: list[datetime], by: Party | None
):
    incident = opened(title, at, severity=severity)
    if by is not None:
        incident = replace(incident, acknowledged={by: Acknowledgement(person=None, at=at)})
    before = incident

    for moment in rolls:
        change = roll(incident, ACME, ACME, moment)
        assert [event.incident.version for event in change.events] == [
            *range(incident.version + 1, incident.version + 1 + len(change.events))
        ]
        incident = change.incident

    assert incident.must_acknowledge == () or incident.responsible_party in incident.must_acknowledge
    assert incident.owner is before.owner
    if by is not None:
        assert incident.responsible_party is before.responsible_party
    assert roll(incident, ACME, ACME, rolls[-1] if rolls else at).incident.responsible_party is (
        incident.responsible_party
    )


@given(title=TITLES, severity=st.sampled_from(list(Severity)), at=INSTANTS, later=INSTANTS)
def test_an_unanswered_incident_ends_where_an_opening_at_that_instant_would_put_it(
    title: str, severity: Severity, at: datetime, later: datetime
):
    incident = opened(title, at, severity=severity)

    rolled = roll(incident, ACME, ACME, later).incident

    fresh = opened(title, later, severity=severity)
    assert (rolled.responsible_party, set(rolled.must_acknowledge)) == (
        *(fresh.responsible_party, set(fresh.must_acknowledge)),
    )
