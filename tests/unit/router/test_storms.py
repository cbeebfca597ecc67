"""So many new incidents of one source or site are one, and nothing of a storm is lost (R-P10)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.agreement.schema.joining import FlappingSpec, StormSpec
from tandem.model.priority import Priority
from tandem_router import storm
from tests.unit.router.world import NOON, alert, clear
from tests.unit.router.yard import INTERNAL, MINUTE, MSP, OPEN, SECOND, Yard, burst, said


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
