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


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A party's first acknowledgement of the current cycle."""

    person: str | None
    at: datetime


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
    """flapping, stale, test, drill, recurrence."""
    recurrence_of: UUID | None = None
