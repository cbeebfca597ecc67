"""An incident: what the parties respond to. A value; the one state machine is ``tandem_router.incident``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from tandem.model.ownership import Mode, Owner, Party, Track
from tandem.model.priority import Priority


class IncidentState(StrEnum):
    """Where the response stands. Acknowledged means: by its responsible party."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"


class IncidentClass(StrEnum):
    """What sort of event, as classification says; the impact rules look at outage and breach."""

    OUTAGE = "outage"
    BREACH = "breach"
    DEGRADATION = "degradation"
    SECURITY = "security"
    BACKUP = "backup"
    AGENT_HEALTH = "agent_health"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringAlert:
    """One alert of an incident that is firing now."""

    alert_id: UUID
    asset: str | None = None
    """Id of the inventory; alerts of unknown assets count no users."""
    severity: str = "unknown"
    since: datetime | None = None
    """received_at of the alert with which its condition began to fire."""
    incident_class: IncidentClass | None = None
    """Its own class; None: the incident's."""
    owner: Owner | None = None
    """Whose its own row is; None: the incident's at opening."""
    track: Track | None = None
    """Its own track; None: the incident's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """A condition began or ceased to fire."""

    condition: str
    """Short digest of the condition, enough to tell those of one incident apart."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A party's first acknowledgement of the current cycle."""

    person: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RaciPeople:
    """Persons of the agreement with a part in an incident (domain.md 5)."""

    accountable: Mapping[Party, str] = field(default_factory=lambda: MappingProxyType({}))
    """Per party: whom the row names, else who is accountable for the party."""
    responsible: tuple[str, ...] = ()
    """Whom the row names; empty: who is on call on the path."""
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What the other track has of an incident with both faces: a page leg of its own (R-A3).

    Whom it pages, how urgently and who has answered there is its own; the responsible party and the clocks are the
    incident's.
    """

    track: Track
    priority: Priority
    """Of this track's own alerts: whom it pages follows from it."""
    party: Party
    """Who acts on this track, as its row says."""
    owner: Owner
    """What its row says."""
    lead: Party | None = None
    function: str
    row: str
    mode: Mode = Mode.LIVE
    p1_workflow: bool = False
    must_acknowledge: tuple[Party, ...] = ()
    informed: tuple[Party, ...] = ()
    paths: Mapping[Party, str] = field(default_factory=lambda: MappingProxyType({}))
    acknowledged: Mapping[Party, Acknowledgement] = field(default_factory=lambda: MappingProxyType({}))
    opened_at: datetime
    """When the alert was accepted that gave the incident this face."""
    raci: RaciPeople = field(default_factory=RaciPeople)
    runbook: str | None = None
    because: tuple[str, ...] = ()
    """Why there is this face and whom it pages, in short clauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The incident's whole state after some fact. Instants are aware UTC."""

    incident_id: UUID
    tenant: str
    number: int = 0
    """Human-friendly running number per tenant, 0 when not yet given."""
    group_key: str
    """At most one incident that is not resolved per (tenant, group key)."""
    version: int
    """Gapless from 1, raised under the incident's row lock."""
    cycle: int = 1
    state: IncidentState = IncidentState.OPEN
    title: str
    priority: Priority
    owner: Owner
    lead: Party | None = None
    """The party that leads a shared incident."""
    responsible_party: Party
    """Exactly one at any instant."""
    monitoring_owner: Party
    must_acknowledge: tuple[Party, ...] = ()
    """Parties whose path runs until their own acknowledgement; always holds the responsible party when it pages."""
    informed: tuple[Party, ...] = ()
    """Parties that are told without being paged."""
    function: str
    category: str | None = None
    incident_class: IncidentClass = IncidentClass.OTHER
    track: Track = Track.OPS
    mode: Mode = Mode.LIVE
    site: str | None = None
    host: str | None = None
    regulated: bool = False
    affected_users: int = 0
    tenant_users: int = 0
    p1_workflow: bool = False
    """Set once by the > 20 % or the regulated rule (R-P2, R-P3)."""
    unmapped: bool = False
    """The safety row took it."""
    row: str
    """Id of the scope-matrix row that decided."""
    sla_profile: str
    paths: Mapping[Party, str] = field(default_factory=lambda: MappingProxyType({}))
    """Escalation path id per paged party."""
    agreement_version: int
    provider: str | None = None
    opened_at: datetime
    """When the router opened it."""
    detected_at: datetime
    """received_at of the first event that opened it (R-T1)."""
    occurred_at: datetime
    """When the fault began, clamped and defaulted by R-T4."""
    detect_flags: tuple[str, ...] = ()
    """skew, estimated, implausible (R-T4)."""
    detected_by: str = "monitoring"
    """monitoring, user, or the other party (R-K4)."""
    acknowledged: Mapping[Party, Acknowledgement] = field(default_factory=lambda: MappingProxyType({}))
    joined: Mapping[Party, datetime] = field(default_factory=lambda: MappingProxyType({}))
    started_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: Party | None = None
    clear_pending_at: datetime | None = None
    """The clear's accepted instant while its hold-down runs (R-P12)."""
    hold_until: datetime | None = None
    reopened_at: datetime | None = None
    occurrences: int = 1
    last_seen_at: datetime | None = None
    firing: Mapping[str, FiringAlert] = field(default_factory=lambda: MappingProxyType({}))
    """Firing alerts by dedup key."""
    because: tuple[str, ...] = ()
    """The decision in short clauses, in order of decision; the whole trace is in router.decision."""
    merged_into: UUID | None = None
    flags: tuple[str, ...] = ()
    """flapping, storm, stale, test, drill, recurrence; after_hours, overflow: the MSP stands in; hours_over: a person
    holds it beyond their party's hours."""
    recurrence_of: UUID | None = None
    changes: tuple[StateChange, ...] = ()
    """The latest state changes of its conditions, oldest first, bounded (R-P9)."""
    calm_at: datetime | None = None
    """When its flapping, or its storm, is over if nothing more comes."""
    answer_by: datetime | None = None
    """When its holder, whose hours are over, is called unless a person has acted on it (R-A5)."""
    unkept: int = 0
    """Firing conditions beyond those that ``firing`` keeps; the router's memberships know them."""
    linked: tuple[UUID, ...] = ()
    """Incidents that a person or a rule put beside it, oldest first, bounded."""
    raci: RaciPeople = field(default_factory=RaciPeople)
    runbook: str | None = None
    """URL of what to do."""
    public_communications: str | None = None
    """The person who speaks publicly; pages of a P1 show them."""
    approval: str | None = None
    """Who must agree before the asset is changed (R71)."""
    second_face: Face | None = None
    """What the other track has of it; ``track`` and whom that pages stay the first alert's."""
    own_priority: Priority | None = None
    """Of ``track``'s own alerts, where the second face makes the incident more urgent; None: ``priority``."""

    @property
    def main_priority(self) -> Priority:
        """What decides whom ``track`` pages."""
        return self.own_priority or self.priority

    @property
    def leads(self) -> Track:
        """The track whose answer is the incident's: ``track``, unless only the second face pages anybody."""
        face = self.second_face
        only_second = face is not None and face.priority.pages and not self.main_priority.pages
        return face.track if face is not None and only_second else self.track

    @property
    def taken(self) -> bool:
        """Whether somebody has acknowledged what it is on its own track, or on the one that leads."""
        face = self.second_face
        led = face is not None and self.leads is face.track and face.acknowledged
        return bool(self.acknowledged or led)
