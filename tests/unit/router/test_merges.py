"""People make one of two incidents, or put one beside the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem.model.priority import Priority
from tandem_router.outcome import Refusal
from tests.unit.router.world import NOON, alert, clear, command
from tests.unit.router.yard import MINUTE, MSP, OPEN, Yard, said


def two(yard: Yard) -> tuple[Incident, Incident]:
    yard.run(alert("mail slow", NOON))
    yard.run(alert("disk full", NOON + MINUTE))
    return yard.titled("mail slow"), yard.titled("disk full")


def test_a_merge_ends_the_child_and_moves_what_it_holds(yard):
    child, parent = two(yard)

    refusal = yard.wish(
        CommandKind.MERGE, child, NOON + 2 * MINUTE, other_incident=parent.incident_id, reason="same cause"
    )

    assert refusal is None
    child, parent = yard.titled("mail slow"), yard.titled("disk full")
    assert (child.state, child.merged_into, dict(child.firing)) == (
        IncidentState.RESOLVED,
        parent.incident_id,
        {},
    )
    assert set(parent.firing) == {"rmm/mail slow", "rmm/disk full"}
    assert (parent.detected_at, parent.occurrences, parent.linked) == (NOON, 2, (child.incident_id,))
    merged, linked = (event.fact for event in yard.batch.events)
    assert (merged.kind, merged.detail.other_incident) == (FactKind.MERGED, parent.incident_id)
    assert merged.detail.conditions == linked.detail.conditions == ("rmm/mail slow",)
    assert (linked.kind, linked.detail.reason, linked.detail.text) == (FactKind.LINKED, "merged", "same cause")
    assert linked.alert is not None
    assert linked.alert.received_at == NOON


def test_the_parent_takes_the_more_urgent_priority_and_its_audience(yard):
    parent, child = two(yard)  # P3 takes P2

    yard.wish(CommandKind.MERGE, child, NOON + 2 * MINUTE, other_incident=parent.incident_id)

    parent = yard.titled("mail slow")
    assert (parent.priority, parent.must_acknowledge) == (Priority.P2, (MSP,))


def test_what_the_child_held_reaches_the_parent_from_then_on(yard):
    child, parent = two(yard)
    yard.wish(CommandKind.MERGE, child, NOON + 2 * MINUTE, other_incident=parent.incident_id)

    yard.run(clear(alert("disk full"), NOON + 3 * MINUTE))
    assert yard.titled("disk full").clear_pending_at is None
    yard.run(clear(alert("mail slow"), NOON + 4 * MINUTE))
    assert yard.titled("disk full").clear_pending_at == NOON + 4 * MINUTE
    yard.pass_to(NOON + 10 * MINUTE)
    batch = yard.run(alert("mail slow", NOON + 20 * MINUTE))

    assert said(batch) == ["reopened"]
    assert yard.titled("disk full").cycle == 2


def test_a_merge_into_what_waited_for_its_hold_down_goes_on(yard):
    child, parent = two(yard)
    yard.run(clear(alert("disk full"), NOON + 2 * MINUTE))

    yard.wish(CommandKind.MERGE, child, NOON + 3 * MINUTE, other_incident=parent.incident_id)

    parent = yard.titled("disk full")
    assert (parent.clear_pending_at, parent.hold_until) == (None, None)
    assert said(yard.batch) == ["merged", "alert_joined", "linked"]


def test_a_merge_of_a_merge_moves_everything(yard):
    first, second = two(yard)
    yard.run(alert("mail odd", NOON + 2 * MINUTE))
    third = yard.titled("mail odd")
    yard.wish(CommandKind.MERGE, first, NOON + 3 * MINUTE, other_incident=second.incident_id)

    yard.wish(CommandKind.MERGE, second, NOON + 4 * MINUTE, other_incident=third.incident_id)
    batch = yard.run(clear(alert("mail slow"), NOON + 5 * MINUTE))

    assert batch.decided[0].incident_id == third.incident_id
    assert set(yard.titled("mail odd").firing) == {"rmm/disk full", "rmm/mail odd"}


@pytest.mark.parametrize("kind", [CommandKind.MERGE, CommandKind.LINK])
def test_what_cannot_be_is_refused_in_words(yard, kind):
    one, other = two(yard)

    assert _reason(yard.wish(kind, one)) == "which other incident?"
    assert _reason(yard.wish(kind, one, other_incident=one.incident_id)) == "it is the same incident"
    unknown = yard.wish(kind, one, other_incident=command(one.incident_id, kind).command_id)
    assert _reason(unknown) == "there is no such other incident"
    wrong = yard.wish(kind, one, other_incident=other.incident_id, expected_version=9)
    assert _reason(wrong) == "the incident is at version 1, not 9"


def test_what_is_over_is_not_merged_nor_merged_into(yard):
    one, other = two(yard)
    yard.wish(CommandKind.MERGE, one, NOON + 2 * MINUTE, other_incident=other.incident_id)

    again = yard.wish(CommandKind.MERGE, one, NOON + 3 * MINUTE, other_incident=other.incident_id)
    back = yard.wish(CommandKind.MERGE, other, NOON + 3 * MINUTE, other_incident=one.incident_id)
    yard.wish(CommandKind.RESOLVE, other, NOON + 4 * MINUTE)
    yard.run(alert("mail odd", NOON + 5 * MINUTE))
    late = yard.wish(CommandKind.MERGE, yard.titled("mail odd"), NOON + 6 * MINUTE, other_incident=other.incident_id)

    assert (_reason(again), _reason(back)) == ("#1 is merged already", "#1 is merged already")
    assert _reason(late) == "#2 is resolved already"
    assert "merged into" in _reason(yard.wish(CommandKind.ACKNOWLEDGE, one, NOON + 7 * MINUTE))
    assert "merged into" in _reason(yard.wish(CommandKind.REOPEN, one, NOON + 7 * MINUTE))


def test_another_tenants_incident_does_not_exist(yard):
    one, other = two(yard)
    foreign = replace(other, tenant="globex")
    yard.loaded.incidents = [one, foreign]

    refusal = yard.wish(CommandKind.MERGE, one, other_incident=other.incident_id)

    assert _reason(refusal) == "there is no such other incident"


def test_a_link_is_a_fact_on_both_and_is_made_once(yard):
    one, other = two(yard)

    yard.wish(CommandKind.LINK, one, NOON + 2 * MINUTE, other_incident=other.incident_id, text="see also")
    again = yard.wish(CommandKind.LINK, one, NOON + 3 * MINUTE, other_incident=other.incident_id)

    one, other = yard.titled("mail slow"), yard.titled("disk full")
    assert (one.linked, other.linked) == ((other.incident_id,), (one.incident_id,))
    assert (one.state, other.state) == (OPEN, OPEN)
    assert yard.kinds[-2:] == [FactKind.LINKED, FactKind.LINKED]
    assert _reason(again) == "already linked to #2"


def _reason(refusal: Refusal | None) -> str:
    assert refusal is not None
    return refusal.reason
