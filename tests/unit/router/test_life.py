"""What holds in every life of incidents, whatever tools and people do in whatever order."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tandem.bus.plan import DueTimer
from tandem.model.alert import Kind, Severity
from tandem.model.events import CommandKind, FactKind, IncidentEvent
from tandem.model.incident import Incident, IncidentState
from tandem.model.ownership import Owner, Party, Track
from tandem.model.priority import Priority, most_urgent
from tandem_router.batch import CALM, HOLD_DOWN, Batch, Loaded
from tandem_router.roll import ROLL
from tandem_router.service import new_incident_id
from tandem_router.stale import LOOK
from tandem_router.store.snapshot import encode
from tests.unit.router.world import NIGHT, Book, agreement, alert, clear, command

TITLES = st.sampled_from(["disk full", "switch a", "switch b", "uplink", "erp", "finding", "internet", "odd"])
HOSTS = st.sampled_from([None, "sw10", "sw11", "sw21", "db1"])
SEVERITIES = st.sampled_from(Severity)
PARTIES = st.sampled_from(Party)
KINDS = st.sampled_from([kind for kind in CommandKind if kind is not CommandKind.RAISE])
STEPS = st.sampled_from([0, 1, 4, 6, 11, 60 * 9, 60 * 25])
TOOLS = st.sampled_from([Kind.RMM, Kind.RMM, Kind.SIEM])
"""A SIEM may speak of what operations have: one incident with both faces (R-A3)."""
BOOK = Book(agreement())
PATHS = agreement().paths


class Life(RuleBasedStateMachine):
    """Tools fire and clear, people act, timers fire early, late and twice."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded = Loaded()
        self.now = NIGHT
        self.events: list[IncidentEvent] = []
        self.last = alert("disk full", self.now)

    @rule(
        title=TITLES,
        host=HOSTS,
        severity=SEVERITIES,
        key=st.sampled_from([None, "k1", "k2"]),
        kind=TOOLS,
        minutes=STEPS,
    )
    def fires(self, title, host, severity, key, kind, minutes):
        self.now += timedelta(minutes=minutes)
        self.last = alert(title, self.now, host=host, severity=severity, dedup_key=key or title, kind=kind)
        self._run(lambda batch: batch.take_alert(self.last))

    @rule()
    def comes_again(self):
        decided = self._run(lambda batch: batch.take_alert(self.last)).decided
        assert len(decided) <= 1

    @rule(title=TITLES, key=st.sampled_from([None, "k1", "k2"]), minutes=STEPS)
    def clears(self, title, key, minutes):
        self.now += timedelta(minutes=minutes)
        over = clear(alert(title, dedup_key=key or title), self.now)
        self._run(lambda batch: batch.take_alert(over))

    @rule(
        kind=KINDS,
        party=PARTIES,
        which=st.integers(0, 9),
        priority=st.sampled_from(Priority),
        track=st.sampled_from([None, *Track]),
        minutes=STEPS,
    )
    def somebody_acts(self, kind, party, which, priority, track, minutes):
        if self.loaded.incidents:
            self.now += timedelta(minutes=minutes)
            incident = self.loaded.incidents[which % len(self.loaded.incidents)]
            other = self.loaded.incidents[(which + 1) % len(self.loaded.incidents)].incident_id
            detail = {"text": "t", "priority": priority, "other_incident": other, "track": track}
            wish = command(incident.incident_id, kind, party, self.now, **detail)
            batch = self._run(lambda batch: batch.take_command(wish))
            done = batch.answered[0].refusal is None
            assert batch.answered[0].version == batch.incidents[incident.incident_id].version
            assert done == any(event.fact.detail.command_id == wish.command_id for event in batch.events)

    @rule(which=st.integers(0, 9), minutes=STEPS)
    def a_timer_fires(self, which, minutes):
        if self.loaded.incidents:
            self.now += timedelta(minutes=minutes)
            incident = self.loaded.incidents[which % len(self.loaded.incidents)]
            timers = [DueTimer("acme", str(incident.incident_id), kind, self.now) for kind in (HOLD_DOWN, CALM)]
            timers.append(DueTimer("acme", self.now.isoformat(), LOOK, self.now))
            timers.append(DueTimer("acme", "acme", ROLL, self.now))
            self._run(lambda batch: [batch.take_timer(timer) for timer in timers])

    def _run(self, act) -> Batch:
        batch = Batch(self.loaded, BOOK, self.now, new_incident_id)
        act(batch)
        # What the next batch sees has been through the database's form.
        self.loaded.incidents = [reread(incident) for incident in batch.incidents.values()]
        self.events += batch.events
        return batch

    @invariant()
    def versions_have_no_gap_and_the_last_event_is_the_state(self):
        for incident in self.loaded.incidents:
            own = [event for event in self.events if event.fact.incident_id == incident.incident_id]
            assert [event.fact.version for event in own] == list(range(1, incident.version + 1))
            assert all(event.incident.version == event.fact.version for event in own)
            assert own[-1].incident.state is incident.state

    @invariant()
    def a_condition_has_at_most_one_incident_that_is_not_resolved(self):
        running = [i for i in self.loaded.incidents if i.state is not IncidentState.RESOLVED]
        groups = [incident.group_key for incident in running]
        keys = [key for incident in running for key in incident.firing]
        assert len(groups) == len(set(groups))
        assert len(keys) == len(set(keys))

    @invariant()
    def each_cycle_is_opened_once_and_resolved_at_most_once(self):
        for incident in self.loaded.incidents:
            kinds = [event.fact.kind for event in self.events if event.fact.incident_id == incident.incident_id]
            turns = {FactKind.OPENED, FactKind.RESOLVED, FactKind.REOPENED, FactKind.MERGED}
            ends = [kind for kind in kinds if kind in turns]
            expected = [FactKind.OPENED, *[FactKind.RESOLVED, FactKind.REOPENED] * (incident.cycle - 1)]
            resolved = incident.state is IncidentState.RESOLVED
            last = FactKind.MERGED if incident.merged_into is not None else FactKind.RESOLVED
            assert ends == expected + [last] * resolved
            assert (incident.resolved_at is not None) == resolved

    @invariant()
    def one_party_is_responsible_and_paged_when_anybody_is(self):
        for incident in self.loaded.incidents:
            assert incident.responsible_party in Party
            assert not incident.must_acknowledge or incident.responsible_party in incident.must_acknowledge
            assert not set(incident.must_acknowledge) & set(incident.informed)
            assert (incident.lead is None) == (incident.owner is not Owner.SHARED)

    @invariant()
    def acknowledged_means_by_the_responsible_party_on_the_track_that_leads(self):
        for incident in self.loaded.incidents:
            main, second = incident.acknowledged, incident.second_face.acknowledged if incident.second_face else {}
            if incident.state in {IncidentState.ACKNOWLEDGED, IncidentState.IN_PROGRESS}:
                assert incident.responsible_party in {*main, *second}
            if incident.state is IncidentState.OPEN:
                leads = main if incident.leads is incident.track else second
                assert incident.responsible_party not in leads

    @invariant()
    def an_open_incident_that_pages_asks_its_responsible_party(self):
        for incident in self.loaded.incidents:
            face = incident.second_face
            asked = incident.must_acknowledge
            if face is not None and incident.leads is face.track:
                asked = face.must_acknowledge
            if incident.state is IncidentState.OPEN and incident.priority.pages:
                assert incident.responsible_party in asked

    @invariant()
    def the_second_face_is_of_the_other_track_and_never_more_urgent_than_the_whole(self):
        for incident in self.loaded.incidents:
            face = incident.second_face
            own = incident.main_priority
            assert incident.priority is (own if face is None else most_urgent(own, face.priority))
            if face is not None:
                assert face.track is not incident.track
                assert not set(face.must_acknowledge) & set(face.informed)
                assert bool(face.must_acknowledge) == face.priority.pages

    @invariant()
    def each_track_has_its_own_paths(self):
        """Paths of the two tracks are disjoint, and a face has those of its own (R-A1)."""
        for incident in self.loaded.incidents:
            face = incident.second_face
            for track, paths in [(incident.track, incident.paths), *([(face.track, face.paths)] if face else [])]:
                assert all(PATHS[path].track is track for path in paths.values())

    @invariant()
    def a_hold_down_runs_only_while_nothing_fires(self):
        for incident in self.loaded.incidents:
            assert incident.hold_until is None or (incident.clear_pending_at is not None and not incident.firing)

    @invariant()
    def numbers_are_given_once(self):
        numbers = [incident.number for incident in self.loaded.incidents]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


def reread(incident: Incident) -> Incident:
    """Through the snapshot's form and back, as the store does."""
    again = msgspec.json.decode(encode(incident), type=Incident)
    assert again == incident
    return again


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
