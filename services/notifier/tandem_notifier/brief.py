"""What pages and paths need to know of an incident, as each of its tracks sees it. Values that the store keeps as JSON.

An incident with both faces (R-A3) is one brief: ``Brief.on`` shows it as the people of either track see it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from tandem.model.events import IncidentEvent
from tandem.model.incident import Face, Incident, IncidentState
from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority

ALERTS_KEPT = 20
"""Alert ids a page lists at most; the newest say what happens now."""
BECAUSE_KEPT = 5
QUIET_FLAGS = frozenset({"test", "drill"})


@dataclass(slots=True, kw_only=True)
class Taken:
    """A party's acknowledgement."""

    person: str | None
    at: datetime


@dataclass(slots=True, kw_only=True)
class Brief:
    """What pages and paths need to know of an incident, after its latest fact."""

    incident_id: UUID
    tenant: str
    version: int
    cycle: int
    number: int
    state: IncidentState
    title: str
    priority: Priority
    owner: Owner
    responsible_party: Party
    must_acknowledge: tuple[Party, ...]
    informed: tuple[Party, ...]
    function: str
    track: Track
    mode: Mode
    paths: dict[Party, str]
    agreement_version: int
    opened_at: datetime
    detected_at: datetime
    cycle_at: datetime
    """When this cycle began: opened, or re-opened."""
    site: str | None = None
    host: str | None = None
    acknowledged: dict[Party, Taken] = field(default_factory=dict)
    clear_pending: bool = False
    merged: bool = False
    suppressed: bool = False
    flags: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    accountable: dict[Party, str] = field(default_factory=dict)
    """Whom the row names, else the party's own."""
    responsible_people: tuple[str, ...] = ()
    """Paged first, where the row names them; else who is on call."""
    consulted: tuple[str, ...] = ()
    informed_people: tuple[str, ...] = ()
    runbook: str | None = None
    public_communications: str | None = None
    approval: str | None = None
    alert_ids: tuple[UUID, ...] = ()
    own_priority: Priority | None = None
    """What decides whom the track pages, where it is not the incident's priority."""
    second: Face | None = None
    """What the other track has of it."""
    acts: Party | None = None
    """Who acts on the second track; None: the responsible party, on the first one."""
    asked_second_at: datetime | None = None
    """When the second track was asked."""

    def on(self, track: Track) -> Brief:
        """The incident as the people of ``track`` see it: whom it pages, how urgently, who has answered there."""
        face = self.second
        return _second_side(self, face) if face is not None and track is face.track else self

    @property
    def sides(self) -> tuple[Brief, ...]:
        """The incident as each of its tracks sees it, the first track first."""
        return (self,) if self.second is None else (self, _second_side(self, self.second))

    @property
    def urgency(self) -> Priority:
        """What decides whom the track pages."""
        return self.own_priority or self.priority

    @property
    def asked_at(self) -> datetime:
        """When the alert was accepted that made the track page."""
        return self.asked_second_at or self.detected_at

    @property
    def is_second(self) -> bool:
        """Whether this is the second track's view."""
        return self.acts is not None

    @property
    def leads(self) -> Track:
        """The track whose answer is the incident's; its clocks force and call there (``Incident.leads``)."""
        only_second = self.second is not None and self.second.priority.pages and not self.urgency.pages
        return self.second.track if self.second is not None and only_second else self.track

    @property
    def resolved(self) -> bool:
        """Nothing is left to respond to."""
        return self.merged or self.state is IncidentState.RESOLVED

    @property
    def held(self) -> bool:
        """Paging stands still: a clear is pending (R-P12), or a maintenance window holds."""
        return self.clear_pending or self.suppressed

    @property
    def quiet(self) -> bool:
        """Pages are recorded as ``would_have_paged`` and never sent."""
        return self.mode is Mode.OBSERVE or not QUIET_FLAGS.isdisjoint(self.flags)


def brief_of(event: IncidentEvent, before: Brief | None) -> Brief:
    """The brief after ``event``; alert ids and the suppression gather over facts."""
    incident = event.incident
    return Brief(
        incident_id=incident.incident_id,
        tenant=incident.tenant,
        version=incident.version,
        cycle=incident.cycle,
        number=incident.number,
        state=incident.state,
        title=incident.title,
        priority=incident.priority,
        owner=incident.owner,
        responsible_party=incident.responsible_party,
        must_acknowledge=incident.must_acknowledge,
        informed=incident.informed,
        function=incident.function,
        track=incident.track,
        mode=incident.mode,
        paths=dict(incident.paths),
        agreement_version=incident.agreement_version,
        opened_at=incident.opened_at,
        detected_at=incident.detected_at,
        cycle_at=incident.reopened_at or incident.opened_at,
        site=incident.site,
        host=incident.host,
        acknowledged={party: Taken(person=ack.person, at=ack.at) for party, ack in incident.acknowledged.items()},
        clear_pending=incident.clear_pending_at is not None and incident.state is not IncidentState.RESOLVED,
        merged=incident.merged_into is not None,
        suppressed=_suppressed(event, before),
        flags=incident.flags,
        because=incident.because[:BECAUSE_KEPT],
        accountable=dict(incident.raci.accountable),
        responsible_people=incident.raci.responsible,
        consulted=incident.raci.consulted,
        informed_people=incident.raci.informed,
        runbook=incident.runbook,
        public_communications=incident.public_communications,
        approval=incident.approval,
        alert_ids=_alert_ids(event, incident, before),
        own_priority=incident.own_priority,
        second=_plain(incident.second_face) if incident.second_face is not None else None,
    )


def _second_side(brief: Brief, face: Face) -> Brief:
    """``brief`` for the people of its second track; responsible party, state and priority are the incident's."""
    return replace(
        brief,
        track=face.track,
        own_priority=face.priority,
        acts=face.party,
        asked_second_at=face.opened_at,
        must_acknowledge=face.must_acknowledge,
        informed=face.informed,
        function=face.function,
        mode=face.mode,
        paths=dict(face.paths),
        acknowledged={party: Taken(person=ack.person, at=ack.at) for party, ack in face.acknowledged.items()},
        because=face.because[:BECAUSE_KEPT],
        accountable=dict(face.raci.accountable),
        responsible_people=face.raci.responsible,
        consulted=face.raci.consulted,
        informed_people=face.raci.informed,
        runbook=face.runbook,
        second=None,
    )


def _plain(face: Face) -> Face:
    """With mappings that JSON can hold."""
    people = replace(face.raci, accountable=dict(face.raci.accountable))
    return replace(face, paths=dict(face.paths), acknowledged=dict(face.acknowledged), raci=people)


def _suppressed(event: IncidentEvent, before: Brief | None) -> bool:
    kind = event.fact.kind.value
    if kind in {"suppressed", "released"}:
        return kind == "suppressed"
    return before is not None and before.suppressed


def _alert_ids(event: IncidentEvent, incident: Incident, before: Brief | None) -> tuple[UUID, ...]:
    known = dict.fromkeys(before.alert_ids if before else ())
    known |= dict.fromkeys(firing.alert_id for firing in incident.firing.values())
    if event.fact.alert is not None and event.fact.alert.alert_id is not None:
        known[event.fact.alert.alert_id] = None
    return tuple(known)[-ALERTS_KEPT:]
