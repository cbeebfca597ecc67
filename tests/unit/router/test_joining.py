"""What becomes one incident: flapping conditions, storms, wide outages, joint P1s, merges; and what never was one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.schema.joining import FlappingSpec, StaleSpec, StormSpec
from tandem.bus.plan import DueTimer
from tandem.model.alert import Severity
from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Owner, Party
from tandem.model.priority import Priority
from tandem_router import storm
from tandem_router.batch import CALM, HOLD_DOWN, Batch
from tandem_router.outcome import Refusal
from tandem_router.service import new_incident_id
from tandem_router.stale import LOOK
from tests.unit.router.test_incident import Desk
from tests.unit.router.world import NIGHT, NOON, Book, agreement, alert, clear, command

INTERNAL, MSP = Party.INTERNAL, Party.MSP
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
OPEN = IncidentState.OPEN


class Yard(Desk):
    """A desk whose timers all fire when time moves, and whose thresholds can be set."""

    def __init__(self, **parts: Any) -> None:
        super().__init__()
        self.book = Book(replace(agreement(), **parts))

    def pass_to(self, now: datetime) -> list[str]:
        """Fire what is due at ``now``; the facts of it."""
        batch = self.batch = Batch(self.loaded, self.book, now, new_incident_id)
        for incident in list(self.loaded.incidents):
            for kind, at in ((HOLD_DOWN, incident.hold_until), (CALM, incident.calm_at)):
                if at is not None and at <= now:
                    batch.take_timer(DueTimer("acme", str(incident.incident_id), kind, at))
        batch.take_timer(DueTimer("acme", now.isoformat(), LOOK, now))
        self._keep(batch)
        return said(batch)

    def settle_openings(self) -> None:
        """What this batch counted is in the database now."""
        for openings in self.loaded.openings.values():
            for slot, number in openings.added.items():
                openings.slots[slot] = openings.slots.get(slot, 0) + number
            openings.added.clear()

    def titled(self, title: str) -> Incident:
        (found,) = [incident for incident in self.incidents if title in incident.title]
        return found

    def running(self) -> list[Incident]:
        return [incident for incident in self.incidents if incident.state is not IncidentState.RESOLVED]

    def wish(self, kind: CommandKind, incident: Incident, at: datetime = NOON, **detail: Any) -> Refusal | None:
        return self.run(command(incident.incident_id, kind, MSP, at, **detail)).answered[0].refusal


def said(batch: Batch) -> list[str]:
    """Kinds of facts, with the reason of notes."""
    facts = [event.fact for event in batch.events]
    return [f"noted:{fact.detail.reason}" if fact.kind is FactKind.NOTED else fact.kind.value for fact in facts]


@pytest.fixture
def yard() -> Yard:
    return Yard()


def flap(yard: Yard, changes: int, title: str = "mail slow", every: timedelta = MINUTE) -> list[Batch]:
    """``changes`` state changes of one condition from noon on, the first one fires."""
    batches = []
    for number in range(changes):
        fires = alert(title, NOON + number * every)
        batches.append(yard.run(fires if number % 2 == 0 else clear(fires, NOON + number * every)))
    return batches


# -- flapping (R-P9) ------------------------------------------------------------------------------------------------


def test_four_changes_within_a_quarter_of_an_hour_are_no_flapping_and_the_fifth_is(yard):
    before = flap(yard, 4)
    assert yard.one.flags == ()

    batch = yard.run(alert("mail slow", NOON + 4 * MINUTE))

    assert all("noted:flapping" not in said(each) for each in before)
    assert said(batch) == ["alert_joined", "noted:flapping"]
    assert "flapping" in yard.one.flags
    assert yard.one.calm_at == NOON + 19 * MINUTE
    assert "5 state changes within 15m" in (batch.events[-1].fact.detail.text or "")


def test_changes_older_than_the_window_do_not_count(yard):
    flap(yard, 5, every=timedelta(minutes=3, seconds=45))

    assert yard.one.flags == ()


def test_changes_of_different_conditions_of_one_group_are_counted_apart(yard):
    for number, title in enumerate(["switch a", "switch b", "switch c", "switch d", "switch e", "switch f"]):
        yard.run(alert(title, NOON + number * SECOND))

    assert yard.one.flags == ()


def test_while_it_flaps_a_clear_has_to_hold_for_the_quiet_time_and_nothing_opens_again(yard):
    flap(yard, 6)
    assert yard.one.hold_until == NOON + 5 * MINUTE + 15 * MINUTE

    assert yard.pass_to(NOON + 12 * MINUTE) == []
    batch = yard.run(alert("mail slow", NOON + 13 * MINUTE))

    assert said(batch) == ["alert_joined"]
    assert (yard.one.cycle, yard.one.state) == (1, OPEN)


def test_after_the_quiet_time_it_says_so_and_a_clear_that_held_resolves(yard):
    flap(yard, 6)

    assert yard.pass_to(NOON + 20 * MINUTE) == ["noted:flapping_over", "resolved"]

    assert yard.one.resolved_at == NOON + 5 * MINUTE
    assert (yard.one.flags, yard.one.calm_at) == ((), None)


def test_after_the_quiet_time_what_still_fires_goes_on_as_an_ordinary_incident(yard):
    flap(yard, 5)

    assert yard.pass_to(NOON + 19 * MINUTE) == ["noted:flapping_over"]
    batch = yard.run(clear(alert("mail slow"), NOON + 21 * MINUTE))

    assert yard.one.hold_until == NOON + 26 * MINUTE
    assert said(batch) == ["alert_cleared"]


def test_a_late_timer_changes_nothing_for_what_comes_after_the_quiet_time(yard):
    flap(yard, 5)

    batch = yard.run(clear(alert("mail slow"), NOON + 40 * MINUTE))

    assert said(batch) == ["noted:flapping_over", "alert_cleared"]
    assert batch.events[0].fact.effective_at == NOON + 19 * MINUTE


def test_a_flapping_p1_keeps_its_start_its_priority_and_its_acknowledgement(yard):
    yard.run(alert("erp down", NOON, host="db1"))
    yard.act(CommandKind.ACKNOWLEDGE, INTERNAL, NOON + MINUTE)
    for number in (2, 3, 4, 5):
        fires = alert("erp down", NOON + number * MINUTE, host="db1")
        yard.run(clear(fires, NOON + number * MINUTE) if number % 2 == 0 else fires)

    assert "flapping" in yard.one.flags
    assert (yard.one.priority, yard.one.detected_at, yard.one.cycle) == (Priority.P1, NOON, 1)
    assert yard.one.acknowledged[INTERNAL].at == NOON + MINUTE


def test_flapping_can_be_switched_off():
    yard = Yard(flapping=FlappingSpec(changes=0))

    flap(yard, 12)

    assert yard.one.flags == ()


# -- storms (R-P10) -------------------------------------------------------------------------------------------------


def burst(yard: Yard, count: int, start: datetime = NOON, first: int = 0, **fields: Any) -> list[str]:
    """``count`` new conditions, one a second, each in a batch of its own; the outcomes."""
    outcomes = []
    for number in range(count):
        batch = yard.run(alert(f"mail slow {first + number}", start + number * SECOND, **fields))
        outcomes += [each.outcome for each in batch.decided]
        yard.settle_openings()
    return outcomes


def test_thirty_new_incidents_are_no_storm_and_what_comes_then_is_one_parent(yard):
    assert burst(yard, 30) == ["opened"] * 30

    assert burst(yard, 3, NOON + 30 * SECOND, first=30) == ["attached"] * 3

    parent = yard.titled("Alert storm")
    assert len(yard.incidents) == 31
    assert (parent.priority, parent.occurrences, len(parent.firing)) == (Priority.P2, 3, 3)
    assert parent.title == "Alert storm: more than 30 new incidents in 5m from rmm"
    assert parent.flags == ("storm",)
    assert set(parent.must_acknowledge) | set(parent.informed) == {INTERNAL, MSP}


def test_thirty_one_over_more_than_five_minutes_are_no_storm(yard):
    for number in range(31):
        yard.run(alert(f"mail slow {number}", NOON + number * 11 * SECOND))
        yard.settle_openings()

    assert len(yard.incidents) == 31
    assert not any(storm.is_parent(incident) for incident in yard.incidents)


def test_within_one_batch_the_same_happens(yard):
    batch = yard.run(*(alert(f"mail slow {number}", NOON) for number in range(40)))

    assert Counter(each.outcome for each in batch.decided) == {"opened": 30, "attached": 10}
    assert {each.incident_id for each in batch.decided if each.outcome == "attached"} == {
        yard.titled("Alert storm").incident_id
    }


def test_sources_and_sites_are_counted_apart(yard):
    burst(yard, 30, integration="rmm")

    assert burst(yard, 5, first=50, integration="other") == ["opened"] * 5


def test_a_site_has_its_own_storm_over_several_sources(yard):
    for number in range(31):
        yard.run(alert(f"mail slow {number}", NOON, integration=f"tool-{number}", host="sw10"))
        yard.settle_openings()

    assert yard.titled("Alert storm").site == "hq"


def test_what_would_be_a_p1_opens_and_pages_of_its_own_linked_to_the_storm(yard):
    burst(yard, 32)

    batch = yard.run(alert("erp down", NOON + MINUTE, host="db1"))

    own, parent = yard.titled("erp down"), yard.titled("Alert storm")
    assert batch.decided[0].outcome == "opened"
    assert (own.priority, set(own.must_acknowledge)) == (Priority.P1, {INTERNAL, MSP})
    assert own.linked == (parent.incident_id,)
    assert parent.linked == (own.incident_id,)
    assert parent.priority is Priority.P1  # the highest of its children


def test_security_is_a_storm_of_its_own(yard):
    burst(yard, 32)

    batch = yard.run(alert("leak of a share", NOON + MINUTE))

    assert batch.decided[0].outcome == "opened" or batch.decided[0].routing.track.value == "ops"
    parents = [incident for incident in yard.incidents if storm.is_parent(incident)]
    assert {parent.track.value for parent in parents} == {"ops"}


def test_a_storm_is_over_after_ten_calm_minutes_and_what_comes_then_opens_again(yard):
    burst(yard, 33)
    parent = yard.titled("Alert storm")
    assert parent.calm_at is not None
    assert timedelta(minutes=15) <= parent.calm_at - NOON <= timedelta(minutes=16)

    assert yard.pass_to(parent.calm_at) == ["noted:storm_over"]

    after = yard.titled("Alert storm")
    assert (after.state, after.flags, len(after.firing)) == (OPEN, (), 3)
    assert burst(yard, 1, parent.calm_at + MINUTE, first=90) == ["opened"]


def test_a_storm_goes_on_while_alerts_come(yard):
    burst(yard, 40)
    first = yard.titled("Alert storm").calm_at

    burst(yard, 6, NOON + 9 * MINUTE, first=60)

    later = yard.titled("Alert storm").calm_at
    assert first is not None
    assert later is not None
    assert later >= first + 8 * MINUTE


def test_the_parent_resolves_when_its_children_have_cleared_and_the_storm_is_over(yard):
    burst(yard, 32)
    cleared = [yard.run(clear(alert(f"mail slow {n}"), NOON + 2 * MINUTE)) for n in (30, 31)]

    parent = yard.titled("Alert storm")
    assert [said(each) for each in cleared] == [[], ["alert_cleared"]]
    assert parent.calm_at is not None
    assert parent.hold_until == parent.calm_at

    assert yard.pass_to(parent.calm_at) == ["noted:storm_over", "resolved"]


def test_the_facts_of_a_storm_grow_like_its_logarithm(yard):
    burst(yard, 300)

    assert yard.titled("Alert storm").version < 12


def test_a_parent_counts_the_children_it_cannot_keep():
    yard = Yard(storm=StormSpec(incidents=1, calm_below=1))
    batch = yard.run(*(alert(f"mail slow {n}", NOON) for n in range(storm.MOST_KEPT + 11)))
    parent = yard.titled("Alert storm")
    assert (len(parent.firing), parent.unkept) == (storm.MOST_KEPT, 10)

    again = yard.run(alert(f"mail slow {storm.MOST_KEPT + 10}", NOON + SECOND))
    yard.run(*(clear(alert(f"mail slow {n}"), NOON + MINUTE) for n in range(1, storm.MOST_KEPT + 10)))
    still = yard.titled("Alert storm")
    yard.run(clear(alert(f"mail slow {storm.MOST_KEPT + 10}"), NOON + 2 * MINUTE))

    assert all(each.incident_id is not None for each in batch.decided)
    assert (again.decided[0].outcome, still.unkept, still.clear_pending_at) == ("repeated", 1, None)
    assert yard.titled("Alert storm").clear_pending_at is not None


def test_storms_can_be_switched_off():
    yard = Yard(storm=StormSpec(incidents=0))

    assert burst(yard, 60) == ["opened"] * 60


def test_tests_neither_make_nor_join_a_storm(yard):
    burst(yard, 40, test=True)
    assert not any(storm.is_parent(incident) for incident in yard.incidents)

    burst(yard, 32, first=50)
    assert burst(yard, 1, NOON + MINUTE, first=99, test=True) == ["opened"]


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["fires", "clears"]),
            st.integers(0, 25),
            st.sampled_from([0, 1, 20, 400]),
            st.sampled_from([None, "sw10", "sw21", "db1"]),
        ),
        min_size=10,
        max_size=80,
    ),
    threshold=st.integers(1, 8),
)
def test_nothing_of_a_storm_is_lost(steps, threshold):
    """Every alert is decided once and, while its condition fires, one running incident holds it."""
    yard = Yard(storm=StormSpec(incidents=threshold, calm_below=1), flapping=FlappingSpec(changes=0))
    now, taken = NOON, 0
    firing: set[str] = set()
    for what, which, seconds, host in steps:
        now += seconds * SECOND
        title = f"uplink {which}" if host else f"mail slow {which}"
        fires = alert(title, now, host=host, occurred_at=None)  # so that no clear overtakes it (R-C7)
        yard.pass_to(now)
        batch = yard.run(fires if what == "fires" else clear(fires, now))
        yard.settle_openings()
        taken += len(batch.decided)
        (firing.add if what == "fires" else firing.discard)(f"rmm/{title}")
        if what == "fires":
            assert batch.decided[0].incident_id is not None

    held = Counter(condition for incident in yard.running() for condition in incident.firing)
    assert taken == len(steps)
    assert set(held) == firing
    assert set(held.values()) <= {1}


# -- wide outages in a sliding window (R-P2, R9) --------------------------------------------------------------------


def test_outages_of_several_incidents_that_together_pass_the_share_upgrade_the_oldest(yard):
    yard.run(alert("uplink a", NOON, host="sw10"))
    yard.run(alert("uplink b", NOON + MINUTE, host="sw11"))
    assert {incident.priority for incident in yard.incidents} == {Priority.P3}  # 20 of 100 is not more than 20 %

    batch = yard.run(alert("uplink c", NOON + 2 * MINUTE, host="fs1"))

    first, second = sorted(yard.incidents, key=lambda incident: incident.detected_at)
    assert (first.priority, first.p1_workflow, first.affected_users) == (Priority.P1, True, 25)
    assert (first.detected_at, first.title) == (NOON, "Wide outage: uplink a")
    assert (second.state, second.merged_into) == (IncidentState.RESOLVED, first.incident_id)
    assert said(batch)[:2] == ["alert_joined", "reprioritised"]
    assert "25 of 100 users" in (batch.events[1].fact.detail.reason or "")
    assert batch.decided[0].incident_id == first.incident_id
    assert set(first.firing) == {"rmm/uplink a", "rmm/uplink b", "rmm/uplink c"}


def test_outages_longer_apart_than_the_window_do_not_count_together(yard):
    yard.run(alert("uplink a", NOON, host="sw10"))
    yard.run(alert("uplink b", NOON + MINUTE, host="sw11"))

    yard.run(alert("uplink c", NOON + 16 * MINUTE, host="fs1"))

    assert [incident.priority for incident in yard.incidents] == [Priority.P3] * 3


def test_one_asset_counts_once_however_many_incidents_it_has(yard):
    for number in range(4):
        yard.run(alert(f"uplink {number}", NOON + number * SECOND, host="sw10"))

    assert {incident.p1_workflow for incident in yard.incidents} == {False}


def test_what_has_cleared_does_not_count(yard):
    yard.run(alert("uplink a", NOON, host="sw20"))
    yard.run(clear(alert("uplink a", host="sw20"), NOON + MINUTE))

    yard.run(alert("uplink b", NOON + 2 * MINUTE, host="sw10"))

    assert {incident.p1_workflow for incident in yard.incidents} == {False}


def test_a_degradation_does_not_count_with_outages(yard):
    yard.run(alert("disk space low", NOON, host="sw21"))

    yard.run(alert("uplink b", NOON + MINUTE, host="sw10"))

    assert {incident.p1_workflow for incident in yard.incidents} == {False}


def test_the_severity_of_the_vendor_does_not_matter(yard):
    yard.run(alert("uplink a", NOON, host="sw20"))

    yard.run(alert("uplink b", NOON + MINUTE, host="fs1", severity=Severity.INFO))

    assert yard.titled("Wide outage").priority is Priority.P1


def test_later_alerts_and_clears_of_a_merged_outage_reach_the_one_it_is_part_of(yard):
    yard.run(alert("uplink a", NOON, host="sw10"))
    yard.run(alert("uplink b", NOON + MINUTE, host="sw11"))
    yard.run(alert("uplink c", NOON + 2 * MINUTE, host="fs1"))

    yard.run(clear(alert("uplink b", host="sw11"), NOON + 3 * MINUTE))
    again = yard.run(alert("uplink b", NOON + 4 * MINUTE, host="sw11"))

    wide = yard.titled("Wide outage")
    assert set(wide.firing) == {"rmm/uplink a", "rmm/uplink b", "rmm/uplink c"}
    assert again.decided[0].incident_id == wide.incident_id
    assert len(yard.incidents) == 2


def test_the_rule_fires_once_so_that_a_persons_priority_stands(yard):
    yard.run(alert("uplink a", NOON, host="sw21"))
    yard.wish(CommandKind.PRIORITY, yard.one, NOON + MINUTE, priority=Priority.P3)

    yard.run(alert("uplink a", NOON + 2 * MINUTE, host="sw21"))
    assert yard.one.priority is Priority.P3

    yard.run(alert("uplink b", NOON + 3 * MINUTE, host="sw10"))
    assert yard.titled("uplink a").priority is Priority.P1  # more users: looked at anew


def test_what_is_only_observed_says_nothing_about_what_is_live():
    yard = Yard()
    observed = replace(agreement(version=2, mode="observe"), version=2)
    yard.book.versions["acme", 2] = observed
    yard.book.current["acme"] = observed
    yard.run(alert("uplink a", NOON, host="sw20"))
    yard.book.current["acme"] = yard.book.versions["acme", 1]

    yard.run(alert("uplink b", NOON + MINUTE, host="sw10"))

    assert {incident.p1_workflow for incident in yard.incidents} == {False}


def test_the_outages_inside_a_storm_count(yard):
    burst(yard, 30)
    yard.run(alert("uplink a", NOON + MINUTE, host="sw20"))
    yard.settle_openings()
    assert "rmm/uplink a" in yard.titled("Alert storm").firing

    batch = yard.run(alert("uplink b", NOON + 2 * MINUTE, host="sw10"))

    assert batch.decided[0].outcome == "opened"
    assert yard.titled("uplink b").priority is Priority.P1


# -- one joint incident (R7, D12) -----------------------------------------------------------------------------------


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


# -- merge and link -------------------------------------------------------------------------------------------------


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


# -- a clear before its trigger (R-C7, E29) -------------------------------------------------------------------------


def test_a_trigger_whose_clear_was_here_first_opens_and_closes_at_once(yard):
    over = clear(alert("mail slow"), NOON + 4 * MINUTE, occurred_at=NOON + 3 * MINUTE)
    assert yard.run(over).decided[0].outcome == "ignored"

    batch = yard.run(alert("mail slow", NOON + 5 * MINUTE, occurred_at=NOON + MINUTE))

    assert said(batch) == ["opened", "resolved"]
    assert (yard.one.detected_at, yard.one.resolved_at) == (NOON + 5 * MINUTE, NOON + 5 * MINUTE)
    assert batch.events[1].fact.detail.auto
    assert batch.events[0].incident.clear_pending_at == NOON + 5 * MINUTE  # so that nobody is paged


@pytest.mark.parametrize(
    ("trigger", "occurred"),
    [
        pytest.param(NOON + 15 * MINUTE, NOON, id="more than ten minutes later"),
        pytest.param(NOON + 5 * MINUTE, NOON + 4 * MINUTE, id="began after the clear"),
        pytest.param(NOON + 5 * MINUTE, None, id="does not say when it began"),
    ],
)
def test_any_other_trigger_opens_an_incident(yard, trigger, occurred):
    yard.run(clear(alert("mail slow"), NOON + 4 * MINUTE, occurred_at=NOON + 3 * MINUTE))

    batch = yard.run(alert("mail slow", trigger, occurred_at=occurred))

    assert said(batch) == ["opened"]


def test_an_overtaken_trigger_opens_nothing_again_and_joins_nothing(yard):
    yard.run(alert("mail slow", NOON))
    yard.run(clear(alert("mail slow"), NOON + MINUTE))
    yard.pass_to(NOON + 10 * MINUTE)
    yard.run(clear(alert("mail slow"), NOON + 12 * MINUTE, occurred_at=NOON + 11 * MINUTE))

    batch = yard.run(alert("mail slow", NOON + 13 * MINUTE, occurred_at=NOON + 11 * MINUTE))

    assert (said(batch), batch.decided[0].outcome) == ([], "repeated")
    assert yard.one.state is IncidentState.RESOLVED


def test_a_trigger_that_its_clear_overtook_on_the_way_is_over_although_it_was_accepted_first(yard):
    yard.run(clear(alert("mail slow"), NOON + 4 * MINUTE))

    batch = yard.run(alert("mail slow", NOON + 3 * MINUTE, occurred_at=None), now=NOON + 30 * MINUTE)

    assert said(batch) == ["opened", "resolved"]


def test_a_clear_that_was_accepted_before_its_condition_fired_again_ends_nothing(yard):
    yard.run(alert("mail slow", NOON))
    yard.run(clear(alert("mail slow"), NOON + MINUTE))
    yard.run(alert("mail slow", NOON + 3 * MINUTE))

    batch = yard.run(clear(alert("mail slow"), NOON + 2 * MINUTE), now=NOON + 4 * MINUTE)

    assert (said(batch), batch.decided[0].outcome) == ([], "ignored")
    assert (yard.one.state, yard.one.clear_pending_at) == (OPEN, None)


# -- nobody repeats it (R-P13) --------------------------------------------------------------------------------------


def test_what_nobody_repeats_for_a_day_is_marked_and_not_resolved(yard):
    yard.run(alert("mail slow", NOON))
    assert yard.pass_to(NOON + timedelta(hours=23)) == []

    assert yard.pass_to(NOON + timedelta(hours=24)) == ["noted:stale"]
    assert yard.pass_to(NOON + timedelta(days=30)) == []

    assert (yard.one.state, yard.one.flags) == (OPEN, ("stale",))


def test_a_new_alert_takes_the_mark_away_with_a_fact(yard):
    yard.run(alert("mail slow", NOON))
    yard.pass_to(NOON + timedelta(hours=24))

    batch = yard.run(alert("mail slow", NOON + timedelta(hours=25)))

    assert said(batch) == ["noted:no_longer_stale"]
    assert yard.one.flags == ()


def test_a_stale_p3_is_closed_only_if_the_agreement_says_so_and_a_p2_never():
    yard = Yard(stale=StaleSpec(close=True))
    yard.run(alert("mail slow", NOON), alert("disk full", NOON))
    yard.pass_to(NOON + timedelta(hours=24))

    assert yard.pass_to(NOON + timedelta(days=7)) == []
    assert yard.pass_to(NOON + timedelta(days=8)) == ["resolved"]

    assert [incident.priority for incident in yard.running()] == [Priority.P2]


def test_what_a_person_raised_and_what_waits_for_a_person_is_not_stale():
    yard = Yard(stale=StaleSpec(after=timedelta(hours=1)))
    yard.run(alert("erp down", NOON, host="db1"))
    yard.act(CommandKind.ACKNOWLEDGE, INTERNAL, NOON + MINUTE)
    yard.run(clear(alert("erp down"), NOON + 2 * MINUTE))
    yard.pass_to(NOON + 30 * MINUTE)

    assert yard.pass_to(NOON + timedelta(days=2)) == []
    assert yard.one.flags == ("cleared_pending_confirm",)
