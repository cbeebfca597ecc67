"""A P1 that touches both parties' systems is one shared incident with a lead (R7, D12)."""

from __future__ import annotations

from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Owner
from tandem.model.priority import Priority
from tests.unit.router.world import NIGHT, NOON, agreement, alert
from tests.unit.router.yard import INTERNAL, MINUTE, MSP, SECOND, Yard


def test_a_p1_that_touches_both_parties_systems_is_one_shared_incident_with_a_lead(yard):
    yard.run(alert("uplink a", NOON, host="sw10"))  # the MSP's
    yard.run(alert("switch b", NOON + MINUTE, host="sw11"))  # the internal team's

    batch = yard.run(alert("uplink c", NOON + 2 * MINUTE, host="fs1"))

    (one,) = yard.running()
    assert (one.owner, one.lead, one.priority) == (Owner.SHARED, MSP, Priority.P1)
    assert set(one.must_acknowledge) == {INTERNAL, MSP}
    assert {INTERNAL, MSP} == set(one.paths)
    reowned = [event.fact for event in batch.events if event.fact.kind is FactKind.REOWNED]
    assert [fact.detail.from_owner for fact in reowned] == [Owner.MSP]
    assert "internal and msp" in (reowned[0].detail.reason or "")


def test_the_lead_is_the_agreements_word():
    rules = agreement().rules.model_copy(update={"joint_lead": INTERNAL})
    yard = Yard(rules=rules)
    yard.run(alert("uplink a", NOON, host="sw10"))
    yard.run(alert("switch b", NOON + MINUTE, host="sw21"))

    (one,) = yard.running()
    assert (one.owner, one.lead, one.responsible_party) == (Owner.SHARED, INTERNAL, INTERNAL)


def test_at_night_the_msp_is_responsible_whoever_leads():
    yard = Yard(rules=agreement().rules.model_copy(update={"joint_lead": INTERNAL}))
    yard.run(alert("uplink a", NIGHT, host="sw10"))
    yard.run(alert("switch b", NIGHT + MINUTE, host="sw21"))

    (one,) = yard.running()
    assert (one.lead, one.responsible_party) == (INTERNAL, MSP)


def test_who_has_acknowledged_stays_responsible():
    yard = Yard(rules=agreement().rules.model_copy(update={"joint_lead": INTERNAL}))
    yard.run(alert("uplink a", NOON, host="sw10"))
    yard.act(CommandKind.ACKNOWLEDGE, MSP, NOON + SECOND)

    yard.run(alert("switch b", NOON + MINUTE, host="sw21"))

    (one,) = yard.running()
    assert (one.owner, one.responsible_party, one.state) == (Owner.SHARED, MSP, IncidentState.ACKNOWLEDGED)


def test_below_p1_an_incident_keeps_its_owner(yard):
    yard.run(alert("uplink a", NOON, host="sw10"))
    yard.run(alert("switch b", NOON + MINUTE, host="fs1"))
    msps, internals = yard.titled("uplink a"), yard.titled("switch b")

    yard.wish(CommandKind.MERGE, internals, NOON + 2 * MINUTE, other_incident=msps.incident_id)

    assert yard.titled("uplink a").owner is Owner.MSP
