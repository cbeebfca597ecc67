"""Outages that together touch too many users are one P1 (R-P2, R9)."""

from __future__ import annotations

from dataclasses import replace

from tandem.model.alert import Severity
from tandem.model.events import CommandKind
from tandem.model.incident import IncidentState
from tandem.model.priority import Priority
from tests.unit.router.world import NOON, agreement, alert, clear
from tests.unit.router.yard import MINUTE, SECOND, Yard, burst, said


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
