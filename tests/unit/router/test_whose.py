"""Whose it is beyond the plain row: the asset's own owner, the nature of unmapped work, hours per function, the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.agreement.compile import compile_agreement
from tandem.agreement.compiled import Agreement
from tandem.agreement.duty import duty, ends_at, has_ended, next_boundary
from tandem.agreement.load import load_provider, load_tenant
from tandem.model.alert import Kind
from tandem.model.ownership import Mode, Owner, Party
from tandem_router.decide import NOTHING_OPEN, Situation, decide
from tandem_router.routing import Routing
from tandem_router.scope import find_by_id
from tests.unit.router.world import NIGHT, NOON, PROVIDER, TENANT, alert

UTC_NOON = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
"""Tuesday 12:00 in New York; Ann is absent, Bob is not."""


def agreement(*changes: tuple[str, str], kind: str = "co-managed", more: str = "") -> Agreement:
    text = TENANT.replace("KIND", kind)
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return compile_agreement(load_tenant(text + more), load_provider(PROVIDER), version=1)


def decided(title: str, made: Agreement, at: datetime = NOON, **fields: Any) -> Routing:
    return decide(alert(title, at, **fields), made, NOTHING_OPEN, at)


FS1 = ("{id: fs1, ", "{id: fs1, owner: msp, ")


def test_an_asset_overrules_the_owner_of_the_row_and_the_reason_says_so():
    routing = decided("disk full", agreement(FS1), host="fs1")

    assert (routing.row, routing.owner, routing.responsible_party) == ("storage", Owner.MSP, Party.MSP)
    assert routing.because[1] == "row storage: internal; but asset fs1 is msp's own"


def test_an_asset_takes_a_shared_row_for_itself():
    routing = decided("erp down", agreement(FS1), host="fs1")

    assert (routing.owner, routing.lead) == (Owner.MSP, None)


def test_an_asset_of_the_same_owner_is_not_worth_a_word():
    routing = decided("disk full", agreement(("{id: fs1, ", "{id: fs1, owner: internal, ")), host="fs1")

    assert routing.because[1] == "row storage: internal"


def test_a_managed_client_has_no_asset_of_the_internal_team():
    made = agreement(("{id: fs1, ", "{id: fs1, owner: internal, "), kind="managed")

    assert decided("disk full", made, host="fs1").owner is Owner.MSP


@pytest.mark.parametrize(
    ("nature", "lead"),
    [("business_logic", "internal"), ("privileged", "internal"), ("monitoring", "msp"), ("specialised", "msp")],
)
def test_work_that_no_row_names_is_led_by_its_nature(nature: str, lead: str):
    """R-P7."""
    made = agreement(
        ("  - {id: storage, name: Storage}", f"  - {{id: storage, name: Storage, nature: {nature}}}"),
        ("  - {id: storage, function: storage, owner: internal}\n", ""),
    )

    routing = decided("disk full", made)

    assert (routing.unmapped, routing.owner, routing.lead) == (True, Owner.SHARED, Party(lead))
    assert f"{lead} leads (storage is {nature.replace('_', ' ')})" in routing.because[1]


def test_work_of_no_known_nature_is_led_by_the_msp_that_watches():
    routing = decided("what is this", agreement(), kind=Kind.MONITORING)

    assert routing.lead is Party.MSP
    assert routing.because[1].endswith("msp leads (a monitoring tool watches it)")


def test_the_agreement_may_name_the_lead_of_what_is_unmapped():
    made = agreement(more="safety: {lead: internal}\n")

    assert decided("what is this", made).because[1].endswith("internal leads (the agreement says so)")


def test_an_assets_own_owner_leads_what_is_unmapped():
    made = agreement(("{id: sw20, ", "{id: sw20, owner: internal, "))

    assert decided("what is this", made, host="sw20").lead is Party.INTERNAL


def test_one_absence_of_two_is_no_night_unless_the_row_names_the_absent_one():
    named = ("{id: storage, function: storage, owner: internal}",) * 1
    made = agreement((named[0], "{id: storage, function: storage, owner: internal, raci: {R: ann}}"))

    assert duty(made, UTC_NOON).on_duty
    routing = decided("disk full", made, UTC_NOON)
    assert (routing.responsible_party, routing.taken_over) == (Party.MSP, "after_hours")
    assert "Ann is absent on 2026-12-01" in " ".join(routing.because)
    assert decided("disk full", agreement(), UTC_NOON).responsible_party is Party.INTERNAL


def test_hours_asked_about_twice_in_a_minute_and_across_it_are_the_same_as_asked_anew():
    made = agreement()
    for at in (UTC_NOON, UTC_NOON + timedelta(seconds=59), UTC_NOON + timedelta(hours=12), UTC_NOON):
        for people in ((), ("ann",), ("bob",)):
            assert duty(made, at, people) == duty(agreement(), at, people)


def test_a_copy_with_other_rows_does_not_answer_from_the_old_ones():
    made = agreement()
    before = find_by_id(made.rows[0].id, made)
    other = made.rows[0].model_copy(update={"sla": "gold"})

    changed = replace(made, rows=(other, *made.rows[1:]))

    assert before.sla != "gold"
    assert find_by_id(other.id, changed).sla == "gold"
    assert find_by_id("gone", changed).unmapped


def test_whoever_is_only_accountable_is_no_responder():
    made = agreement(("    absences: [{from: 2026-12-02, to: 2026-12-03}]\n", ""))
    # Only Ann stands on the schedule once Bob leaves the SOC path: her holiday is the team's night.
    alone = agreement(
        ('  - {id: internal-soc, party: internal, track: soc, steps: [{page: ["person:bob"]}]}\n', ""),
        (", security_contact: bob", ""),
    )

    assert duty(made, UTC_NOON).on_duty
    assert not duty(alone, UTC_NOON).on_duty


def test_boundaries_are_openings_closings_absences_and_the_end():
    made = agreement(("users: 100,", "users: 100, ends_at: 2026-12-02T12:00:00,"))
    at = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    found: list[str] = []
    while (moment := next_boundary(made, at)) is not None and len(found) < 7:
        found.append(moment.isoformat())
        at = moment

    assert found == [
        "2026-12-01T05:00:00+00:00",  # Ann's holiday begins
        "2026-12-01T14:00:00+00:00",  # opening
        "2026-12-01T22:00:00+00:00",  # closing
        "2026-12-02T05:00:00+00:00",  # Bob's holiday begins
        "2026-12-02T14:00:00+00:00",
        "2026-12-02T17:00:00+00:00",  # the agreement ends
        "2026-12-02T22:00:00+00:00",
    ]


def test_at_the_end_instant_nobody_is_paged_and_a_moment_before_somebody_is():
    made = agreement(("users: 100,", "users: 100, ends_at: 2026-11-17T12:00:00,"))

    assert ends_at(made) == NOON
    assert has_ended(made, NOON)
    before = decided("disk full", made, NOON - timedelta(microseconds=1))
    assert (before.mode, before.must_acknowledge) == (Mode.LIVE, (Party.INTERNAL,))
    after = decided("disk full", made, NOON)
    assert after.mode is Mode.OBSERVE
    assert after.because[-1] == "the agreement ended 2026-11-17 17:00Z: nobody is paged"


def test_in_a_full_queue_a_row_that_says_so_goes_to_the_msp_in_hours_only():
    made = agreement(
        (
            "{id: storage, function: storage, owner: internal}",
            "{id: storage, function: storage, owner: internal, overflow: msp}",
        )
    )
    full = Situation(queue="internal has 11 unacknowledged incidents, more than 10")

    inside = decide(alert("space low", NOON), made, full, NOON)
    other = decide(alert("stays up", NOON), made, full, NOON)
    night = decide(alert("space low", NIGHT), made, full, NIGHT)

    assert (inside.responsible_party, inside.taken_over) == (Party.MSP, "overflow")
    assert other.responsible_party is Party.INTERNAL
    assert (night.responsible_party, night.taken_over) == (Party.INTERNAL, None)
