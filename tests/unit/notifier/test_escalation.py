"""The ladder, by fast-forwarded simulation."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

from tandem.agreement.schema.people import Contact, NotifyRule, PartySpec, ScheduleSpec
from tandem.model.events import ClockName, FactKind, PageEventKind, SlaEventKind
from tandem.model.incident import IncidentState
from tandem.model.ownership import Actor, Mode, Track
from tandem.model.priority import Priority
from tests.support.ladder import (
    INTERNAL,
    MSP,
    PATHS,
    PEOPLE,
    Ladder,
    agreement,
    incident,
    path,
    person,
    step,
)

EMPTY = ScheduleSpec(id="empty", zone="UTC")


def ladder(**fields) -> Ladder:
    return Ladder(agreement(), incident(**fields)).open()


def test_an_unacknowledged_p1_walks_the_ladder_to_the_fallback_and_both_accountables():
    system = ladder()

    system.forward(30)

    assert system.called() == [
        (0, "ina"), (5, "ivo"), (10, "iris"),
        (15, "ina"), (20, "ivo"), (25, "iris"),
        (30, "iris"),
    ]  # fmt: skip
    system.forward(5)
    assert system.called()[7:] == [(35, "isa"), (35, "meg")]


def test_an_unacknowledged_p1_is_never_silent():
    system = ladder()

    system.forward(24 * 60)

    moments = [at for at, _ in system.called()]
    assert max(later - sooner for sooner, later in itertools.pairwise(moments)) <= 5
    assert moments[-1] > 24 * 60 - 6
    assert PageEventKind.EXHAUSTED in system.kinds()
    assert len({page.page_id for page in system.pages}) == len(system.pages)


def test_an_unacknowledged_p2_ends_with_an_alarm():
    system = ladder(priority=Priority.P2)

    system.forward(24 * 60)

    assert system.called()[-1] == (35, "meg")
    assert system.kinds()[-1] is PageEventKind.EXHAUSTED
    assert system.due is None


def test_an_acknowledgement_stops_the_path_and_names_the_page_that_brought_it():
    system = ladder()
    system.forward(6)

    system.acknowledge(INTERNAL, "ivo")
    system.forward(20)

    assert system.people() == ["ina", "ivo"]
    assert system.events[-1].kind is PageEventKind.ACKNOWLEDGED
    assert system.events[-1].page_id == system.pages[-1].page_id


def test_an_acknowledgement_stops_its_party_only_where_both_must_answer():
    system = ladder(track=Track.SOC, must_acknowledge=(MSP, INTERNAL), responsible_party=MSP)
    assert sorted(system.people()) == ["iris", "max"]

    system.acknowledge(MSP, "max")
    system.forward(8)

    assert system.called()[2:] == [(5, "iris")]


def test_siem_high_pages_both_parties_at_once():
    system = ladder(track=Track.SOC, must_acknowledge=(MSP, INTERNAL), responsible_party=MSP, priority=Priority.P2)

    assert {(page.party, page.person) for page in system.pages} == {(MSP, "max"), (INTERNAL, "iris")}


def test_a_step_that_reaches_nobody_is_skipped_at_once_and_reported():
    empty = path(INTERNAL, Track.OPS, step(0, "schedule:empty"), step(5, "person:ivo"))
    system = Ladder(agreement(paths=[empty], schedules=[EMPTY]), incident()).open()

    assert system.called() == [(0, "ivo")]
    assert system.kinds() == [PageEventKind.PLANNED, PageEventKind.GAP]


def test_a_pass_that_reaches_nobody_goes_to_the_fallback_without_waiting():
    empty = path(INTERNAL, Track.OPS, step(0, "schedule:empty"), step(5, "schedule:empty"), fallback=("isa",), repeat=3)
    system = Ladder(agreement(paths=[empty], schedules=[EMPTY]), incident()).open()

    assert system.called() == [(0, "isa")]


def test_where_nobody_at_all_can_be_reached_a_p1_says_so_and_tries_again():
    unreachable = {name: spec.model_copy(update={"contacts": ()}) for name, spec in PEOPLE.items()}
    system = Ladder(agreement(people=unreachable), incident()).open()

    assert system.pages == []
    assert system.kinds().count(PageEventKind.EXHAUSTED) == 1
    system.forward(60)
    assert system.kinds().count(PageEventKind.EXHAUSTED) == 5


def test_three_quarters_of_the_response_time_force_the_next_step():
    slow = path(INTERNAL, Track.OPS, step(0, "person:ina"), step(60, "person:ivo"))
    system = Ladder(agreement(paths=[slow]), incident()).open()
    system.forward(22.5)

    system.sla(SlaEventKind.WARNED, threshold=75)

    assert system.called() == [(0, "ina"), (22.5, "ivo")]


def test_a_warning_after_the_acknowledgement_moves_nobody():
    system = ladder()
    system.acknowledge(INTERNAL, "ina")

    system.sla(SlaEventKind.WARNED, threshold=75)
    system.sla(SlaEventKind.WARNED, threshold=90)

    assert system.people() == ["ina"]


def test_a_breach_pages_the_accountable_of_the_obliged_party_and_tells_the_other():
    system = ladder()
    before = len(system.pages)

    system.sla(SlaEventKind.BREACHED)

    assert {(p.person, p.party, p.told) for p in system.pages[before:]} == {
        ("isa", INTERNAL, False),
        ("team", MSP, True),
    }


def test_a_late_detection_breach_pages_nobody():
    system = ladder()
    before = len(system.pages)

    system.sla(SlaEventKind.BREACHED, ClockName.DETECT)

    assert len(system.pages) == before


def test_a_pending_clear_holds_the_path_and_a_re_fire_goes_on():
    system = ladder()
    system.forward(4)
    system.fact(FactKind.ALERT_CLEARED, clear_pending_at=system.now)

    system.forward(10)
    assert system.people() == ["ina"]
    assert system.due is None

    system.fact(FactKind.ALERT_JOINED, clear_pending_at=None)
    assert system.called() == [(0, "ina"), (14, "ivo")]


def test_a_resolved_incident_pages_nobody_any_more():
    system = ladder()

    system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED, resolved_at=system.now)
    system.forward(600)

    assert system.people() == ["ina"]
    assert system.due is None


def test_an_acknowledgement_that_is_taken_back_starts_the_path_again_with_new_pages():
    system = ladder()
    system.acknowledge(INTERNAL, "ina")
    system.forward(3)

    system.fact(FactKind.UNACKNOWLEDGED, acknowledged={}, state=IncidentState.OPEN)

    assert system.called() == [(0, "ina"), (3, "ina")]
    assert system.pages[0].page_id != system.pages[1].page_id


def test_a_reopened_incident_starts_a_new_cycle():
    system = ladder()
    system.acknowledge(INTERNAL, "ina")
    system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED)
    system.forward(30)

    system.fact(FactKind.REOPENED, state=IncidentState.OPEN, cycle=2, acknowledged={}, reopened_at=system.now)

    assert system.called() == [(0, "ina"), (30, "ina")]


def test_an_acknowledgement_without_activity_runs_out_and_pages_again():
    system = ladder()
    system.forward(6)
    system.acknowledge(INTERNAL, "ivo")

    system.forward(40)

    assert system.called()[2:] == [(36, "ina"), (36, "ivo"), (41, "ivo"), (46, "iris")]
    assert len({page.page_id for page in system.pages}) == len(system.pages)


def test_a_note_pushes_the_acknowledgements_timeout():
    system = ladder()
    system.acknowledge(INTERNAL, "ina")
    system.forward(20)

    system.fact(FactKind.NOTED, by=Actor(INTERNAL, "ina"))
    system.forward(29)
    assert system.people() == ["ina"]

    system.forward(2)
    assert system.called()[1:] == [(50, "ina")]


def test_the_answer_to_a_page_that_came_again_stops_it_although_the_router_knows_the_acknowledgement():
    system = ladder()
    system.acknowledge(INTERNAL, "ina")
    system.forward(31)

    system.answer(system.pages[-1])
    system.forward(20)

    assert system.called() == [(0, "ina"), (30, "ina")]


def test_somebody_who_has_started_work_is_left_alone():
    system = ladder()
    system.acknowledge(INTERNAL, "ina")
    system.fact(FactKind.STARTED, by=Actor(INTERNAL, "ina"), state=IncidentState.IN_PROGRESS)

    system.forward(240)

    assert system.people() == ["ina"]


def test_a_step_can_call_the_other_partys_path():
    calling = path(INTERNAL, Track.OPS, step(0, "person:ina"), step(10, "path:msp-ops"), step(30, "person:ivo"))
    system = Ladder(agreement(paths=[calling, PATHS[1]]), incident()).open()

    system.forward(16)
    assert system.called() == [(0, "ina"), (10, "max"), (15, "mia")]

    system.acknowledge(INTERNAL, "ina")
    system.forward(25)
    assert system.people() == ["ina", "max", "mia"]


def test_a_failed_page_makes_the_next_step_come_at_once():
    system = ladder()
    system.forward(1)

    system.fail(system.pages[0])
    system.forward(0)

    assert system.called() == [(0, "ina"), (1, "ivo")]


def test_a_failed_page_tries_the_persons_next_channel_first():
    rules = (NotifyRule(channel="webhook"), NotifyRule(channel="ntfy", after=timedelta(minutes=3)))
    people = {**PEOPLE, "ina": person(INTERNAL, "webhook", "ntfy", high=rules)}
    system = Ladder(agreement(people=people), incident()).open()

    system.fail(system.pages[0])

    assert [(page.person, page.channel) for page in system.pages] == [("ina", "webhook"), ("ina", "ntfy")]
    system.fail(system.pages[1])
    assert system.people() == ["ina", "ina", "ivo"]


def test_channels_that_all_fail_do_not_spin_the_ladder():
    system = ladder()

    failed = 0
    for _ in range(200):
        open_pages = system.pages[failed:]
        failed = len(system.pages)
        for page in open_pages:
            system.fail(page)

    assert system.people() == ["ina", "ivo", "iris", "iris", "isa", "meg"]
    system.forward(6)
    assert len(system.pages) == 7


def test_a_persons_rules_page_further_channels_later_and_an_acknowledgement_stops_them():
    rules = (NotifyRule(channel="ntfy"), NotifyRule(channel="webhook", after=timedelta(minutes=2)))
    people = {**PEOPLE, "ina": person(INTERNAL, "webhook", "ntfy", high=rules)}
    system = Ladder(agreement(people=people), incident()).open()
    system.forward(1)
    assert [page.channel for page in system.pages] == ["ntfy"]

    system.forward(2)
    assert [page.channel for page in system.pages] == ["ntfy", "webhook"]

    other = Ladder(agreement(people=people), incident()).open()
    other.acknowledge(INTERNAL, "ina")
    other.forward(4)
    assert [page.channel for page in other.pages] == ["ntfy"]


def test_a_timer_that_is_hours_late_fires_once():
    system = ladder()

    system.late(180)

    assert system.called() == [(0, "ina"), (180, "ivo")]


def test_in_observe_mode_one_pass_is_recorded_and_nothing_is_sent():
    system = ladder(mode=Mode.OBSERVE)

    system.forward(24 * 60)

    assert system.pages == []
    assert system.kinds() == [PageEventKind.WOULD_HAVE_PAGED] * 3
    assert [happened.person for happened in system.events] == ["ina", "ivo", "iris"]


def test_a_test_alert_pages_nobody():
    system = ladder(flags=("test",))

    assert system.pages == []
    assert PageEventKind.WOULD_HAVE_PAGED in system.kinds()


def test_in_overlap_mode_the_owner_is_paged_and_the_other_party_told():
    system = ladder(mode=Mode.OVERLAP)

    assert system.people() == ["ina"]
    assert system.told() == [(0, "msp", "open")]


def test_an_upgrade_to_p1_starts_the_paths_that_it_needs():
    system = ladder(priority=Priority.P3)
    assert system.people() == []
    system.forward(2)

    system.fact(FactKind.REPRIORITISED, priority=Priority.P1, must_acknowledge=(INTERNAL, MSP))

    assert sorted(system.called()) == [(2, "ina"), (2, "max")]


def test_a_hand_off_moves_the_paging_to_the_party_that_took_it():
    system = ladder()
    system.forward(2)

    system.fact(FactKind.HANDOFF_ACCEPTED, must_acknowledge=(MSP,), responsible_party=MSP)
    system.forward(6)

    assert system.called() == [(0, "ina"), (2, "max"), (7, "mia")]


def test_a_version_that_is_already_known_changes_nothing():
    system = ladder()
    system.forward(2)
    known = system.case

    system.incident = replace(system.incident, version=system.incident.version - 1)
    system.fact(FactKind.OPENED)

    assert system.people() == ["ina"]
    assert system.case == known


def test_a_party_without_a_path_still_has_its_people_called():
    system = Ladder(agreement(paths=[]), incident(paths={})).open()

    system.forward(10)

    assert system.called() == [(0, "iris"), (10, "isa")]


def test_informed_parties_are_told_once_at_open_and_once_at_resolve():
    system = ladder(informed=(MSP,))
    system.fact(FactKind.NOTED)
    system.forward(9)

    system.fact(FactKind.RESOLVED, state=IncidentState.RESOLVED)
    system.fact(FactKind.NOTED)

    assert system.told() == [(0, "msp", "open"), (9, "msp", "resolved")]


def test_the_msp_of_a_managed_tenant_is_no_party_that_must_exist_on_the_other_side():
    alone = {MSP: PartySpec(name="MSP", calendar="24x7", accountable="meg", senior_ops="moe")}
    system = Ladder(agreement(parties=alone), incident(must_acknowledge=(MSP,), responsible_party=MSP)).open()

    system.sla(SlaEventKind.BREACHED)
    system.forward(60)

    assert set(system.people()) == {"max", "mia", "moe", "meg"}


def test_two_contacts_of_one_channel_are_two_pages():
    both = (Contact(channel="webhook", to="https://a.example/1"), Contact(channel="webhook", to="https://b.example/2"))
    people = {**PEOPLE, "ina": PEOPLE["ina"].model_copy(update={"contacts": both})}
    system = Ladder(agreement(people=people), incident()).open()

    assert [page.target for page in system.pages] == ["https://a.example/1", "https://b.example/2"]
    assert len({page.page_id for page in system.pages}) == 2


def test_the_same_batch_planned_twice_gives_the_same_pages():
    assert ladder().pages == ladder().pages
