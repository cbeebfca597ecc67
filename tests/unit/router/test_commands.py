"""What people may do to an incident, and how they are told that somebody was faster."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Party
from tandem.model.priority import Priority
from tandem_router.outcome import Refusal
from tandem_router.service import new_incident_id
from tests.unit.router.test_incident import Desk
from tests.unit.router.world import NOON, alert, clear, command

INTERNAL, MSP = Party.INTERNAL, Party.MSP
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def desk() -> Desk:
    """An open P1 that both parties are paged for; internal is responsible."""
    desk = Desk()
    desk.run(alert("switch down", host="sw21"))
    return desk


def test_the_responsible_partys_acknowledgement_makes_it_acknowledged(desk):
    assert desk.act(CommandKind.ACKNOWLEDGE, INTERNAL) is None

    assert desk.one.state is IncidentState.ACKNOWLEDGED
    assert desk.one.acknowledged[INTERNAL].person == "internal-person"


def test_the_other_partys_acknowledgement_is_recorded_and_changes_no_state(desk):
    assert desk.act(CommandKind.ACKNOWLEDGE, MSP) is None

    assert (desk.one.state, list(desk.one.acknowledged)) == (IncidentState.OPEN, [MSP])


def test_a_second_acknowledgement_of_a_party_is_told_who_was_first_and_when(desk):
    desk.act(CommandKind.ACKNOWLEDGE, INTERNAL)

    refusal = desk.act(CommandKind.ACKNOWLEDGE, INTERNAL, LATER)

    assert refusal == Refusal("already acknowledged by internal-person", INTERNAL, "internal-person", NOON)
    assert desk.one.version == 2


def test_starting_acknowledges_too(desk):
    desk.act(CommandKind.START, INTERNAL)

    assert (desk.one.state, desk.one.started_at) == (IncidentState.IN_PROGRESS, NOON)
    assert desk.act(CommandKind.ACKNOWLEDGE, INTERNAL, LATER).at == NOON
    assert desk.act(CommandKind.START, MSP, LATER).reason == "work has already started"


def test_each_partys_first_participant_counts_for_the_joint_call(desk):
    desk.act(CommandKind.JOIN, MSP)
    desk.act(CommandKind.JOIN, MSP, LATER)
    desk.act(CommandKind.JOIN, INTERNAL, LATER)

    assert desk.one.joined == {MSP: NOON, INTERNAL: LATER}


def test_resolved_is_resolved_once(desk):
    desk.act(CommandKind.RESOLVE, MSP)

    refusal = desk.act(CommandKind.RESOLVE, INTERNAL, LATER)

    assert refusal == Refusal("already resolved by msp", MSP, None, NOON)
    assert (desk.one.resolved_at, desk.one.resolved_by) == (NOON, MSP)


def test_a_person_reopens_within_the_window_only(desk):
    assert desk.act(CommandKind.REOPEN).reason == "it is not resolved"
    desk.act(CommandKind.RESOLVE)

    assert desk.act(CommandKind.REOPEN, MSP, NOON + timedelta(hours=25)).reason.startswith(
        "it was resolved too long ago"
    )
    assert desk.act(CommandKind.REOPEN, MSP, NOON + timedelta(hours=24)) is None
    assert (desk.one.cycle, desk.one.state) == (2, IncidentState.OPEN)


def test_an_old_incident_is_not_reopened_beside_a_newer_one_of_its_condition(desk):
    first = desk.one
    desk.act(CommandKind.RESOLVE)
    desk.run(alert("switch down", NOON + timedelta(hours=25)))

    batch = desk.run(command(first.incident_id, CommandKind.REOPEN, MSP, NOON + timedelta(hours=1)))

    assert batch.answered[0].refusal.reason == "a newer incident of the same condition exists"


def test_a_note_is_kept_in_any_state_cut_and_without_what_no_database_holds(desk):
    desk.act(CommandKind.RESOLVE)

    desk.act(CommandKind.NOTE, text="a\x00b\ud800" + "x" * 5000)

    fact = desk.batch.events[0].fact
    assert fact.kind is FactKind.NOTED
    assert fact.detail.text.startswith("abx")
    assert len(fact.detail.text) == 4000
    assert desk.act(CommandKind.NOTE, text="\x00 ").reason == "a note needs a text"


def test_a_person_sets_the_priority_and_the_audience_follows(desk):
    assert desk.act(CommandKind.PRIORITY, priority=Priority.P3) is None
    assert (desk.one.priority, desk.one.must_acknowledge, desk.one.informed) == (Priority.P3, (), (INTERNAL,))

    desk.act(CommandKind.PRIORITY, priority=Priority.P2)
    assert desk.one.must_acknowledge == (INTERNAL,)
    assert desk.act(CommandKind.PRIORITY, priority=Priority.P2).reason == "it already is P2"


def test_a_command_on_an_older_version_is_refused(desk):
    assert desk.act(CommandKind.JOIN, expected_version=7).reason == "the incident is at version 1, not 7"
    assert desk.act(CommandKind.JOIN, expected_version=1) is None


@pytest.mark.parametrize("kind", [CommandKind.ACKNOWLEDGE, CommandKind.START, CommandKind.JOIN])
def test_who_belongs_to_no_party_cannot_answer_for_one(desk, kind):
    assert isinstance(desk.act(kind, None), Refusal)


@pytest.mark.parametrize("kind", [CommandKind.OFFER, CommandKind.SNOOZE, CommandKind.ESCALATE])
def test_what_is_not_built_yet_says_so(desk, kind):
    assert desk.act(kind).reason == f"{kind.value} is not supported yet"


def test_a_command_is_answered_once(desk):
    wish = command(desk.one.incident_id, CommandKind.NOTE, text="hello")

    batch = desk.run(wish, wish)

    assert (len(batch.answered), len(batch.events), batch.duplicates) == (1, 1, 1)


def test_an_incident_of_another_tenant_does_not_exist(desk):
    wish = replace(command(desk.one.incident_id, CommandKind.RESOLVE), tenant="globex")

    batch = desk.run(wish)

    assert batch.answered[0].refusal.reason == "no such incident"
    assert batch.answered[0].version == 0


def test_a_person_raises_an_incident_to_the_other_party():
    desk = Desk()
    wish = command(
        new_incident_id(alert()),
        CommandKind.RAISE,
        INTERNAL,
        title="Mail\x00 is slow",
        function="mail",
        impact="high",
        to_party=MSP,
    )

    desk.run(wish)

    assert (desk.one.incident_id, desk.one.title, desk.one.detected_by) == (
        wish.incident_id,
        "Mail is slow",
        "internal",
    )
    assert (desk.one.priority, desk.one.responsible_party) == (Priority.P2, MSP)
    assert desk.batch.events[0].fact.by == wish.by
    assert desk.run(command(wish.incident_id, CommandKind.RAISE)).answered[0].refusal is not None


def test_a_wish_after_the_hold_down_meets_a_resolved_incident():
    desk = Desk()
    first = alert("mail slow")
    desk.run(first, clear(first, NOON))

    refusal = desk.act(CommandKind.ACKNOWLEDGE, MSP, NOON + timedelta(minutes=6))

    assert refusal.reason == "already resolved by its source's clear"
    assert desk.one.state is IncidentState.RESOLVED
