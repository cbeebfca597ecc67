"""The life of an incident, through the fold over batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tandem.agreement.compiled import Agreement
from tandem.bus.plan import DueTimer
from tandem.model.alert import AlertStatus, Severity
from tandem.model.events import CommandKind, FactKind
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Mode, Party
from tandem.model.priority import Priority
from tandem_router.batch import HOLD_DOWN, Batch, Loaded
from tandem_router.service import new_incident_id
from tests.unit.router.world import NIGHT, NOON, Book, agreement, alert, clear, command

INTERNAL, MSP = Party.INTERNAL, Party.MSP
MINUTE = timedelta(minutes=1)


class Desk:
    """Batches one after the other over what the ones before left, as the database would keep it."""

    def __init__(self) -> None:
        self.book = Book(agreement())
        self.loaded = Loaded()
        self.kinds: list[FactKind] = []
        self.batch: Batch

    def run(self, *inbox, now: datetime | None = None) -> Batch:
        moment = now or max(getattr(each, "received_at", None) or each.at for each in inbox)
        batch = self.batch = Batch(self.loaded, self.book, moment, new_incident_id)
        for each in inbox:
            batch.take_alert(each) if hasattr(each, "alert_id") else batch.take_command(each)
        return self._keep(batch)

    def timer(self, incident: Incident, now: datetime) -> Batch:
        batch = self.batch = Batch(self.loaded, self.book, now, new_incident_id)
        batch.take_timer(DueTimer("acme", str(incident.incident_id), HOLD_DOWN, now))
        return self._keep(batch)

    def _keep(self, batch: Batch) -> Batch:
        self.loaded.incidents = list(batch.incidents.values())
        self.kinds += [event.fact.kind for event in batch.events]
        return batch

    @property
    def incidents(self) -> list[Incident]:
        return self.loaded.incidents

    @property
    def one(self) -> Incident:
        (incident,) = self.loaded.incidents
        return incident

    def act(self, kind: CommandKind, party: Party | None = MSP, at: datetime = NOON, **detail):
        batch = self.run(command(self.one.incident_id, kind, party, at, **detail))
        return batch.answered[0].refusal


@pytest.fixture
def desk() -> Desk:
    return Desk()


def kinds(batch: Batch) -> Iterable[str]:
    return [event.fact.kind.value for event in batch.events]


def test_an_alert_opens_an_incident_detected_at_its_accept(desk):
    first = alert("disk full", NOON, occurred_at=NOON - 3 * MINUTE)

    desk.run(first, now=NOON + MINUTE)

    assert (desk.one.version, desk.one.number, desk.one.state) == (1, 1, IncidentState.OPEN)
    assert (desk.one.detected_at, desk.one.occurred_at) == (NOON, NOON - 3 * MINUTE)
    assert (desk.one.opened_at, desk.one.detect_flags) == (NOON + MINUTE, ())
    assert desk.one.incident_id == new_incident_id(first)


@pytest.mark.parametrize(
    ("occurred_at", "kept", "flags"),
    [
        (NOON + 5 * MINUTE, NOON, ("skew",)),
        (None, NOON, ("estimated",)),
        (NOON - timedelta(days=31), NOON - timedelta(days=31), ("implausible",)),
    ],
)
def test_an_onset_that_cannot_be_used_is_flagged(desk, occurred_at, kept, flags):
    desk.run(alert(occurred_at=occurred_at))

    assert (desk.one.occurred_at, desk.one.detect_flags) == (kept, flags)


def test_the_same_alert_again_is_dropped_and_repeats_are_counted_without_a_fact(desk):
    """E26: one delivered five times, then three more of its dedup key."""
    first = alert()
    repeats = [alert(at=NOON + n * MINUTE) for n in (1, 2, 3)]

    batch = desk.run(*[first] * 5, *repeats)

    assert batch.duplicates == 4
    assert (desk.one.occurrences, desk.one.version) == (4, 1)
    assert desk.one.last_seen_at == NOON + 3 * MINUTE
    assert kinds(batch) == ["opened"]
    assert [each.outcome for each in batch.decided] == ["opened", "repeated", "repeated", "repeated"]


def test_a_repeat_of_higher_severity_raises_the_priority_and_then_nothing_more(desk):
    desk.run(alert("mail slow"))

    batch = desk.run(*[alert("mail slow", severity=Severity.CRITICAL)] * 2, alert("mail slow", severity=Severity.LOW))

    assert kinds(batch) == ["reprioritised"]
    assert (desk.one.priority, desk.one.must_acknowledge) == (Priority.P2, (MSP,))
    assert batch.events[0].fact.detail.from_priority is Priority.P3


def test_alerts_of_a_group_join_and_crossing_twenty_per_cent_upgrades_the_running_incident(desk):
    desk.run(alert("switch a", host="sw10"))
    desk.run(alert("switch b", host="sw11"))
    assert (desk.one.priority, desk.one.affected_users) == (Priority.P3, 20)

    batch = desk.run(alert("switch c", host="fs1"))

    assert kinds(batch) == ["alert_joined", "reprioritised"]
    assert (desk.one.priority, desk.one.affected_users, desk.one.p1_workflow) == (Priority.P1, 25, True)
    assert (desk.one.responsible_party, desk.one.must_acknowledge) == (INTERNAL, (INTERNAL, MSP))
    assert len(desk.one.firing) == 3


def test_an_upgrade_at_night_that_nobody_took_yet_goes_to_who_is_awake(desk):
    desk.run(alert("switch a", NIGHT, host="sw10"))
    assert desk.one.responsible_party is INTERNAL

    batch = desk.run(alert("switch b", NIGHT, host="sw21"))

    assert kinds(batch) == ["alert_joined", "reprioritised", "reowned"]
    assert (desk.one.responsible_party, desk.one.must_acknowledge) == (MSP, (MSP,))


def test_an_acknowledged_incident_keeps_its_responsible_party_when_it_is_upgraded(desk):
    desk.run(alert("switch a", NIGHT, host="sw10"))
    desk.act(CommandKind.ACKNOWLEDGE, INTERNAL, NIGHT)

    desk.run(alert("switch b", NIGHT, host="sw21"))

    assert desk.one.responsible_party is INTERNAL
    assert {*desk.one.must_acknowledge} == {INTERNAL, MSP}


def test_a_clear_waits_for_its_hold_down_and_resolves_at_the_sources_instant(desk):
    """R-P12."""
    first = alert("mail slow")
    desk.run(first)

    desk.run(clear(first, NOON + 10 * MINUTE, occurred_at=NOON + 8 * MINUTE))
    assert (desk.one.state, desk.one.clear_pending_at) == (IncidentState.OPEN, NOON + 8 * MINUTE)
    assert desk.one.hold_until == NOON + 15 * MINUTE

    desk.timer(desk.one, NOON + 14 * MINUTE)
    assert desk.one.state is IncidentState.OPEN
    batch = desk.timer(desk.one, NOON + 15 * MINUTE)

    assert (desk.one.state, desk.one.resolved_at, desk.one.resolved_by) == (
        IncidentState.RESOLVED,
        NOON + 8 * MINUTE,
        None,
    )
    fact = batch.events[0].fact
    assert (fact.kind, fact.effective_at, fact.received_at, fact.detail.auto) == (
        FactKind.RESOLVED,
        NOON + 8 * MINUTE,
        NOON + 15 * MINUTE,
        True,
    )


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (None, NOON + 30 * MINUTE),
        (NOON - MINUTE, NOON + 30 * MINUTE),
        (NOON + 31 * MINUTE, NOON + 30 * MINUTE),
        (NOON, NOON),
    ],
)
def test_a_clears_own_instant_counts_only_between_detection_and_its_accept(desk, said, at):
    first = alert("mail slow")
    desk.run(first)

    desk.run(clear(first, NOON + 30 * MINUTE, occurred_at=said))

    assert desk.one.clear_pending_at == at


def test_a_clear_that_comes_two_days_late_counts_at_its_accept(desk):
    """E28."""
    first = alert("mail slow")
    desk.run(first)

    desk.run(clear(first, NOON + timedelta(days=2), occurred_at=NOON + MINUTE))

    assert desk.one.clear_pending_at == NOON + timedelta(days=2)


def test_a_p1_holds_longer(desk):
    first = alert("internet gone")
    desk.run(first)

    desk.run(clear(first, NOON + MINUTE))

    assert desk.one.hold_until == NOON + 11 * MINUTE


def test_firing_again_within_the_hold_down_goes_on_as_if_never_cleared(desk):
    first = alert("mail slow")
    desk.run(first, clear(first, NOON + MINUTE))

    batch = desk.run(alert("mail slow", NOON + 3 * MINUTE))
    desk.timer(desk.one, NOON + 20 * MINUTE)

    assert kinds(batch) == ["alert_joined"]
    assert (desk.one.state, desk.one.clear_pending_at, desk.one.cycle) == (IncidentState.OPEN, None, 1)


def test_a_late_timer_does_not_take_back_that_the_condition_held_through_the_hold_down(desk):
    """The condition fires again after the hold-down, and both are seen in one batch."""
    first = alert("mail slow")
    desk.run(first, clear(first, NOON + MINUTE))

    batch = desk.run(alert("mail slow", NOON + 30 * MINUTE))

    assert kinds(batch) == ["resolved", "reopened"]
    assert (desk.one.cycle, desk.one.state) == (2, IncidentState.OPEN)


def test_only_the_last_clear_of_a_group_starts_the_hold_down(desk):
    one, two = alert("switch a", host="sw10"), alert("switch b", host="sw11")
    desk.run(one, two)

    desk.run(clear(one, NOON + MINUTE))
    assert (desk.one.clear_pending_at, len(desk.one.firing)) == (None, 1)
    desk.run(clear(two, NOON + 2 * MINUTE), clear(two, NOON + 3 * MINUTE))

    assert desk.one.clear_pending_at == NOON + 2 * MINUTE
    assert desk.kinds.count(FactKind.ALERT_CLEARED) == 2


def test_a_p1_that_a_person_holds_is_not_resolved_by_its_source(desk):
    first = alert("internet gone")
    desk.run(first)
    desk.act(CommandKind.ACKNOWLEDGE, INTERNAL)
    desk.run(clear(first, NOON + MINUTE))

    batch = desk.timer(desk.one, NOON + 30 * MINUTE)

    assert kinds(batch) == ["noted"]
    assert (desk.one.state, desk.one.hold_until) == (IncidentState.ACKNOWLEDGED, None)
    assert desk.one.flags == ("cleared_pending_confirm",)
    assert kinds(desk.timer(desk.one, NOON + 60 * MINUTE)) == []


def test_firing_again_within_a_day_reopens_and_later_it_recurs(desk):
    """R-C12, E24 and E25."""
    desk.run(alert("mail slow"))
    desk.act(CommandKind.ACKNOWLEDGE, MSP)
    desk.act(CommandKind.RESOLVE, MSP, NOON + MINUTE)

    desk.run(alert("mail slow", NOON + MINUTE + timedelta(hours=24)))
    assert (desk.one.cycle, desk.one.state, desk.one.acknowledged) == (2, IncidentState.OPEN, {})
    desk.act(CommandKind.RESOLVE, MSP, NOON + timedelta(hours=25))
    desk.run(alert("mail slow", NOON + timedelta(hours=49, seconds=1)))

    old, new = desk.incidents
    assert (old.state, new.recurrence_of, new.number) == (IncidentState.RESOLVED, old.incident_id, 2)
    assert "recurrence" in new.flags


def test_a_reopened_incident_asks_whoever_is_on_duty_now(desk):
    desk.run(alert("disk full", NOON))
    desk.act(CommandKind.RESOLVE, INTERNAL)

    desk.run(alert("disk full", NOON + timedelta(hours=15)))

    assert (desk.one.responsible_party, desk.one.must_acknowledge) == (MSP, (MSP,))


def in_force(version: int, ends_at: datetime | None = None, mode: str = "live") -> Agreement:
    made = agreement(version=version, mode=mode)
    return replace(made, tenant=made.tenant.model_copy(update={"ends_at": ends_at}))


def test_what_fires_again_after_the_agreements_end_pages_nobody(desk):
    """D18: the version in force decides, whichever opened the incident."""
    desk.run(alert("mail slow"))
    desk.act(CommandKind.RESOLVE, MSP)
    desk.book = Book(in_force(1), in_force(2, ends_at=NOON + MINUTE))

    desk.run(alert("mail slow", NOON + 2 * MINUTE))

    assert (desk.one.cycle, desk.one.mode, desk.one.agreement_version) == (2, Mode.OBSERVE, 1)
    assert desk.one.because[-1] == "mode observe in agreement version 2, which is in force"


def test_what_a_person_opens_again_after_the_agreements_end_pages_nobody(desk):
    desk.run(alert("mail slow"))
    desk.act(CommandKind.RESOLVE, MSP)
    desk.book = Book(in_force(1), in_force(2, ends_at=NOON + MINUTE))

    desk.act(CommandKind.REOPEN, INTERNAL, NOON + 2 * MINUTE)

    assert (desk.one.cycle, desk.one.mode) == (2, Mode.OBSERVE)
    assert [event.incident.mode for event in desk.batch.events] == [Mode.OBSERVE]


def test_what_fires_again_in_an_agreement_that_was_extended_still_pages(desk):
    desk.book = Book(in_force(1, ends_at=NOON + MINUTE))
    desk.run(alert("mail slow"))
    desk.act(CommandKind.RESOLVE, MSP)
    desk.book = Book(in_force(1, ends_at=NOON + MINUTE), in_force(2))

    desk.run(alert("mail slow", NOON + 2 * MINUTE))

    assert (desk.one.cycle, desk.one.mode) == (2, Mode.LIVE)


def test_what_was_only_observed_and_fires_again_once_the_tenant_is_live_pages(desk):
    desk.book = Book(in_force(1, mode="observe"))
    desk.run(alert("mail slow"))
    desk.act(CommandKind.RESOLVE, MSP)
    desk.book = Book(in_force(1, mode="observe"), in_force(2))

    desk.run(alert("mail slow", NOON + 2 * MINUTE))

    assert (desk.one.cycle, desk.one.mode) == (2, Mode.LIVE)


def test_a_clear_nobody_waits_for_is_recorded_without_an_incident(desk):
    batch = desk.run(clear(alert("never seen"), NOON))

    assert desk.incidents == []
    assert [(each.incident_id, each.outcome) for each in batch.decided] == [(None, "ignored")]


def test_a_dedup_key_stays_with_its_running_incident_when_its_words_change(desk):
    """A tool that words its repeat or its clear differently must not make a second incident."""
    first = alert("switch a", dedup_key="port-7")
    desk.run(first)

    batch = desk.run(
        alert("uplink of a", dedup_key="port-7"),
        alert("RECOVERED", NOON + MINUTE, dedup_key="port-7", status=AlertStatus.RESOLVED),
    )

    assert len(desk.incidents) == 1
    assert [each.outcome for each in batch.decided] == ["repeated", "cleared"]


def test_a_dedup_key_that_was_alone_stays_alone_when_a_grouping_rule_takes_its_words(desk):
    desk.run(alert("uplink of a", dedup_key="port-7"))

    batch = desk.run(alert("switch a", dedup_key="port-7"))

    assert len(desk.incidents) == 1
    assert batch.decided[0].outcome == "repeated"


def test_a_condition_whose_own_incident_is_over_joins_the_running_one_of_its_new_group(desk):
    """Found by the property test: opening another incident of a running group would fail in the database for ever."""
    alone = alert("disk full", dedup_key="port-7")
    desk.run(alone, alert("switch a"), clear(alone, NOON + MINUTE))

    batch = desk.run(alert("switch b", NOON + timedelta(hours=25), dedup_key="port-7"))

    assert [each.outcome for each in batch.decided] == ["joined"]
    assert [incident.state.value for incident in desk.incidents] == ["resolved", "open"]


def test_a_test_message_makes_an_incident_that_pages_nobody(desk):
    desk.run(alert("disk full", test=True))

    assert (desk.one.mode, desk.one.flags) == (Mode.OBSERVE, ("test",))


def test_an_incident_keeps_the_agreement_that_opened_it(desk):
    desk.run(alert("switch a", host="sw10"))
    newer = agreement(version=2, mode="observe")
    desk.book.versions["acme", 2] = desk.book.current["acme"] = newer

    batch = desk.run(alert("switch b", host="sw21"), alert("mail slow"))

    assert [each.agreement_version for each in batch.decided] == [1, 2]
    assert [incident.agreement_version for incident in desk.incidents] == [1, 2]


def test_a_firing_storm_in_one_group_does_not_grow_an_incident_without_bound(desk):
    desk.run(*(alert(f"switch {n}") for n in range(1010)))

    assert (len(desk.one.firing), desk.one.occurrences) == (1000, 1010)
